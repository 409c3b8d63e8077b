"""One statement on Piccolo's engine: in the caller's transaction, the pool, or a new connection.

It goes around ``QueryString``: the text of a statement is made once, when its
module is loaded, and never contains a value.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from asyncpg import DeadlockDetectedError, IntegrityConstraintViolationError
from piccolo.engine.postgres import PostgresEngine

from workshops.constraints import domain_error
from workshops.tables import Workshop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Record = Any
"""An ``asyncpg.Record``: values by name and by position."""


Result = TypeVar("Result")

_ATTEMPTS = 5
"""How often something is tried that PostgreSQL ends to break a deadlock."""


def engine() -> PostgresEngine:
    """Return the engine of the project's tables."""
    database = Workshop._meta.db
    assert isinstance(database, PostgresEngine)
    return database


async def _tried(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work, and do it again if PostgreSQL has undone it to break a deadlock.

    Operations lock rows in one order, so hardly ever meet in a deadlock: a workshop
    that is deleted while somebody joins it, or a plain DELETE by somebody else. In the
    caller's transaction all of that is undone, which only the caller can do again.
    """
    if engine().current_transaction.get():
        return await work()
    attempt = 1
    while True:
        try:
            return await work()
        except DeadlockDetectedError:
            if attempt == _ATTEMPTS:
                raise
            attempt += 1


async def in_transaction(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run several statements in one transaction: the caller's, or one of their own."""

    async def run() -> Result:
        async with engine().transaction():
            result = await work()
        return result  # noqa: RET504 - to mypy, ``async with`` might have suppressed an error

    return await _tried(run)


async def fetch(statement: str, *arguments: Any) -> Sequence[Record]:
    """Run one statement and return its rows.

    Raises:
        WorkshopsError: a constraint is violated that means one of them.
    """
    database = engine()
    if database.log_queries:
        database.print_query(query_id=database.get_query_id(), query=statement)
    try:
        return await _tried(partial(_send, database, statement, arguments))
    except IntegrityConstraintViolationError as violation:
        if error := domain_error(violation):
            raise error from violation
        raise


async def _send(
    database: PostgresEngine, statement: str, arguments: Sequence[Any]
) -> Sequence[Record]:
    if current := database.current_transaction.get():
        records = await current.connection.fetch(statement, *arguments)
    elif database.pool:
        records = await database._run_in_pool(statement, arguments)
    else:
        records = await database._run_in_new_connection(statement, arguments)
    return records  # type: ignore[no-any-return]


async def fetch_row(statement: str, *arguments: Any) -> Record | None:
    """Run one statement and return its first row, or None."""
    records = await fetch(statement, *arguments)
    return records[0] if records else None
