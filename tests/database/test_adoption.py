"""Taking over a database that the Drizzle design created, without losing a row."""

from __future__ import annotations

import asyncio
import signal

import asyncpg
import httpx
import pytest

from tests.commands.running import run
from tests.commands.serving import serving
from tests.conftest import Server
from workshops.database.catalogue import DRIZZLE_DESIGN
from workshops.tables import TABLES

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
    """Every row of our tables, as JSON.

    A column that was added has NULL, which is left out, and a table that was added no rows.
    """
    connection = await server.connect(database)
    rows: dict[str, list[str]] = {}
    try:
        for table in (table._meta.tablename for table in TABLES):
            if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table):
                query = f"SELECT jsonb_strip_nulls(to_jsonb({table}))::text AS row FROM {table}"
                rows[table] = sorted(row["row"] for row in await connection.fetch(query))
        return {table: found for table, found in rows.items() if found}
    finally:
        await connection.close()


@pytest.fixture
async def drizzle_database(server: Server, empty_database: str) -> str:
    """A database as the Drizzle design made it, with rows in all tables."""
    connection = await server.connect(empty_database)
    await connection.execute(DRIZZLE_DESIGN)
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
    async with asyncio.timeout(120):
        while await connection.fetchval(query) == 0:
            pass
    await connection.close()


@pytest.mark.parametrize("command", [("workshops", "migrate"), ("migrations", "forwards", "all")])
async def test_adoption_keeps_every_row_and_ends_clean(
    server: Server, drizzle_database: str, command: tuple[str, ...]
) -> None:
    """One command, and Piccolo's own too; check is clean and the rows are what they were."""
    url = server.url(drizzle_database)
    before = await contents(server, drizzle_database)
    result = await run(*command, DATABASE_URL=url)
    assert result.code == 0, result
    if command == ("workshops", "migrate"):
        assert "The six tables are there already: they are taken over" in result.out
        assert "SHARED_DATABASE=1" in result.out
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    assert await contents(server, drizzle_database) == before
    again = await run("workshops", "migrate", DATABASE_URL=url)
    assert again.out == "Nothing to do: no migration is pending.\n"


async def test_the_seed_script_of_the_other_application_takes_no_step_along(
    server: Server, drizzle_database: str
) -> None:
    """step_id stays NO ACTION there, and check accepts it; every other key cascades."""
    url = server.url(drizzle_database)
    connection = await server.connect(drizzle_database)
    await connection.execute(
        "ALTER TABLE sessions DROP CONSTRAINT sessions_workshop_id_workshops_id_fk,"
        " ADD CONSTRAINT sessions_workshop_id_workshops_id_fk"
        " FOREIGN KEY (workshop_id) REFERENCES workshops (id)"
    )
    await run("workshops", "migrate", DATABASE_URL=url)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute("DELETE FROM step_definitions")
    await connection.execute("DELETE FROM workshops")
    await connection.close()
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    assert "on delete no action on update no action, as the Drizzle design creates it" in check.out


async def test_what_the_other_application_has_added_is_a_notice(
    server: Server, drizzle_database: str
) -> None:
    """Its columns, indexes and tables hinder neither the adoption nor our writes."""
    url = server.url(drizzle_database)
    connection = await server.connect(drizzle_database)
    await connection.execute(
        "ALTER TABLE workshops ADD color text, ADD emoji text UNIQUE,"
        " ADD workshop_type text NOT NULL DEFAULT 'solo' CHECK (workshop_type <> '');"
        "CREATE INDEX theirs ON workshops (title);"
        "CREATE TABLE chat_messages"
        " (id text PRIMARY KEY, session_id text NOT NULL REFERENCES sessions)"
    )
    await connection.close()
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    for expected in (
        "columns of another application: workshops.color, workshops.emoji, workshops.workshop_type",
        "workshops: index using btree (title)",
        "workshops: unique using btree (emoji)",
        "tables of another application: chat_messages",
    ):
        assert expected in check.out


