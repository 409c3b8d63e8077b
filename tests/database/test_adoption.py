"""Taking over a database that the Drizzle design created, without losing a row."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.commands.running import run
from tests.commands.serving import serving
from tests.conftest import Server

DRIZZLE = (Path(__file__).parent / "drizzle.sql").read_text()
FIRST_MIGRATION = "2026-11-22T11:41:14:685088"

ROWS = """
INSERT INTO step_definitions (id, "order", name, description)
    SELECT 'step_' || n, n, 'Step ' || n, 'One of theirs.' FROM generate_series(1, 10) AS n;
INSERT INTO workshops (id, clerk_user_id, title, original_idea, share_token, visibility) VALUES
    ('ws_a', 'user_1', 'First', 'An idea', NULL, 'private'),
    ('ws_b', 'user_2', 'Second', '', 'token', 'shared');
INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role) VALUES
    ('wm_a', 'ws_a', 'user_1', 'owner'), ('wm_b', 'ws_b', 'user_2', 'owner');
INSERT INTO workshop_steps (id, workshop_id, step_id, status, output, started_at, completed_at)
    SELECT 'wst_' || w || n, 'ws_' || w, 'step_' || n, 'complete', '{"n": 1}', now(), now()
    FROM unnest(ARRAY['a', 'b']) AS w, generate_series(1, 10) AS n;
