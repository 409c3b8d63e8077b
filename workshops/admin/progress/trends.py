"""Trends: whether those who begin now come further than those who began before.

Workshops are compared at equal age: of those begun in a week, how many had reached or
finished a step so many days after they began. A week is comparable at an age once its
last workshop has reached that age; before, it is too young, and its share can only grow.
"""

from __future__ import annotations

import math
from bisect import bisect, bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin.progress import funnel
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.query_string import BoardView, View, one_of, parameter, text
from workshops.admin.progress.rendering import csv_file, page, send
from workshops.columns import utc_now
from workshops.projection import Freshness, catch_up
from workshops.statements.execution import fetch

AGES = {7: "7 days", 14: "14 days", 30: "30 days"}
"""The ages at which weeks are compared, in days."""

MEASURES = {"finished": "had finished", "reached": "had reached"}
SPANS = {12: "12 weeks", 26: "26 weeks", 52: "52 weeks"}
"""How many weeks can be looked at."""

PERIOD = 4
"""How many weeks a period has, which is set beside the one before."""

SAMPLE_SIZE = 8_000
"""Of more workshops than this in all weeks, each week is estimated from its share of them."""

FRACTIONS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The quantiles that a box of the times shows: whiskers, box and median."""

_MARKS = [
    *(timedelta(seconds=each) for each in (1, 10, 60, 600, 3600, 6 * 3600)),
    *(timedelta(days=each) for each in (1, 7, 30, 365, 3650)),
]
_MOMENTS = {"finished": "completed_at", "reached": "LEAST(started_at, completed_at)"}
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class TrendsView(View):
    """Which step, how it is measured, at which age it is drawn, and how many weeks."""

    step: str = field(default="", metadata=parameter("step", text))
    measure: str = field(default="finished", metadata=parameter("measure", one_of(MEASURES)))
    age: int = field(default=14, metadata=parameter("age", one_of(AGES)))
    weeks: int = field(default=12, metadata=parameter("weeks", one_of(SPANS)))


@dataclass(frozen=True)
class Cohort:
    """The workshops begun in a week: ``counts`` of ``looked_at`` were so far at each age."""

    monday: date
    begun: int
    looked_at: int
    counts: dict[int, int]

    def comparable(self, age: int) -> bool:
        """Whether all of them have reached an age."""
        end = datetime.combine(self.monday, time()) + _WEEK
        return end + timedelta(days=age) <= utc_now()

    @property
    def whole(self) -> bool:
        """Whether the week is over."""
        return self.comparable(0)

    def share(self, age: int) -> float | None:
        """Return the per cent of them that were so far at an age; None of nobody."""
        return 100 * self.counts[age] / self.looked_at if self.looked_at else None

    def board(self) -> str:
        """Return the query string of the board with these workshops."""
        return BoardView(created_from=self.monday, created_to=self.monday + timedelta(days=6)).url()


@dataclass(frozen=True)
class Beside:
    """A number of the latest period of weeks, and of the period before it.

    ``age`` is None for the workshops begun, else the numbers are per cent at that age.
    """

    age: int | None
    first: date
    last: date
    now: float | None
    before: float | None


@dataclass(frozen=True)
class StepTime:
    """How long a step takes: the quantiles of FRACTIONS, and the median of the weeks before."""

    step: str
    name: str
    quantiles: list[timedelta] | None
    median_before: timedelta | None


@dataclass(frozen=True)
class Trends:
    """What the page shows. ``sampled``: shares are estimated from a part of each week."""

    cohorts: list[Cohort]
    beside: list[Beside]
    times: list[StepTime]
    sampled: bool
    freshness: Freshness


@dataclass(frozen=True)
class TimeAxis:
    """A logarithmic axis of times, with a mark at either end; in units of the drawing."""

    marks: list[timedelta]
    left: int = 130
    right: int = 696

    @classmethod
    def of(cls, times: Sequence[timedelta]) -> TimeAxis:
        """Return the axis on which these times have a place."""
        begin = bisect(_MARKS, min(times, default=_MARKS[0])) - 1
        begin = min(max(begin, 0), len(_MARKS) - 2)
        end = max(bisect_left(_MARKS, max(times, default=_MARKS[0])), begin + 1)
        return cls(_MARKS[begin : end + 1])

    def places(self, times: Sequence[timedelta]) -> list[float]:
        """Return where the times are."""
        first, last = self.marks[0], self.marks[-1]
        parts = (math.log(max(time, first) / first) / math.log(last / first) for time in times)
        return [round(self.left + (self.right - self.left) * min(part, 1), 1) for part in parts]


def read_trends(query: QueryParams, step_ids: Collection[str]) -> TrendsView:
    """Return the view that a query string asks for. It never raises."""
    view = TrendsView.read(query, step=step_ids)
    return view if view.step else replace(view, step=next(iter(step_ids), ""))


# The order by a hash takes a fair sample, and no index that would read other weeks.
_COHORTS = """
WITH sample AS MATERIALIZED (
    SELECT monday, begun.*
    FROM generate_series($1::timestamp, $2::timestamp, interval '7 days') AS monday
    CROSS JOIN LATERAL (
        SELECT workshop_id, created_at, count(*) OVER () AS begun FROM workshops_admin.summaries
        WHERE created_at >= monday AND created_at < monday + interval '7 days'
        ORDER BY hashtext(workshop_id) LIMIT $4
    ) begun
), steps AS MATERIALIZED (
    SELECT workshop_id, {moment} AS moment FROM workshop_steps
    WHERE workshop_id = ANY (ARRAY (SELECT workshop_id FROM sample)) AND step_id = $3
)
SELECT monday::date AS monday, COALESCE(max(begun), 0) AS begun,
    count(workshop_id) AS looked_at, {counts}
