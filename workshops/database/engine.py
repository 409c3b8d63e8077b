"""The engine: Piccolo's own for PostgreSQL, made fit for long-running servers.

What it changes, and why:

- constructing it opens no connection (Piccolo 1.38 asks for the server's version
  on import, so importing ``piccolo_conf`` would start or wait for a database;
  upstream: test_engine_connects_when_it_is_used);
- the embedded PostgreSQL starts with the first connection, if there is no
  ``DATABASE_URL``;
- a connection that cannot be made is a ``DatabaseUnavailableError``, one sentence
  without the password;
- a connection is given back, and the task left as it was found, if a transaction's
  connection dies or its task is cancelled at any moment, within a second even
  if the server hangs;
- the connections of the pool have the time-outs of the settings. A command's own
  connection (``get_new_connection``) has none: a migration may take long;
- the pool sends no reset query at each release: nothing here keeps state in a
  session, and the round trip is about a quarter of a small query's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from workshops.database.embedded import EmbeddedServer
from workshops.database.outages import why_unavailable
from workshops.database.replicas import Replicas
from workshops.database.transactions import GIVE_BACK_SECONDS, DatabaseTransaction, own_connection
from workshops.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from asyncpg.connection import LoggedQuery

    from workshops.database.settings import DatabaseSettings

MINIMUM_VERSION = 14
"""The oldest PostgreSQL that this project is run on."""


async def _keep_session(connection: asyncpg.Connection) -> None:
    """Stand in for the pool's reset query."""


async def _give_back(connection: Any) -> None:
    """Do what ``pool.release`` does with a connection whose query has ended.

    Asyncpg 0.32 makes a task of it, an eighth of a small read's time, so that a caller who is
    cancelled gives it back too. Here it waits for nothing
    (upstream: test_release_makes_no_task).
    """
    connection._con._on_release()
    await connection._holder.release(None)


