"""The same work as one asyncpg statement each, written for the purpose.

Nothing is checked here, and no row becomes an object: it is what somebody would write
who needs just this, fast. ``BENCH_RESET=none`` leaves out the query with which asyncpg's
pool resets a connection at every release.
"""

from __future__ import annotations

import os
from typing import Any

import asyncpg
import orjson
from cuid2 import Cuid

from benchmarks.peers.worker import CONNECTIONS

_STEP = (
    *("id", "workshop_id", "step_id", "status", "output", "started_at", "completed_at"),
    *("created_at", "updated_at", "name", "order"),
)
_STEP_WITHOUT_OUTPUT = tuple(name for name in _STEP[:9] if name != "output")
_MEMBER = ("id", "workshop_id", "clerk_user_id", "role", "created_at")
_SESSION = ("id", "workshop_id", "started_at", "ended_at", "created_at")
_PACK = ("id", "workshop_id", "title", "format_type", "content", "created_at", "updated_at")

_pool: asyncpg.Pool
_identify = Cuid().generate


async def _keep(connection: asyncpg.Connection) -> None:
    """Reset nothing."""


async def open() -> None:
    """Open the pool."""
    global _pool
    options: dict[str, Any] = {"reset": _keep} if os.environ.get("BENCH_RESET") == "none" else {}
    _pool = await asyncpg.create_pool(min_size=CONNECTIONS, max_size=CONNECTIONS, **options)


def plain(value: Any) -> Any:
    """Everything is plain already."""
    raise TypeError(type(value).__name__)


GET_WORKSHOP = """
SELECT w.*,
    ARRAY(SELECT ROW(s.id, s.workshop_id, s.step_id, s.status, s.output, s.started_at,
                     s.completed_at, s.created_at, s.updated_at, d.name, d."order")
          FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
          WHERE s.workshop_id = w.id ORDER BY d."order") AS steps,
    ARRAY(SELECT ROW(m.*) FROM workshop_members m
          WHERE m.workshop_id = w.id ORDER BY m.created_at, m.id) AS members,
    ARRAY(SELECT ROW(s.*) FROM sessions s
          WHERE s.workshop_id = w.id ORDER BY s.started_at DESC) AS sessions,
    ARRAY(SELECT ROW(b.*) FROM build_packs b
          WHERE b.workshop_id = w.id ORDER BY b.created_at DESC) AS build_packs
FROM workshops w WHERE w.id = $1"""


def _rows(names: tuple[str, ...], records: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(names, record, strict=True)) for record in records]


def _with_output(row: dict[str, Any]) -> dict[str, Any]:
    if row["output"] is not None:
        row["output"] = orjson.loads(row["output"])
    return row


async def get_workshop(workshop_id: str) -> dict[str, Any]:
    """Return a workshop with its four relations, definitions joined."""
    row = dict(await _pool.fetchrow(GET_WORKSHOP, workshop_id))
    row["steps"] = [_with_output(step) for step in _rows(_STEP, row["steps"])]
    row["members"] = _rows(_MEMBER, row["members"])
    row["sessions"] = _rows(_SESSION, row["sessions"])
    row["build_packs"] = _rows(_PACK, row["build_packs"])
    return row


PAGE_OF_WORKSHOPS = """
SELECT w.*,
    ARRAY(SELECT ROW(s.id, s.workshop_id, s.step_id, s.status, s.started_at, s.completed_at,
                     s.created_at, s.updated_at)
          FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
          WHERE s.workshop_id = w.id ORDER BY d."order") AS steps,
    ARRAY(SELECT ROW(m.*) FROM workshop_members m
          WHERE m.workshop_id = w.id ORDER BY m.created_at, m.id) AS members
FROM workshops w WHERE w.id > $1 ORDER BY w.id LIMIT 50"""


async def page_of_workshops(after: str) -> list[dict[str, Any]]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    rows = [dict(record) for record in await _pool.fetch(PAGE_OF_WORKSHOPS, after)]
    for row in rows:
        row["steps"] = _rows(_STEP_WITHOUT_OUTPUT, row["steps"])
        row["members"] = _rows(_MEMBER, row["members"])
    return rows


