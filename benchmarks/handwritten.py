"""The same work as one asyncpg statement each, written for the purpose.

Nothing is checked here, and no row becomes an object: it is what somebody would
write who needs just this, fast.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import asyncpg

WORKSHOP = (
    *("id", "clerk_user_id", "title", "original_idea", "status", "org_id", "template_id"),
    *("visibility", "share_token", "created_at", "updated_at"),
)
STEP = (
    *("id", "workshop_id", "step_id", "status", "output", "started_at", "completed_at"),
    *("created_at", "updated_at", "name", "order"),
)
MEMBER = ("id", "workshop_id", "clerk_user_id", "role", "created_at")
SESSION = ("id", "workshop_id", "started_at", "ended_at", "created_at")
BUILD_PACK = (
    *("id", "workshop_id", "title", "format_type", "content", "created_at", "updated_at"),
)

_GET_WORKSHOP = """
SELECT w.*,
    ARRAY(SELECT ROW(s.id, s.workshop_id, s.step_id, s.status, s.output, s.started_at,
                     s.completed_at, s.created_at, s.updated_at, d.name, d."order")
          FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
          WHERE s.workshop_id = w.id ORDER BY d."order") AS steps,
    ARRAY(SELECT ROW(m.*) FROM workshop_members m
          WHERE m.workshop_id = w.id ORDER BY m.created_at) AS members,
    ARRAY(SELECT ROW(s.*) FROM sessions s
          WHERE s.workshop_id = w.id ORDER BY s.started_at DESC) AS sessions,
    ARRAY(SELECT ROW(b.*) FROM build_packs b
          WHERE b.workshop_id = w.id ORDER BY b.created_at DESC) AS build_packs
FROM workshops w WHERE w.id = $1
"""


async def get_workshop(pool: asyncpg.Pool, workshop_id: str) -> dict[str, Any]:
    """A workshop with all four relations, definitions joined."""
    record = await pool.fetchrow(_GET_WORKSHOP, workshop_id)
    row = dict(record)
    steps = [dict(zip(STEP, step, strict=True)) for step in row["steps"]]
    for step in steps:
        if step["output"] is not None:
            step["output"] = json.loads(step["output"])
    row["steps"] = steps
    row["members"] = [dict(zip(MEMBER, member, strict=True)) for member in row["members"]]
    row["sessions"] = [dict(zip(SESSION, session, strict=True)) for session in row["sessions"]]
    row["build_packs"] = [dict(zip(BUILD_PACK, pack, strict=True)) for pack in row["build_packs"]]
    return row


_SELECTED = """
SELECT w.*,
    ARRAY(SELECT ROW(s.step_id, s.status, d.name)
          FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
          WHERE s.workshop_id = w.id ORDER BY d."order") AS steps,
    ARRAY(SELECT ROW(m.*) FROM workshop_members m WHERE m.workshop_id = w.id) AS members,
    ARRAY(SELECT ROW(s.*) FROM sessions s WHERE s.workshop_id = w.id
          ORDER BY s.started_at DESC LIMIT 1) AS sessions,
    ARRAY(SELECT ROW(b.*) FROM build_packs b WHERE b.workshop_id = w.id) AS build_packs
FROM workshops w WHERE w.id = $1
"""


async def select_with_relations(pool: asyncpg.Pool, workshop_id: str) -> dict[str, Any]:
    """A workshop with chosen columns of its relations."""
    row = dict(await pool.fetchrow(_SELECTED, workshop_id))
    row["steps"] = [
        dict(zip(("step_id", "status", "name"), step, strict=True)) for step in row["steps"]
    ]
    row["members"] = [dict(zip(MEMBER, member, strict=True)) for member in row["members"]]
    row["sessions"] = [dict(zip(SESSION, session, strict=True)) for session in row["sessions"]]
    row["build_packs"] = [dict(zip(BUILD_PACK, pack, strict=True)) for pack in row["build_packs"]]
    return row


_PAGE = """
SELECT w.id, w.title, w.status,
    ARRAY(SELECT ROW(s.step_id, s.status) FROM workshop_steps s
          JOIN step_definitions d ON d.id = s.step_id
          WHERE s.workshop_id = w.id ORDER BY d."order") AS steps,
    ARRAY(SELECT ROW(m.clerk_user_id, m.role) FROM workshop_members m
          WHERE m.workshop_id = w.id) AS members
