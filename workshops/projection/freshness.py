"""How old the view is, and what keeps it young: the background, a page, a command."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from workshops.background import in_background
from workshops.columns import utc_now
from workshops.database.outages import outage
from workshops.projection.folder import Fold, fold
from workshops.statements.execution import fetch_row, reads_replica

logger = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two runs of the folder in the background."""

PAGE_BATCH, PAGE_SECONDS = 2_000, 1.0
"""How many entries are folded when a page is opened, and in how many seconds at most."""

PERIOD = timedelta(seconds=10)
"""How old the view may become where nothing tells of changes, and everything is computed anew."""

_SHARE = 10
"""There, how many times as long as that takes the background rests at least."""

_OTHER_AT_WORK = 0.2  # seconds, in which the other folder goes on


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
    def current(self) -> bool:
        if self.untold and (self.as_of is None or utc_now() - self.as_of > PERIOD):
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

    For a page that is opened, outside of a transaction: one round trip if nothing waits.
    A page that is read from a replica shows what the background has folded.
    """
    found = await freshness()
    if found.current:
        return found
    if reads_replica():
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
        done = await fold(everything=everything)
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
                while (done := await fold(everything=found.untold)) is not None and done.more:
                    pass
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
