"""Rules that hold between rows, which no constraint can express.

The operations keep them. Another application that writes to the same database,
or an operator with a SQL prompt, may not: ``piccolo workshops check`` counts the
rows that break one.
"""

from __future__ import annotations

from typing import NamedTuple

import asyncpg


class Invariant(NamedTuple):
    """A rule: what is true of rows that break it, and a query for their ids."""

    broken: str
    query: str


class BrokenInvariant(NamedTuple):
    """How many rows break a rule, and the ids of a few of them."""

    broken: str
    rows: int
    examples: list[str]

    def __str__(self) -> str:
        more = ", ..." if self.rows > len(self.examples) else ""
        return f"{self.rows} {self.broken}: {', '.join(self.examples)}{more}"


INVARIANTS = (
    Invariant(
        "workshops lack the row of a step",
        "SELECT w.id FROM workshops w LEFT JOIN (SELECT workshop_id, count(*) AS steps"
        " FROM workshop_steps GROUP BY 1) s ON s.workshop_id = w.id"
        # A step that was added later is not one of those that were completed.
        " WHERE w.status <> 'completed'"
        " AND coalesce(s.steps, 0) < (SELECT count(*) FROM step_definitions)",
    ),
    Invariant(
        "workshops have no owner among their members",
        "SELECT w.id FROM workshops w WHERE NOT EXISTS"
        " (SELECT FROM workshop_members m WHERE m.workshop_id = w.id AND m.role = 'owner')",
    ),
    Invariant(
        "workshops are completed while a step is not complete",
        "SELECT w.id FROM workshops w WHERE w.status = 'completed' AND EXISTS"
        " (SELECT FROM workshop_steps s WHERE s.workshop_id = w.id AND s.status <> 'complete')",
    ),
    Invariant(
        "workshops are shared without a share token",
        "SELECT id FROM workshops WHERE visibility = 'shared' AND share_token IS NULL",
    ),
    Invariant(
        "workshops are private and still have a share token",
        "SELECT id FROM workshops WHERE visibility = 'private' AND share_token IS NOT NULL",
    ),
    Invariant(
        "steps are complete without completed_at",
        "SELECT id FROM workshop_steps WHERE status = 'complete' AND completed_at IS NULL",
    ),
    Invariant(
        "steps have a completed_at and were never complete",
        "SELECT id FROM workshop_steps"
        " WHERE status NOT IN ('complete', 'needs_regeneration') AND completed_at IS NOT NULL",
    ),
    Invariant(
        "steps are in progress without started_at",
        "SELECT id FROM workshop_steps WHERE status = 'in_progress' AND started_at IS NULL",
    ),
    Invariant(
        "steps are not started and yet have a started_at or an output",
        "SELECT id FROM workshop_steps WHERE status = 'not_started'"
        " AND (started_at IS NOT NULL OR output IS NOT NULL)",
    ),
    Invariant(
        "steps were completed before they were started",
        "SELECT id FROM workshop_steps WHERE completed_at < started_at",
    ),
    Invariant(
        "sessions ended before they began",
        "SELECT id FROM sessions WHERE ended_at < started_at",
    ),
    Invariant(
        "step definitions share their order with another",
        'SELECT id FROM step_definitions WHERE "order" IN'
        ' (SELECT "order" FROM step_definitions GROUP BY 1 HAVING count(*) > 1)',
    ),
)

_EXAMPLES = 3


async def broken_invariants(connection: asyncpg.Connection) -> list[BrokenInvariant]:
    """Return the rules that some row breaks. One query each; it only reads."""
    broken = []
    for invariant in INVARIANTS:
        row = await connection.fetchrow(
            "SELECT count(*), (array_agg(id))[:$1] AS examples"
            f" FROM (SELECT id FROM ({invariant.query}) AS rows ORDER BY id) AS broken",
            _EXAMPLES,
        )
        if row["count"]:
            broken.append(BrokenInvariant(invariant.broken, row["count"], row["examples"]))
    return broken
