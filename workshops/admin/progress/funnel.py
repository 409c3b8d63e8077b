"""The funnel: where workshops are, how long steps take, and how many begin each week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import (
    LONGEST_IDLE_DAYS,
    NO_OPEN_STEP,
    BoardView,
    ParameterReader,
    days_ago,
    query_string,
)
from workshops.columns import utc_now
from workshops.projection import Freshness, catch_up
from workshops.statements.execution import fetch
from workshops.states import OPEN_FOR_WORK

PERIODS = {"30": "30 days", "90": "90 days", "365": "365 days", "": "all time"}
"""The periods offered, by their value in the URL."""

STUCK_AFTER_DAYS = 14
SAMPLE_SIZE = 2000
"""Of more workshops than this, the times are estimated from so many of them."""


@dataclass(frozen=True)
class FunnelView:
    """Which workshops are looked at: those created in a period."""

    period: str = ""
    created_from: date | None = None
    created_to: date | None = None
    idle_days: int = STUCK_AFTER_DAYS
    notices: tuple[str, ...] = ()

    def url(self, **changes: Any) -> str:
        """Return the query string of this view with some fields changed."""
        view = replace(self, **changes)
        custom = not view.period
        return query_string(
            {
                "period": view.period,
                "from": view.created_from if custom else None,
                "to": view.created_to if custom else None,
                "idle": view.idle_days if view.idle_days != STUCK_AFTER_DAYS else None,
            }
        )

    def board(self, **filters: Any) -> str:
        """Return the query string of the board with the same workshops, filtered further."""
        return BoardView(
            **{"created_from": self.created_from, "created_to": self.created_to, **filters}
        ).url()

    def week(self, week: Week) -> str:
        """Return the query string of the board with those of a week of the period."""
        first, last = week.monday, week.monday + timedelta(days=6)
        return self.board(
            created_from=max(first, self.created_from or first),
            created_to=min(last, self.created_to or last),
        )

    def stuck(self, step: str = "") -> str:
        """Return the query string of the board with those that are stuck, all or at a step."""
        return self.board(
            step=step, statuses=OPEN_FOR_WORK, idle_days=self.idle_days, descending=False
        )

    def finished(self) -> str:
        """Return the query string of the board with those that are through."""
        return self.board(step=NO_OPEN_STEP)


@dataclass(frozen=True)
class FunnelStep:
    """The workshops of the period, seen from one step, and the time that it takes."""

    step: Step
    before: int
    at: int
    past: int
    stuck: int
    median: timedelta | None
    ninetieth: timedelta | None


@dataclass(frozen=True)
class Week:
    """The workshops that began in a week; ``done`` of them are through all steps."""

    monday: date
    created: int
    done: int
    progress: int


@dataclass(frozen=True)
class Funnel:
    """What the page shows. ``sampled``: the times are estimated.

    ``stuck`` counts those at a step and ``finished_stuck``, which nobody has completed.
    """

    total: int
    with_steps: int
    finished: int
    stuck: int
    finished_stuck: int
    steps: list[FunnelStep]
    weeks: list[Week]
    sampled: bool
    freshness: Freshness


def read_funnel(query: QueryParams) -> FunnelView:
    """Return the view that a query string asks for. It never raises."""
    reader = ParameterReader(query)
    period = reader.choice("period", PERIODS)
    idle_days = reader.number("idle", LONGEST_IDLE_DAYS)
    created_from, created_to = reader.day("from"), reader.day("to")
    if period:
        created_from, created_to = utc_now().date() - timedelta(days=int(period)), None
    return FunnelView(
        period=period,
        created_from=created_from,
        created_to=created_to,
        idle_days=STUCK_AFTER_DAYS if idle_days is None else idle_days,
        notices=tuple(reader.notices),
    )


# The place is the current step, '' past all of them, NULL without any.
_COUNTS = """
SELECT CASE WHEN steps_total > 0 THEN current_step_id END AS place,
    date_trunc('week', created_at) AS monday, count(*) AS workshops,
    count(*) FILTER (WHERE status = ANY ($4::text[]) AND last_activity_at < $3::timestamp) AS stuck,
    sum(progress) AS progress
FROM workshops_admin.summaries
WHERE created_at >= $1::timestamp AND created_at < $2::timestamp
GROUP BY place, date_trunc('week', created_at)
"""

# Identifiers are random, so the first ones in their order are a fair sample.
_TIMES = f"""
WITH sample AS MATERIALIZED (
    SELECT workshop_id FROM workshops_admin.summaries
    WHERE steps_complete > 0 AND created_at >= $1::timestamp AND created_at < $2::timestamp
    ORDER BY workshop_id LIMIT {SAMPLE_SIZE}
), steps AS MATERIALIZED (
    SELECT step_id, extract(epoch FROM completed_at - started_at)::float8 AS seconds
    FROM workshop_steps
    WHERE workshop_id = ANY (ARRAY (SELECT workshop_id FROM sample))
        AND status = 'complete' AND completed_at >= started_at
)
SELECT step_id, percentile_cont($3::float8[]) WITHIN GROUP (ORDER BY seconds)
FROM steps GROUP BY step_id
"""


async def step_times(
    begin: datetime, end: datetime, fractions: Sequence[float]
) -> dict[str, list[timedelta]]:
    """Return quantiles of the times from start to completion, by step.

    They are those of workshops created from ``begin`` to before ``end``, at most SAMPLE_SIZE.
    """
    return {
        step_id: [timedelta(seconds=each) for each in seconds]
        for step_id, seconds in await fetch(_TIMES, begin, end, list(fractions))
    }


async def fetch_funnel(view: FunnelView, definitions: list[Step]) -> Funnel:
    """Return the funnel of the workshops created in a period; three round trips if none wait."""
    fresh = await catch_up()
    begin = datetime.combine(view.created_from or date(1, 1, 1), time())
    end = datetime.combine(view.created_to or date(9998, 12, 30), time()) + timedelta(days=1)
    counts = await fetch(_COUNTS, begin, end, days_ago(view.idle_days), list(OPEN_FOR_WORK))
    times = await step_times(begin, end, (0.5, 0.9))
    at: Counter[str | None] = Counter()
    stuck: Counter[str | None] = Counter()
    for row in counts:
        at[row["place"]] += row["workshops"]
        stuck[row["place"]] += row["stuck"]
    with_steps = at.total() - at[None]
    steps, before = [], 0
    for step in definitions:
        here = at[step.id]
        past = with_steps - before - here
        steps.append(
            FunnelStep(step, before, here, past, stuck[step.id], *times.get(step.id, (None, None)))
        )
        before += here
    return Funnel(
        total=at.total(),
        with_steps=with_steps,
        finished=at[""],
        stuck=stuck.total(),
        finished_stuck=stuck[""],
        steps=steps,
        weeks=_weeks(counts),
        sampled=with_steps > SAMPLE_SIZE,
        freshness=fresh,
    )


def _weeks(counts: Sequence[Any]) -> list[Week]:
    """Return the weeks from the first in which a workshop began to the last, at most ten years."""
    created: Counter[date] = Counter()
    done: Counter[date] = Counter()
    progress: Counter[date] = Counter()
    for row in counts:
        monday = row["monday"].date()
        created[monday] += row["workshops"]
        progress[monday] += row["progress"]
        if row["place"] == "":
            done[monday] += row["workshops"]
    if not created:
        return []
    last = max(created)
    first = max(min(created), last - timedelta(weeks=520))
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [
        Week(day, created[day], done[day], round(progress[day] / (created[day] or 1)))
        for day in mondays
    ]
