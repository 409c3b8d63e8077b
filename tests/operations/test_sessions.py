"""The times at which people work on a workshop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.operations.concurrency import outside, transaction, until_waiting
from workshops import operations
from workshops.columns import utc_now
from workshops.errors import (
    InvalidInputError,
    InvalidTransitionError,
    SessionClosedError,
    SessionNotFoundError,
)
from workshops.tables import Session, Workshop, WorkshopStep

pytestmark = pytest.mark.usefixtures("database")

HOUR = timedelta(hours=1)


async def start_earlier(session: Session, by: timedelta) -> None:
    """Move the start of a session back."""
    session.started_at -= by
    await session.save()


async def test_the_first_activity_opens_a_session_and_later_ones_return_it(
    workshop: Workshop,
) -> None:
    """Until it is closed; then a new one opens."""
    first = await operations.record_activity(workshop.id)
    assert isinstance(first, Session)
    assert first.workshop_id == workshop.id
    assert first.ended_at is None
    again = await operations.record_activity(workshop.id)
    assert again.to_dict() == first.to_dict()
    await operations.close_session(first.id)
    # Two that begin within a millisecond are in no certain order.
    await Session.update({Session.started_at: first.started_at - timedelta(hours=1)}, force=True)
    second = await operations.record_activity(workshop.id)
    assert second.id != first.id
    sessions = (await operations.get_workshop(workshop.id))["sessions"]
    assert [session["id"] for session in sessions] == [second.id, first.id]


async def test_fifty_activities_at_once_open_one_session(workshop: Workshop) -> None:
    """All fifty get the same one."""
    sessions = await asyncio.gather(*(operations.record_activity(workshop.id) for _ in range(50)))
    assert len({session.id for session in sessions}) == 1
    assert await Session.count() == 1


async def test_an_activity_waits_for_the_session_that_another_opens(workshop: Workshop) -> None:
    """It returns that one, although it was not there when it began."""
    async with transaction():
        first = await operations.record_activity(workshop.id)
        second = outside(operations.record_activity(workshop.id))
        await until_waiting(1)
    assert (await second).id == first.id


async def test_a_session_is_closed_once(workshop: Workshop) -> None:
    """The second time says when that was, and changes nothing."""
    session = await operations.record_activity(workshop.id)
    closed = await operations.close_session(session.id)
    assert closed.ended_at >= closed.started_at
    with pytest.raises(SessionClosedError) as raised:
        await operations.close_session(session.id)
    assert isinstance(raised.value, InvalidTransitionError)
    assert (raised.value.session_id, raised.value.ended_at) == (session.id, closed.ended_at)
    assert (await operations.get_workshop(workshop.id))["sessions"][0] == closed.to_dict()


async def test_of_five_who_close_a_session_at_once_one_does(workshop: Workshop) -> None:
    """The others are told that it is closed."""
    session = await operations.record_activity(workshop.id)
    results = await asyncio.gather(
        *(operations.close_session(session.id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Session) for result in results) == 1
    assert sum(isinstance(result, SessionClosedError) for result in results) == 4


async def test_an_unknown_session_is_not_found() -> None:
    """The error names it."""
    with pytest.raises(SessionNotFoundError, match="There is no session ses_x"):
        await operations.close_session("ses_x")
    with pytest.raises(InvalidInputError, match="session_id"):
        await operations.close_session("\0")


async def test_a_session_never_ends_before_it_began(workshop: Workshop) -> None:
    """Even if it was started by a clock that is ahead."""
    session = await operations.record_activity(workshop.id)
    await start_earlier(session, -HOUR)
    closed = await operations.close_session(session.id)
    assert closed.ended_at == closed.started_at


async def test_idle_sessions_are_closed_and_counted(workshop: Workshop) -> None:
    """Those without activity for long enough are closed, at the time of the last one."""
    idle = await operations.record_activity(workshop.id)
    await start_earlier(idle, HOUR)
    other = await operations.create_workshop(
        clerk_user_id="user_bob", title="Recent", original_idea=""
    )
    recent = await operations.record_activity(other.id)
    assert await operations.close_idle_sessions(idle_for=2 * HOUR) == 0
    assert await operations.close_idle_sessions(idle_for=HOUR / 2) == 1
    assert await operations.close_idle_sessions(idle_for=HOUR / 2) == 0
    (closed,) = (await operations.get_workshop(workshop.id))["sessions"]
    assert closed["ended_at"] == idle.started_at
    assert (await operations.record_activity(other.id)).id == recent.id
    assert await operations.close_idle_sessions(idle_for=timedelta(0)) == 1


async def test_work_in_a_step_keeps_a_session_open(workshop: Workshop) -> None:
    """It ends with the last change of a step, once that is long enough ago."""
    session = await operations.record_activity(workshop.id)
    await start_earlier(session, 3 * HOUR)
    step = await operations.append_step_message(workshop.id, "define", "Hello")
    assert await operations.close_idle_sessions(idle_for=HOUR) == 0
    worked_at = utc_now() - 2 * HOUR
    await WorkshopStep.update({WorkshopStep.updated_at: worked_at}, use_auto_update=False).where(
        WorkshopStep.id == step.id
    )
    assert await operations.close_idle_sessions(idle_for=HOUR) == 1
    assert (await operations.get_workshop(workshop.id))["sessions"][0]["ended_at"] == worked_at


@pytest.mark.parametrize("idle_for", [timedelta(seconds=-1), timedelta.max, 60, None, "1 hour"])
async def test_a_stretch_of_time_must_be_one(idle_for: Any) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidInputError, match=r"^idle_for must "):
        await operations.close_idle_sessions(idle_for=idle_for)
