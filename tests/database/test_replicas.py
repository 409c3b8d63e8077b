"""Reads from a streaming replica that is fresh, killed, frozen, behind, or none at all."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from tests.admin.test_attempts import limit_of, tried
from tests.commands.running import run
from tests.commands.serving import serving
from tests.database.streaming import Postgres, make_primary, make_replica
from tests.statements.test_outages import on
from workshops.database import (
    DatabaseEngine,
    DatabaseSettings,
    SettingsError,
    primary_reads,
    replica_reads,
)
from workshops.errors import DatabaseUnavailableError
from workshops.observability.doctor import examine
from workshops.web.database import COOKIE

FROM_REPLICA = "SELECT pg_is_in_recovery()"


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[tuple[Postgres, Postgres]]:
    """A primary that holds a demo, and its replica."""
    home = Path(tempfile.mkdtemp(prefix="ws-"))
    primary = await make_primary(home)
    replica: Postgres | None = None
    try:
        replica = await make_replica(home, primary)
        await primary.ask("CREATE TABLE band (name text)")
        await primary.ask(
            "CREATE FUNCTION add_band() RETURNS void AS"
            " 'INSERT INTO band VALUES (''quietly'')' LANGUAGE sql"
        )
        yield primary, replica
    finally:
        primary.kill()
        if replica is not None:
            replica.kill()
        shutil.rmtree(home)


def engine_of(primary: str, *replicas: str, **settings: float) -> DatabaseEngine:
    """An engine for these servers."""
    return DatabaseEngine(
        DatabaseSettings(
            database_url=SecretStr(primary),
            database_replica_urls=SecretStr(",".join(replicas)) if replicas else None,
            **settings,  # type: ignore[arg-type]
        )
    )


@pytest.fixture
async def engine(servers: tuple[Postgres, Postgres]) -> AsyncIterator[DatabaseEngine]:
    """An engine of both servers, that has looked at the replica."""
    primary, replica = servers
    await primary.ask("TRUNCATE band")
    engine = engine_of(primary.url, replica.url, database_replica_lag=2)
    await engine.start_connection_pool()
    await until(engine, from_replica=True)
    yield engine
    await engine.close_connection_pool()


async def value(engine: DatabaseEngine, statement: str) -> object:
    """The first value of a statement."""
    rows = await engine.run_ddl(statement)
    return rows[0][0] if rows else None


async def looked(engine: DatabaseEngine) -> None:
    """Wait for the next look at the replicas."""
    assert engine.replicas is not None
    await engine.replicas._looked.wait()


async def until(engine: DatabaseEngine, *, from_replica: bool) -> None:
    """Wait until a task that marks its reads reads from there."""

    async def asked() -> object:
        with replica_reads():
            return await value(engine, FROM_REPLICA)

    async with asyncio.timeout(120):
        while await asyncio.create_task(asked()) is not from_replica:
            await looked(engine)


async def test_only_marked_reads_come_from_the_replica(engine: DatabaseEngine) -> None:
    """Outside the block, and where the block is taken back, it is the primary."""
    assert await value(engine, FROM_REPLICA) is False
    with replica_reads():
        assert await value(engine, FROM_REPLICA) is True
        with primary_reads():
            assert await value(engine, FROM_REPLICA) is False
        found = await asyncio.gather(*(value(engine, FROM_REPLICA) for _ in range(20)))
        assert found == [True] * 20
    assert await value(engine, FROM_REPLICA) is False


async def test_a_replica_is_a_node_of_piccolo(engine: DatabaseEngine) -> None:
    """``.run(node="replica_1")`` asks it whatever its age, with or without a pool."""
    node = engine.extra_nodes["replica_1"]
    assert (await node.run_ddl(FROM_REPLICA))[0][0] is True
    assert (await node.run_ddl(FROM_REPLICA, in_pool=False))[0][0] is True


async def test_a_transaction_reads_from_the_primary(engine: DatabaseEngine) -> None:
    """In the block too, and what follows it in the task."""
    with replica_reads():
        async with engine.transaction():
            assert await value(engine, FROM_REPLICA) is False
        assert await value(engine, FROM_REPLICA) is False


@pytest.mark.parametrize(
    "write", ["INSERT INTO band VALUES ('x')", "SELECT add_band()"], ids=["statement", "function"]
)
async def test_a_task_reads_what_it_wrote(
    engine: DatabaseEngine, servers: tuple[Postgres, Postgres], write: str
) -> None:
    """From the primary, until the replica holds it; others read from the replica meanwhile."""
    _, replica = servers
    await replica.ask("SELECT pg_wal_replay_pause()")
    try:
        with replica_reads():
            await value(engine, write)
            assert await value(engine, "SELECT count(*) FROM band") == 1
            assert await value(engine, FROM_REPLICA) is False
    finally:
        await replica.ask("SELECT pg_wal_replay_resume()")
    with replica_reads():
        async with asyncio.timeout(120):
            while not await value(engine, FROM_REPLICA):
                assert await value(engine, "SELECT count(*) FROM band") == 1
                await looked(engine)
        assert await value(engine, "SELECT count(*) FROM band") == 1


async def test_a_write_before_the_block_counts(engine: DatabaseEngine) -> None:
    """So does one in a block before."""
    await value(engine, "INSERT INTO band VALUES ('x')")
    with replica_reads():
        assert await value(engine, FROM_REPLICA) is False

    async def in_two_blocks() -> object:
        with replica_reads():
            await value(engine, "INSERT INTO band VALUES ('y')")
        with replica_reads():
            return await value(engine, FROM_REPLICA)

    assert await asyncio.create_task(in_two_blocks()) is False


async def test_a_replica_that_lags_is_left_out(
    engine: DatabaseEngine, servers: tuple[Postgres, Postgres]
) -> None:
    """Beyond the bound; while the primary has nothing to do, standing still is not being behind."""
    primary, replica = servers
    await replica.ask("SELECT pg_wal_replay_pause()")
    try:
        begun = time.monotonic()
        while time.monotonic() < begun + 3:  # longer than the bound
            await looked(engine)
        await until(engine, from_replica=True)
        for number in range(2):
            await primary.ask("INSERT INTO band VALUES ($1)", str(number))
        await until(engine, from_replica=False)
    finally:
        await replica.ask("SELECT pg_wal_replay_resume()")
    await until(engine, from_replica=True)
    with replica_reads():
        assert await value(engine, "SELECT count(*) FROM band") == 2


async def test_a_killed_replica_is_no_error_and_comes_back(
    engine: DatabaseEngine, servers: tuple[Postgres, Postgres], caplog: pytest.LogCaptureFixture
) -> None:
    """Every read is answered, by the primary from then on, and by the replica once it is back."""
    _, replica = servers

    async def read() -> list[object]:
        with replica_reads():
            return [await value(engine, FROM_REPLICA) for _ in range(200)]

    readers = [asyncio.create_task(read()) for _ in range(5)]
    await asyncio.sleep(0)
    replica.kill()
    answers = [answer for reader in readers for answer in await reader]
    assert len(answers) == 1_000
    await until(engine, from_replica=False)
    await replica.start()
    await until(engine, from_replica=True)
    assert "replica_1 is left out" in caplog.text
    assert "replica_1 is used again" in caplog.text


async def test_a_frozen_replica_is_no_error_and_comes_back(
    engine: DatabaseEngine, servers: tuple[Postgres, Postgres]
) -> None:
    """What waits for it is answered by the primary, once it has not answered for a second."""
    _, replica = servers
    with replica_reads():
        assert await value(engine, FROM_REPLICA) is True
        replica.signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(120):  # far less than a statement may take
                answers = await asyncio.gather(*(value(engine, FROM_REPLICA) for _ in range(30)))
            assert answers == [False] * 30
            assert await value(engine, FROM_REPLICA) is False
        finally:
            replica.signal(signal.SIGCONT)
    await until(engine, from_replica=True)


async def test_the_mistakes_of_a_statement_are_the_caller_s(engine: DatabaseEngine) -> None:
    """They are raised as ever, and the replica stays in use."""
    with replica_reads():
        with pytest.raises(Exception, match="division by zero"):
            await value(engine, "SELECT 1 / 0")
        assert await value(engine, FROM_REPLICA) is True


async def test_a_server_that_follows_nobody_is_not_read_from(
    servers: tuple[Postgres, Postgres], caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is one that does not exist; the engine starts all the same."""
    primary, _ = servers
    engine = engine_of(primary.url, primary.url, "postgresql://127.0.0.1:1/nowhere")
    await engine.start_connection_pool()
    try:
        await looked(engine)
        with replica_reads():
            assert await value(engine, "SELECT 1") == 1
        assert "replica_1 is left out: it is not a stand-by" in caplog.text
        assert "replica_2 is left out" in caplog.text
    finally:
        await engine.close_connection_pool()


