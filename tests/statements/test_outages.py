"""What callers of the operations see of a database that is away, hangs or breaks."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.engine.postgres import PostgresEngine
from pydantic import SecretStr

from tests.operations.concurrency import outside, transaction, until_waiting
from workshops import operations
from workshops.database import DatabaseEngine, DatabaseSettings
from workshops.database.outages import outage
from workshops.database.settings import parse_database_url
from workshops.errors import DatabaseUnavailableError, TransactionConflictError
from workshops.projection import keeping_up
from workshops.statements.execution import in_transaction
from workshops.tables import TABLES, Workshop

pytestmark = pytest.mark.usefixtures("database")


@asynccontextmanager
async def on(engine: PostgresEngine) -> AsyncIterator[None]:
    """Let the operations use another engine."""
    before = Workshop._meta.db
    for table in TABLES:
        table._meta.db = engine
    try:
        yield
    finally:
        for table in TABLES:
            table._meta.db = before


def engine_for(config: dict[str, Any], kind: str) -> PostgresEngine:
    """An engine without a pool: ours, or Piccolo's own."""
    if kind == "piccolo":
        # Piccolo asks for the version first, and only warns if it cannot.
        return PostgresEngine(config)
    engine = DatabaseEngine(
        DatabaseSettings(database_url=SecretStr("postgresql://u@127.0.0.1:1/d"))
    )
    engine._connection = config
    return engine


@asynccontextmanager
async def own_pool() -> AsyncIterator[DatabaseEngine]:
    """An engine of ours with one connection to the database of the tests."""
    engine = DatabaseEngine(
        DatabaseSettings(database_url=SecretStr(os.environ["DATABASE_URL"]), database_pool_size=1)
    )
    await engine.start_connection_pool()
    try:
        yield engine
    finally:
        await engine.close_connection_pool()


@pytest.mark.parametrize("kind", ["ours", "piccolo"])
@pytest.mark.parametrize("where", ["port", "socket"])
async def test_without_a_server_surely_nothing_was_done(
    tmp_path: Path, kind: str, where: str
) -> None:
    """A refused connection and a missing socket are one error, whichever the engine."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host, port = ("127.0.0.1", unused.getsockname()[1])
        config = {"host": host if where == "port" else str(tmp_path), "port": port}
        config |= {"user": "u", "database": "d"}
        async with on(engine_for(config, kind)):
            for call in (
                operations.get_workshop("ws_1"),
                operations.transfer_ownership("ws_1", to="user_bob"),
            ):
                with pytest.raises(DatabaseUnavailableError) as raised:
                    await call
                assert raised.value.safe_to_repeat
                assert raised.value.transient


async def test_the_log_tells_in_a_sentence_that_the_view_is_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, without a traceback: what there is to be done is not in the code."""
    config = {"host": str(tmp_path), "port": 5432, "user": "u", "database": "d"}
    async with on(engine_for(config, "ours")), asyncio.timeout(120), keeping_up():
        while not caplog.records:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0)
    [told] = caplog.records
    assert "is not kept up to date: Cannot connect to" in told.getMessage()
    assert not told.exc_info


