"""Two transactions at once, made to meet where a test wants them to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

from tests.cluster import ON_A_CLUSTER
from workshops.tables import Workshop

Result = TypeVar("Result")


def transaction() -> Any:
    """A transaction of the caller's."""
    return Workshop._meta.db.transaction()


def outside(call: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Run a call in a task that is in no transaction, on a connection of its own."""
    return asyncio.get_running_loop().create_task(call, context=Context())


async def until_waiting(number: int) -> None:
    """Return when so many connections wait for a lock, on whichever node of a cluster."""
    activity = "citus_stat_activity" if ON_A_CLUSTER else "pg_stat_activity"
    query = (
        f"SELECT count(*) FROM {activity}"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(120):
        while (await outside(_rows(query)))[0]["count"] < number:
            pass


async def _rows(query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await Workshop.raw(query)
    return rows