class DatabaseEngine(PostgresEngine):
    """A PostgreSQL engine for the given settings.

    ``application_name`` is shown in ``pg_stat_activity``. The other arguments are
    Piccolo's own; extensions are made when the pool is started.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        application_name: str = "workshops",
        extensions: Sequence[str] = (),
        log_queries: bool = False,
        log_responses: bool = False,
        extra_nodes: Mapping[str, PostgresEngine] | None = None,
    ) -> None:
        self.settings = settings
        self._application_name = application_name
        self._connection = settings.connection_config() if settings.database_url else {}
        self.embedded = None if self._connection else EmbeddedServer(settings.workshops_data_dir)
        self.waiting = 0
        """How many callers wait for a connection of the pool."""
        self.observers: list[Callable[[LoggedQuery], None]] = []
        """What is told of each statement of the pool's connections, once it has ended."""
        nodes = {
            f"replica_{number}": DatabaseEngine(
                replica, application_name=application_name, log_responses=log_responses
            )
            for number, replica in enumerate(settings.replicas(), 1)
        }
        for node in nodes.values():
            node.observers = self.observers
        self.replicas = Replicas(self, nodes) if nodes else None
        super().__init__(
            config={"database": "workshops"},
            extensions=extensions,
            log_queries=log_queries,
            log_responses=log_responses,
            extra_nodes={**nodes, **(extra_nodes or {})},
        )

    async def check_version(self) -> None:
        """Do nothing: ``start_connection_pool`` checks the version."""

    async def prep_database(self) -> None:
        """Do nothing: ``start_connection_pool`` makes the extensions."""

    @property
    def config(self) -> dict[str, Any]:
        """The arguments of ``asyncpg.connect``; starts the embedded server if there is one."""
        if self.embedded is not None:
            if not self.embedded.exists():
                where = self.settings.workshops_data_dir
                print(f"A new database is made in {where}.", file=sys.stderr, flush=True)  # noqa: T201
            self.embedded.start()
            self._connection = self.embedded.connection_config()
        config = {**self._connection, "timeout": self.settings.database_timeout}
        config["server_settings"] = {
            "application_name": self._application_name,
            "timezone": "UTC",
            **config.get("server_settings", {}),
        }
        return config

    @config.setter
    def config(self, value: dict[str, Any]) -> None:
        """Ignore the value that Piccolo's constructor sets."""

    @property
    def address(self) -> str:
        """The database as ``host:port/name`` for messages, without user and password."""
        if self.embedded is not None:
            return f"the embedded PostgreSQL in {self.settings.workshops_data_dir}"
        config = self._connection
        host = f"{config['host']}:{config['port']}" if "host" in config else "its server"
        return f"{host}/{config.get('database', '')}".rstrip("/")

    async def get_new_connection(
        self, *, limits: Mapping[str, str] | None = None, **options: Any
    ) -> asyncpg.Connection:
        """Open a connection outside the pool, without time-outs.

        :param limits: Settings of the session that those of ``DATABASE_URL`` go before.
        :param options: Other arguments of ``asyncpg.connect``.

        Raises:
            DatabaseUnavailableError: it cannot be made.
        """
        try:
            # Starting the embedded server blocks for about a second.
            config = await asyncio.to_thread(lambda: self.config)
            settings = {**(limits or {}), **config.pop("server_settings")}
            settings.update(options.pop("server_settings", None) or {})
            return await asyncpg.connect(**{**config, **options}, server_settings=settings)
        except Exception as error:
            reason, transient = why_unavailable(error)
            advice = "" if self.embedded else " Check DATABASE_URL and that the server is running."
            raise DatabaseUnavailableError(
                f"Cannot connect to {self.address}: {reason}.{advice}", transient=transient
            ) from error

    async def wait_until_available(self) -> None:
        """Wait up to ``DATABASE_WAIT`` seconds for a database that comes up.

        Raises:
            DatabaseUnavailableError: it did not come up, refuses us, or is too old.
        """
        deadline = time.monotonic() + self.settings.database_wait
        pause = 0.1
        told = False
        while True:
            try:
                async with own_connection(self) as connection:
                    version = connection.get_server_version()
                break
            except DatabaseUnavailableError as error:
                if not error.transient or time.monotonic() + pause > deadline:
                    raise
                if not told:
                    told = True
                    print(f"Waiting for the database: {error}", file=sys.stderr, flush=True)  # noqa: T201
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2)
        if version.major < MINIMUM_VERSION:
            raise DatabaseUnavailableError(
                f"PostgreSQL {version.major} at {self.address} is too old: "
                f"version {MINIMUM_VERSION} or newer is needed.",
                transient=False,
            )

    async def start_connection_pool(self, **kwargs: Any) -> None:
        """Open the pool, waiting up to ``DATABASE_WAIT`` seconds for a database that comes up.

        The arguments are those of ``asyncpg.create_pool``.

        Raises:
            DatabaseUnavailableError: it did not come up, refuses us, or is too old.
        """
        if self.pool is not None:
            await super().start_connection_pool()  # warns
            return
        await self.wait_until_available()
        await super().prep_database()  # type: ignore[no-untyped-call]
        self.pool = await self.make_pool(**kwargs)
        if self.replicas is not None:
            await self.replicas.start()

    async def make_pool(self, **kwargs: Any) -> Any:
        """Return a pool with the settings' limits; see ``start_connection_pool``."""
        options: dict[str, Any] = {
            "min_size": 1,
            "max_size": max(self.settings.database_pool_size, kwargs.get("min_size", 1)),
            "reset": _keep_session,
            "connect": self._connect_for_pool,
        }
        return await asyncpg.create_pool(**{**options, **kwargs})

    async def _connect_for_pool(self, dsn: None, **options: Any) -> Any:
        """Open a connection; an embedded server that has ended is started again."""
        connection = await self.get_new_connection(
            limits=self.settings.limits_of_server(),
            **{"command_timeout": self.settings.limit_of_client(), **options},
        )
        for observe in self.observers:
            connection.add_query_logger(observe)
        return connection

    async def acquire(self) -> Any:
        """Return a connection of the pool, for ``pool.release``.

        Raises:
            DatabaseUnavailableError: none became free within ``DATABASE_POOL_TIMEOUT``
                seconds, or a new one cannot be made.
        """
        assert self.pool is not None
        if self.pool.get_idle_size():  # nobody has to wait, and a timer costs more than asking
            return await self.pool.acquire()
        self.waiting += 1
        try:
            # Not asyncpg's own argument: it makes each release slower too.
            async with asyncio.timeout(self.settings.database_pool_timeout or None):
                return await self.pool.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailableError(
                f"All {self.pool.get_max_size()} connections to the database are in use, "
                f"for {self.settings.database_pool_timeout:g} seconds.",
                transient=True,
            ) from error
        finally:
            self.waiting -= 1

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        if self.replicas is None:
            return await self._run_here(query, args)
        return await self.replicas.run(query, args)

    async def _run_here(self, query: str, args: Sequence[Any] | None = None) -> Any:
        connection = await self.acquire()
        pool = self.pool
        assert pool is not None
        try:
            result = await connection.fetch(query, *(args or ()))
        except BaseException:
            # Without a limit it would wait for the end of a cancelled query, however long.
            with contextlib.suppress(TimeoutError):
                await pool.release(connection, timeout=GIVE_BACK_SECONDS)
            raise
        await _give_back(connection)
        return result

    async def close_connection_pool(self) -> None:
        """Close the pool, if there is one; give up on a query that does not end in 5 seconds."""
        if self.pool is None:
            return
        if self.replicas is not None:
            await self.replicas.stop()
        pool, self.pool = self.pool, None
        try:
            await asyncio.wait_for(pool.close(), timeout=5)
        except TimeoutError:
            pool.terminate()

    def transaction(self, allow_nested: bool = True) -> DatabaseTransaction:
        return DatabaseTransaction(engine=self, allow_nested=allow_nested)

    async def _run_in_new_connection(self, query: str, args: Sequence[Any] | None = None) -> Any:
        # Piccolo 1.38 closes it after an error of the server, and not when it is cancelled
        # (upstream: test_cancelled_query_closes_its_connection).
        async with own_connection(self) as connection:
            return await connection.fetch(query, *(args or ()))

    def stop_embedded(self) -> None:
        """Leave the embedded server; it stops when nobody uses it any more."""
        if self.embedded is not None:
            self.embedded.stop()
