"""The pieces of work that are timed, each beside its alternatives."""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg

from benchmarks import handwritten, plain_piccolo
from benchmarks.measuring import Call, Case
from workshops import operations
from workshops.ids import create_prefixed_id
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Session, Workshop, WorkshopMember, WorkshopStep

HAND = "hand-written"
PICCOLO = "plain Piccolo"


async def select_with_relations(workshop_id: str) -> dict[str, Any] | None:
    """A workshop with chosen columns of its relations, built anew at each call."""
    return (
        await Workshop.select(
            *Workshop.all_columns(),
            Workshop.members(),
            Workshop.steps(
                WorkshopStep.step_id,
                WorkshopStep.status,
                WorkshopStep.step_id.name.as_alias("name"),
            ).order_by(WorkshopStep.step_id.order),
            Workshop.sessions().order_by(Session.started_at, ascending=False).limit(1),
            Workshop.build_packs(),
        )
        .where(Workshop.id == workshop_id)
        .first()
    )


async def page_with_relations() -> list[dict[str, Any]]:
    """Fifty workshops with steps and members."""
    return (
        await Workshop.select(
            Workshop.id,
            Workshop.title,
            Workshop.status,
            Workshop.steps(WorkshopStep.step_id, WorkshopStep.status).order_by(
                WorkshopStep.step_id.order
            ),
            Workshop.members(WorkshopMember.clerk_user_id, WorkshopMember.role),
        )
        .order_by(Workshop.id)
        .limit(50)
    )


async def read_cases(pool: asyncpg.Pool) -> list[Case]:
    """The cases that only read; every contestant goes through the same ids in the same order."""
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM workshops ORDER BY id")]
    random.Random(7).shuffle(ids)
    people = [
        row["clerk_user_id"]
        for row in await pool.fetch(
            "SELECT clerk_user_id FROM workshop_members GROUP BY 1"
            " HAVING count(*) BETWEEN 20 AND 60 ORDER BY 1 LIMIT 200"
        )
    ]

    def each(values: list[str], work: Callable[[str], Any]) -> Call:
        turn = itertools.cycle(values[:500])
        return lambda: work(next(turn))

    return [
        Case(
            "get_workshop (four relations, definitions joined)",
            {
                "get_workshop": each(ids, operations.get_workshop),
                HAND: each(ids, lambda id: handwritten.get_workshop(pool, id)),
                PICCOLO: each(ids, plain_piccolo.get_workshop),
            },
            {HAND: ("<=", 1.15), PICCOLO: (">=", 4.0)},
        ),
        Case(
            "Workshop.select with relations, built anew",
            {
                "select": each(ids, select_with_relations),
                HAND: each(ids, lambda id: handwritten.select_with_relations(pool, id)),
            },
            {HAND: ("<=", 1.5)},
        ),
        Case(
            "list_workshops, a page with progress",
            {
                "list_workshops": each(people, operations.list_workshops),
                HAND: each(people, lambda person: handwritten.list_workshops(pool, person)),
            },
            {HAND: ("<=", 1.15)},
        ),
        Case(
            "50 workshops with steps and members",
            {
                "select": page_with_relations,
                HAND: lambda: handwritten.page_with_relations(pool),
            },
            {HAND: ("<=", 1.2)},
        ),
    ]


async def write_cases(pool: asyncpg.Pool, *, calls: int) -> list[Case]:
    """The cases that write; each call completes a step that nobody has completed."""
    steps: list[Iterator[tuple[str, str]]] = []
    for _ in range(2):
        made = [
            (await handwritten.create_workshop(pool, create_prefixed_id))["id"]
            for _ in range(calls)
        ]
        steps.append(iter([(id, step.id) for step in STEP_CATALOG for id in made]))

    async def ours() -> object:
        workshop_id, step_id = next(steps[0])
        output = {"note": secrets.token_hex(8)}
        return await operations.complete_step(workshop_id, step_id, output=output)

    async def by_hand() -> object:
        workshop_id, step_id = next(steps[1])
        return await handwritten.complete_step(pool, workshop_id, step_id)

    return [
        Case(
            "create_workshop (12 rows)",
            {
                "create_workshop": lambda: operations.create_workshop(
                    clerk_user_id="user_bench",
                    title="A bakery without waste",
                    original_idea="Sell yesterday's bread.",
                ),
                HAND: lambda: handwritten.create_workshop(pool, create_prefixed_id),
            },
            {HAND: ("<=", 1.15)},
        ),
        Case(
            "complete_step",
            {"complete_step": ours, HAND: by_hand},
            {HAND: ("<=", 1.15)},
        ),
    ]
