"""Demo workshops into the database and out of it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from workshops.columns import to_stored, utc_now
from workshops.demo.definitions import read_definitions
from workshops.demo.generator import Generator
from workshops.demo.identifiers import DEMO_WORKSHOP_PREFIX
from workshops.demo.rows import COLUMNS, Rows
from workshops.tables import Workshop

DEFAULT_SEED = 1

# A thousand workshops with all that belongs to them take about 15 MB; larger batches are no faster.
_BATCH = 1000
# So many new rows that the planner should not have to wait for autovacuum to hear of them.
_WORTH_ANALYZING = 1000


class DemoError(Exception):
    """The demo cannot be written. The message says why and what to do; nothing was changed."""


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """How many rows were written."""

    workshops: int = 0
    members: int = 0
    steps: int = 0
    sessions: int = 0
    build_packs: int = 0

    def plus(self, rows: Rows) -> DemoCounts:
        """Return these counts with those of `rows`."""
        return DemoCounts(
            self.workshops + len(rows.workshops),
            self.members + len(rows.members),
            self.steps + len(rows.steps),
            self.sessions + len(rows.sessions),
            self.build_packs + len(rows.build_packs),
        )


async def write_demo(
    count: int,
    *,
    seed: int = DEFAULT_SEED,
    now: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> DemoCounts:
    """Write `count` demo workshops with everything that belongs to them, all or nothing.

    Each has a step for every definition in the database, and no time in it is later than `now`
    (naive UTC). Left out, `now` is the midnight that began this day in UTC: so the same seed gives
    the same rows all day long. `progress` is called with the number of workshops written so far;
    they appear together at the end. A transaction that is already open is joined.

    Raises:
        DemoError: the count is not positive, there are no step definitions, or the demo of this
            seed is already there. A transaction that was joined is then of no more use.
    """
    if count < 1:
        raise DemoError(f"The number of demo workshops must be 1 or more, not {count}.")
    moment = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    if now is not None:
        moment = to_stored(now)
    counts = DemoCounts()
    try:
        async with Workshop._meta.db.transaction() as transaction:
            definitions = await read_definitions()
            if not definitions:
                raise DemoError(
                    "There are no step definitions, so a workshop would have no steps. "
                    "Load them first: piccolo workshops migrate"
                )
            generator = Generator(seed=seed, now=moment, definitions=definitions)
            batches = generator.batches(count, _BATCH)
            rows = next(batches, None)
            while rows is not None:
                # While the server stores one batch, a thread makes up the next.
                upcoming = asyncio.create_task(asyncio.to_thread(_following, batches))
                try:
                    await _copy(transaction.connection, rows)
                finally:
                    following = await upcoming
                counts = counts.plus(rows)
                rows = following
                if progress is not None:
                    progress(counts.workshops)
            if count >= _WORTH_ANALYZING:
                await _analyze(transaction.connection)
    except asyncpg.UniqueViolationError as error:
        if error.table_name != Workshop._meta.tablename:
            raise
        raise DemoError(
            f"The demo of seed {seed} is already there. "
            "Remove it with --clear, or choose another with --seed."
        ) from None
    return counts


async def clear_demo() -> int:
    """Delete all demo workshops, of every seed, and return how many there were.

    What was added to a demo workshop goes with it, whoever added it. No other workshop is touched:
    demo workshops are known by their ids.
    """
    async with Workshop._meta.db.transaction() as transaction:
        status = await transaction.connection.execute(
            "DELETE FROM workshops WHERE starts_with(id, $1)", DEMO_WORKSHOP_PREFIX
        )
    return int(status.rpartition(" ")[2])


def _following(batches: Iterator[Rows]) -> Rows | None:
    return next(batches, None)


async def _copy(connection: asyncpg.Connection, rows: Rows) -> None:
    for table, records in rows.by_table():
        await connection.copy_records_to_table(
            table._meta.tablename, records=records, columns=COLUMNS[table]
        )


async def _analyze(connection: asyncpg.Connection) -> None:
    names = ", ".join(table._meta.tablename for table in COLUMNS)
    await connection.execute(f"ANALYZE {names}")