FROM generate_series($1::timestamp, $2::timestamp, interval '7 days') AS monday
LEFT JOIN sample USING (monday) LEFT JOIN steps USING (workshop_id)
GROUP BY monday ORDER BY monday
"""
_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE moment < created_at + interval '{age} days')" for age in AGES
)


async def fetch_trends(view: TrendsView, definitions: dict[str, str]) -> Trends:
    """Return the trends of a step; four round trips if nothing waits."""
    fresh = await catch_up()
    today = utc_now().date()
    monday = today - timedelta(days=today.weekday())
    # Two periods at the highest age are compared, however few weeks are shown.
    weeks = max(view.weeks, 2 * PERIOD + max(AGES) // 7 + 2)
    most = SAMPLE_SIZE // view.weeks
    statement = _COHORTS.format(counts=_COUNTS, moment=_MOMENTS[view.measure])
    first, last = _start(monday, weeks), _start(monday, 1)
    cohorts = [
        Cohort(week, begun, looked_at, dict(zip(AGES, counts, strict=True)))
        for week, begun, looked_at, *counts in await fetch(statement, first, last, view.step, most)
    ]
    shown = cohorts[-view.weeks :]
    begin, before = _start(monday, view.weeks), _start(monday, 2 * view.weeks)
    times = await funnel.step_times(begin, datetime.combine(today, time()) + _WEEK, FRACTIONS)
    times_before = await funnel.step_times(before, begin, (0.5,))
    return Trends(
        cohorts=shown,
        beside=[_beside(cohorts, age) for age in (None, *AGES)],
        times=[
            StepTime(step, name, times.get(step), times_before.get(step, [None])[0])
            for step, name in definitions.items()
        ],
        sampled=any(cohort.begun > cohort.looked_at for cohort in shown),
        freshness=fresh,
    )


def _start(monday: date, weeks: int) -> datetime:
    """Return the beginning of the first of so many weeks, the last of which is this one."""
    return datetime.combine(monday - (weeks - 1) * _WEEK, time())


def _beside(cohorts: list[Cohort], age: int | None) -> Beside:
    """Return a number of the latest period of comparable weeks, and of the one before."""
    comparable = [cohort for cohort in cohorts if cohort.comparable(age or 0)]
    now, before = comparable[-PERIOD:], comparable[-2 * PERIOD : -PERIOD]
    numbers = (
        sum(cohort.begun for cohort in part) if age is None else _share(part, age)
        for part in (now, before)
    )
    return Beside(age, now[0].monday, now[-1].monday + timedelta(days=6), *numbers)


def _share(cohorts: Sequence[Cohort], age: int) -> float | None:
    """Return the share of several weeks together, each by its number of workshops."""
    begun = sum(cohort.begun for cohort in cohorts)
    shares = sum((cohort.share(age) or 0) * cohort.begun for cohort in cohorts)
    return shares / begun if begun else None


async def _asked_for(request: Request) -> tuple[TrendsView, Trends]:
    definitions = await step_definitions()
    view = read_trends(request.query_params, definitions)
    return view, await fetch_trends(view, definitions)


async def show_trends(request: Request) -> Response:
    """Show the trends of the step that the URL asks for."""
    view, found = await _asked_for(request)
    return page(
        request,
        "trends.html",
        view=view,
        trends=found,
        step=next((each.name for each in found.times if each.step == view.step), None),
        axis=TimeAxis.of([time for each in found.times for time in each.quantiles or ()]),
        measures=MEASURES,
        ages=AGES,
        spans=SPANS,
        period=PERIOD,
        sample_size=SAMPLE_SIZE // view.weeks,
        times_sample=funnel.SAMPLE_SIZE,
    )


async def export_trends(request: Request) -> Response:
    """Send the weeks: how many were so far at each age, and whether all are so old."""
    view, found = await _asked_for(request)
    counted = (f"{view.measure}_{view.step}_within_{age}_days" for age in AGES)
    old = (f"all_are_{age}_days_old" for age in AGES)
    names = ("week_of", "begun", "looked_at", *counted, *old)
    rows = (
        (
            *(cohort.monday, cohort.begun, cohort.looked_at, *cohort.counts.values()),
            *("yes" if cohort.comparable(age) else "no" for age in AGES),
        )
        for cohort in found.cohorts
    )
    return await send(request, "trends", csv_file(names, *rows), view.url())


async def export_times(request: Request) -> Response:
    """Send how long the steps take, in seconds."""
    view, found = await _asked_for(request)
    names = ("step", *(f"quantile_{fraction}_seconds" for fraction in FRACTIONS))
    rows = ((each.step, *(each.quantiles or ())) for each in found.times)
    return await send(request, "times", csv_file(names, *rows), view.url())


TRENDS_ROUTES = (
    Route("/trends/", show_trends),
    Route("/trends.csv", export_trends),
    Route("/times.csv", export_times),
)
