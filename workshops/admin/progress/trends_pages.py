"""The page of the trends, its charts, and its files.

Where the parts of a chart are is said here, and ``templates/charts.html`` draws them as SVG.
Positions are in units of the drawing, whose texts are 13 units high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin.progress import funnel, trends
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.exports import csv_file, send
from workshops.admin.progress.rendering import duration, page
from workshops.admin.progress.trends import AGES, Trends, TrendsView, fetch_trends, read_trends

_WIDTH = 720
_RIGHT, _TOP, _BOTTOM = 12, 22, 44


class Tick(NamedTuple):
    """A place on an axis with what is written there."""

    at: float
    label: str


class Bar(NamedTuple):
    """What a column is made from: per cent, or None where there is nothing to tell."""

    value: float | None
    name: str
    title: str
    hatched: bool


def column_chart(bars: Sequence[Bar]) -> dict[str, Any]:
    """Return columns of per cent over a horizontal axis, the vertical one as high as they need."""
    left, height = 52, 280
    bottom = height - _BOTTOM
    highest = max((bar.value or 0 for bar in bars), default=0)
    top = next(limit for limit in (10, 20, 40, 60, 80, 100) if limit >= highest)
    slot = (_WIDTH - left - _RIGHT) / max(len(bars), 1)
    # Names are about 45 units wide.
    every = math.ceil(46 / slot)
    columns, names = [], []
    for place, bar in enumerate(bars):
        middle = round(left + slot * (place + 0.5), 1)
        if (len(bars) - 1 - place) % every == 0:
            names.append(Tick(middle, bar.name))
        if bar.value is not None:
            size = round((bottom - _TOP) * bar.value / top, 1)
            columns.append(
                {
                    "x": round(middle - slot * 0.36, 1),
                    "y": round(bottom - size, 1),
                    "width": round(slot * 0.72, 1),
                    "height": size,
                    "middle": middle,
                    "label": f"{bar.value:.0f}" if slot >= 24 else "",
                    "title": bar.title,
                    "hatched": bar.hatched,
                }
            )
    quarters = [part / 4 for part in range(5)]
    return {
        "left": left,
        "right": _WIDTH - _RIGHT,
        "bottom": bottom,
        "height": height,
        "columns": columns,
        "vertical": [
            Tick(round(bottom - (bottom - _TOP) * part, 1), f"{top * part:g} %")
            for part in quarters
        ],
        "horizontal": names,
    }


_TIMES = (
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (86400, "1 day"),
    (7 * 86400, "1 week"),
    (30 * 86400, "30 days"),
    (365 * 86400, "1 year"),
    (3650 * 86400, "10 years"),
)


def box_chart(lines: Sequence[tuple[str, Sequence[timedelta] | None, str]]) -> dict[str, Any]:
    """Return boxes of a name, five ascending times, and a title, on a logarithmic axis."""
    left, row, top = 130, 30, 8
    right = _WIDTH - 24
    seconds = [time.total_seconds() for _, times, _ in lines for time in times or ()]
    lowest, highest = (min(seconds), max(seconds)) if seconds else (1, 1)
    begin = max((i for i, (size, _) in enumerate(_TIMES) if size <= lowest), default=0)
    end = min((i for i, (size, _) in enumerate(_TIMES) if size >= highest), default=len(_TIMES) - 1)
    ticks = _TIMES[begin : max(end, begin + 1) + 1]
    first, last = math.log(ticks[0][0]), math.log(ticks[-1][0])

    def place(size: float) -> float:
        part = (math.log(max(size, 1)) - first) / (last - first)
        return round(left + (right - left) * min(max(part, 0), 1), 1)

    bottom = top + row * len(lines)
    names = [Tick(top + row * (line + 0.5), name) for line, (name, *_) in enumerate(lines)]
    return {
        "left": left,
        "right": right,
        "top": top,
        "bottom": bottom,
        "height": bottom + 28,
        "boxes": [
            {"y": y, "places": [place(time.total_seconds()) for time in times], "title": title}
            for (y, _), (_, times, title) in zip(names, lines, strict=True)
            if times
        ],
        "names": names,
        "horizontal": [Tick(place(size), label) for size, label in ticks],
    }


async def _read(request: Request) -> tuple[TrendsView, Trends]:
    definitions = await step_definitions()
    view = read_trends(request.query_params, [step.id for step in definitions])
    return view, await fetch_trends(view, definitions)


async def show_trends(request: Request) -> Response:
    """Show the trends of the step that the URL asks for."""
    view, found = await _read(request)
    definitions = [time.step for time in found.times]
    return page(
        request,
        "trends.html",
        view=view,
        trends=found,
        definitions=definitions,
        step=next((step for step in definitions if step.id == view.step), None),
        cohort_chart=column_chart([_bar(cohort, view.age) for cohort in found.cohorts]),
        time_chart=box_chart(
            [(time.step.name, time.quantiles, _times_title(time)) for time in found.times]
        ),
        choices=trends,
        times_sample=funnel.SAMPLE_SIZE,
    )


def _bar(cohort: trends.Cohort, age: int) -> Bar:
    share = cohort.share(age)
    young = not cohort.comparable(age)
    told = "nobody began" if share is None else f"{share:.1f} % of {cohort.begun:,}"
    return Bar(
        value=share,
        name=f"{cohort.monday:%d %b}",
        title=f"Week of {cohort.monday}: {told}{' so far, too young' if young else ''}",
        hatched=young,
    )


def _times_title(time: trends.StepTime) -> str:
    if not time.quantiles:
        return ""
    low, begin, median, end, high = map(duration, time.quantiles)
    return (
        f"{time.step.name}: median {median}, half from {begin} to {end}, most from {low} to {high}"
    )


async def export_trends(request: Request) -> Response:
    """Send the weeks: how many were so far at each age, and whether all are so old."""
    view, found = await _read(request)
    names = ["week_of", "begun", "looked_at"]
    names += [f"{view.measure}_{view.step}_within_{age}_days" for age in AGES]
    names += [f"all_are_{age}_days_old" for age in AGES]
    rows = (
        [
            cohort.monday,
            cohort.begun,
            cohort.looked_at,
            *cohort.counts.values(),
            *("yes" if cohort.comparable(age) else "no" for age in AGES),
        ]
        for cohort in found.cohorts
    )
    return await send(request, "trends", csv_file([names, *rows]), view.url())


async def export_times(request: Request) -> Response:
    """Send how long the steps take, in seconds."""
    view, found = await _read(request)
    names = [f"quantile_{fraction}_seconds" for fraction in trends.FRACTIONS]
    rows = (
        [time.step.id, *(each.total_seconds() for each in time.quantiles or ())]
        for time in found.times
    )
    return await send(request, "times", csv_file([["step", *names], *rows]), view.url())


TRENDS_ROUTES = (
    Route("/trends/", show_trends),
    Route("/trends.csv", export_trends),
    Route("/times.csv", export_times),
)
