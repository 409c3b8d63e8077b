"""What is held about one person, as numbers and a list of workshops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workshops.operations.execution import fetch

WORKSHOPS_SHOWN = 200

_TAKES_PART = f"""
SELECT w.id, w.title, w.status, person.role, summary.last_activity_at, NOT EXISTS (
        SELECT FROM workshop_members m
        WHERE m.workshop_id = w.id AND m.role = 'owner' AND m.clerk_user_id <> $1
    ) AND (person.role = 'owner' OR w.clerk_user_id = $1) AS goes,
    count(*) OVER () AS total
FROM (
    SELECT workshop_id, role FROM workshop_members WHERE clerk_user_id = $1
    UNION ALL
    SELECT o.id, 'owner' FROM workshops o WHERE o.clerk_user_id = $1 AND NOT EXISTS (
        SELECT FROM workshop_members m WHERE m.workshop_id = o.id AND m.clerk_user_id = $1)
) person
JOIN workshops w ON w.id = person.workshop_id
JOIN workshop_summaries summary ON summary.workshop_id = w.id
ORDER BY summary.last_activity_at DESC, w.id LIMIT {WORKSHOPS_SHOWN}
"""


@dataclass(frozen=True)
class Participation:
    """A workshop that a person takes part in; ``goes`` with them when they are erased."""

    workshop_id: str
    title: str
    status: str
    role: str
    last_activity_at: datetime
    goes: bool
    total: int


async def fetch_person(clerk_user_id: str) -> list[Participation]:
    """Return the workshops of a person, the latest first; each knows the ``total``."""
    return [Participation(*row) for row in await fetch(_TAKES_PART, clerk_user_id)]
