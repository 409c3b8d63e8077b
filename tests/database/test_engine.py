"""The engine: pool, transactions, and databases that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import types
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any

import asyncpg
import pytest
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine
from pydantic import SecretStr

from tests.conftest import Server
from workshops.database import DatabaseEngine, DatabaseSettings, DatabaseUnavailableError
from workshops.database.engine import MINIMUM_VERSION
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import StepDefinition

# What asyncpg raises depends on whether the server's last words have arrived yet.
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def engine_for(url: str, **options: Any) -> DatabaseEngine:
    """An engine of its own, beside the project's, with settings and options of the engine."""
    settings = {name: options.pop(name) for name in list(options) if name[:9] == "database_"}
    return DatabaseEngine(DatabaseSettings(database_url=SecretStr(url), **settings), **options)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[DatabaseEngine]:
    """An engine with a pool of two connections."""
    engine = engine_for(database, database_pool_size=2)
    await engine.start_connection_pool()
    yield engine
    await engine.close_connection_pool()


async def run(engine: PostgresEngine, sql: str) -> Any:
    """The first value of a statement."""
    rows = await engine.run_ddl(sql)
    return rows[0][0] if rows else None


async def test_the_session_speaks_utc_and_says_who_it_is(engine: DatabaseEngine) -> None:
    """The time zone of a connection is UTC, its application name is ours."""
    assert await run(engine, "SHOW timezone") == "UTC"
    assert await run(engine, "SHOW application_name") == "workshops"


async def test_the_pool_sends_no_reset_query(engine: DatabaseEngine) -> None:
    """A connection comes back from the pool as it was left."""
    assert engine.pool is not None
    async with engine.pool.acquire() as connection:
        queries: list[str] = []
        connection.add_query_logger(lambda record: queries.append(record.query))
        held = connection._con
    for _ in range(3):
        await run(engine, "SELECT 1")
    assert all("RESET" not in query for query in queries)
    assert held.is_closed() is False


async def test_behind_a_pooler_no_statement_is_cached(database: str) -> None:
    """DATABASE_POOLER=transaction turns the statement cache off."""
    engine = engine_for(database, database_pooler="transaction")
    connection = await engine.get_new_connection()
    try:
        await connection.fetch("SELECT $1::int", 1)
        names = await connection.fetch("SELECT name FROM pg_prepared_statements WHERE name <> ''")
        assert [row["name"] for row in names] == []
    finally:
        await connection.close()


async def test_constructing_an_engine_opens_no_connection() -> None:
    """Importing piccolo_conf does not wait for a database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        engine_for(f"postgresql://127.0.0.1:{listener.getsockname()[1]}/d")
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_a_connection_lost_in_a_transaction_leaves_the_task_usable(
    engine: DatabaseEngine, server: Server
) -> None:
    """After the loss, the same task runs its next query on another connection."""
    with pytest.raises(LOST):  # noqa: PT012 - the block is the subject
        async with engine.transaction():
            pid = await run(engine, "SELECT pg_backend_pid()")
            await server.run(f"SELECT pg_terminate_backend({pid})")
            await run(engine, "SELECT 1")
    assert engine.transaction_exists() is False
    assert await run(engine, "SELECT 2") == 2
    assert engine.pool is not None
    assert engine.pool.get_size() - engine.pool.get_idle_size() == 0


async def test_a_connection_that_the_pool_took_back_hides_no_error(
    engine: DatabaseEngine, server: Server
) -> None:
    """The error of the block comes out, though asyncpg noticed the loss in between."""
    lost = asyncio.Event()
    with pytest.raises(KeyError):  # noqa: PT012 - the block is the subject
        async with engine.transaction() as transaction:
            transaction.connection.add_termination_listener(lambda connection: lost.set())
            pid = await run(engine, "SELECT pg_backend_pid()")
            await server.run(f"SELECT pg_terminate_backend({pid})")
            await asyncio.wait_for(lost.wait(), timeout=10)
            raise KeyError
    assert engine.transaction_exists() is False
    assert await run(engine, "SELECT 2") == 2


async def test_a_connection_lost_before_commit_is_an_error(
    engine: DatabaseEngine, server: Server
) -> None:
    """Work that was not committed is not reported as done."""
    with pytest.raises(DatabaseUnavailableError):  # noqa: PT012 - the block is the subject
        async with engine.transaction():
            pid = await run(engine, "SELECT pg_backend_pid()")
            await server.run(f"SELECT pg_terminate_backend({pid})")
    assert engine.transaction_exists() is False
    assert await run(engine, "SELECT 2") == 2


async def test_a_cancelled_transaction_is_rolled_back(engine: DatabaseEngine) -> None:
    """Cancelling a task in its transaction undoes it and frees the connection."""
    await run(engine, "CREATE TABLE IF NOT EXISTS scratch (n int)")
    await run(engine, "TRUNCATE scratch")

    started = asyncio.Event()

    async def work() -> None:
        async with engine.transaction():
            await run(engine, "INSERT INTO scratch VALUES (1)")
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await run(engine, "SELECT count(*) FROM scratch") == 0
    await run(engine, "DROP TABLE scratch")


@types.coroutine
def cancelled_at(number: int, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """Run a coroutine, and cancel it where it waits for the ``number``th time."""
    error: BaseException | None = None
    while True:
        try:
            future = work.send(None) if error is None else work.throw(error)
        except StopIteration:
            return
        error = None
        number -= 1
        if number == 0:
            future.cancel()  # as Task.cancel() does
        try:
            yield future
        except BaseException as thrown:
            error = thrown


async def cancelled_everywhere(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Cancel a coroutine at each moment at which it waits; return how many there are."""
    number = 0
    while True:
        number += 1
        try:
            await cancelled_at(number, work())
        except asyncio.CancelledError:
            continue
        return number - 1


