"""One statement on Piccolo's engine: in the caller's transaction, the pool, or a new connection.

It goes around ``QueryString``: the text of an operation's statement is made once,
when its module is loaded, and never contains a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncpg import DeadlockDetectedError, IntegrityConstraintViolationError
from piccolo.engine.postgres import PostgresEngine

from workshops.constraints import domain_error
from workshops.tables import Workshop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from piccolo.engine.postgres import PostgresTransaction

Record = Any
"""An ``asyncpg.Record``: values by name and by position."""


def _engine() -> PostgresEngine:
    engine = Workshop._meta.db
    assert isinstance(engine, PostgresEngine)
    return engine


def transaction() -> PostgresTransaction:
    """Return a transaction to be used with ``async with``; inside the caller's it is the same."""
    return _engine().transaction()


_ATTEMPTS = 5
"""How often a statement is tried that PostgreSQL ends to break a deadlock."""


async def fetch(statement: str, *arguments: Any) -> Sequence[Record]:
    """Run one statement and return its rows.

    Operations lock rows in one order and cannot deadlock among themselves. With
    somebody else they can, a plain DELETE of a workshop say; PostgreSQL then undoes
    one of the two statements. If it is ours and a transaction of its own, it is tried again.

    Raises:
        WorkshopsError: a constraint is violated that means one of them.
    """
    engine = _engine()
    if engine.log_queries:
        engine.print_query(query_id=engine.get_query_id(), query=statement)
    current = engine.current_transaction.get()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            if current:
                return await current.connection.fetch(statement, *arguments)  # type: ignore[no-any-return]
            run = engine._run_in_pool if engine.pool else engine._run_in_new_connection
            return await run(statement, arguments)  # type: ignore[no-any-return]
        except DeadlockDetectedError:
            if current or attempt == _ATTEMPTS:
                raise
        except IntegrityConstraintViolationError as violation:
            if error := domain_error(violation):
                raise error from violation
            raise
    raise AssertionError("unreachable")


async def fetch_row(statement: str, *arguments: Any) -> Record | None:
    """Run one statement and return its first row, or None."""
    records = await fetch(statement, *arguments)
    return records[0] if records else None
