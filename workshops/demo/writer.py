"""Demo workshops into the database and out of it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import asyncpg

from workshops.columns import to_stored, utc_now
from workshops.database.outages import CommandError
from workshops.demo.generator import (
    COLUMNS,
    DEMO_WORKSHOP_PREFIX,
    Generator,
    Rows,
    number_of,
    seed_prefix,
)
from workshops.statements.execution import fetch, in_transaction
from workshops.statements.workshops import lock_belongings
from workshops.tables import StepDefinition, Workshop

DEFAULT_SEED = 1
LIVE_MARK = "demolive"
"""How the user ids of those begin who work in a live demo, after Clerk's `user_2`."""

# A batch is one transaction: small enough for a bar that moves evenly; larger ones are no faster.
_BATCH = 200
# A process of the server stores some 1,700 workshops a second, and we make up twice as many.
_CONNECTIONS = 2
# So many new rows that the planner should not have to wait for autovacuum to hear of them.
_WORTH_ANALYZING = 1000


class DemoError(CommandError):
    """The demo cannot be written. The message says why and what to do."""


class DemoCounts(NamedTuple):
    """How many rows were written."""

    workshops: int = 0
    members: int = 0
    steps: int = 0
    sessions: int = 0
    build_packs: int = 0


async def write_demo(
    count: int,
    *,
    seed: int = DEFAULT_SEED,
    now: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> DemoCounts:
    """Write `count` demo workshops more of a seed, with everything that belongs to them.

    Each has a step for every definition in the database, and no time in it is later than `now`
    (naive UTC). Left out, `now` is the midnight that began this day in UTC: so the same seed gives
    the same rows all day long, written at once or one after the other. They appear in batches of
    200, each of them whole; `progress` is called with the number written so far. A transaction that
    is already open is joined.

    Raises:
        DemoError: the count is not positive, there are no step definitions, or somebody else is
            writing the same demo at this moment.
    """
    if count < 1:
        raise DemoError(f"The number of demo workshops must be 1 or more, not {count}.")
    moment = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    if now is not None:
        moment = to_stored(now)
    generator = Generator(seed=seed, now=moment, definitions=await read_definitions())
    batches = generator.batches(await _next_number(seed), count, _BATCH)
    counts = DemoCounts()
    making = asyncio.Lock()

    async def store_batches() -> None:
        nonlocal counts
        while True:
            async with making:  # in a thread, while the server stores what the others have
                rows = await asyncio.to_thread(next, batches, None)
            if rows is None:
                return
            await _copy(rows)
            sizes = map(len, rows.values())
            counts = DemoCounts(*(sum(pair) for pair in zip(counts, sizes, strict=True)))
            if progress is not None:
                progress(counts.workshops)

    joined = Workshop._meta.db.transaction_exists()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(1 if joined else _CONNECTIONS):
                group.create_task(store_batches())
    except BaseExceptionGroup as errors:
        error = errors.exceptions[0]
        if not isinstance(error, asyncpg.UniqueViolationError):
            raise error from None
        raise DemoError(
            f"The demo of seed {seed} is being written by another process. "
            "Wait for it, or choose another with --seed."
        ) from None
    if count >= _WORTH_ANALYZING:
        names = ", ".join(table._meta.tablename for table in COLUMNS)
        await Workshop.raw(f"ANALYZE {names}")
    return counts


async def clear_demo() -> int:
    """Delete all demo workshops, of every seed and live ones, and return how many there were.

    What was added to a demo workshop goes with it. No other workshop is touched: demo
    workshops are known by their ids, live ones by the ids of their owners.
    """
    return await in_transaction(_clear)


async def _clear() -> int:
    # Where a live demo may be at work, what operations lock before a workshop is locked first.
    live = f"user_2{LIVE_MARK}"
    for workshop in await fetch(
        "SELECT id FROM workshops WHERE starts_with(clerk_user_id, $1) ORDER BY id", live
    ):
        await lock_belongings(workshop["id"])
    removed = await fetch(
        "DELETE FROM workshops WHERE starts_with(id, $1) OR starts_with(clerk_user_id, $2)"
        " RETURNING id",
        DEMO_WORKSHOP_PREFIX,
        live,
    )
    return len(removed)


async def read_definitions() -> list[StepDefinition]:
    """Return the step definitions in order.

    Raises:
        DemoError: there are none.
    """
    definitions = await StepDefinition.objects().order_by(StepDefinition.order, StepDefinition.id)
    if not definitions:
        raise DemoError(
            "There are no step definitions, so a workshop would have no steps. "
            "Load them first: piccolo workshops migrate"
        )
    return definitions


async def _next_number(seed: int) -> int:
    """The number of the first workshop of a seed that is not there yet."""
    (row,) = await Workshop.raw(
        'SELECT max(id COLLATE "C") AS last FROM workshops WHERE starts_with(id, {})',
        seed_prefix(seed),
    )
    return 0 if row["last"] is None else number_of(row["last"]) + 1


async def _copy(rows: Rows) -> None:
    async with Workshop._meta.db.transaction() as transaction:
        for table, records in rows.items():
            await transaction.connection.copy_records_to_table(
                table._meta.tablename,
                records=records,
                columns=COLUMNS[table].split(),
            )