INSERT INTO sessions (id, workshop_id) VALUES ('ses_a', 'ws_a');
INSERT INTO build_packs (id, workshop_id, title) VALUES ('bp_a', 'ws_a', 'Pack');
"""


async def contents(server: Server, database: str) -> dict[str, list[str]]:
    """Every row of the six tables, as text."""
    connection = await server.connect(database)
    try:
        return {
            table: sorted(
                row["row"]
                for row in await connection.fetch(f"SELECT {table}::text AS row FROM {table}")
            )
            for table in (
                "workshops",
                "workshop_members",
                "step_definitions",
                "workshop_steps",
                "sessions",
                "build_packs",
            )
        }
    finally:
        await connection.close()


@pytest.fixture
async def drizzle_database(server: Server, empty_database: str) -> str:
    """A database as the Drizzle design made it, with rows in all tables."""
    connection = await server.connect(empty_database)
    await connection.execute(DRIZZLE)
    await connection.execute(ROWS)
    await connection.close()
    return empty_database


async def waiting_for_a_lock(server: Server, database: str) -> None:
    """Return when a connection of the database waits for a lock."""
    connection = await server.connect(database)
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30):
        while await connection.fetchval(query) == 0:
            pass
    await connection.close()


async def adopt(url: str) -> None:
    """Fake the first migration, as the documentation says."""
    result = await run(
        "migrations", "forwards", "workshops", FIRST_MIGRATION, "--fake", DATABASE_URL=url
    )
    assert result.code == 0, result


async def test_adoption_keeps_every_row_and_ends_clean(
    server: Server, drizzle_database: str
) -> None:
    """After the documented commands check is clean and the rows are what they were."""
    url = server.url(drizzle_database)
    before = await contents(server, drizzle_database)
    await adopt(url)
    result = await run("migrations", "forwards", "all", DATABASE_URL=url)
    assert result.code == 0, result
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    assert await contents(server, drizzle_database) == before


async def test_adoption_replaces_the_foreign_key_without_cascade(
    server: Server, drizzle_database: str
) -> None:
    """The one key that did not cascade does so afterwards, under its old name."""
    url = server.url(drizzle_database)
    await adopt(url)
    await run("workshops", "migrate", DATABASE_URL=url)
    connection = await server.connect(drizzle_database)
    definition = await connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'workshop_steps_step_id_step_definitions_id_fk'"
    )
    await connection.close()
    assert definition == "FOREIGN KEY (step_id) REFERENCES step_definitions(id) ON DELETE CASCADE"


@pytest.mark.parametrize("command", [("workshops", "migrate"), ("migrations", "forwards", "all")])
async def test_rows_that_break_a_new_constraint_stop_the_run(
    server: Server, drizzle_database: str, command: tuple[str, ...]
) -> None:
    """The message names each constraint and how many rows break it; nothing is changed."""
    url = server.url(drizzle_database)
    connection = await server.connect(drizzle_database)
    await connection.execute(
        "UPDATE workshops SET status = 'archived';"
        "UPDATE workshop_steps SET output = '[]' WHERE id = 'wst_a1';"
        "INSERT INTO workshop_steps (id, workshop_id, step_id) VALUES ('wst_x', 'ws_a', 'step_1');"
        "INSERT INTO sessions (id, workshop_id) VALUES ('ses_x', 'ws_a')"
    )
    await adopt(url)
    before = await contents(server, drizzle_database)
    constraints = "SELECT array_agg(conname ORDER BY conname) FROM pg_constraint"
    constraints_before = await connection.fetchval(constraints)
    result = await run(*command, DATABASE_URL=url)
    assert result.code == 1
    text = result.out + result.err
    for expected in (
        "workshops_status_check: 2 rows break it",
        "workshop_steps_output_check: 1 row breaks it",
        "workshop_steps_workshop_step_unique: 2 rows break it",
        "sessions_one_open_per_workshop: 2 rows break it",
        "SELECT * FROM workshops WHERE status NOT IN",
    ):
        assert expected in text
    assert "Traceback" not in text
    assert await contents(server, drizzle_database) == before
    assert await connection.fetchval(constraints) == constraints_before

    await connection.execute(
        "UPDATE workshops SET status = 'completed';"
        "UPDATE workshop_steps SET output = '{}' WHERE id = 'wst_a1';"
        "DELETE FROM workshop_steps WHERE id = 'wst_x';"
        "DELETE FROM sessions WHERE id = 'ses_x'"
    )
    await connection.close()
    assert (await run(*command, DATABASE_URL=url)).code == 0


async def test_the_admin_edits_adopted_rows(server: Server, drizzle_database: str) -> None:
    """An operator changes a row of the other application; updated_at moves, nothing else does."""
    url = server.url(drizzle_database)
    await adopt(url)
    await run("workshops", "migrate", DATABASE_URL=url)
    created = await run("workshops", "operator", "create", "grace", DATABASE_URL=url)
    password = created.out.split()[-1]
    before = await contents(server, drizzle_database)
    async with serving(DATABASE_URL=url) as site, httpx.AsyncClient() as client:
        await site.wait_until_ready()
        client.base_url = httpx.URL(site.url)
        await client.get("/admin/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        answer = await client.post(
            "/admin/public/login/", json={"username": "grace", "password": password}
        )
        assert answer.status_code == 200, answer.text
        row = (await client.get("/admin/api/tables/workshops/ws_a/")).json()
        answer = await client.patch(
            "/admin/api/tables/workshops/ws_a/", json={**row, "title": "Renamed"}
        )
        assert answer.status_code == 200, answer.text
        await site.stop(signal.SIGINT)
    after = await contents(server, drizzle_database)
    changed = {table: set(before[table]) ^ set(after[table]) for table in before}
    assert {table for table in changed if changed[table]} == {"workshops"}
    assert any("Renamed" in text for text in changed["workshops"])
    assert len(changed["workshops"]) == 2


async def test_an_application_that_goes_on_writing_meets_no_deadlock(
    server: Server, drizzle_database: str
) -> None:
    """Its transaction touches the tables in any order, while migrate waits for it and after."""
    url = server.url(drizzle_database)
    await adopt(url)
    connection = await server.connect(drizzle_database)
    async with connection.transaction():
        await connection.execute("UPDATE sessions SET ended_at = now()")
        migrating = asyncio.create_task(run("workshops", "migrate", DATABASE_URL=url))
        await waiting_for_a_lock(server, drizzle_database)
        for table in ("build_packs", "workshop_steps", "workshop_members", "workshops"):
            await connection.execute(f"DELETE FROM {table} WHERE id = 'nothing'")
    await connection.close()
    result = await migrating
    assert result.code == 0, result
    assert "migrations were run" in result.out
