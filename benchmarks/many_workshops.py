"""200,000 workshops with two million steps, made by the database itself in some minutes.

The demo's texts would take longer to write than to measure; here only what the pages
filter and sort by has to look like life: owners and organisations with very many
workshops and with few, all stages, three years of activity.
"""

from __future__ import annotations

import asyncpg

_STATEMENTS = (
    """
    INSERT INTO workshops (id, clerk_user_id, title, original_idea, status, org_id,
                           created_at, updated_at)
    SELECT 'ws_' || substr(md5('w' || n) || md5('x' || n), 1, 24),
        'user_' || substr(md5('u' || (power(random(), 2) * 30000)::int), 1, 24),
        (ARRAY['Neighbourhood pantry', 'Bakery without waste', 'Cargo-bike library',
               'Waiting-room companion', 'Seed exchange', 'Night bus planner', 'Repair cafe',
               'School lunch feedback'])[1 + (random() * 7)::int]
            || (ARRAY[' for small towns', ' for hospitals', ' for schools', ' for commuters',
                      ' for volunteers'])[1 + (random() * 4)::int] || ' ' || n,
        repeat('An idea told at some length. ', 1 + (random() * 8)::int),
        'active',
        CASE WHEN random() < 0.6
             THEN 'org_' || substr(md5('o' || (power(random(), 3) * 400)::int), 1, 24) END,
        created_at, created_at
    FROM (SELECT n, date_trunc('milliseconds', now() AT TIME ZONE 'utc'
                               - power(random(), 1.5) * INTERVAL '900 days') AS created_at
          FROM generate_series(1, $1::int) AS n) AS times
    """,
    """
    CREATE TEMPORARY TABLE stages AS
    SELECT id, created_at, least(10, (random() * random() * 14)::int) AS done, random() AS pace
    FROM workshops
    """,
    """
    INSERT INTO workshop_steps (id, workshop_id, step_id, status, output, started_at,
                                completed_at, created_at, updated_at)
    SELECT 'wst_' || substr(md5(s.id || d.id), 1, 24), s.id, d.id,
        CASE WHEN d."order" <= done THEN 'complete'
             WHEN d."order" = done + 1 THEN 'in_progress' ELSE 'not_started' END,
        CASE WHEN d."order" <= done
             THEN jsonb_build_object('summary', repeat(md5(s.id || d.id) || ' ', 8)) END,
        CASE WHEN d."order" <= done + 1
             THEN s.created_at + (d."order" - 1) * INTERVAL '1 day' * (0.2 + pace * 3) END,
        CASE WHEN d."order" <= done
             THEN s.created_at + d."order" * INTERVAL '1 day' * (0.2 + pace * 3) END,
        s.created_at,
        least(now() AT TIME ZONE 'utc',
              s.created_at + least(d."order", done + 1) * INTERVAL '1 day' * (0.2 + pace * 3))
    FROM stages s CROSS JOIN step_definitions d
    """,
    """
    UPDATE workshops SET status = CASE WHEN done = 10 THEN 'completed'
            WHEN pace > 0.9 THEN 'paused' WHEN done = 0 AND pace < 0.3 THEN 'draft'
            ELSE 'active' END
    FROM stages WHERE stages.id = workshops.id
    """,
    """
    INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role, created_at)
    SELECT 'wm_' || substr(md5('m' || id), 1, 24), id, clerk_user_id, 'owner', created_at
    FROM workshops
    """,
    """
    INSERT INTO sessions (id, workshop_id, started_at, ended_at, created_at)
    SELECT 'ses_' || substr(md5('s' || n || id), 1, 24), id, created_at + n * INTERVAL '1 day',
        created_at + n * INTERVAL '1 day 1 hour', created_at
    FROM workshops, generate_series(0, 1) AS n
    """,
    """
    INSERT INTO build_packs (id, workshop_id, title, content, created_at, updated_at)
    SELECT 'bp_' || substr(md5('b' || id), 1, 24), id, title, 'A pack', updated_at, updated_at
    FROM workshops WHERE status = 'completed'
    """,
)


async def fill(pool: asyncpg.Pool, count: int) -> None:
    """Write ``count`` workshops with all that belongs to them, the same at each run."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT setseed(0.5)")
        for number, statement in enumerate(_STATEMENTS):
            await connection.execute(statement, *([count] if number == 0 else []), timeout=1800)
        await connection.execute("DROP TABLE stages")
    await pool.execute("VACUUM ANALYZE", timeout=1800)
