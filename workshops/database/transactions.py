"""A transaction that gives its connection back, whatever happens to it; and one of a moment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from workshops.database.outages import MigrationBlockedError, outage
from workshops.database.replicas import note_write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from workshops.database.engine import DatabaseEngine

GIVE_BACK_SECONDS = 1.0
"""How long a connection may take to end its work when it is given back early."""

# Shorter than PostgreSQL's deadlock_timeout (1 s), so that nobody fails because of us.
_MOMENT = "500ms"
_PAUSE = 0.5  # seconds, in which the others go on
_PATIENCE = 60.0  # seconds


@contextlib.asynccontextmanager
async def own_connection(engine: PostgresEngine) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection outside of the pool, of every transaction, and of time-outs, for a block.

    Raises:
        DatabaseUnavailableError: it cannot be made.
    """
    connection = await engine.get_new_connection()
    try:
        yield connection
    finally:
        await connection.close()


async def run_in_a_moment(connection: asyncpg.Connection, statement: str) -> None:
    """Run a statement that locks tables, within half a second or not at all, and try again.

    Who waits long for a table keeps all others waiting behind.

    Raises:
        MigrationBlockedError: there was no such moment within a minute.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            async with connection.transaction():
                # Not lock_timeout, which begins anew with each table.
                await connection.execute(f"SET LOCAL statement_timeout = '{_MOMENT}'")
                await connection.execute(statement)
                await connection.execute("SET LOCAL statement_timeout = 0")
        except asyncpg.QueryCanceledError as error:
            if time.monotonic() > deadline:
                raise MigrationBlockedError(
                    "The tables are in use: for a minute, there was no moment without a "
                    "transaction on one of them. Run it again later; see pg_stat_activity."
                ) from error
        else:
            return
        await asyncio.sleep(_PAUSE)


class DatabaseTransaction(PostgresTransaction):
    """Piccolo's transaction, which always gives the connection and the task back.

    In Piccolo 1.38 (upstream: test_lost_connection_ends_its_transaction) a connection lost
    inside the block makes ROLLBACK raise, and
    the dead transaction stays current: every later query of that task fails. A task
    cancelled while it waits for BEGIN leaves the pool without that connection.

    What BEGIN and COMMIT meet of an outage is a ``DatabaseUnavailableError``. A connection
    that broke while it was idle is replaced, once: nothing was done on it.
    """

    engine: DatabaseEngine

    async def get_connection(self) -> Any:
        if self.engine.pool:
            return await self.engine.acquire()
        return await self.engine.get_new_connection()

    async def __aenter__(self) -> PostgresTransaction:
        replaced = False
        while True:
            try:
                return await super().__aenter__()
            except BaseException as error:
                connected = hasattr(self, "connection")
                if connected:
                    await self._drop_connection()
                    del self.connection
                away = outage(error, undone=True) if isinstance(error, Exception) else None
                if away is None or away is error:
                    raise
                if replaced or not connected:
                    raise away from error
                replaced = True

    async def __aexit__(self, *exception: Any) -> bool:
        if self._parent is not None:
            return await super().__aexit__(*exception)
        commits = exception[0] is None
        try:
            if commits:
                return await super().__aexit__(*exception)
            if not self._is_lost():  # else let the caller see its own error
                with contextlib.suppress(TimeoutError):  # the server hangs, and undoes it by itself
                    async with asyncio.timeout(GIVE_BACK_SECONDS):
                        await super().__aexit__(*exception)
            return False
        except Exception as error:
            if commits and (away := outage(error, undone=False)):
                raise away from error
            raise
        finally:
            if self.engine.replicas is not None:
                note_write()
            if self.engine.current_transaction.get() is self:
                self.engine.current_transaction.reset(self.context)
                await self._drop_connection()

    def _is_lost(self) -> bool:
        try:
            return bool(self.connection.is_closed())
        except asyncpg.InterfaceError:  # the pool has noticed it, and taken it back
            return True

    async def _drop_connection(self) -> None:
        # The pool takes a lost connection back by itself, and then refuses both calls.
        with contextlib.suppress(asyncpg.InterfaceError):
            self.connection.terminate()
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
