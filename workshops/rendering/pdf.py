"""A build pack as PDF, set by Typst from the pack's Markdown.

The Markdown reaches the template as JSON, a tree of blocks and strings; all layout is the
template's. Typst's root is the template's own directory, the template imports nothing, and data is
never evaluated: no text can read a file, load a package or change the layout.

Typst works outside the GIL and `render_pdf` may run in many threads at once: in asynchronous code
call it through `asyncio.to_thread`.

It takes any Markdown, also what a person edited by hand: HTML is text, an image is its description
and address (nothing is ever fetched), a link shows its address. A block of the tree is what
markdown-it-py calls a block, by its `type`, with its attributes (the `level` of a heading, the
`start` of a list, the `style` of a cell) and one of: its `blocks`, the `runs` of its line, its
`text` (code, HTML). A run is a string, or a dict with a `text` and any of `b`old, `i`talic,
`s`truck, `c`ode, `url`, or `br` for a line break.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from .escaping import clean, one_line

TEMPLATES = Path(__file__).parent / "templates"

Block = dict[str, Any]
Run = str | dict[str, Any]

MAX_NESTING = 40  # Typst stops at some 70 blocks within blocks
LONGEST_URL = 2000  # Typst refuses addresses over 8,000 characters
LONGEST_TEXT = 1_200_000
MOST_TOKENS = 300_000  # Typst takes some 0.02 ms for each: a list item has 6, a table cell 4
_CUT = "The PDF ends here, the text does not: it is in the pack's Markdown."
TOO_LONG: list[Block] = [
    {"type": "hr"},
    {"type": "paragraph", "runs": [{"text": _CUT, "b": True}]},
]

_PARSER = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CLICKABLE = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_MARKS = {"strong": "b", "em": "i", "s": "s"}


def render_pdf(markdown: str, *, title: str, created_at: datetime) -> bytes:
    """The PDF of a pack's Markdown, or of any Markdown: HTML shows as text, nothing is fetched.

    The document's title is the text's first heading, else `title`. The same text, `created_at`
    (naive UTC) and installed fonts give the same bytes. Takes some 85 ms for a pack of five pages
    and up to ten seconds, 700 MB and the parser's half of that under the GIL for the longest.
    """
    return typst.compile(
        TEMPLATES / "build_pack.typ",
        root=TEMPLATES,
        sys_inputs={"title": one_line(title), "blocks": json.dumps(markdown_blocks(markdown))},
        font_paths=_fonts(),
        timestamp=created_at.replace(microsecond=0, tzinfo=UTC),
    )


@cache
def _fonts() -> typst.Fonts:
    """The fonts, searched for once: that takes several times as long as setting a page."""
    return typst.Fonts()


def markdown_blocks(markdown: str) -> list[Block]:
    """The blocks of a Markdown text; never fails.

    Nothing is left out but the end of a text that would take minutes to set: then the last block
    says so. A text nested deeper than any page has room for is shown as it was typed.
    """
    source = whole = clean(markdown)
    if len(source) > LONGEST_TEXT:
        source = _beginning(source, LONGEST_TEXT)
    tokens = _PARSER.parse(source)
    while (size := sum(1 + len(token.children or ()) for token in tokens)) > MOST_TOKENS:
        source = _beginning(source, len(source) * MOST_TOKENS // size)
        tokens = _PARSER.parse(source)
    # markdown-it-py 4.3 drops what is nested deeper than maxNesting without a word (upstream:
    # test_nothing_is_dropped).
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        blocks: list[Block] = [{"type": "code_block", "text": source}]
    else:
        blocks = [_block(node) for node in SyntaxTreeNode(tokens).children]
    return blocks if source == whole else [*blocks, *TOO_LONG]


def _beginning(source: str, length: int) -> str:
    """At most so much of the text, up to the end of a line if one is near."""
    return source[: source.rfind("\n", length - length // 100, length) + 1 or length]


def _block(node: SyntaxTreeNode) -> Block:
    block: Block = {"type": node.type, **node.attrs}
    children = node.children
    if node.type == "heading":
        block["level"] = int(node.tag[1])
    if not node.is_nested:
        block["text"] = node.content.strip("\n")
    elif children and children[0].type == "inline":
        (inline,) = children
        assert inline.token is not None
        block["runs"] = list(_runs(inline.token.children or ()))
    else:
        block["blocks"] = [_block(child) for child in children]
    return block


def _runs(tokens: Sequence[Token]) -> Iterator[Run]:
    depth = {"b": 0, "i": 0, "s": 0}
    url = ""
    link_text = ""

    def run(text: str, **marks: Any) -> Run:
        marks |= {mark: True for mark, open_tags in depth.items() if open_tags}
        if url and _CLICKABLE.fullmatch(url) and len(url) <= LONGEST_URL:
            marks["url"] = url
        return {"text": text, **marks} if marks else text

    for token in tokens:
        kind = token.type
        if mark := _MARKS.get(token.type.rpartition("_")[0]):
            depth[mark] += token.nesting
        elif kind == "link_open":
            url, link_text = str(token.attrGet("href") or ""), ""
        elif kind == "link_close":
            if url and link_text not in (url, url.removeprefix("mailto:")):
                yield run(f" ({url})")
            url = ""
        elif kind == "image":
            yield run(f"[image: {token.content or 'no description'}] ({token.attrGet('src')})")
        elif kind == "code_inline":
            link_text += token.content
            yield run(token.content, c=True)
        elif kind == "hardbreak" or _LINE_BREAK_TAG.fullmatch(token.content):
            yield {"br": True}
        elif kind == "softbreak":
            yield " "
        elif token.content:
            link_text += token.content
            yield run(token.content)
