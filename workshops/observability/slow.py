"""Statements that take long, logged with their plan and without a value."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncpg.connection import LoggedQuery

    from workshops.database import DatabaseEngine

logger = logging.getLogger(__name__)


class SlowStatements:
    """Is told of every statement of a pool, and logs those over a threshold.

    The plan is the one for any values: PostgreSQL makes it without those of the statement,
    and does not run it. One plan is asked for at a time; meanwhile others are logged
    without.
    """

    def __init__(self, engine: DatabaseEngine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._asking: asyncio.Task[None] | None = None

    def __call__(self, done: LoggedQuery) -> None:
        if done.elapsed < self._seconds:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._explain(done))
        else:
            _log(done, "another plan was being asked for")

    async def _explain(self, done: LoggedQuery) -> None:
        try:
            connection = await self._engine.get_new_connection()
            try:
                async with connection.transaction(readonly=True):
                    await connection.execute(
                        "SET LOCAL plan_cache_mode = force_generic_plan;"
                        "SET LOCAL statement_timeout = '5s'"
                    )
                    await connection.execute(f"PREPARE slow AS {done.query}")
                    values = ", ".join(["NULL"] * len(done.args))
                    execute = f"EXECUTE slow({values})" if values else "EXECUTE slow"
                    plan = await connection.fetch(f"EXPLAIN {execute}")
            finally:
                await connection.close()
        except Exception as error:
            _log(done, f"no plan: {type(error).__name__}")
        else:
            _log(done, "\n".join(row[0] for row in plan))


def _log(done: LoggedQuery, plan: str) -> None:
    statement = " ".join(done.query.split())
    logger.warning(
        "A statement took %.2f s: %s\n%s",
        done.elapsed,
        statement,
        plan,
        extra={
            "fields": {
                "message": "slow statement",
                "statement": statement,
                "seconds": round(done.elapsed, 3),
                "failed": done.exception is not None,
                "plan": plan,
            }
        },
    )
