"""Everything at once: whatever callers do at the same moment, the rules hold afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from workshops import operations
from workshops.errors import (
    ConflictError,
    InvalidTransitionError,
    MemberNotFoundError,
    NotFoundError,
)
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import TABLES, StepDefinition
from workshops.types import WorkshopDetail

pytestmark = pytest.mark.usefixtures("database")

PEOPLE = ("user_ada", "user_bob", "user_eve")
STEPS = [step.id for step in STEP_CATALOG[:3]]
CALLERS, CALLS = 12, 40


def random_call(rng: random.Random, workshop_id: str) -> Callable[[], Awaitable[Any]]:
    """An operation on a workshop with arguments that often meet those of others."""
    step, person = rng.choice(STEPS), rng.choice(PEOPLE)
    role: str = rng.choice(("owner", "editor"))
    status: Any = rng.choice(("active", "paused", "completed"))
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: operations.start_step(workshop_id, step),
        lambda: operations.save_step_output(workshop_id, step, {"by": person}),
        lambda: operations.append_step_message(workshop_id, step, person),
        lambda: operations.complete_step(workshop_id, step),
        lambda: operations.complete_step(workshop_id, step),
        lambda: operations.reset_step(workshop_id, step),
        lambda: operations.set_workshop_status(workshop_id, status),
        lambda: operations.update_workshop(workshop_id, title=person),
        lambda: operations.share_workshop(workshop_id),
        lambda: operations.unshare_workshop(workshop_id),
        lambda: operations.add_member(workshop_id, person, role=role),
        lambda: operations.set_member_role(workshop_id, person, role=role),
        lambda: operations.remove_member(workshop_id, person),
        lambda: operations.transfer_ownership(workshop_id, to=person),
        lambda: operations.record_activity(workshop_id),
        lambda: operations.generate_build_pack(workshop_id, format_type="json"),
        lambda: close_open_session(workshop_id),
    ]
    return rng.choice(calls)


async def close_open_session(workshop_id: str) -> None:
    """Close whatever session is open at this moment."""
    session = await operations.record_activity(workshop_id)
    await operations.close_session(session.id)


def check(workshop: WorkshopDetail) -> None:
    """Every rule about a workshop and what belongs to it."""
    owners = {m["clerk_user_id"] for m in workshop["members"] if m["role"] == "owner"}
    assert workshop["clerk_user_id"] in owners
    assert (workshop["visibility"] == "shared") == (workshop.get("share_token") is not None)
    assert sum(session["ended_at"] is None for session in workshop["sessions"]) <= 1
    assert len(workshop["steps"]) == len(STEP_CATALOG)
    for step in workshop["steps"]:
        assert (step["completed_at"] is not None) == (step["status"] == "complete")
        assert (step["started_at"] is None) == (step["status"] == "not_started")
        assert step["status"] != "not_started" or step["output"] is None
    if workshop["status"] == "completed":
        assert {step["status"] for step in workshop["steps"]} == {"complete"}
    if workshop["status"] == "draft":
        assert {step["status"] for step in workshop["steps"]} == {"not_started"}


@pytest.mark.parametrize("seed", range(3))
async def test_the_rules_hold_whatever_happens_at_once(seed: int) -> None:
    """Random operations of twelve callers on two workshops: no deadlock, no error but ours."""
    rng = random.Random(seed)
    ids = [
        (await operations.create_workshop(clerk_user_id=person, title="Bread", original_idea="")).id
        for person in PEOPLE[:2]
    ]
    for id in ids:
        for step in STEP_CATALOG[3:]:  # so that a workshop can become completed
            await operations.complete_step(id, step.id)

    async def work(calls: list[Callable[[], Awaitable[Any]]]) -> int:
        succeeded = 0
        for call in calls:
            try:
                await call()
                succeeded += 1
            except (ConflictError, InvalidTransitionError, MemberNotFoundError):
                pass
            for id in ids:
                check(await operations.get_workshop(id, include_share_token=True))
        return succeeded

    succeeded = await asyncio.gather(
        *(work([random_call(rng, rng.choice(ids)) for _ in range(CALLS)]) for _ in range(CALLERS))
    )
    assert sum(succeeded) > CALLERS * CALLS / 4


async def test_deletions_meet_every_other_operation(database: str) -> None:
    """Whoever comes too late is told that the workshop is gone, and nothing of it is left."""
    for seed in range(10):
        rng = random.Random(seed)
        workshop = await operations.create_workshop(
            clerk_user_id=PEOPLE[0], title="Bread", original_idea=""
        )
        await operations.add_member(workshop.id, PEOPLE[1], role="owner")
        calls: list[Any] = [random_call(rng, workshop.id)() for _ in range(15)]
        calls.append(
            operations.delete_user_data(PEOPLE[0])
            if seed % 2
            else operations.delete_workshop(workshop.id)
        )
        rng.shuffle(calls)
        for result in await asyncio.gather(*calls, return_exceptions=True):
            assert not isinstance(result, BaseException) or isinstance(
                result, (ConflictError, InvalidTransitionError, NotFoundError)
            ), result
        for person in PEOPLE:
            await operations.delete_user_data(person)
        counts = [await table.count() for table in TABLES if table is not StepDefinition]
        assert not any(counts)
