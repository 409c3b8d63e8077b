"""Texts as pages show them: an output or Markdown as HTML, and what differs between two texts.

Outputs are set like the build packs, from the same Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from workshops.rendering.output_markdown import output_blocks

SHOWN_BYTES = 100_000
"""A longer output is offered as a file instead."""

LONG_BYTES = 600
LONG_LINES = 25
"""A longer output is folded up at first: in its bytes, or in the lines that it takes."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class ReadableOutput:
    """What a step produced; ``html`` is None where it cannot be shown on the page.

    ``messages`` are the turns of a conversation, each with its ``role`` and ``text``.
    """

    size: int
    html: Markup | None
    messages: Sequence[dict[str, str]] = ()

    @property
    def long(self) -> bool:
        """Whether it is folded up at first."""
        return self.size > LONG_BYTES or (self.html or "").count("\n") > LONG_LINES


def readable_output(text: str) -> ReadableOutput:
    """Return the JSON object of a step as HTML. However deep or strange it is, it does not fail."""
    size = len(text.encode())
    if size > SHOWN_BYTES:
        return ReadableOutput(size, None)
    try:
        output = json.loads(text)
        messages = _pop_messages(output)
        blocks = output_blocks(output) if output else []
        # The page has headings of its own down to h3, which names the step.
        html = markdown_html("\n\n".join(blocks), lower_by=1)
    except RecursionError:
        return ReadableOutput(size, None)
    return ReadableOutput(size, html, messages)


def _pop_messages(output: dict[str, Any]) -> list[dict[str, str]]:
    """Take the conversation out of an output, if it is one."""
    turns = output.get("messages")
    if not isinstance(turns, list) or not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) for turn in turns
    ):
        return []
    del output["messages"]
    return [{"role": turn["role"], "text": _said(turn)} for turn in turns]


def _said(turn: dict[str, Any]) -> str:
    content = turn.get("content", turn.get("text"))
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def markdown_html(markdown: str, *, lower_by: int) -> Markup:
    """Return Markdown as HTML, its headings lower by so many levels; HTML in it is text."""
    tokens = _MARKDOWN.parse(markdown)
    for token in tokens:
        _fit(token, lower_by)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _fit(token: Token, lower_by: int) -> None:
    """Turn what a strict Content-Security-Policy refuses into classes."""
    if token.type.startswith("heading"):
        token.tag = f"h{min(int(token.tag[1]) + lower_by, 6)}"
    if "right" in str(token.attrs.pop("style", "")):
        token.attrs["class"] = "figure"
    # An image would be fetched from wherever the text says.
    for child in token.children or ():
        if child.type == "image":
            child.type, child.tag = "text", ""


# Two texts as one, with what was taken out and what was put in

_MOST_PAIRS = 1_000_000
"""More pairs of lines or words than this are not compared: it would take long."""

_LEAST_ALIKE = 0.3
"""Two stretches that have less in common read better one after the other."""

_CONTEXT = 100
"""How many characters stay before and after a change, where much is the same."""

_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Piece:
    """A stretch of both texts (``same``), or of one of them (``removed``, ``added``).

    ``skipped`` is one of both that is not shown.
    """

    kind: str
    text: str


def differences(old: str, new: str) -> list[Piece]:
    """Return how the new text comes from the old one: by lines, and within them by words."""
    pieces: list[Piece] = []
    for kind, text in _pieces(old, new):
        if pieces and pieces[-1].kind == kind:
            pieces[-1] = Piece(kind, pieces[-1].text + text)
        elif text:
            pieces.append(Piece(kind, text))
    last = len(pieces) - 1
    return [
        part
        for place, piece in enumerate(pieces)
        for part in _shortened(piece, head=place > 0, tail=place < last)
    ]


def _pieces(old: str, new: str) -> Iterator[tuple[str, str]]:
    for was, becomes in _pairs(old.splitlines(True), new.splitlines(True), least_alike=0):
        words = _WORD.findall(was), _WORD.findall(becomes)
        for word, other in _pairs(*words, least_alike=_LEAST_ALIKE):
            if word == other:
                yield "same", word
            else:
                yield from (("removed", word), ("added", other))


def _pairs(old: list[str], new: list[str], *, least_alike: float) -> Iterator[tuple[str, str]]:
    """Yield the stretches of two lists of parts, side by side: equal ones and others."""
    begin = _common(old, new)
    before, old, new = old[:begin], old[begin:], new[begin:]
    end = _common(old[::-1], new[::-1])
    after, old, new = old[len(old) - end :], old[: len(old) - end], new[: len(new) - end]
    parts: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(old), 0, len(new))]
    if len(old) * len(new) <= _MOST_PAIRS:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        if begin + end or matcher.ratio() >= least_alike:
            parts = matcher.get_opcodes()
    yield "".join(before), "".join(before)
    for _, i, j, k, m in parts:
        yield "".join(old[i:j]), "".join(new[k:m])
    yield "".join(after), "".join(after)


def _common(old: list[str], new: list[str]) -> int:
    """Return how many parts are equal from the beginning."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(old), len(new)))


def _shortened(piece: Piece, *, head: bool, tail: bool) -> Iterator[Piece]:
    """Yield a piece; of one that is the same and long, what stands beside a change."""
    text = piece.text
    if piece.kind != "same" or len(text) <= 3 * _CONTEXT:
        yield piece
        return
    begin, end = _CONTEXT if head else 0, len(text) - (_CONTEXT if tail else 0)
    for kind, part in (("same", text[:begin]), ("skipped", text[begin:end]), ("same", text[end:])):
        if part:
            yield Piece(kind, part)