async def test_a_transaction_may_be_cancelled_at_any_moment(engine: DatabaseEngine) -> None:
    """Waiting for a connection, BEGIN, a query or COMMIT: pool and task are whole afterwards."""

    async def work() -> None:
        async with engine.transaction():
            await run(engine, "SELECT 1")

    assert await cancelled_everywhere(work) >= 3
    assert engine.transaction_exists() is False
    assert engine.pool is not None
    assert engine.pool.get_size() == engine.pool.get_idle_size()
    statement = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    assert await run(engine, f"{statement} AND datname = current_database()") == 0


async def test_without_a_pool_a_cancelled_query_closes_its_connection(database: str) -> None:
    """At whatever moment it is cancelled, in a transaction or not."""
    engine = engine_for(database)

    async def work() -> None:
        await run(engine, "SELECT 1")
        async with engine.transaction():
            await run(engine, "SELECT 1")

    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)  # unclosed connections warn
        assert await cancelled_everywhere(work) >= 5
        gc.collect()


async def test_a_nested_transaction_joins_the_outer_one(engine: DatabaseEngine) -> None:
    """The inner block neither commits nor gives the connection back."""
    async with engine.transaction() as outer, engine.transaction() as inner:
        assert inner is outer
    assert await run(engine, "SELECT 1") == 1


