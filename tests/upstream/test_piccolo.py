"""Faults of Piccolo 1.38."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from piccolo.apps.user.tables import BaseUser
from piccolo.columns import ForeignKey, Text, Timestamp, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString
from piccolo.table import Table

from tests.admin.conftest import make_operator
from tests.conftest import Server
from tests.upstream.test_piccolo_api import fault


class Band(Table):
    """A table with a foreign key and columns of Piccolo's own."""

    name = Text(required=True)
    formed_on = Timestamp()
    code = Varchar(default=lambda: os.urandom(4).hex())


class Concert(Table):
    """Something that points to another table."""

    band = ForeignKey(Band)


class Song(Table, tablename="upstream_songs"):
    """Something whose time is computed by the database."""

    name = Text()
    updated_at = Timestamp(auto_update=lambda: QueryString("now()"))


@fault("workshops.database.engine.DatabaseEngine")
def test_engine_connects_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making an engine, as importing ``piccolo_conf`` does, asks no server anything."""
    connected: list[bool] = []

    async def connect(**config: Any) -> None:
        connected.append(True)
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncpg, "connect", connect)
    PostgresEngine(config={"host": "127.0.0.1", "port": 1})
    assert not connected


@fault("workshops.database.transactions.DatabaseTransaction")
async def test_lost_connection_ends_its_transaction(server: Server, database: str) -> None:
    """After a transaction whose connection broke, the task has none."""
    name = urlsplit(database).path.removeprefix("/")
    engine = PostgresEngine(config={**server.config, "database": name})
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        async with engine.transaction():
            await engine.run_ddl("SELECT pg_terminate_backend(pg_backend_pid())")
    assert engine.current_transaction.get() is None


@fault("workshops.database.engine.DatabaseEngine._run_in_new_connection")
async def test_cancelled_query_closes_its_connection(server: Server, database: str) -> None:
    """A query that was cancelled leaves no connection open."""
    opened: asyncio.Queue[asyncpg.Connection] = asyncio.Queue()

    class Engine(PostgresEngine):
        async def get_new_connection(self) -> asyncpg.Connection:
            connection = await super().get_new_connection()
            await opened.put(connection)
            return connection

    config = {**server.config, "database": urlsplit(database).path.removeprefix("/")}
    engine = Engine(config=config)
    while not opened.empty():
        opened.get_nowait()  # by which it has asked for the version
    query = asyncio.create_task(engine._run_in_new_connection("SELECT pg_sleep(60)"))
    connection = await opened.get()
    await asyncio.sleep(0)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    closed = connection.is_closed()
    await connection.close()
    assert closed


@fault("workshops.columns.VersionedRow")
async def test_saved_row_has_the_stored_time(database: str) -> None:
    """A column that the database computes at an UPDATE has its new value in memory too."""
    await Song.create_table()
    try:
        song = Song(name="Spam")
        await song.save()
        song.name = "Eggs"
        await song.save()
        assert isinstance(song.updated_at, datetime)
    finally:
        await Song.alter().drop_table()


@fault("workshops.cached_columns")
def test_joined_column_is_made_once() -> None:
    """Naming a column of a joined table twice does not make it twice."""
    assert Concert.band.name is Concert.band.name


@fault("workshops.columns.PrefixedKey")
def test_callable_default_is_not_frozen() -> None:
    """A default that is made anew for each row is no DEFAULT of the database."""
    assert "DEFAULT" not in Band.code.ddl


@fault("workshops.columns: Text(default=None, required=True)")
def test_required_text_has_no_default() -> None:
    """A column that must be given has no empty text for who forgets it."""
    assert "DEFAULT ''" not in Band.name.ddl


@fault("workshops.columns.UTCNow")
def test_time_is_not_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a new row does not depend on where its machine stands."""
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        made: Any = Band(name="Pythonistas").formed_on
        difference = abs((datetime.now(UTC).replace(tzinfo=None) - made).total_seconds())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert difference < 1800


@fault("workshops.admin.accounts.OperatorAccount.login")
async def test_password_is_hashed_in_a_thread(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checking a password does not hold up the event loop."""
    await make_operator("vera", superuser=False)
    here: list[bool] = []
    original: Any = vars(BaseUser)["hash_password"].__func__

    def note(cls: Any, *args: Any, **kwargs: Any) -> Any:
        here.append(threading.current_thread() is threading.main_thread())
        return original(cls, *args, **kwargs)

    monkeypatch.setattr(BaseUser, "hash_password", classmethod(note))
    await BaseUser.login("vera", "correct horse battery")
    assert not any(here)


@fault("workshops.admin.accounts.OperatorAccount.login")
async def test_disabled_user_is_not_logged_in(database: str) -> None:
    """The right password of a user who is not active opens nothing."""
    await make_operator("vera", superuser=False, active=False)
    assert await BaseUser.login("vera", "correct horse battery") is None


@fault("workshops.relations.expressions")
def test_left_side_of_a_join_is_quoted() -> None:
    """A join from a joined table quotes that table's alias."""

    class Ticket(Table):
        concert = ForeignKey(Concert)

    column: Any = Ticket.concert.band
    query = str(Ticket.select(column.name))
    assert 'ON ("ticket$concert"."band"' in query
