"""The live demo, against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.factories import make_workshop
from workshops import operations
from workshops.commands.check import broken_invariants
from workshops.database.migrations import project_engine
from workshops.demo import DemoError, LiveCounts, clear_demo, live_demo
from workshops.demo.writer import LIVE_MARK
from workshops.tables import BuildPack, Session, StepDefinition, Workshop

pytestmark = pytest.mark.usefixtures("database")


@asynccontextmanager
async def running(counts: LiveCounts, said: list[str]) -> AsyncIterator[asyncio.Task[None]]:
    """A live demo that works as fast as it can, and is stopped as Ctrl-C stops it."""
    task = asyncio.create_task(live_demo(counts, rate=1e6, say=said.append))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def until(counts: LiveCounts, task: asyncio.Task[None], changes: int) -> None:
    """Return when so many changes have been made."""
    async with asyncio.timeout(120):
        while counts.changes < changes:
            if task.done():
                await task
            await asyncio.sleep(0)


async def test_works_through_the_operations_until_it_is_stopped() -> None:
    """Workshops are begun and completed, nothing contradicts itself, and no session stays open."""
    own = await make_workshop()
    counts = LiveCounts()
    async with running(counts, []) as task:
        await until(counts, task, 1200)
    assert await Workshop.count() == counts.begun + 1
    completed = Workshop.status == "completed"
    assert await Workshop.count().where(completed) == counts.completed > 0
    assert await BuildPack.count() >= counts.completed - 1
    assert await Session.count() > 0
    assert await Session.count().where(Session.ended_at.is_null()) == 0
    async with Workshop._meta.db.transaction() as transaction:
        assert await broken_invariants(transaction.connection) == []
    assert await clear_demo() == counts.begun
    assert await Workshop.select(Workshop.id) == [{"id": own.id}]


async def test_leaves_what_an_operator_takes() -> None:
    """A workshop that is paused or deleted meanwhile is worked on no more; others are."""
    counts = LiveCounts()
    async with running(counts, []) as task:
        await until(counts, task, 100)
        rows = await Workshop.select(Workshop.id).where(Workshop.status == "active")
        await operations.delete_workshop(rows[0]["id"])
        await operations.set_workshop_status(rows[1]["id"], "paused")
        await until(counts, task, 400)
    status = await Workshop.select(Workshop.status).where(Workshop.id == rows[1]["id"])
    assert status == [{"status": "paused"}]


async def test_goes_on_after_the_connections_were_cut() -> None:
    """One sentence says that the database is away, one that it is back."""
    counts, said = LiveCounts(), list[str]()
    async with running(counts, said) as task:
        await until(counts, task, 50)
        while not said:
            connection = await project_engine().get_new_connection()
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await connection.close()
        await until(counts, task, counts.changes + 50)
    assert said[0].endswith("The live demo goes on when it is back.")
    assert said[1] == "The database is back."


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
async def test_no_positive_rate(rate: float) -> None:
    """A rate that is not positive is refused with a sentence."""
    with pytest.raises(DemoError, match="must be more than 0"):
        await live_demo(LiveCounts(), rate=rate)


async def test_without_definitions() -> None:
    """Without step definitions there is nothing to work on."""
    await StepDefinition.delete(force=True)
    with pytest.raises(DemoError, match="migrate"):
        await live_demo(LiveCounts(), rate=1)


async def test_its_people_look_like_those_of_clerk() -> None:
    """User ids have the length of real ones and a beginning by which they are found."""
    counts = LiveCounts()
    async with running(counts, []) as task:
        await until(counts, task, 20)
    for row in await Workshop.select(Workshop.clerk_user_id):
        assert row["clerk_user_id"].startswith(f"user_2{LIVE_MARK}")
        assert len(row["clerk_user_id"]) == 32
