"""The funnel: where workshops are, how long steps take, and how many begin each week."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.query_string import (
    NO_OPEN_STEP,
    BoardView,
    View,
    day,
    days,
    one_of,
    parameter,
)
from workshops.admin.progress.rendering import MEDIA_TYPES, as_json, csv_file, format_of, page, send
from workshops.columns import utc_now
from workshops.projection import Freshness, catch_up
from workshops.statements.execution import Record, fetch
from workshops.states import OPEN_FOR_WORK

PERIODS = {
    "30": "the last 30 days",
    "90": "the last 90 days",
    "365": "the last 365 days",
    "": "all time, or from and to",
}
"""The periods offered, by their value in the URL."""

STUCK_AFTER_DAYS = 14
SAMPLE_SIZE = 2000
"""Of more workshops than this, the times are estimated from so many of them."""


@dataclass(frozen=True)
class FunnelView(View):
    """Which workshops are looked at: those created in a period, or from and to a day."""

    period: str = field(default="", metadata=parameter("period", one_of(PERIODS)))
    first_day: date | None = field(default=None, metadata=parameter("from", day))
    last_day: date | None = field(default=None, metadata=parameter("to", day))
    idle_days: int = field(default=STUCK_AFTER_DAYS, metadata=parameter("idle", days))

    @property
    def created_from(self) -> date | None:
        """The first day on which they were created."""
        if self.period:
            return utc_now().date() - timedelta(days=int(self.period))
        return self.first_day

    @property
    def created_to(self) -> date | None:
        """The last day on which they were created."""
        return None if self.period else self.last_day

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
        return self.board(step=step, statuses=OPEN_FOR_WORK, idle_days=self.idle_days, order="up")


@dataclass(frozen=True)
class FunnelStep:
    """The workshops of the period, seen from one step, and the time that it takes."""

    step: str
    name: str
    before: int
    at: int
    past: int | None
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

    @property
    def through(self) -> FunnelStep:
        """Those that are through all steps, after the last of which they wait."""
        counts = (self.with_steps - self.finished, self.finished, None, self.finished_stuck)
        return FunnelStep(NO_OPEN_STEP, "All steps done", *counts, None, None)


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


async def fetch_funnel(view: FunnelView, definitions: dict[str, str]) -> Funnel:
    """Return the funnel of the workshops created in a period; three round trips if none wait."""
    fresh = await catch_up()
    begin = datetime.combine(view.created_from or date(1, 1, 1), time())
    end = datetime.combine(view.created_to or date(9998, 12, 30), time()) + timedelta(days=1)
    idle_since = utc_now() - timedelta(days=view.idle_days)
    counts = await fetch(_COUNTS, begin, end, idle_since, list(OPEN_FOR_WORK))
    times = await step_times(begin, end, (0.5, 0.9))
    at: Counter[str | None] = Counter()
    stuck: Counter[str | None] = Counter()
    for row in counts:
        at[row["place"]] += row["workshops"]
        stuck[row["place"]] += row["stuck"]
    with_steps = at.total() - at[None]
    steps, before = [], 0
    for step, name in definitions.items():
        past = with_steps - before - at[step]
        spent = times.get(step, (None, None))
        steps.append(FunnelStep(step, name, before, at[step], past, stuck[step], *spent))
        before += at[step]
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


def _weeks(counts: Sequence[Record]) -> list[Week]:
    """Return the weeks from the first in which a workshop began to the last, at most ten years."""
    weeks: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for row in counts:
        done = row["workshops"] if row["place"] == "" else 0
        weeks[row["monday"].date()].update(
            created=row["workshops"], done=done, progress=row["progress"]
        )
    if not weeks:
        return []
    last = max(weeks)
    first = max(min(weeks), last - timedelta(weeks=520))
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [
        Week(
            monday,
            created := weeks[monday]["created"],
            weeks[monday]["done"],
            round(weeks[monday]["progress"] / (created or 1)),
        )
        for monday in mondays
    ]


async def _asked_for(request: Request) -> tuple[FunnelView, Funnel]:
    view = FunnelView.read(request.query_params)
    return view, await fetch_funnel(view, await step_definitions())


async def show_funnel(request: Request) -> Response:
    """Show the funnel of the period that the URL asks for."""
    view, funnel = await _asked_for(request)
    return page(
        request,
        "funnel.html",
        live="",
        view=view,
        funnel=funnel,
        highest=max((week.created for week in funnel.weeks), default=0),
        periods=PERIODS,
        sample_size=SAMPLE_SIZE,
    )


def _record(step: FunnelStep) -> dict[str, Any]:
    """Return what a file says of a step."""
    record = vars(step).copy()
    times = {f"{name}_seconds": record.pop(name) for name in ("median", "ninetieth")}
    return record | times


async def export_funnel(request: Request) -> Response:
    """Send the steps of the funnel that the URL asks for; JSON holds the weeks too."""
    view, funnel = await _asked_for(request)
    steps = [_record(step) for step in funnel.steps]
    if format_of(request) == "json":
        facts = vars(funnel) | {"steps": steps, "weeks": [vars(week) for week in funnel.weeks]}
        facts["as_of"] = facts.pop("freshness").as_of
        return await send(request, "funnel", as_json(facts, indent=2), view.url())
    steps.append(_record(funnel.through) | {"step": ""})
    return await send(request, "funnel", csv_file(steps[0], *map(dict.values, steps)), view.url())


async def export_weeks(request: Request) -> Response:
    """Send the weeks of the funnel that the URL asks for."""
    view, funnel = await _asked_for(request)
    names = ("week_of", "created", "through_all_steps", "average_progress")
    weeks = (vars(week).values() for week in funnel.weeks)
    return await send(request, "weeks", csv_file(names, *weeks), view.url())


FUNNEL_ROUTES = (
    Route("/steps/", show_funnel),
    *(Route(f"/steps.{format}", export_funnel) for format in MEDIA_TYPES),
    Route("/weeks.csv", export_weeks),
)