FROM workshops w ORDER BY w.id LIMIT 50
"""


async def page_with_relations(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Fifty workshops with steps and members."""
    rows = [dict(record) for record in await pool.fetch(_PAGE)]
    for row in rows:
        row["steps"] = [
            dict(zip(("step_id", "status"), step, strict=True)) for step in row["steps"]
        ]
        row["members"] = [
            dict(zip(("clerk_user_id", "role"), member, strict=True)) for member in row["members"]
        ]
    return rows


_LIST = """
SELECT page.*, coalesce(m.role, 'owner') AS role, progress.*
FROM (SELECT w.* FROM workshops w
      WHERE w.clerk_user_id = $1
         OR w.id = ANY (ARRAY(SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1))
      ORDER BY w.updated_at DESC, w.id DESC LIMIT 21) AS page
LEFT JOIN workshop_members m ON m.workshop_id = page.id AND m.clerk_user_id = $1
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.status = 'complete') AS steps_complete,
           count(*) AS steps_total,
           (array_agg(s.step_id ORDER BY d."order") FILTER (WHERE s.status <> 'complete'))[1]
               AS current_step_id
    FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
    WHERE s.workshop_id = page.id
) AS progress
ORDER BY page.updated_at DESC, page.id DESC
"""


async def list_workshops(pool: asyncpg.Pool, clerk_user_id: str) -> list[dict[str, Any]]:
    """The first page of a person's workshops with their progress."""
    return [dict(record) for record in await pool.fetch(_LIST, clerk_user_id)]


_CREATE = """
WITH workshop AS (
    INSERT INTO workshops (id, clerk_user_id, title, original_idea)
    VALUES ($1, $2, $3, $4) RETURNING *
), owner AS (
    INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role) VALUES ($5, $1, $2, 'owner')
), steps AS (
    INSERT INTO workshop_steps (id, workshop_id, step_id)
    SELECT ($6::text[])[d."order"], $1, d.id FROM step_definitions d
)
SELECT * FROM workshop
"""


async def create_workshop(pool: asyncpg.Pool, make_id: Any) -> dict[str, Any]:
    """A workshop, its owner and ten steps; twelve identifiers are made as ours are."""
    record = await pool.fetchrow(
        _CREATE,
        make_id("ws"),
        "user_bench",
        "A bakery without waste",
        "Sell yesterday's bread.",
        make_id("wm"),
        [make_id("wst") for _ in range(10)],
    )
    return dict(record)


_COMPLETE = """
WITH this AS (
    UPDATE workshop_steps SET status = 'complete', completed_at = now() AT TIME ZONE 'utc',
        started_at = coalesce(started_at, now() AT TIME ZONE 'utc'),
        updated_at = greatest(now() AT TIME ZONE 'utc', updated_at + interval '1 millisecond'),
        output = coalesce($3::jsonb, output)
    WHERE workshop_id = $1 AND step_id = $2 AND status <> 'complete'
      AND EXISTS (SELECT FROM workshops WHERE id = $1 AND status IN ('draft', 'active') FOR UPDATE)
    RETURNING *
), next AS (
    UPDATE workshop_steps SET status = 'in_progress', started_at = now() AT TIME ZONE 'utc',
        updated_at = greatest(now() AT TIME ZONE 'utc', updated_at + interval '1 millisecond')
    WHERE workshop_id = $1 AND status = 'not_started' AND EXISTS (SELECT FROM this)
      AND step_id = (SELECT id FROM step_definitions WHERE "order" =
                     (SELECT "order" + 1 FROM step_definitions WHERE id = $2))
), workshop AS (
    UPDATE workshops SET status = 'active',
        updated_at = greatest(now() AT TIME ZONE 'utc', updated_at + interval '1 millisecond')
    WHERE id = $1 AND EXISTS (SELECT FROM this)
)
SELECT * FROM this
"""


async def complete_step(pool: asyncpg.Pool, workshop_id: str, step_id: str) -> dict[str, Any]:
    """Complete a step and start the next one."""
    output = json.dumps({"note": secrets.token_hex(8)})
    row = dict(await pool.fetchrow(_COMPLETE, workshop_id, step_id, output))
    row["output"] = json.loads(row["output"])
    return row
