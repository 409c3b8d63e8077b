"""Hearing of changes: one connection for all, nothing lost, nothing owed to who is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.admin.progress.conftest import make_workshop
from workshops import operations
from workshops.columns import utc_now
from workshops.errors import ChangeLogMissingError, InvalidInputError
from workshops.operations import WorkshopChange
from workshops.projection import listening, refresh, stop_listening
from workshops.projection.listening import MOST, Subscription
from workshops.statements.execution import engine, fetch


@pytest.fixture(autouse=True)
async def _caught_up(database: str) -> None:
    """Nothing waits: wiping the tables has been folded."""
    await refresh()


_LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%workshops_changed%'"


async def listeners() -> list[int]:
    """The server's processes that listen."""
    return [row["pid"] for row in await fetch(f"{_LISTENERS} AND datname = current_database()")]


async def first(changes: AsyncIterator[WorkshopChange]) -> WorkshopChange:
    """Return the next change, which has to come."""
    return await asyncio.wait_for(anext(changes), 30)


async def test_change_is_heard_after_the_first_call_to_read() -> None:
    """A watched workshop is named at once, and again when it changes; others are not."""
    workshop, other = await make_workshop(), await make_workshop()
    async with aclosing(operations.watch_workshops(workshop.id)) as changes:
        assert await first(changes) == (workshop.id,)
        await operations.start_step(other.id, "empathize")
        await operations.start_step(workshop.id, "empathize")
        assert await first(changes) == (workshop.id,)
        await operations.delete_workshop(workshop.id)
        assert await first(changes) == (workshop.id,)


async def test_all_workshops_are_watched_where_none_is_named() -> None:
    """A new workshop, written by whoever it is, is heard of by its identifier."""
    async with aclosing(operations.watch_workshops()) as changes:
        assert await first(changes) == (None,)
        await fetch(
            "INSERT INTO workshops (id, clerk_user_id, title, original_idea)"
            " VALUES ('ws_other', 'user_1', 'Of another application', '')"
        )
        assert await first(changes) == ("ws_other",)


async def test_many_share_one_connection_which_ends_with_the_last() -> None:
    """Ten subscriptions are one LISTEN; without any there is none."""
    workshop = await make_workshop()
    async with aclosing(operations.watch_workshops(workshop.id)) as kept:
        await first(kept)
        for _ in range(10):
            async with listening() as subscription:
                await asyncio.wait_for(subscription.next(), 30)
                assert len(await listeners()) == 1
    async with asyncio.timeout(120):
        while await listeners():  # noqa: ASYNC110 - it ends in the server's own time
            await asyncio.sleep(0.05)


async def test_lost_connection_is_made_again_and_everything_read_again() -> None:
    """After the database was away, what may have been missed is told."""
    workshop = await make_workshop()
    async with aclosing(operations.watch_workshops(workshop.id)) as changes:
        await first(changes)
        await fetch(f"SELECT pg_terminate_backend(pid) FROM ({_LISTENERS}) AS l")
        assert await first(changes) == (workshop.id,)
        await operations.start_step(workshop.id, "empathize")
        assert await first(changes) == (workshop.id,)


async def test_watching_inside_a_transaction_hears_what_others_commit() -> None:
    """The listener is in no transaction, even if whoever watches is."""
    workshop = await make_workshop()
    async with engine().transaction():
        changes = operations.watch_workshops(workshop.id)
        async with aclosing(changes):
            await first(changes)
    await operations.start_step(workshop.id, "empathize")
    async with aclosing(operations.watch_workshops(workshop.id)) as changes:
        assert await first(changes) == (workshop.id,)


async def test_slow_listener_holds_a_bounded_set() -> None:
    """Above the bound it is told that everything may have changed."""
    subscription = Subscription(())
    subscription.tell([f"ws_{number}" for number in range(MOST)])
    changed = await subscription.next()
    assert changed is not None
    assert len(changed) == MOST
    subscription.tell([f"ws_{number}" for number in range(MOST + 1)])
    subscription.tell(["ws_1"])
    assert await subscription.next() is None


async def test_page_that_is_new_enough_is_not_told_to_read_again() -> None:
    """With the time of the page, the first call comes only if something changed after it."""
    workshop = await make_workshop()
    async with listening() as early:
        await asyncio.wait_for(early.next(), 30)
        late = utc_now() + timedelta(hours=1)
        async with listening(since=late) as subscription:
            await operations.start_step(workshop.id, "empathize")
            assert await asyncio.wait_for(subscription.next(), 30) == frozenset((workshop.id,))
        async with listening(since=utc_now() - timedelta(hours=1)) as subscription:
            assert await asyncio.wait_for(subscription.next(), 30) is None


@pytest.mark.parametrize("told_by", ["setting", "url"])
async def test_behind_a_pooler_the_summaries_are_looked_at(
    database: str, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    """Where LISTEN hears nothing, a change is still told within a second or two."""
    workshop = await make_workshop()
    settings = engine().settings  # type: ignore[attr-defined]
    if told_by == "setting":
        monkeypatch.setattr(settings, "database_pooler", "transaction")
    else:
        monkeypatch.setattr(settings, "database_url", SecretStr(f"{database}&pgbouncer=true"))
    async with aclosing(operations.watch_workshops(workshop.id)) as changes:
        await first(changes)
        assert await listeners() == []
        await operations.start_step(workshop.id, "empathize")
        assert await first(changes) == (workshop.id,)


async def test_server_that_stops_ends_every_watch() -> None:
    """Nobody waits for a change any more."""
    workshop = await make_workshop()
    async with aclosing(operations.watch_workshops(workshop.id)) as changes:
        await first(changes)
        stop_listening()
        with pytest.raises(StopAsyncIteration):
            await first(changes)


async def test_watching_needs_the_change_log() -> None:
    """Without the operators' tables it says what to do instead of waiting for ever."""
    with pytest.raises(InvalidInputError):
        await first(operations.watch_workshops("\0"))

    async def without_log() -> None:
        async with engine().transaction():
            await fetch("ALTER TABLE workshops_admin.changes RENAME TO changes_away")
            await first(operations.watch_workshops())

    with pytest.raises(ChangeLogMissingError, match="workshops migrate"):
        await without_log()
