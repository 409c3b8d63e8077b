"""The folder: it takes entries of the queue and computes the summaries that they name.

It runs in the background, when a page is opened, and by a command; how old the view is says
whether it has to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from workshops.background import in_background
from workshops.columns import utc_now
from workshops.database.outages import outage
from workshops.projection.summaries import PATIENCE, writing
from workshops.statements.execution import engine, fetch_row, reads_replica, shares_database

logger = logging.getLogger(__name__)

CHANNEL = "workshops_changed"
"""Where listeners hear which workshops changed, as JSON: an array of ids, or null for all."""

BATCH = 10_000
"""How many entries one transaction of the folder takes."""

Run = Callable[..., Awaitable[list[Any]]]
"""Runs a statement in the folder's transaction."""

# Any constant will do; this one is "projects" in ASCII.
_LOCK = 0x70726F6A65637473

# Nobody who only tries gets the lock before one who waits for it.
_WAIT = f"""
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = {{}};
SELECT pg_advisory_xact_lock({_LOCK});
SET LOCAL lock_timeout = 0
"""

# Compiling such a statement takes longer than running it, and sorting on disk as long.
_BEGIN = f"""
SELECT pg_try_advisory_xact_lock({_LOCK}) AS alone, set_config('jit', 'off', true),
    set_config('work_mem', '64MB', true),
    set_config('statement_timeout', $1, true)
"""

_STATE = """
SELECT missed < COALESCE(found, 0) AS overrun, COALESCE(found, 0) AS missed
FROM workshops_admin.state, pg_sequence_last_value('workshops_admin.changes_missed') AS found
"""

# Their order does not matter, so they are taken as they lie.
_TAKE = """
WITH taken AS (
    DELETE FROM workshops_admin.changes
    WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM workshops_admin.changes LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING workshop_id
)
SELECT count(*) AS entries, bool_or(workshop_id IS NULL) AS everything,
    array_agg(DISTINCT workshop_id) FILTER (WHERE workshop_id IS NOT NULL) AS workshops,
    statement_timestamp() AS as_of
FROM taken
"""

# PostgreSQL takes less than 8,000 bytes, of which one identifier may have 2,700.
_NOTIFY = """
SELECT pg_notify($1, json_agg(id)::text)
FROM (SELECT id, sum(octet_length(to_json(id)::text) + 2) OVER (ORDER BY id) / 5000 AS part
    FROM unnest($2::text[]) AS id) AS named
GROUP BY part
"""

# Nothing waited beyond these entries, so the view is exact up to here, or will be when what
# is missing has been computed anew.
_DRAINED = """
WITH stored AS (UPDATE workshops_admin.state SET as_of = $1, missed = GREATEST(missed, $2))
SELECT setval('workshops_admin.changes_waiting', 1)
"""

# Each hundredth is counted.
_TAKEN = """
SELECT setval('workshops_admin.changes_waiting', GREATEST(1, last - $1 / 100))
FROM pg_sequence_last_value('workshops_admin.changes_waiting') AS last WHERE last IS NOT NULL
"""


@dataclass(frozen=True)
class Fold:
    """What one run of the folder did.

    :param entries: How many entries it took.
    :param workshops: How many workshops they named; None if it computed all.
    :param more: Whether it left entries for the next run.
    """

    entries: int
    workshops: int | None
    more: bool


async def fold(
    limit: int = BATCH, *, everything: bool = False, seconds: float = 0, wait: float = 0
) -> Fold | None:
    """Take up to ``limit`` entries, and write the summaries of the workshops that they name.

    One transaction of its own. It waits for no lock of a writer, and no writer for it.

    :param everything: Compute the summaries of all workshops.
    :param seconds: The time after which a statement is given up and nothing has happened;
        0 for no limit.
    :param wait: For how many seconds it waits for another one that is at work.
    :returns: None if another one is at work.

    Raises:
        asyncpg.QueryCanceledError: the time was up.
    """
    assert not engine().transaction_exists(), "the summaries are folded after the commit"
    result = None
    with contextlib.suppress(asyncpg.LockNotAvailableError):
        async with engine().transaction() as transaction:
            run = partial(transaction.connection.fetch, timeout=PATIENCE)
            # Each statement has to see what was committed before it.
            await run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if wait:
                statements = _WAIT.format(round(wait * 1000))
                await transaction.connection.execute(statements, timeout=PATIENCE)
            [begun] = await run(_BEGIN, f"{round(seconds * 1000)}ms")
            if begun["alone"]:
                result = await _fold(run, limit, everything)
    return result


async def _fold(run: Run, limit: int, everything: bool) -> Fold:
    [state] = await run(_STATE)
    everything = everything or state["overrun"]
    [taken] = await run(_TAKE, None if everything else limit)
    entries = taken["entries"]
    if taken["everything"] and not everything:
        everything = True
        [taken] = await run(_TAKE, None)
        entries += taken["entries"]
    workshops = taken["workshops"] or ()
    if everything:
        for statement in writing(None, shared=shares_database()):
            await run(statement)
        await run("SELECT pg_notify($1, 'null')", CHANNEL)
    elif workshops:
        for statement in writing("= ANY ($1::text[])", shared=shares_database()):
            await run(statement, workshops)
        await run(_NOTIFY, CHANNEL, workshops)
    more = not everything and entries == limit
    if more:
        await run(_TAKEN, entries)
    else:
        await run(_DRAINED, taken["as_of"], state["missed"] if everything else 0)
    return Fold(entries, None if everything else len(workshops), more)


