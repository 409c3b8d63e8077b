"""A build pack as PDF, set by Typst from the pack's Markdown.

The Markdown reaches the template as JSON, a tree of blocks and strings. Typst's root is the
template's own directory, the template imports nothing, and data is never evaluated: no text can
read a file, load a package or change the layout.

Typst works outside the GIL and `render_pdf` may run in many threads at once: in asynchronous code
call it through `asyncio.to_thread`.

It takes any Markdown, also what a person edited by hand: HTML is text, an image is its description
and address (nothing is ever fetched), a link shows its address. A block of the tree is a dict with
a kind `k`: `h` (level `l`, runs `r`), `p` (`r`), `ul` and `ol` (items `i`, lists of blocks; start
`s`), `q` (blocks `b`), `code` (text `t`), `hr`, `table` (header cells `h`, the other cells `c` in
one list, alignments `a`; a cell has runs `r`). `rtl` marks a block that begins in a script written
from right to left. A run is a string, or a dict with text `t` and any of `b`old, `i`talic,
`s`truck, `c`ode, `u`rl, or `br` for a line break.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import typst
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from .escaping import clean, one_line

TEMPLATES = Path(__file__).parent / "templates"
CONTENTS_FROM = 5  # sections from which on a table of contents helps
LONGEST_FOOTER = 90

# In this order, where installed; else Typst picks any font that has the character, and shows a box
# where none has. The fonts inside Typst cover Latin, Greek and Cyrillic.
FALLBACK_FONTS = (
    "Noto Serif",
    "Noto Naskh Arabic",
    "Noto Sans Arabic",
    "Noto Serif Hebrew",
    "Noto Serif CJK SC",
    "Noto Sans CJK SC",
    "Noto Serif Devanagari",
    "Noto Serif Thai",
    "Noto Color Emoji",
    "Noto Emoji",
    "DejaVu Sans",
)

Block = dict[str, Any]
Run = str | dict[str, Any]

MAX_NESTING = 40  # Typst stops at some 70 blocks within blocks
LONGEST_HEADING = 300
LONGEST_URL = 2000  # Typst refuses addresses over 8,000 characters
LONGEST_TEXT = 1_200_000
MOST_TOKENS = 300_000  # Typst takes some 0.02 ms for each: a list item has 6, a table cell 4
TOO_LONG: list[Block] = [
    {"k": "hr"},
    {
        "k": "p",
        "r": [
            {"t": "The PDF ends here, the text does not: it is in the pack's Markdown.", "b": True}
        ],
    },
]

_PARSER = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CLICKABLE = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_FLAGS = {"strong_open": "b", "em_open": "i", "s_open": "s"}
_FLAGS_END = {"strong_close": "b", "em_close": "i", "s_close": "s"}


def render_pdf(markdown: str, *, title: str, created_at: datetime) -> bytes:
    """The PDF of a pack's Markdown, or of any Markdown: HTML shows as text, nothing is fetched.

    The document's title is the text's first heading, else `title`. The same text, `created_at`
    (naive UTC) and installed fonts give the same bytes. Takes some 85 ms for a pack of five pages
    and up to ten seconds, 700 MB and the parser's half of that under the GIL for the longest.
    """
    return typst.compile(
        TEMPLATES / "build_pack.typ",
        root=TEMPLATES,
        sys_inputs={"data": json.dumps(_page(markdown, title))},
        font_paths=_fonts(),
        timestamp=created_at.replace(microsecond=0, tzinfo=UTC),
    )


def _page(markdown: str, title: str) -> dict[str, Any]:
    blocks = markdown_blocks(markdown)
    heading: Block = {"r": [one_line(title)]}
    if blocks and blocks[0]["k"] == "h":
        heading = blocks.pop(0)
    subtitle = None
    if blocks and blocks[0]["k"] == "p" and _is_emphasis(blocks[0]):
        subtitle = blocks.pop(0)
    for before, block in pairwise(blocks):
        if before["k"] == "h" and block["k"] == "p" and _is_emphasis(block):
            block["sticky"] = True  # a heading and its remark stay with what they speak of
    headings = [block for block in blocks if block["k"] == "h"]
    top = min((block["l"] for block in headings), default=1)
    for block in headings:
        block["l"] -= top - 1
    text = plain_text(heading["r"]) or "Build pack"
    return {
        "title": text,
        "heading": heading,
        "subtitle": subtitle,
        "footer": text if len(text) <= LONGEST_FOOTER else text[: LONGEST_FOOTER - 1] + "…",
        "contents": sum(block["l"] == 1 for block in headings) >= CONTENTS_FROM,
        "blocks": blocks,
        "fallbacks": [name for name in FALLBACK_FONTS if name in _fonts().families()],
    }


def _is_emphasis(block: Block) -> bool:
    return all("i" in run if isinstance(run, dict) else run.isspace() for run in block["r"])


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
        blocks: list[Block] = [{"k": "code", "t": source}]
    else:
        blocks = _blocks(SyntaxTreeNode(tokens))
    return blocks if source == whole else [*blocks, *TOO_LONG]


def _beginning(source: str, length: int) -> str:
    """At most so much of the text, up to the end of a line if one is near."""
    return source[: source.rfind("\n", length - length // 100, length) + 1 or length]


def _blocks(parent: SyntaxTreeNode) -> list[Block]:
    return [_block(node) for node in parent.children if node.type != "inline"]


def _block(node: SyntaxTreeNode) -> Block:
    kind = node.type
    if kind in ("heading", "paragraph"):
        runs = _content(node)
        if kind == "heading" and len(plain_text(runs)) <= LONGEST_HEADING:
            return _directed({"k": "h", "l": int(node.tag[1])}, runs)
        return _directed({"k": "p"}, runs)
    if kind in ("bullet_list", "ordered_list"):
        items = [_blocks(item) for item in node.children]
        if kind == "bullet_list":
            return {"k": "ul", "i": items}
        return {"k": "ol", "i": items, "s": int(node.attrs.get("start", 1))}
    if kind == "blockquote":
        return {"k": "q", "b": _blocks(node)}
    if kind == "table":
        header, *rows = [row.children for part in node.children for row in part.children]
        return {
            "k": "table",
            "h": [_directed({}, _content(cell)) for cell in header],
            "c": [_directed({}, _content(cell)) for row in rows for cell in row],
            "a": [_alignment(cell) for cell in header],
        }
    if kind == "hr":
        return {"k": "hr"}
    return {"k": "code", "t": node.content.strip("\n")}  # a fence, indented code or HTML


def _alignment(cell: SyntaxTreeNode) -> str:
    return str(cell.attrs.get("style", "left")).removeprefix("text-align:")[0]


def _content(node: SyntaxTreeNode) -> list[Run]:
    (inline,) = node.children
    assert inline.token is not None
    return list(_runs(inline.token.children or ()))


def _directed(block: Block, runs: list[Run]) -> Block:
    block["r"] = runs
    if is_right_to_left(runs):
        block["rtl"] = True
    return block


def _runs(tokens: Sequence[Token]) -> Iterator[Run]:
    depth = {"b": 0, "i": 0, "s": 0}
    url = ""
    link_text = ""

    def run(text: str, **marks: Any) -> Run:
        marks |= {flag: True for flag, open_tags in depth.items() if open_tags}
        if url and _CLICKABLE.fullmatch(url) and len(url) <= LONGEST_URL:
            marks["u"] = url
        return {"t": text, **marks} if marks else text

    for token in tokens:
        kind = token.type
        if kind in _FLAGS:
            depth[_FLAGS[kind]] += 1
        elif kind in _FLAGS_END:
            depth[_FLAGS_END[kind]] -= 1
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


def is_right_to_left(runs: Iterable[Run]) -> bool:
    """Whether the first letter with a direction is Arabic, Hebrew or the like."""
    for run in runs:
        for character in run if isinstance(run, str) else run.get("t", ""):
            direction = unicodedata.bidirectional(character)
            if direction in ("R", "AL"):
                return True
            if direction == "L":
                return False
    return False


def plain_text(runs: Iterable[Run]) -> str:
    """The text of runs without marks, on one line."""
    parts = (run if isinstance(run, str) else run.get("t", " ") for run in runs)
    return " ".join("".join(parts).split())
