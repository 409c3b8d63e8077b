"""The step definitions: all in order, and one with its use and its history."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime

from workshops.admin.progress.differences import Piece, differences
from workshops.projection import catch_up
from workshops.statements.execution import fetch, fetch_row
from workshops.tables import StepDefinition

CHANGES_SHOWN = 20

SAMPLE_SIZE = 5_000
"""Of more workshops than this, the statuses of a step are estimated from so many of them."""

LABELS = {
    "name": "name",
    "description": "description",
    "prompt_template": "prompt",
    "order": "position",
}
"""What pages call the columns."""

WORDING = ("name", "description", "prompt_template")
"""The columns that are edited on the page of a definition."""


@dataclass(frozen=True)
class Step:
    """One step definition."""

    id: str
    name: str
    description: str


async def step_definitions() -> list[Step]:
    """Return all step definitions in order."""
    rows = await fetch('SELECT id, name, description FROM step_definitions ORDER BY "order", id')
    return [Step(*row) for row in rows]


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


@dataclass(frozen=True)
class Use:
    """How many workshops there are, how many are at the step, and its status in how many.

    ``sampled``: ``statuses`` are estimated.
    """

    workshops: int
    at: int
    statuses: dict[str, int]
    sampled: bool


# Identifiers are random, so the first ones in their order are a fair sample. OFFSET 0
# keeps the planner from reading all steps to join them.
_USE = """
SELECT count(*) AS workshops, count(*) FILTER (WHERE current_step_id = $1) AS at,
    ARRAY (
        SELECT json_build_array(step.status, count(*))
        FROM (
            SELECT workshop_id FROM workshops_admin.summaries
            ORDER BY workshop_id LIMIT $2
        ) sample CROSS JOIN LATERAL (
            SELECT status FROM workshop_steps s
            WHERE s.workshop_id = sample.workshop_id AND s.step_id = $1 OFFSET 0
        ) step GROUP BY step.status
    ) AS statuses
FROM workshops_admin.summaries
"""


async def fetch_use(step_id: str, *, sample_size: int = SAMPLE_SIZE) -> Use:
    """Return where a step is used."""
    await catch_up()
    (row,) = await fetch(_USE, step_id, sample_size)
    workshops = row["workshops"]
    found = dict(map(json.loads, row["statuses"]))
    statuses = {
        status: round(found[status] * max(1, workshops / sample_size))
        for status in _STATUSES
        if status in found
    }
    return Use(workshops, row["at"], statuses, sampled=workshops > sample_size)


_STATUSES = ("not_started", "in_progress", "complete", "needs_regeneration")
"""In the order in which a step goes through them."""


@dataclass(frozen=True)
class FieldChange:
    """What became of a text; ``shortened``: the log kept the beginning of it only."""

    field: str
    pieces: list[Piece]
    shortened: bool

    @property
    def label(self) -> str:
        """What the page calls the field."""
        return LABELS.get(self.field, self.field)


@dataclass(frozen=True)
class DefinitionChange:
    """One entry of the audit log about a definition."""

    id: int
    created_at: datetime
    operator: str | None
    fields: list[FieldChange]

    @property
    def can_be_taken_back(self) -> bool:
        """Whether the texts from before it are known."""
        wording = [each for each in self.fields if each.field in WORDING]
        return bool(wording) and not any(each.shortened for each in wording)


# OFFSET 0 keeps the planner from reading the whole audit log backwards for the latest.
_HISTORY = f"""
SELECT id, created_at, operator, changes::text AS changes FROM (
    SELECT * FROM workshops_admin.admin_audit_log
    WHERE row_id = $1 AND table_name = '{StepDefinition._meta.tablename}' OFFSET 0
) entries
WHERE action = 'changed' AND changes IS NOT NULL ORDER BY id DESC LIMIT {CHANGES_SHOWN}
"""


async def fetch_history(step_id: str) -> list[DefinitionChange]:
    """Return the latest changes of a definition that operators made, the latest first."""
    rows = await fetch(_HISTORY, step_id)
    return await asyncio.to_thread(
        lambda: [
            DefinitionChange(row["id"], row["created_at"], row["operator"], _fields(row["changes"]))
            for row in rows
        ]
    )


def _fields(text: str) -> list[FieldChange]:
    changes: dict[str, list[str | None]] = json.loads(text)
    return [
        FieldChange(field, differences(old or "", new or ""), _is_cut(old) or _is_cut(new))
        for field, (old, new) in sorted(changes.items(), key=_place)
    ]


def _place(change: tuple[str, object]) -> int:
    return list(LABELS).index(change[0]) if change[0] in LABELS else len(LABELS)


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