async def test_a_foreign_key_that_the_other_application_has_added_stays_as_it_is(
    server: Server, drizzle_database: str
) -> None:
    """Whatever it refers to and does on delete: a tenant who goes takes no workshop along."""
    url = server.url(drizzle_database)
    connection = await server.connect(drizzle_database)
    await connection.execute(
        "CREATE TABLE tenants (id text PRIMARY KEY, slug text UNIQUE);"
        "INSERT INTO tenants VALUES ('t_1', 'acme');"
        "ALTER TABLE workshops ADD tenant_id text REFERENCES tenants ON DELETE SET NULL,"
        " ADD tenant_slug text REFERENCES tenants (slug) ON DELETE SET NULL;"
        "UPDATE workshops SET tenant_id = 't_1', tenant_slug = 'acme'"
    )
    keys = (
        "SELECT array_agg(pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint"
        " WHERE confrelid = 'tenants'::regclass"
    )
    before = await connection.fetchval(keys)
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    assert await connection.fetchval(keys) == before
    await connection.execute("DELETE FROM tenants")
    assert await connection.fetchval("SELECT count(*) FROM workshops") == 2
    await connection.close()


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ("DROP TABLE build_packs", "table build_packs: expected the table, found nothing"),
        ("ALTER TABLE workshops ALTER id TYPE varchar", "workshops.id: expected text not null"),
        ("ALTER TABLE sessions ADD note text NOT NULL", "sessions.note: expected nothing"),
        ("ALTER TABLE sessions ADD CHECK (started_at > '2000-01-01')", "found check ((started_at"),
        ("CREATE UNIQUE INDEX u ON workshops (title)", "found unique using btree (title)"),
        ("DROP INDEX sessions_workshop_id_idx", "expected index using btree (workshop_id)"),
        (
            "ALTER TABLE sessions DROP CONSTRAINT sessions_workshop_id_workshops_id_fk",
            "sessions: expected foreign key (workshop_id)",
        ),
    ],
)
@pytest.mark.parametrize("command", [("workshops", "migrate"), ("migrations", "forwards", "all")])
async def test_other_tables_of_these_names_are_refused(
    server: Server, empty_database: str, command: tuple[str, ...], statement: str, difference: str
) -> None:
    """Every difference is named, nothing is changed, and no error of the server is shown raw."""
    connection = await server.connect(empty_database)
    await connection.execute(DRIZZLE_DESIGN)
    await connection.execute(statement)
    # Piccolo's command line makes its migration table before it runs any command.
    tables = (
        "SELECT array_agg(relname ORDER BY relname) FROM pg_class"
        " WHERE relkind IN ('r', 'i') AND relname NOT LIKE 'migration%'"
    )
    before = await connection.fetchval(tables)
    result = await run(*command, DATABASE_URL=server.url(empty_database))
    assert result.code == 1
    text = result.out + result.err
    assert "tables with the names of ours that are made otherwise" in text
    assert difference in text
    assert "already exists" not in text
    assert "Traceback" not in text
    assert await connection.fetchval(tables) == before
    await connection.close()


async def test_a_lost_record_of_our_migrations_is_made_again(
    server: Server, drizzle_database: str
) -> None:
    """Without the record our own tables are found as they are, their constraints included."""
    url = server.url(drizzle_database)
    await run("workshops", "migrate", DATABASE_URL=url)
    before = await contents(server, drizzle_database)
    connection = await server.connect(drizzle_database)
    await connection.execute("DELETE FROM migration WHERE app_name = 'workshops'")
    await connection.close()
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    assert (await run("workshops", "check", DATABASE_URL=url)).code == 0
    assert await contents(server, drizzle_database) == before


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
    before = await contents(server, drizzle_database)
    constraints = (
        "SELECT array_agg(conname ORDER BY conname) FROM pg_constraint"
        " WHERE conrelid::regclass::text <> 'migration'"
    )
    constraints_before = await connection.fetchval(constraints)
    result = await run(*command, DATABASE_URL=url)
    assert result.code == 1
    text = result.out + result.err
    for expected in (
        "workshops_status_check: 2 rows break it",
        "workshop_steps_output_check: 1 row breaks it",
        "workshop_steps_workshop_step_unique: 2 rows break it",
        "sessions_one_open_per_workshop: 2 rows break it",
        "SELECT * FROM workshops WHERE NOT (status IN (",
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


async def test_rows_that_break_a_foreign_key_stop_the_run(
    server: Server, drizzle_database: str
) -> None:
    """The other application has a key that was never validated: a sentence says which."""
    connection = await server.connect(drizzle_database)
    key = "sessions_workshop_id_workshops_id_fk"
    await connection.execute(
        f"ALTER TABLE sessions DROP CONSTRAINT {key};"
        "INSERT INTO sessions (id, workshop_id) VALUES ('ses_x', 'ws_gone');"
        f"ALTER TABLE sessions ADD CONSTRAINT {key}"
        " FOREIGN KEY (workshop_id) REFERENCES workshops (id) NOT VALID"
    )
    await connection.close()
    result = await run("workshops", "migrate", DATABASE_URL=server.url(drizzle_database))
    assert result.code == 1
    assert f'violates foreign key constraint "{key}"' in result.err
    assert "Correct the rows and run the migrations again." in result.err


async def test_the_admin_edits_adopted_rows(server: Server, drizzle_database: str) -> None:
    """An operator changes a row of the other application; updated_at moves, nothing else does."""
    url = server.url(drizzle_database)
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
