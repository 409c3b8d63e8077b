"""Migrating a large database while others write: nobody waits long, and a kill costs nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.commands.running import PROJECT, Result, run
from tests.conftest import Server
from tests.database.test_adoption import contents
from workshops.database.building import LARGE, RULES
from workshops.database.catalogue import DRIZZLE_DESIGN

ADDED = [rule.name for rule in RULES if rule.name not in DRIZZLE_DESIGN]
WORKSHOPS = 20_000  # and ten times as many steps

ROWS = """
INSERT INTO step_definitions (id, "order", name, description)
    SELECT 'step_' || n, n, 'Step ' || n, 'One of theirs.' FROM generate_series(1, 10) AS n;
INSERT INTO workshops (id, clerk_user_id, title, original_idea)
    SELECT 'ws_' || n, 'user_' || n % 1000, 'Workshop ' || n, ''
    FROM generate_series(1, {workshops}) AS n;
INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role)
    SELECT 'wm_' || n, 'ws_' || n, 'user_' || n % 1000, 'owner'
    FROM generate_series(1, {workshops}) AS n;
INSERT INTO workshop_steps (id, workshop_id, step_id)
    SELECT 'wst_' || n || '_' || s, 'ws_' || n, 'step_' || s
    FROM generate_series(1, {workshops}) AS n, generate_series(1, 10) AS s;
"""

CATALOGUE = """
SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) AS thing, conname AS name,
    convalidated AS whole FROM pg_constraint WHERE conrelid <> 0 AND contype <> 'n'
