"""Any number of workshops with all steps each, made by the database itself.

Keys and indexes are dropped, the rows inserted, and the same ones made again from what the
catalogue said: a million workshops take minutes that way, and no rule is left out. The
same number gives the same rows. Each person takes part in about twenty workshops and owns
a third of them. Of any size, 500 workshops have an open session; organisations have a few
workshops to some hundred, and the largest has one in fifteen of all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import asyncpg

from workshops.step_catalog import STEP_CATALOG

_STEPS = len(STEP_CATALOG)

TABLES = ("workshops", "workshop_members", "workshop_steps", "sessions", "build_packs")
_BATCH = 10_000


def _key(prefix: str, of: str) -> str:
    return f"'{prefix}_' || left(md5('{prefix}' || {of}), 24)"


def _chance(seed: int) -> str:
    """Return a number from 0 to 1 that depends on n alone."""
    return f"((hashint8extended(n, {seed}) & 1048575) / 1048576.0::float8)"


# $1 and $2 are the first and last number, $3 is how many there will be, $4 is now. The
# OFFSET keeps PostgreSQL from computing a workshop anew for each of its steps.
_NUMBERS = f"""
    SELECT n, {_key("ws", "n")} AS id, {_chance(1)} AS pace,
        greatest(0, least({_STEPS}, (sqrt({_chance(2)} * {_chance(3)}) * 16)::int - 2)) AS done,
        $4::timestamp - power({_chance(4)}, 1.5) * INTERVAL '900 days' AS born,
        (n + greatest($3::int * 3 / 20, 1) - 1) % greatest($3::int * 3 / 20, 1) AS person
    FROM generate_series($1::int, $2::int) AS n OFFSET 0"""

_MESSAGE = (
    '{"role": "user", "content": "Bakers throw away a third of what they bake, and nobody who'
    ' is hungry hears of it in time. Where would you begin?", "at": "2026-03-01T10:00:00Z"}'
)
LONG_OUTPUT = f"""jsonb_build_object('summary', left(repeat(md5(n || d.id) || ' ', 8), 200),
    'needs', '["time", "money", "a van"]'::jsonb, 'score', d."order" * 1.5,
    'messages', '[{_MESSAGE}, {_MESSAGE}, {_MESSAGE}, {_MESSAGE}]'::jsonb)"""
"""About a kilobyte, with four turns of a conversation."""

SHORT_OUTPUT = "jsonb_build_object('summary', md5(n || d.id))"
"""As little as there can be, for many millions of steps."""


_ORGANISATION = f"(power({_chance(6)}, 3) * 400)::int"


def _statements(output: str) -> tuple[str, ...]:
    day = "INTERVAL '1 day' * (0.2 + pace * 3)"
    return (
        f"""
        INSERT INTO workshops (id, clerk_user_id, title, original_idea, status, org_id,
                               visibility, share_token, created_at, updated_at)
        SELECT id, 'user_' || person,
            (ARRAY['Neighbourhood pantry', 'Bakery without waste', 'Cargo-bike library',
                   'Waiting-room companion', 'Seed exchange', 'Night bus planner',
                   'Repair cafe', 'School lunch feedback'])[1 + n % 8]
                || (ARRAY[' for small towns', ' for hospitals', ' for schools',
                          ' for commuters', ' for volunteers'])[1 + n % 5] || ' ' || n,
            repeat('An idea told at some length. ', 1 + n % 9),
            CASE WHEN done = {_STEPS} AND pace < 0.7 THEN 'completed' WHEN pace > 0.9 THEN 'paused'
                 WHEN done = 0 AND pace < 0.3 THEN 'draft' ELSE 'active' END,
            CASE WHEN {_chance(5)} < 0.6 THEN 'org_' || CASE WHEN {_ORGANISATION} > 0
                 THEN n / 10000 || '_' || {_ORGANISATION} ELSE 'largest' END END,
            CASE n % 20 WHEN 0 THEN 'shared' ELSE 'private' END,
            CASE n % 20 WHEN 0 THEN md5('token' || n) END,
            born, least($4, born + least({_STEPS}, done + 1) * {day})
        FROM ({_NUMBERS}) AS numbers""",
        f"""
        INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role, created_at)
        SELECT {_key("wm", "n || '-' || m")}, id,
            'user_' || (person + m * 7) % greatest($3::int * 3 / 20, 3),
            (ARRAY['owner', 'editor', 'viewer'])[1 + m], born + m * INTERVAL '1 minute'
        FROM ({_NUMBERS}) AS numbers, generate_series(0, 2) AS m""",
        f"""
        INSERT INTO workshop_steps (id, workshop_id, step_id, status, output, started_at,
                                    completed_at, created_at, updated_at)
        SELECT {_key("wst", "n || d.id")}, numbers.id, d.id,
            CASE WHEN d.place <= done THEN 'complete'
                 WHEN d.place = done + 1 AND (done > 0 OR pace >= 0.3) THEN 'in_progress'
                 ELSE 'not_started' END,
            CASE WHEN d.place <= done THEN {output} END,
            CASE WHEN d.place <= done OR d.place = done + 1 AND (done > 0 OR pace >= 0.3)
                 THEN born + (d.place - 1) * {day} END,
            CASE WHEN d.place <= done THEN born + d.place * {day} END,
            born, least($4, born + least(d.place, done + 1) * {day})
        FROM ({_NUMBERS}) AS numbers CROSS JOIN
            (SELECT *, row_number() OVER (ORDER BY "order", id) AS place
             FROM step_definitions) AS d""",
        f"""
        INSERT INTO sessions (id, workshop_id, started_at, ended_at, created_at)
        SELECT {_key("ses", "n || '-' || s")}, id, born + s * INTERVAL '1 day',
            CASE WHEN s = 0 OR n % 20 > 0 OR n > 10000 THEN born + s * INTERVAL '1 day 1 hour' END,
            born + s * INTERVAL '1 day'
        FROM ({_NUMBERS}) AS numbers, generate_series(0, 1) AS s""",
        f"""
        INSERT INTO build_packs (id, workshop_id, title, content, created_at, updated_at)
        SELECT {_key("bp", "n")}, id, 'The pack of ' || n, 'A pack', $4, $4
        FROM ({_NUMBERS}) AS numbers WHERE done = {_STEPS}""",
    )


_CONSTRAINTS = """
    SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name,
        pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY ($1::text[]::regclass[])
        OR confrelid = ANY ($1::text[]::regclass[]))
    ORDER BY array_position('{f,u,p}', contype::text)"""

_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (
        SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))"""


async def fill(
    connection: asyncpg.Connection,
    count: int,
    *,
    output: str = LONG_OUTPUT,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write ``count`` workshops with all that belongs to them into migrated, empty tables.

    Triggers of ours do not fire. ``progress`` is told how many workshops are written.
    """
    now = datetime(2026, 11, 1)
    constraints = await connection.fetch(_CONSTRAINTS, TABLES)
    indexes = await connection.fetch(_INDEXES, TABLES)
    for table in TABLES:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for row in constraints:
        await connection.execute(f"ALTER TABLE {row['table']} DROP CONSTRAINT {row['name']}")
    for row in indexes:
        await connection.execute(f"DROP INDEX {row['name']}")
    bounds = [*range(0, count, _BATCH), count]
    for before, last in pairwise(bounds):
        for statement in _statements(output):
            await connection.execute(statement, before + 1, last, count, now)
        progress(last)
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for row in reversed(constraints):
        await connection.execute(
            f"ALTER TABLE {row['table']} ADD CONSTRAINT {row['name']} {row['definition']}"
        )
    for row in indexes:
        await connection.execute(row["definition"])
    await connection.execute("RESET maintenance_work_mem")
    for table in TABLES:
        await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await connection.execute("VACUUM (ANALYZE)")
