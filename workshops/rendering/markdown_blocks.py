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
from collections.abc import Iterable, Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .escaping import clean
from .page_fitting import break_code, fit_table, pieces

Block = dict[str, Any]
Run = str | dict[str, Any]

DEEPEST_CONTAINER = 8  # deeper quotes and lists continue at this depth; Typst stops at some 70
MAX_NESTING = 60
LONGEST_WORD = 40
LONGEST_URL = 2000  # Typst refuses addresses over 8,000 characters

_PARSER = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CLICKABLE = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_FLAGS = {"strong_open": "b", "em_open": "i", "s_open": "s"}
_FLAGS_END = {"strong_close": "b", "em_close": "i", "s_close": "s"}


def markdown_blocks(markdown: str) -> list[Block]:
    """The blocks of a Markdown text; never fails, and never drops text."""
    source = clean(markdown)
    tokens = _PARSER.parse(source)
    # markdown-it-py (4.3) drops what is nested deeper than maxNesting without a word.
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        return [{"k": "code", "t": break_code(source)}]
    return _blocks(iter(tokens))


def _blocks(tokens: Iterator[Token]) -> list[Block]:
    root: list[Block] = []
    stack: list[list[Block]] = [root]  # where the next block goes; one entry for each container
    items: list[list[list[Block]]] = []  # the items of each open list
    for token in tokens:
        kind = token.type
        blocks = stack[-1]
        if kind == "heading_open":
            content = next(tokens)
            blocks.append(_text_block({"k": "h", "l": int(token.tag[1])}, content))
        elif kind == "inline":
            blocks.append(_text_block({"k": "p"}, token))
        elif kind in ("fence", "code_block"):
            blocks.append({"k": "code", "t": break_code(token.content.rstrip("\n"))})
        elif kind == "html_block":
            blocks.append({"k": "code", "t": break_code(token.content.strip("\n"))})
        elif kind == "hr":
            blocks.append({"k": "hr"})
        elif kind == "table_open":
            blocks.append(_table(tokens))
        elif kind in ("bullet_list_open", "ordered_list_open"):
            items.append([])
            if len(stack) <= DEEPEST_CONTAINER:
                block: Block = {"k": "ul" if kind[0] == "b" else "ol", "i": items[-1]}
                if kind[0] == "o":
                    block["s"] = int(token.attrGet("start") or 1) if token.attrs else 1
                blocks.append(block)
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
    return root


def _text_block(block: Block, inline: Token, longest: int | None = LONGEST_WORD) -> Block:
    runs = list(_runs(inline.children or [], longest))
    block["r"] = runs
    if is_right_to_left(runs):
        block["rtl"] = True
    return block


def _table(tokens: Iterator[Token]) -> Block:
    rows: list[list[Block]] = []
    aligns: list[str] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            style = str(token.attrGet("style") or "")
            aligns.append(style.removeprefix("text-align:")[:1] or "l")
        elif token.type == "inline":
            rows[-1].append(_text_block({}, token, longest=None))
    return fit_table(rows, aligns)


def _runs(tokens: Iterable[Token], longest: int | None) -> Iterator[Run]:
    """The runs of an inline token; words longer than `longest` come in pieces (None: as they are)."""
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
