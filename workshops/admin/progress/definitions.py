"""The step definitions: all in order, and one with its use, and its history as differences."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from workshops.statements.execution import fetch, fetch_row
from workshops.tables import StepDefinition

CHANGES_SHOWN = 20

LABELS = {
    "name": "name",
    "description": "description",
    "prompt_template": "prompt",
    "order": "position",
}
"""What pages call the columns."""

WORDING = ("name", "description", "prompt_template")
"""The columns that are edited on the page of a definition."""


async def step_definitions() -> dict[str, str]:
    """Return the name of each step definition by its key, in their order."""
    return dict(await fetch('SELECT id, name FROM step_definitions ORDER BY "order", id'))


@dataclass(frozen=True)
class Definition:
    """One step definition with all that can be edited; ``number`` is its place among all."""

    id: str
    number: int
    count: int
    name: str
    description: str
    prompt_template: str
    updated_at: datetime

    @property
    def wording(self) -> dict[str, str]:
        """The texts that can be edited."""
        return {field: getattr(self, field) for field in WORDING}

    @property
    def digests(self) -> dict[str, str]:
        """What a form tells these texts by, to see whether they are others meanwhile."""
        return {field: digest(text) for field, text in self.wording.items()}


def digest(text: str) -> str:
    """Return what a form tells a text by."""
    return hashlib.sha256(text.encode()).hexdigest()


# A box in a browser has one kind of line break.
_DEFINITIONS = r"""
SELECT id, row_number() OVER (ORDER BY "order", id) AS number, count(*) OVER () AS count, name,
    regexp_replace(description, '\r\n?', E'\n', 'g') AS description,
    regexp_replace(COALESCE(prompt_template, ''), '\r\n?', E'\n', 'g') AS prompt_template,
    updated_at
FROM step_definitions
"""


async def fetch_definitions() -> list[Definition]:
    """Return all definitions in order."""
    return [Definition(*row) for row in await fetch(f"{_DEFINITIONS} ORDER BY number")]


async def fetch_definition(step_id: str) -> Definition | None:
    """Return one definition, or None if there is none of this identifier."""
    row = await fetch_row(f"SELECT * FROM ({_DEFINITIONS}) d WHERE id = $1", step_id)
    return None if row is None else Definition(*row)


# OFFSET 0 keeps the planner from reading the whole audit log backwards for the latest.
_HISTORY = f"""
SELECT id, created_at, operator, changes::text AS changes FROM (
    SELECT * FROM workshops_admin.admin_audit_log
    WHERE row_id = $1 AND table_name = '{StepDefinition._meta.tablename}' OFFSET 0
) entries
WHERE action = 'changed' AND changes IS NOT NULL ORDER BY id DESC LIMIT {CHANGES_SHOWN}
"""


async def fetch_history(step_id: str) -> list[dict[str, Any]]:
    """Return the latest changes of a definition that operators made, the latest first.

    ``fields`` has what became of each text; ``shortened``: the log kept the beginning of it
    only. ``before``: whether the texts from before are known.
    """
    rows = await fetch(_HISTORY, step_id)
    return await asyncio.to_thread(
        lambda: [{**row, **_what_changed(row["changes"])} for row in rows]
    )


def _what_changed(text: str) -> dict[str, Any]:
    changes: dict[str, list[str | None]] = json.loads(text)
    known = [field for field in LABELS if field in changes]
    fields = [
        {
            "label": LABELS.get(field, field),
            "pieces": differences(*(text or "" for text in changes[field])),
            "shortened": any(map(_is_cut, changes[field])),
        }
        for field in (*known, *sorted(changes.keys() - LABELS.keys()))
    ]
    wording = [text for field in WORDING for text in changes.get(field, ())]
    return {"fields": fields, "before": wording and not any(map(_is_cut, wording))}


def _is_cut(text: str | None) -> bool:
    """Tell whether the log's trigger has shortened a text (``audit_write``)."""
    return text is not None and len(text) == 201 and text.endswith("…")


async def texts_before(step_id: str, entry: int) -> dict[str, str]:
    """Return the texts that an entry of the log says a definition had before."""
    row = await fetch_row(
        "SELECT changes::text FROM workshops_admin.admin_audit_log WHERE id = $2 AND row_id = $1"
        f" AND table_name = '{StepDefinition._meta.tablename}' AND changes IS NOT NULL",
        step_id,
        entry,
    )
    changes = {} if row is None else json.loads(row[0])
    return {
        field: old or ""
        for field, (old, _) in changes.items()
        if field in WORDING and not _is_cut(old)
    }


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