async def test_waiting_for_the_replica(
    engine: DatabaseEngine, servers: tuple[Postgres, Postgres]
) -> None:
    """After the wait, what was committed before it is read from the replica too."""
    primary, _ = servers
    await primary.ask("INSERT INTO band VALUES ('x')")
    assert engine.replicas is not None
    async with asyncio.timeout(120):
        await engine.replicas.wait_for(time.monotonic())
    with replica_reads():
        assert await value(engine, "SELECT count(*) FROM band") == 1


def test_several_urls() -> None:
    """They are told apart though a password holds a comma and a URL two hosts."""
    urls = "postgresql://u:a,b@one/d, postgres://two,three:5433/d?target_session_attrs=any"
    settings = DatabaseSettings(database_replica_urls=SecretStr(urls))
    one, two = (replica.connection_config() for replica in settings.replicas())
    assert (one["host"], one["password"]) == ("one", "a,b")
    assert "two,three:5433" in two["dsn"]
    assert DatabaseSettings().replicas() == []


def test_a_url_that_cannot_be_used() -> None:
    """The sentence names the variable, not the URL."""
    settings = DatabaseSettings(database_replica_urls=SecretStr("mysql://u:secret@host/d"))
    with pytest.raises(SettingsError, match=r"^DATABASE_REPLICA_URLS is not") as caught:
        settings.replicas()
    assert "secret" not in str(caught.value)