UNION ALL
SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text, indisvalid FROM pg_index
WHERE indrelid::regclass::text !~ '^pg_'
UNION ALL
SELECT pg_get_triggerdef(oid), tgname, tgenabled = 'O' FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2
"""


async def catalogue(server: Server, database: str) -> list[asyncpg.Record]:
    """Every constraint, index and trigger, and whether it is whole."""
    connection = await server.connect(database)
    try:
        return await connection.fetch(CATALOGUE)  # type: ignore[no-any-return]
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def _large(server: Server) -> AsyncIterator[str]:
    name = await server.create_database()
    connection = await server.connect(name)
    await connection.execute(DRIZZLE_DESIGN)
    await connection.execute(ROWS.format(workshops=WORKSHOPS))
    assert await connection.fetchval("SELECT pg_relation_size('workshop_steps')") > LARGE
    await connection.close()
    yield name
    await server.drop_database(name)


@pytest.fixture
async def large_database(server: Server, _large: str) -> AsyncIterator[str]:
    """A database of the other application with 200,000 steps."""
    name = await server.create_database(template=_large)
    yield name
    await server.drop_database(name)


@pytest.fixture
async def small_database(server: Server, empty_database: str) -> str:
    """A small database of the other application, adopted in one transaction."""
    connection = await server.connect(empty_database)
    await connection.execute(DRIZZLE_DESIGN)
    await connection.execute(ROWS.format(workshops=2))
    await connection.close()
    small = await run("workshops", "migrate", DATABASE_URL=server.url(empty_database))
    assert (small.code, "while others go on writing" in small.out) == (0, False), small
    return empty_database


class Gap:
    """The longest time that a writer had to wait for a write."""

    seconds = 0.0
    writes = 0


@asynccontextmanager
async def writing(server: Server, database: str) -> AsyncIterator[Gap]:
    """A hundred writes a second as the other application makes them, from four connections."""
    gap, done = Gap(), asyncio.Event()

    async def write(number: int) -> None:
        connection = await server.connect(database)
        while not done.is_set():
            number += 4
            workshop = f"ws_{number % WORKSHOPS + 1}"
            began = time.perf_counter()
            async with connection.transaction():
                await connection.execute(
                    "UPDATE workshop_steps SET status = 'in_progress', updated_at = now()"
                    " WHERE id = $1",
                    f"wst_{workshop[3:]}_{number % 10 + 1}",
                )
                await connection.execute(
                    "UPDATE workshops SET updated_at = now() WHERE id = $1", workshop
                )
            await connection.execute(
                "INSERT INTO sessions (id, workshop_id, ended_at) VALUES ($1, $2, now())",
                f"ses_{number}",
                workshop,
            )
            took = time.perf_counter() - began
            gap.seconds = max(gap.seconds, took)
            gap.writes += 1
            await asyncio.sleep(max(0.0, 0.04 - took))
        await connection.close()

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(write(number))
        yield gap
        done.set()


async def test_a_writer_goes_on_while_a_large_database_is_adopted(
    server: Server, large_database: str, small_database: str
) -> None:
    """Each index is built beside the writes, and the catalogue is that of a small database."""
    async with writing(server, large_database) as gap:
        result = await run("workshops", "migrate", DATABASE_URL=server.url(large_database))
    assert result.code == 0, result
    print(f"\nThe longest of {gap.writes} writes took {gap.seconds:.2f} s.")  # noqa: T201
    assert gap.writes > 10
    assert gap.seconds < 10  # a slow machine may be slow; a writer that was shut out shows
    assert f"{len(ADDED)} of {len(ADDED)}: {ADDED[-1]}" in result.out
    check = await run("workshops", "check", DATABASE_URL=server.url(large_database))
    assert "Schema      ok" in check.out, check

    assert await catalogue(server, large_database) == await catalogue(server, small_database)


async def test_a_migration_that_is_killed_again_and_again_ends_as_one_that_is_not(
    server: Server, large_database: str, small_database: str
) -> None:
    """kill -9 at the start of every other index or constraint; the next run goes on from there."""
    url = server.url(large_database)
    before = await contents(server, large_database)
    ends = []
    for name in ADDED[::2]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "piccolo.main", "workshops", "migrate"),
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        async for line in process.stdout:
            if name in line.decode():
                process.send_signal(signal.SIGKILL)
                break
        await process.communicate()
        ends.append(process.returncode)
    # Of the last ones a slow machine may read the line when the migration is through already.
    assert ends[0] == -signal.SIGKILL
    assert set(ends) <= {-signal.SIGKILL, 0}
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    check = await run("workshops", "check", DATABASE_URL=url)
    assert "Schema      ok" in check.out, check
    assert await contents(server, large_database) == before
    assert await catalogue(server, large_database) == await catalogue(server, small_database)


async def test_an_index_that_is_not_valid_is_built_again(
    server: Server, large_database: str
) -> None:
    """As it is left when the server ends the build, here because of two equal rows."""
    url = server.url(large_database)
    connection = await server.connect(large_database)
    await connection.execute("UPDATE workshops SET share_token = 'same' WHERE id <= 'ws_2'")
    index = "workshops_share_token_unique"
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON workshops (share_token)"
        )
    refused = await run("workshops", "migrate", DATABASE_URL=url)
    assert refused.code == 1
    assert f"{index}: " in refused.err
    await connection.execute("UPDATE workshops SET share_token = id WHERE share_token = 'same'")
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    assert await connection.fetchval("SELECT bool_and(indisvalid) FROM pg_index")
    await connection.close()


async def test_a_refused_constraint_leaves_nothing_behind(
    server: Server, large_database: str
) -> None:
    """A row that was written after the count stops the migration, and its like are still taken."""
    url = server.url(large_database)
    writer = await server.connect(large_database)
    broken = "INSERT INTO build_packs (id, workshop_id, title, format_type) VALUES"
    transaction = writer.transaction()
    await transaction.start()  # the count does not see its row, and what is changed waits for it
    await writer.execute(f"{broken} ('bp_1', 'ws_1', 'Pack', 'docx')")
    migration = asyncio.create_task(run("workshops", "migrate", DATABASE_URL=url))
    await until_tried(server, large_database, migration)
    await transaction.commit()
    result = await migration
    assert result.code == 1
    assert "build_packs_format_type_check: a row breaks it" in result.err
    await writer.execute(f"{broken} ('bp_2', 'ws_1', 'Pack', 'docx')")
    await writer.execute(
        "DELETE FROM build_packs; ALTER TABLE sessions"
        " DROP CONSTRAINT sessions_workshop_id_workshops_id_fk;"
        "INSERT INTO sessions (id, workshop_id) VALUES ('ses_x', 'ws_gone');"
        "ALTER TABLE sessions ADD CONSTRAINT sessions_workshop_id_workshops_id_fk"
        " FOREIGN KEY (workshop_id) REFERENCES workshops (id) NOT VALID"
    )
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 1
    assert "sessions_workshop_id_workshops_id_fk: a row breaks it" in result.err
    await writer.execute("DELETE FROM sessions")
    await writer.close()
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result


async def until_tried(server: Server, database: str, migration: asyncio.Task[Result]) -> None:
    """Return when the migration has tried twice to change a table that is in use."""
    observer = await server.connect("postgres")
    refused = 0
    async with asyncio.timeout(120):
        while refused < 2:
            refused += await observer.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
                " AND wait_event_type = 'Lock' AND starts_with(query, 'ALTER TABLE')",
                database,
            )
            assert not migration.done(), migration.result()
    await observer.close()


async def test_no_statement_of_a_second_migration_keeps_an_index_from_being_built(
    server: Server, large_database: str
) -> None:
    """Two at once: one builds, while the other waits without being at work."""
    url = server.url(large_database)
    results = await asyncio.gather(*(run("workshops", "migrate", DATABASE_URL=url) for _ in "12"))
    assert [result.code for result in results] == [0, 0], results
    assert sum("Nothing to do" in result.out for result in results) == 1


async def test_a_table_in_use_is_waited_for_without_keeping_others_waiting(
    server: Server, large_database: str
) -> None:
    """While a transaction holds a table, writers go on; the migration ends once it has."""
    holder = await server.connect(large_database)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM workshop_steps LIMIT 1")
    async with writing(server, large_database) as gap:
        migration = asyncio.create_task(
            run("workshops", "migrate", DATABASE_URL=server.url(large_database))
        )
        await until_tried(server, large_database, migration)
        writes = gap.writes
        await transaction.rollback()
        result = await migration
    assert result.code == 0, result
    assert writes > 0
    assert gap.seconds < 10
    await holder.close()
