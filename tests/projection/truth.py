"""What summaries should be, from the tables alone and in another way than they are computed."""

from __future__ import annotations

from typing import Any

from workshops import projection
from workshops.statements.execution import fetch

EXPECTED = """
SELECT w.id AS workshop_id, w.created_at, (
        SELECT max(moment) FROM (
            VALUES (w.created_at), (w.updated_at)
            UNION ALL SELECT s.updated_at FROM workshop_steps s WHERE s.workshop_id = w.id
            UNION ALL SELECT s.started_at FROM sessions s WHERE s.workshop_id = w.id
        ) moments (moment)
    ) AS last_activity_at,
    (SELECT count(*) FROM workshop_steps s
        WHERE s.workshop_id = w.id AND s.status = 'complete')::smallint AS steps_complete,
    (SELECT count(*) FROM workshop_steps s WHERE s.workshop_id = w.id)::smallint AS steps_total,
    COALESCE((SELECT floor(100 * avg((s.status = 'complete')::int)) FROM workshop_steps s
        WHERE s.workshop_id = w.id), 0)::smallint AS progress,
    w.status,
    COALESCE((SELECT s.step_id FROM workshop_steps s
        JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id AND s.status <> 'complete'
        ORDER BY d."order", d.id LIMIT 1), '') AS current_step_id,
    w.clerk_user_id, w.org_id, lower(w.title) AS title
FROM workshops w ORDER BY w.id
"""


async def check_folded() -> None:
    """Let the folder catch up; the summaries are what computing them anew would give."""
    await projection.refresh()
    assert await projection.compare() == projection.Comparison(0, [], 0)


async def check() -> list[dict[str, Any]]:
    """Let the folder catch up, hold the summaries against the tables, and return them."""
    await check_folded()
    kept = [dict(row) for row in await fetch("SELECT * FROM workshops_admin.summaries ORDER BY 1")]
    assert kept == [dict(row) for row in await fetch(EXPECTED)]
    return kept