LIST_WORKSHOPS = """
SELECT page.*, coalesce(m.role, 'owner') AS role, progress.*
FROM (SELECT w.* FROM workshops w
      WHERE w.clerk_user_id = $1
         OR w.id = ANY (ARRAY(SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1))
      ORDER BY w.updated_at DESC, w.id DESC LIMIT 20) AS page
LEFT JOIN workshop_members m ON m.workshop_id = page.id AND m.clerk_user_id = $1
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.status = 'complete') AS steps_complete,
           count(*) AS steps_total,
           (array_agg(s.step_id ORDER BY d."order") FILTER (WHERE s.status <> 'complete'))[1]
               AS current_step_id
    FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
    WHERE s.workshop_id = page.id
) AS progress
ORDER BY page.updated_at DESC, page.id DESC"""


async def list_workshops(person: str) -> list[dict[str, Any]]:
    """Return the first page of a person's dashboard."""
    return [dict(record) for record in await _pool.fetch(LIST_WORKSHOPS, person)]


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
SELECT * FROM workshop"""


async def create_workshop(person: str, title: str, idea: str) -> dict[str, Any]:
    """Create a workshop, its owner and its ten steps."""
    steps = [f"wst_{_identify()}" for _ in range(10)]
    keys = f"ws_{_identify()}", f"wm_{_identify()}"
    return dict(await _pool.fetchrow(_CREATE, keys[0], person, title, idea, keys[1], steps))


_NOW = "now() AT TIME ZONE 'utc'"
_NEXT = f"greatest({_NOW}, updated_at + interval '1 millisecond')"
# Only an open workshop is worked on, and becomes active.
_IS_OPEN = """EXISTS (SELECT FROM workshops
                  WHERE id = $1 AND status IN ('draft', 'active') FOR UPDATE)"""
_WORKSHOP_IS_ACTIVE = f"""workshop AS (
    UPDATE workshops SET status = 'active', updated_at = {_NEXT}
    WHERE id = $1 AND EXISTS (SELECT FROM this)
)"""

_COMPLETE = f"""
WITH this AS (
    UPDATE workshop_steps SET status = 'complete', output = $3, completed_at = {_NOW},
        started_at = coalesce(started_at, {_NOW}), updated_at = {_NEXT}
    WHERE workshop_id = $1 AND step_id = $2 AND status <> 'complete' AND {_IS_OPEN}
    RETURNING *
), next AS (
    UPDATE workshop_steps SET status = 'in_progress', started_at = {_NOW}, updated_at = {_NEXT}
    WHERE workshop_id = $1 AND status = 'not_started' AND EXISTS (SELECT FROM this)
      AND step_id = (SELECT id FROM step_definitions
                     WHERE "order" > (SELECT "order" FROM step_definitions WHERE id = $2)
                     ORDER BY "order" LIMIT 1)
), {_WORKSHOP_IS_ACTIVE}
SELECT * FROM this"""


async def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> dict[str, Any]:
    """Complete a step and start the next one."""
    text = orjson.dumps(output).decode()
    return _with_output(dict(await _pool.fetchrow(_COMPLETE, workshop_id, step_id, text)))


def _change(output: str, workshop: str) -> str:
    return f"""
WITH this AS (
    UPDATE workshop_steps SET output = {output}, updated_at = {_NEXT},
        status = CASE status WHEN 'not_started' THEN 'in_progress' ELSE status END,
        started_at = coalesce(started_at, {_NOW})
    WHERE workshop_id = $1 AND step_id = $2 AND {_IS_OPEN} RETURNING *
), {workshop}
SELECT * FROM this"""


_SAVE = _change("$3", _WORKSHOP_IS_ACTIVE)
# A turn of a conversation leaves the workshop alone, unless it is a draft.
_APPEND = _change(
    """jsonb_set(coalesce(output, '{}'), '{messages}',
        coalesce(output -> 'messages', '[]') || jsonb_build_array($3::jsonb))""",
    _WORKSHOP_IS_ACTIVE.replace("WHERE id = $1", "WHERE id = $1 AND status = 'draft'"),
)


async def append_step_message(
    workshop_id: str, step_id: str, message: dict[str, Any]
) -> dict[str, Any]:
    """Add a message to a step's output."""
    text = orjson.dumps(message).decode()
    return _with_output(dict(await _pool.fetchrow(_APPEND, workshop_id, step_id, text)))


async def save_step_output(
    workshop_id: str, step_id: str, output: dict[str, Any]
) -> dict[str, Any]:
    """Replace a step's output."""
    text = orjson.dumps(output).decode()
    return _with_output(dict(await _pool.fetchrow(_SAVE, workshop_id, step_id, text)))
