"""One statement on Piccolo's engine: in the caller's transaction, the pool, or a new connection.

It goes around ``QueryString``: the text of an operation's statement is made once,
when its module is loaded, and never contains a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncpg import IntegrityConstraintViolationError
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


async def fetch(statement: str, *arguments: Any) -> Sequence[Record]:
    """Run one statement and return its rows.

    Raises:
        WorkshopsError: a constraint is violated that means one of them.
    """
    engine = _engine()
    if engine.log_queries:
        engine.print_query(query_id=engine.get_query_id(), query=statement)
    try:
        if current := engine.current_transaction.get():
            records = await current.connection.fetch(statement, *arguments)
        elif engine.pool:
            records = await engine._run_in_pool(statement, arguments)
        else:
            records = await engine._run_in_new_connection(statement, arguments)
    except IntegrityConstraintViolationError as violation:
        if error := domain_error(violation):
            raise error from violation
        raise
    return records  # type: ignore[no-any-return]


async def fetch_row(statement: str, *arguments: Any) -> Record | None:
    """Run one statement and return its first row, or None."""
    records = await fetch(statement, *arguments)
    return records[0] if records else None