PAUSE = 1.0
"""Seconds between two runs of the folder in the background."""

PAGE_BATCH, PAGE_SECONDS = 2_000, 1.0
"""How many entries are folded when a page is opened, and in how many seconds at most."""

PERIOD = timedelta(seconds=10)
"""How old the view may become where nothing tells of changes, and everything is computed anew."""

_SHARE = 10
"""There, how many times as long as that takes the background rests at least."""

_OTHER_AT_WORK = 0.2  # seconds, in which the other folder goes on

_NEXT_TURN = 2 * PAGE_SECONDS
"""Seconds in which pages that fold, one after the other, let the background or a command begin."""


@dataclass(frozen=True)
class Freshness:
    """How old the summaries are.

    :param as_of: Up to when they are exact (UTC); None before they were made first.
    :param waiting: How many changes after that wait to be folded.
    :param rebuilding: Whether every summary has to be computed anew.
    :param untold: Whether nothing tells of changes, as there are no triggers on a cluster.
    """

    as_of: datetime | None
    waiting: int
    rebuilding: bool
    untold: bool

    @property
    def age(self) -> float:
        """Seconds since they were exact; infinite before they were made first."""
        since = self.as_of
        return max((utc_now() - since).total_seconds(), 0) if since else math.inf

    @property
    def current(self) -> bool:
        if self.untold and self.age > PERIOD.total_seconds():
            return False
        return not self.waiting and not self.rebuilding


# Where changes were left out of the queue, nobody knows when the first of them was.
_FRESHNESS = """
SELECT (CASE WHEN left_out OR untold OR state.as_of IS NULL THEN state.as_of
        ELSE COALESCE(since, statement_timestamp()) END) AT TIME ZONE 'utc' AS as_of,
    waiting, left_out OR everything AS rebuilding, untold
FROM workshops_admin.state CROSS JOIN (
    SELECT count(*) AS waiting, min(changed_at) AS since,
        COALESCE(bool_or(workshop_id IS NULL), false) AS everything
    FROM workshops_admin.changes
) queue CROSS JOIN LATERAL (
    SELECT missed < COALESCE(pg_sequence_last_value('workshops_admin.changes_missed'), 0)
) full_queue (left_out) CROSS JOIN (
    SELECT to_regclass('pg_dist_partition') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = to_regclass('workshops') AND NOT tgisinternal)
) triggers (untold)
"""


async def freshness() -> Freshness:
    """Return how old the summaries are."""
    row = await fetch_row(_FRESHNESS)
    assert row is not None
    return Freshness(*row)


async def catch_up() -> Freshness:
    """Fold what waits if that is little, and return how old the summaries are then.

    For a page that is opened: one round trip if nothing waits. A page that is read from a
    replica, or answers a form inside its transaction, shows what the background has folded.
    """
    found = await freshness()
    if found.current or reads_replica() or engine().transaction_exists():
        return found
    with contextlib.suppress(asyncpg.QueryCanceledError):  # the background has more time
        await fold(PAGE_BATCH, everything=found.untold, seconds=PAGE_SECONDS)
    return await freshness()


async def refresh(*, everything: bool = False, told: Callable[[Fold], None] | None = None) -> None:
    """Fold until nothing waits; ``told`` hears of every run.

    :param everything: Compute the summaries of all workshops, whatever waits.
    """
    untold = (await freshness()).untold
    everything = everything or untold
    while everything or not (untold or (await freshness()).current):
        done = await fold(everything=everything, wait=_NEXT_TURN)
        if done is None or not (done.entries or everything):
            await asyncio.sleep(_OTHER_AT_WORK)
            continue
        everything = False
        if told is not None:
            told(done)


async def _keep_up() -> None:
    """Fold every second, for ever. A failure is logged once, until it works again."""
    failing = False
    while True:
        try:
            found = await freshness()
            if not found.current:
                began = time.monotonic()
                more = True
                while more:
                    done = await fold(everything=found.untold, wait=_NEXT_TURN)
                    more = done is not None and done.more
                if found.untold:
                    await asyncio.sleep(_SHARE * (time.monotonic() - began))
            failing = False
        except Exception as error:  # of whatever kind: the site is served on
            if not failing:
                away = outage(error, undone=True)
                reason = away or "an error that should not be"
                logger.warning(
                    "The operators' view is not kept up to date: %s", reason, exc_info=not away
                )
            failing = True
        await asyncio.sleep(PAUSE)


def keeping_up() -> contextlib.AbstractAsyncContextManager[None]:
    """Keep the view up to date in the background of a block; once for several blocks."""
    return in_background(_keep_up)
