"""What is held about one person, as numbers and a list of workshops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workshops.projection import catch_up
from workshops.statements.execution import fetch

WORKSHOPS_SHOWN = 200

_TAKES_PART = f"""
SELECT w.id, w.title, w.status, person.role, COALESCE(summary.progress, 0), step.name,
    COALESCE(summary.last_activity_at, w.created_at) AS last_activity_at, w.created_at,
    CASE
        WHEN person.role <> 'owner' AND w.clerk_user_id <> $1 THEN 'stays'
        WHEN EXISTS (
            SELECT FROM workshop_members m
            WHERE m.workshop_id = w.id AND m.role = 'owner' AND m.clerk_user_id <> $1
        ) THEN 'passes'
        ELSE 'goes'
    END,
    count(*) OVER () AS total,
    count(*) FILTER (WHERE person.role = 'owner' OR w.clerk_user_id = $1) OVER () AS owned
FROM (
    SELECT workshop_id, role FROM workshop_members WHERE clerk_user_id = $1
    UNION ALL
    SELECT o.id, 'owner' FROM workshops o WHERE o.clerk_user_id = $1 AND NOT EXISTS (
        SELECT FROM workshop_members m WHERE m.workshop_id = o.id AND m.clerk_user_id = $1)
) person
JOIN workshops w ON w.id = person.workshop_id
LEFT JOIN workshops_admin.summaries summary ON summary.workshop_id = w.id
LEFT JOIN step_definitions step ON step.id = summary.current_step_id
ORDER BY 7 DESC, w.id LIMIT {WORKSHOPS_SHOWN}
"""


@dataclass(frozen=True)
class Participation:
    """A workshop that a person takes part in.

    ``fate`` says what becomes of it when they are erased: it ``goes`` with them, or
    ``passes`` to another owner, or ``stays`` as it is but for their membership. Every
    row knows how many there are in ``total``, and how many of them the person ``owned``.
    """

    workshop_id: str
    title: str
    status: str
    role: str
    progress: int
    current_step: str | None
    last_activity_at: datetime
    created_at: datetime
    fate: Literal["goes", "passes", "stays"]
    total: int
    owned: int


async def fetch_person(clerk_user_id: str) -> list[Participation]:
    """Return the workshops of a person, the latest first."""
    await catch_up()
    return [Participation(*row) for row in await fetch(_TAKES_PART, clerk_user_id)]