async def test_a_connection_that_breaks_before_the_statement_is_made_again(
    workshop: Workshop,
) -> None:
    """Once, by the operation itself: its caller sees nothing of it."""
    target = parse_database_url(os.environ["DATABASE_URL"])
    seen: list[int] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(1)
        if len(seen) == 1:
            writer.transport.abort()
            return
        if str(target["host"]).startswith("/"):
            path = f"{target['host']}/.s.PGSQL.{target['port']}"
            back, forth = await asyncio.open_unix_connection(path)
        else:
            back, forth = await asyncio.open_connection(target["host"], target["port"])

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, forth), pump(back, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = {**target, "host": "127.0.0.1", "port": port, "ssl": False}
    async with server, on(engine_for(config, "ours")):
        changed = await operations.update_workshop(workshop.id, title="Rolls")
    assert changed.title == "Rolls"
    assert len(seen) == 2


async def end_the_waiting(function: str) -> None:
    """Have PostgreSQL cancel or terminate whoever waits for a lock."""
    await until_waiting(1)
    await Workshop.raw(
        f"SELECT {function}(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )


@pytest.mark.parametrize(
    ("function", "alone", "safe"),
    [
        ("pg_terminate_backend", True, False),
        ("pg_terminate_backend", False, True),
        ("pg_cancel_backend", True, True),
    ],
)
async def test_a_statement_that_is_interrupted_says_whether_a_repeat_is_safe(
    workshop: Workshop, function: str, alone: bool, safe: bool
) -> None:
    """A cancelled one is undone; of a broken connection nobody knows, except before COMMIT."""

    async def work() -> object:
        return await operations.update_workshop(workshop.id, title="Rolls")

    async def work_in_a_transaction() -> object:
        async with transaction():
            return await work()

    async with transaction():
        await operations.update_workshop(workshop.id, title="Locked")
        waiting = outside(work() if alone else work_in_a_transaction())
        await end_the_waiting(function)
        with pytest.raises(DatabaseUnavailableError) as raised:
            await waiting
    assert raised.value.safe_to_repeat is safe
    assert (await operations.get_workshop(workshop.id))["title"] == "Locked"


async def test_a_transaction_of_ours_that_breaks_is_done_again(workshop: Workshop) -> None:
    """It was undone as a whole, if it broke before its COMMIT."""
    tries: list[int] = []

    async def work() -> object:
        tries.append(1)
        return await operations.update_workshop(workshop.id, title=f"Try {len(tries)}")

    async with transaction():
        await operations.update_workshop(workshop.id, title="Locked")
        waiting = outside(in_transaction(work))
        await end_the_waiting("pg_terminate_backend")
        await outside(until_tried_twice(tries))
        await until_waiting(1)
    await waiting
    assert (await operations.get_workshop(workshop.id))["title"] == "Try 2"


async def until_tried_twice(tries: list[int]) -> None:
    """Return when work has begun once more."""
    async with asyncio.timeout(120):
        while len(tries) < 2:
            await Workshop.raw("SELECT 1")


async def test_a_transaction_begins_on_another_connection_if_the_first_is_broken(
    workshop: Workshop,
) -> None:
    """Nothing was done on it, so its caller sees nothing of it."""
    async with own_pool() as engine, on(engine):
        connection = await engine.acquire()
        transport = connection._con._transport
        assert engine.pool is not None
        await engine.pool.release(connection)
        transport.abort()
        async with engine.transaction():
            await operations.update_workshop(workshop.id, title="Rolls")
    assert (await operations.get_workshop(workshop.id))["title"] == "Rolls"


async def test_a_transaction_says_that_its_commit_was_lost(workshop: Workshop) -> None:
    """By the error of the operations, not by one of the driver."""
    async with own_pool() as engine, on(engine):
        transaction = engine.transaction()
        with pytest.raises(DatabaseUnavailableError) as raised:  # noqa: PT012
            async with transaction:
                await operations.update_workshop(workshop.id, title="Rolls")
                transaction.connection._con._transport.abort()
    assert isinstance(raised.value.__cause__, asyncpg.ConnectionDoesNotExistError)
    assert not raised.value.safe_to_repeat
    assert (await operations.get_workshop(workshop.id))["title"] != "Rolls"


async def test_a_lock_that_is_not_given_in_time_is_a_conflict(workshop: Workshop) -> None:
    """Where lock_timeout is set."""

    async def impatient() -> None:
        async with transaction():
            await Workshop.raw("SET LOCAL lock_timeout = 10")
            await operations.update_workshop(workshop.id, title="Rolls")

    async with transaction():
        await operations.update_workshop(workshop.id, title="Locked")
        with pytest.raises(TransactionConflictError):
            await outside(impatient())


@pytest.mark.parametrize(
    ("error", "safe"),
    [
        (ConnectionRefusedError(), True),
        (FileNotFoundError(), True),
        (socket.gaierror(), True),
        (asyncpg.CannotConnectNowError("starting up"), True),
        (asyncpg.TooManyConnectionsError("no slots"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("pool is closing"), True),
        (asyncpg.DiskFullError("no space"), True),
        (asyncpg.InternalServerError("could not extend file: File too large"), True),
        (asyncpg.ReadOnlySQLTransactionError("stand-by"), True),
        (asyncpg.QueryCanceledError("statement timeout"), True),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle"), False),
        (asyncpg.InternalClientError("unexpected"), False),
        (asyncpg.AdminShutdownError("terminating"), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
    ],
)
def test_an_outage_is_recognised(error: Exception, safe: bool) -> None:
    """By the driver's class; in a transaction before its COMMIT nothing is ever written."""
    found = outage(error, undone=False)
    assert found is not None
    assert found.safe_to_repeat is safe
    inside = outage(error, undone=True)
    assert inside is not None
    assert inside.safe_to_repeat


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        asyncpg.DataError("invalid input"),
        asyncpg.OutdatedSchemaCacheError("types have changed"),
        asyncpg.UndefinedTableError("no such table"),
        ValueError("x"),
    ],
)
def test_a_mistake_is_no_outage(error: Exception) -> None:
    """It passes through as what it is."""
    assert outage(error, undone=False) is None