async def test_operators_pages_are_read_from_the_replica(
    servers: tuple[Postgres, Postgres],
) -> None:
    """Who has changed something reads from the primary for a while; the log-in always."""
    primary, replica = servers
    environment = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URLS": replica.url}
    for command in (("migrate",), ("demo", "--count=3")):
        result = await run("workshops", *command, **environment)
        assert result.code == 0, result
    created = await run("workshops", "operator", "create", "grace", **environment)
    assert created.code == 0, created
    log_in = {"username": "grace", "password": created.out.split()[-1]}

    def boards() -> int:
        return replica.log.read_text().count("WITH few AS MATERIALIZED")

    async with serving(**environment) as site, httpx.AsyncClient() as client:
        await site.wait_until_ready()

        async def show_board() -> None:
            response = await client.get(f"{site.url}/progress/")
            assert response.status_code == 200, response.text
            assert "ws_" in response.text

        await client.get(f"{site.url}/admin/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        path = f"{site.url}/admin/public/login/"
        assert (await client.post(path, json=log_in)).status_code == 200
        client.cookies.delete(COOKIE)
        async with asyncio.timeout(120):
            while not boards():
                await show_board()
        replica.signal(signal.SIGSTOP)
        try:
            await show_board()
        finally:
            replica.signal(signal.SIGCONT)
        async with asyncio.timeout(120):
            before = boards()
            while boards() == before:
                await show_board()
        assert (await client.post(path, json=log_in)).status_code == 200
        before = boards()
        for _ in range(5):
            await show_board()
        assert boards() == before
        assert "admin_sessions" not in replica.log.read_text()


async def test_a_log_in_on_a_stand_by_is_an_outage(servers: tuple[Postgres, Postgres]) -> None:
    """Where the primary has become one, attempts cannot be counted, and nobody gets in."""
    primary, replica = servers
    migrated = await run("workshops", "migrate", DATABASE_URL=primary.url)
    assert migrated.code == 0, migrated
    table = "SELECT to_regclass('workshops_admin.log_in_attempts')::text"
    async with asyncio.timeout(120):
        while not await replica.ask(table):
            pass
    async with on(engine_of(replica.url)):
        with pytest.raises(DatabaseUnavailableError):
            await tried(limit_of(5))


async def test_the_doctor_tells_how_far_a_stand_by_is_behind(
    servers: tuple[Postgres, Postgres],
) -> None:
    """Asked for itself, and the primary for it; an idle primary is no lag."""
    primary, replica = servers

    async def sentences(server: Postgres) -> list[str]:
        found = await examine(engine_of(server.url))
        return [finding.sentence for finding in found if finding.subject == "replicas"]

    (of_itself,) = await sentences(replica)
    assert of_itself.endswith("no writes, 0.0 s behind")
    (of_the_other,) = await sentences(primary)
    assert " s behind" in of_the_other

    await replica.ask("SELECT pg_wal_replay_pause()")
    try:
        await primary.ask("INSERT INTO band VALUES ('late')")
        async with asyncio.timeout(120):
            while "0.0 s behind" in (of_itself := (await sentences(replica))[0]):
                await primary.ask("SELECT pg_sleep(0.05)::text")
    finally:
        await replica.ask("SELECT pg_wal_replay_resume()")
    assert of_itself.endswith(" s behind")
