"""Nothing of ours takes part in a deadlock, whoever writes the same workshops at once."""

from __future__ import annotations

import asyncio
import os
import random

import asyncpg
import pytest

from tests.factories import make_workshop
from tests.projection.truth import check_folded
from workshops import operations, projection
from workshops.admin.audit import Origin
from workshops.errors import ConflictError, InvalidTransitionError, TransactionConflictError
from workshops.statements.execution import engine
from workshops.step_catalog import STEP_CATALOG

TRANSACTIONS = int(os.environ.get("DEADLOCK_TRANSACTIONS", "40"))
"""How many each writer makes; set it higher to look for longer."""

STEPS = [step.id for step in STEP_CATALOG]


async def write_like_drizzle(
    connection: asyncpg.Connection, workshops: list[str], rng: random.Random
) -> None:
    """Complete a step, start the next one and touch the workshop, in one transaction."""
    for _ in range(TRANSACTIONS):
        workshop_id, place = rng.choice(workshops), rng.randrange(len(STEPS) - 1)
        async with connection.transaction():
            await connection.execute(
                "UPDATE workshop_steps SET status = 'complete', completed_at = now(),"
                " updated_at = now() WHERE workshop_id = $1 AND step_id = $2",
                workshop_id,
                STEPS[place],
            )
            await connection.execute(
                "UPDATE workshop_steps SET status = 'in_progress', started_at = now(),"
                " completed_at = NULL, updated_at = now() WHERE workshop_id = $1 AND step_id = $2",
                workshop_id,
                STEPS[place + 1],
            )
            await connection.execute(
                "UPDATE workshops SET updated_at = now() WHERE id = $1", workshop_id
            )


async def write(workshops: list[str], rng: random.Random, *, operator: bool) -> None:
    """Run operations, each in a transaction that is not tried again."""
    for _ in range(TRANSACTIONS):
        workshop_id, step_id = rng.choice(workshops), rng.choice(STEPS)
        try:
            async with engine().transaction():
                if operator:
                    await Origin("grace", 1, "127.0.0.1", "POST /").name()
                match rng.randrange(5):
                    case 0:
                        await operations.complete_step(workshop_id, step_id)
                    case 1:
                        await operations.reset_step(workshop_id, step_id)
                    case 2:
                        await operations.append_step_message(workshop_id, step_id, {"a": "b"})
                    case 3:
                        await operations.share_workshop(workshop_id)
                    case 4:
                        await operations.record_activity(workshop_id)
        except TransactionConflictError:
            raise
        except (InvalidTransitionError, ConflictError):
            pass  # the step is not in a state for it


async def fold(writers: asyncio.Future[list[None]]) -> None:
    """Fold as fast as possible while others write."""
    while not writers.done():
        await projection.fold(50)


@pytest.mark.usefixtures("database")
async def test_writers_of_all_kinds_meet_without_a_deadlock() -> None:
    """Six applications, our operations and operators write twenty workshops; all are folded."""
    workshops = [(await make_workshop()).id for _ in range(20)]
    url = os.environ["DATABASE_URL"]
    connections = [await asyncpg.connect(url) for _ in range(6)]
    try:
        writers = asyncio.gather(
            *(
                write_like_drizzle(connection, workshops, random.Random(number))
                for number, connection in enumerate(connections)
            ),
            *(
                write(workshops, random.Random(number), operator=number % 2 == 0)
                for number in range(6)
            ),
        )
        await asyncio.gather(writers, fold(writers))
    finally:
        for connection in connections:
            await connection.close()
    await check_folded()
