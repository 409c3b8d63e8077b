"""A live demo: invented people who work in workshops of their own, through the real operations."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from random import Random

from workshops import operations
from workshops.demo.outputs import Cast, filled
from workshops.demo.people import People, describe
from workshops.demo.vocabulary import TRADES
from workshops.demo.writer import LIVE_MARK, DemoError, read_definitions
from workshops.errors import DatabaseUnavailableError, WorkshopsError
from workshops.tables import StepDefinition

_AT_WORK = 12
"""How many workshops are worked on at a time."""

_RETRY_SECONDS = 1.0
_LEAVE_SECONDS = 5.0


@dataclass(slots=True)
class LiveCounts:
    """What has happened so far."""

    changes: int = 0
    begun: int = 0
    completed: int = 0


async def live_demo(
    counts: LiveCounts, *, rate: float, say: Callable[[str], None] = lambda _sentence: None
) -> None:
    """Go on changing workshops, `rate` times a second, until it is cancelled.

    Workshops are begun, talked about step by step, left alone, completed and packed, a dozen of
    them at a time; sessions that are open at the end are closed. While the database is away, `say`
    gets a sentence and nothing is changed. What an operator pauses or deletes meanwhile is left.

    Raises:
        DemoError: the rate is not positive, or there are no step definitions.
    """
    if not rate > 0:
        raise DemoError(f"The rate of the live demo must be more than 0, not {rate:g}.")
    definitions = await read_definitions()
    rng = Random()
    at_work: list[AsyncGenerator[None, None]] = []
    clock = asyncio.get_running_loop().time
    due = clock()
    away = False
    try:
        while True:
            due = max(due + 1 / rate, clock() - 1)  # what cannot be kept up with is not made up for
            await asyncio.sleep(due - clock())
            if not at_work or (len(at_work) < _AT_WORK and rng.random() < 0.15):
                if counts.begun % 100 == 0:
                    people = People(rng, mark=LIVE_MARK)
                at_work.append(_work(rng, people, definitions, counts))
            workshop = at_work[int(len(at_work) * rng.random() ** 2)]  # the oldest most often
            try:
                await anext(workshop)
                counts.changes += 1
                if away:
                    away = False
                    say("The database is back.")
                continue
            except DatabaseUnavailableError as error:
                if not away:
                    away = True
                    say(f"{error} The live demo goes on when it is back.")
                await asyncio.sleep(_RETRY_SECONDS)
            except (StopAsyncIteration, WorkshopsError):
                pass
            at_work.remove(workshop)
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                await asyncio.gather(*(workshop.aclose() for workshop in at_work))


async def _work(
    rng: Random, people: People, definitions: Sequence[StepDefinition], counts: LiveCounts
) -> AsyncGenerator[None, None]:
    """One workshop, a change at each `yield`."""
    trade = rng.choice(TRADES)
    idea = rng.choice(trade.ideas)
    company, owner, colleagues = people.team(rng, trade)
    place, title, text = describe(rng, trade, idea, company)
    slots = {"place": place, "company": company.name}
    cast = Cast(idea, rng)
    workshop = await operations.create_workshop(
        clerk_user_id=owner,
        title=title,
        original_idea=text,
        org_id=company.org_id,
    )
    counts.begun += 1
    yield
    for user_id, role in colleagues:
        await operations.add_member(workshop.id, user_id, role=role)
        yield
    session = None
    try:
        for definition in definitions:
            if rng.random() < 0.07:
                return  # people drop off
            if session is None:
                session = await operations.record_activity(workshop.id)
                yield
            for message in cast.messages(definition.id):
                await operations.append_step_message(workshop.id, definition.id, message)
                yield
            output = json.dumps(cast.output(definition.id, definition.name))
            output = json.loads(filled(output, slots))
            await operations.complete_step(workshop.id, definition.id, output=output)
            yield
            if rng.random() < 0.3:
                closing, session = session, None
                await operations.close_session(closing.id)
                yield
        await operations.set_workshop_status(workshop.id, "completed")
        counts.completed += 1
        yield
        await operations.generate_build_pack(workshop.id)
        yield
    finally:
        if session is not None:
            with contextlib.suppress(WorkshopsError):
                await operations.close_session(session.id)