async def test_starting_waits_for_a_database_that_comes_up(
    server: Server, empty_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pool starts once the address answers, though it refused at first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = engine_for(
        f"postgresql://{server.config['user']}:{server.config.get('password') or ''}"
        f"@127.0.0.1:{port}/{empty_database}",
        database_wait=30,
    )
    starting = asyncio.create_task(engine.start_connection_pool())
    # Let it fail at least once before the way to the server is opened.
    while "Waiting" not in capsys.readouterr().err:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    async with forwarding(port, server):
        await starting
        assert await run(engine, "SELECT 3") == 3
        await engine.close_connection_pool()


@contextlib.asynccontextmanager
async def forwarding(port: int, server: Server) -> AsyncIterator[None]:
    """Forward a port of 127.0.0.1 to the server of the tests."""
    host, server_port = str(server.config["host"]), server.config["port"]

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{server_port}")
        else:
            there = await asyncio.open_connection(host, server_port)
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    forwarder = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield
    finally:
        forwarder.close()


async def test_starting_gives_up_after_the_wait() -> None:
    """A database that never comes up is a DatabaseUnavailableError."""
    engine = engine_for("postgresql://127.0.0.1:1/d", database_wait=0.3)
    with pytest.raises(DatabaseUnavailableError, match=r"Cannot connect to 127\.0\.0\.1:1/d"):
        await engine.start_connection_pool()


async def test_starting_does_not_wait_where_waiting_does_not_help(server: Server) -> None:
    """A database that does not exist fails at once."""
    engine = engine_for(server.url("no_such_database"), database_wait=600)
    with pytest.raises(DatabaseUnavailableError, match="no such database") as caught:
        await engine.start_connection_pool()
    assert caught.value.transient is False


async def test_a_server_that_never_answers_is_given_up(database: str) -> None:
    """DATABASE_TIMEOUT limits the wait for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        engine = engine_for(f"postgresql://127.0.0.1:{port}/d", database_timeout=0.2)
        with pytest.raises(DatabaseUnavailableError, match="no answer in time"):
            await engine.get_new_connection()


async def test_a_server_without_tls_is_refused_when_tls_is_required(database: str) -> None:
    """sslmode=require never falls back to an open connection."""
    asked = asyncio.Event()

    async def refuse_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # the request for TLS
        asked.set()
        writer.write(b"N")
        await writer.drain()
        writer.close()

    plain = await asyncio.start_server(refuse_tls, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    engine = engine_for(f"postgresql://u:hunter2@127.0.0.1:{port}/d?sslmode=require")
    with pytest.raises(
        DatabaseUnavailableError, match=r": PostgreSQL server .* rejected"
    ) as caught:
        await engine.get_new_connection()
    plain.close()
    assert asked.is_set()
    assert not caught.value.transient
    assert "hunter2" not in str(caught.value)


async def test_piccolos_own_arguments_are_taken(database: str, capsys: Any) -> None:
    """Piccolo's options of the engine and of the pool work as its documentation has them."""
    replica = engine_for(database, application_name="replica")
    engine = engine_for(
        database, log_queries=True, log_responses=True, extra_nodes={"replica": replica}
    )
    await engine.start_connection_pool(min_size=2, max_size=5)
    try:
        assert engine.pool is not None
        assert (engine.pool.get_min_size(), engine.pool.get_max_size()) == (2, 5)
        assert await run(engine, "SELECT 41 + 1") == 42
        printed = capsys.readouterr().out
        assert "SELECT 41 + 1" in printed
        assert "42" in printed
        assert await run(engine.extra_nodes["replica"], "SHOW application_name") == "replica"
    finally:
        await engine.close_connection_pool()


async def test_the_pool_takes_the_drivers_arguments(database: str) -> None:
    """A larger least size than the settings have, and any argument of asyncpg.connect."""
    engine = engine_for(database, database_pool_size=1)
    await engine.start_connection_pool(
        min_size=2, command_timeout=7, server_settings={"application_name": "mine"}
    )
    try:
        assert await run(engine, "SHOW application_name") == "mine"
        assert await run(engine, "SHOW timezone") == "UTC"
        with pytest.warns(Warning, match="pool already exists"):
            await engine.start_connection_pool()
    finally:
        await engine.close_connection_pool()


async def test_a_query_names_its_node(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``node=`` sends a query to one of ``extra_nodes``, batches too."""
    engine = engine_for(database, extra_nodes={"replica": engine_for(database)})
    monkeypatch.setattr(StepDefinition._meta, "_db", engine)
    assert await StepDefinition.count().run(node="replica") == len(STEP_CATALOG)
    seen = []
    async with await StepDefinition.select(StepDefinition.id).batch(
        batch_size=4, node="replica"
    ) as batch:
        async for rows in batch:
            seen.append(len(rows))
    assert sum(seen) == len(STEP_CATALOG)
    assert max(seen) == 4


async def test_ordinary_calls_of_the_engine(engine: DatabaseEngine) -> None:
    """Version, atomic, savepoints, transactions that may not be nested, and run_sync."""
    assert await engine.get_version() >= MINIMUM_VERSION
    assert await asyncio.to_thread(engine.get_version_sync) >= MINIMUM_VERSION
    atomic = engine.atomic()
    atomic.add(StepDefinition.update({StepDefinition.name: "A"}).where(StepDefinition.id == "test"))
    await atomic
    async with engine.transaction() as transaction:
        savepoint = await transaction.savepoint()
        await run(engine, "DELETE FROM step_definitions")
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
        with pytest.raises(TransactionError):
            engine.transaction(allow_nested=False)
    assert StepDefinition.count().run_sync() == len(STEP_CATALOG)
    assert await asyncio.to_thread(StepDefinition.count().run_sync) == len(STEP_CATALOG)


async def test_extensions_are_made_when_the_pool_starts(database: str) -> None:
    """As Piccolo does it when an engine is constructed; here the server has no such one."""
    engine = engine_for(database, extensions=["no_such_extension"])
    with pytest.raises(asyncpg.PostgresError, match=r'extension "no_such_extension" is not'):
        await engine.start_connection_pool()


@pytest.mark.parametrize(
    ("limit", "statement", "error"),
    [
        ("database_statement_timeout", "SELECT pg_sleep(60)", asyncpg.QueryCanceledError),
        ("database_lock_timeout", "LOCK step_definitions", asyncpg.LockNotAvailableError),
    ],
)
async def test_statements_of_the_pool_have_limits(
    database: str, engine: DatabaseEngine, limit: str, statement: str, error: type[Exception]
) -> None:
    """Of the statement and of the wait for a lock; a command's own connection has none."""
    limited = engine_for(database, **{limit: 0.2})
    await limited.start_connection_pool()
    try:
        async with engine.transaction():
            await run(engine, "LOCK step_definitions")
            with pytest.raises(error):
                async with limited.transaction():
                    await run(limited, statement)
        connection = await limited.get_new_connection()
        assert await connection.fetchval("SHOW statement_timeout") == "0"
        await connection.close()
    finally:
        await limited.close_connection_pool()


async def test_a_pool_that_stays_in_use_is_told(database: str) -> None:
    """DATABASE_POOL_TIMEOUT limits the wait for a free connection."""
    engine = engine_for(database, database_pool_size=1, database_pool_timeout=0.1)
    await engine.start_connection_pool()
    async with engine.transaction():
        with pytest.raises(DatabaseUnavailableError, match=r"All 1 connections .* are in use"):
            await asyncio.create_task(_detached(engine))
    assert await run(engine, "SELECT 1") == 1
    await engine.close_connection_pool()


async def _detached(engine: DatabaseEngine) -> Any:
    engine.current_transaction.set(None)
    return await run(engine, "SELECT 1")
