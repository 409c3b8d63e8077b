"""Markdown as a tree of plain data, for a page layout that must never interpret text.

Takes any Markdown, also what somebody edited by hand: HTML is text, an image is its description
and address (nothing is ever fetched), a link shows its address.

A block is a dict with a kind `k`: `h` (level `l`, runs `r`), `p` (`r`), `ul` and `ol` (items `i`,
lists of blocks; start `s`), `q` (blocks `b`), `code` (text `t`), `hr`, `table` (see page_fitting).
`rtl` marks a block that begins in a script written from right to left. A run is a string, or a dict
with pieces `t` and any of `b`old, `i`talic, `s`truck, `c`ode, `u`rl, or `br` for a line break.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .escaping import clean
from .page_fitting import break_code, fit_table, parts_of, pieces

Block = dict[str, Any]
Run = str | dict[str, Any]

DEEPEST_CONTAINER = 8  # deeper quotes and lists continue at this depth; Typst stops at some 70
MAX_NESTING = 60
LONGEST_WORD = 40
LONGEST_HEADING = 300
LONGEST_URL = 2000  # Typst refuses addresses over 8,000 characters

# Typst takes some 0.1 ms and 10 KB for each unit of weight (a word in bold, a table cell: 3).
LONGEST_TEXT = 1_200_000
MOST_WEIGHT = 60_000
TOO_LONG: list[Block] = [
    {"k": "hr"},
    {
        "k": "p",
        "r": [
            {
                "t": ["The PDF ends here, the text does not: it is in the pack's Markdown."],
                "b": True,
            }
        ],
    },
]

_PARSER = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CLICKABLE = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_FLAGS = {"strong_open": "b", "em_open": "i", "s_open": "s"}
_FLAGS_END = {"strong_close": "b", "em_close": "i", "s_close": "s"}


def markdown_blocks(markdown: str) -> list[Block]:
    """The blocks of a Markdown text; never fails.

    Nothing is left out but the end of a text that would take minutes to set: then the last block
    says so.
    """
    source = clean(markdown)
    cut = len(source) > LONGEST_TEXT
    if cut:
        near_the_end = LONGEST_TEXT - LONGEST_TEXT // 100
        source = source[: source.rfind("\n", near_the_end, LONGEST_TEXT) + 1 or LONGEST_TEXT]
    tokens = _PARSER.parse(source)
    # markdown-it-py (4.3) drops what is nested deeper than maxNesting without a word.
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        blocks, cut_again = _code_blocks(source), False
    else:
        blocks, cut_again = _blocks(tokens)
    return [*blocks, *TOO_LONG] if cut or cut_again else blocks


def _blocks(tokens: Sequence[Token]) -> tuple[list[Block], bool]:
    """The tree of a flat list of tokens, and whether it had to be cut."""
    root: list[Block] = []
    stack: list[list[Block]] = [root]  # where the next block goes; one entry for each container
    items: list[list[list[Block]]] = []  # the items of each open list
    rows: list[list[Block]] = []  # of the open table
    aligns: list[str] = []
    weight = 0
    heading = 0
    for token in tokens:
        kind = token.type
        blocks = stack[-1]
        if weight > MOST_WEIGHT and kind not in ("table_close", "tr_close"):
            if rows:
                rows[-1] += [{"r": []} for _ in range(len(aligns) - len(rows[-1]))]
                blocks.append(fit_table(rows, aligns))
            return root, True
        if kind == "heading_open":
            heading = int(token.tag[1])
        elif kind == "inline":
            runs = list(_runs(token.children or [], None if rows else LONGEST_WORD))
            weight += 2 + len(runs) + len(token.content) // 50
            if rows:
                rows[-1].append(_directed({}, runs))
            else:
                blocks += _text_blocks(runs, heading)
            heading = 0
        elif kind in ("fence", "code_block", "html_block"):
            weight += len(token.content) // 20
            blocks += _code_blocks(token.content.strip("\n"))
        elif kind == "hr":
            blocks.append({"k": "hr"})
        elif kind == "table_open":
            rows, aligns = [], []
        elif kind == "tr_open":
            rows.append([])
        elif kind == "th_open":
            style = str(token.attrGet("style") or "")
            aligns.append(style.removeprefix("text-align:")[:1] or "l")
        elif kind == "table_close":
            blocks.append(fit_table(rows, aligns))
            rows = []
        elif kind in ("bullet_list_open", "ordered_list_open"):
            items.append([])
            if len(stack) <= DEEPEST_CONTAINER:
                start = token.attrGet("start")
                blocks.append(
                    {"k": "ul", "i": items[-1]}
                    if kind[0] == "b"
                    else {"k": "ol", "i": items[-1], "s": 1 if start is None else int(start)}
                )
        elif kind in ("bullet_list_close", "ordered_list_close"):
            items.pop()
        elif kind in ("list_item_open", "blockquote_open"):
            if len(stack) > DEEPEST_CONTAINER:
                stack.append(blocks)
            elif kind == "list_item_open":
                items[-1].append([])
                stack.append(items[-1][-1])
            else:
                blocks.append({"k": "q", "b": []})
                stack.append(blocks[-1]["b"])
        elif kind in ("list_item_close", "blockquote_close"):
            stack.pop()
    return root, False


def _text_blocks(runs: list[Run], heading: int) -> list[Block]:
    """A heading or a paragraph; a very long one comes in parts `more`, set as if it were one."""
    if heading and len(plain_text(runs)) <= LONGEST_HEADING:
        return [_directed({"k": "h", "l": heading}, runs)]
    if heading:
        runs = [{**({"t": [run]} if isinstance(run, str) else run), "b": True} for run in runs]
    first, *others = parts_of(runs) or [[]]
    return [
        _directed({"k": "p"}, first),
        *(_directed({"k": "p", "more": True}, part) for part in others),
    ]


def _directed(block: Block, runs: list[Run]) -> Block:
    block["r"] = runs
    if is_right_to_left(runs):
        block["rtl"] = True
    return block


def _code_blocks(text: str) -> list[Block]:
    first, *others = break_code(text)
    return [{"k": "code", "t": first}, *({"k": "code", "t": part, "more": True} for part in others)]


def _runs(tokens: Iterable[Token], longest: int | None) -> Iterator[Run]:
    """The runs of an inline token; words over `longest` come in pieces (None: as they are)."""
    depth = {"b": 0, "i": 0, "s": 0}
    url = ""
    link_text = ""

    def run(text: str, **marks: Any) -> Run:
        marks |= {flag: True for flag, open_tags in depth.items() if open_tags}
        if url and _CLICKABLE.fullmatch(url) and len(url) <= LONGEST_URL:
            marks["u"] = url
        parts = [text] if longest is None else pieces(text, longest)
        return {"t": parts, **marks} if marks or len(parts) > 1 else text

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
        for part in [run] if isinstance(run, str) else run.get("t", ()):
            for character in part:
                direction = unicodedata.bidirectional(character)
                if direction in ("R", "AL"):
                    return True
                if direction == "L":
                    return False
    return False


def plain_text(runs: Iterable[Run]) -> str:
    """The text of runs without marks, on one line."""
    parts = (run if isinstance(run, str) else "".join(run.get("t", " ")) for run in runs)
    return " ".join("".join(parts).split())
