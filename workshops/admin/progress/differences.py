"""Two texts as one, with what was taken out and what was put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

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


def _pairs(
    old: Sequence[str], new: Sequence[str], *, least_alike: float
) -> Iterator[tuple[str, str]]:
    """Yield the stretches of two lists of parts, side by side: equal ones and others."""
    shorter = min(len(old), len(new))
    begin = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    shorter -= begin
    end = next((n for n in range(shorter) if old[-1 - n] != new[-1 - n]), shorter)
    before, after = "".join(old[:begin]), "".join(old[len(old) - end :])
    old, new = old[begin : len(old) - end], new[begin : len(new) - end]
    yield before, before
    yield from _inner_pairs(old, new, least_alike if begin + end == 0 else 0)
    yield after, after


def _inner_pairs(
    old: Sequence[str], new: Sequence[str], least_alike: float
) -> Iterator[tuple[str, str]]:
    if len(old) * len(new) <= _MOST_PAIRS:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        if matcher.ratio() >= least_alike:
            for _, i, j, k, m in matcher.get_opcodes():
                yield "".join(old[i:j]), "".join(new[k:m])
            return
    yield "".join(old), "".join(new)


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
