"""One statement on Piccolo's engine: in the caller's transaction, the pool, or a new connection.

It goes around ``QueryString``: the text of a statement is made once, when its
module is loaded, and never contains a value.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from asyncpg import (
    AdminShutdownError,
    CannotConnectNowError,
    IntegrityConstraintViolationError,
    InterfaceError,
    LockNotAvailableError,
    PostgresConnectionError,
    TransactionRollbackError,
)
from piccolo.engine.postgres import PostgresEngine

from workshops.constraints import domain_error
from workshops.database.engine import DatabaseEngine
from workshops.database.outages import outage
from workshops.errors import DatabaseUnavailableError, TransactionConflictError, WorkshopsError
from workshops.tables import Workshop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from workshops.relations import Prepared

Record = Any
"""An ``asyncpg.Record``: values by name and by position."""


Result = TypeVar("Result")

_ATTEMPTS = 5
"""How often something is tried that PostgreSQL ends to break a deadlock."""

_CLOSED = (
    AdminShutdownError,
    CannotConnectNowError,
    ConnectionError,
    InterfaceError,
    PostgresConnectionError,
)
"""How a connection ends that another one may stand in for at once."""


def engine() -> PostgresEngine:
    """Return the engine of the project's tables."""
    database = Workshop._meta.db
    assert isinstance(database, PostgresEngine)
    return database


def shares_database() -> bool:
    """Tell whether another application writes to the same tables (``SHARED_DATABASE=1``)."""
    database = engine()
    return isinstance(database, DatabaseEngine) and database.settings.shared_database


def reads_replica() -> bool:
    """Tell whether a statement of this task would be read from a replica now."""
    database = engine()
    replicas = database.replicas if isinstance(database, DatabaseEngine) else None
    return replicas is not None and replicas.choose() is not None


async def replicas_hold_it() -> None:
    """Wait until whatever is read from a replica holds what is committed now."""
    database = engine()
    if isinstance(database, DatabaseEngine) and database.replicas is not None:
        await database.replicas.wait_for(time.monotonic())


async def _tried(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work, and do it again if surely nothing of it is stored and that may help.

    That is when PostgreSQL has undone it to break a deadlock, and once when the
    connection was lost before anything was sent, or before COMMIT. Operations lock rows in
    one order, so hardly ever meet in a deadlock: a workshop that is deleted while
    a person joins it, or a plain DELETE by another program. In the caller's transaction
    all of that is undone, which only the caller can do again.
    """
    attempts = 1 if engine().current_transaction.get() else _ATTEMPTS
    closed = attempts == 1
    while True:
        try:
            return await work()
        except TransactionConflictError:
            attempts -= 1
            if not attempts:
                raise
        except DatabaseUnavailableError as error:
            if closed or not (error.safe_to_repeat and isinstance(error.__cause__, _CLOSED)):
                raise
            closed = True


async def in_transaction(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run several statements in one transaction: the caller's, or one of their own."""

    async def run() -> Result:
        done = False
        try:
            async with engine().transaction():
                result = await work()
                done = True
        except Exception as error:
            _raise_meaning(error, undone=not done)
        return result

    return await _tried(run)


async def fetch(statement: str, *arguments: Any) -> Sequence[Record]:
    """Run one statement and return its rows.

    Raises:
        DatabaseUnavailableError: the database is away.
        TransactionConflictError: PostgreSQL has undone it, to break a deadlock.
        WorkshopsError: a constraint is violated that means one of them.
    """
    database = engine()
    if database.log_queries:
        database.print_query(query_id=database.get_query_id(), query=statement)
    return await _tried(partial(_send, database, statement, arguments))


def _raise_meaning(error: Exception, *, undone: bool) -> NoReturn:
    """Raise the error of ours that one of the driver means, or itself."""
    meaning: WorkshopsError | None = None
    if isinstance(error, WorkshopsError):
        raise error
    if isinstance(error, IntegrityConstraintViolationError):
        meaning = domain_error(error)
    elif isinstance(error, (TransactionRollbackError, LockNotAvailableError)):
        meaning = TransactionConflictError()
    else:
        meaning = outage(error, undone=undone)
    if meaning is None:
        raise error
    raise meaning from error


async def _send(
    database: PostgresEngine, statement: str, arguments: Sequence[Any]
) -> Sequence[Record]:
    current = database.current_transaction.get()
    try:
        if current:
            records = await current.connection.fetch(statement, *arguments)
        elif database.pool:
            records = await database._run_in_pool(statement, arguments)
        else:
            records = await database._run_in_new_connection(statement, arguments)
    except Exception as error:
        _raise_meaning(error, undone=current is not None)
    return records  # type: ignore[no-any-return]


async def fetch_row(statement: str, *arguments: Any) -> Record | None:
    """Run one statement and return its first row, or None."""
    records = await fetch(statement, *arguments)
    return records[0] if records else None


async def fetch_rows(select: Prepared, *arguments: Any) -> list[dict[str, Any]]:
    """Run a select that is prepared, and return its rows with their nested ones."""
    return select.rows(await fetch(select.sql, *select.arguments(arguments)))
