"""The page of the trends, and its files."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin.progress import funnel, trends
from workshops.admin.progress.charts import Bar, box_chart, column_chart
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.exports import at_once, send
from workshops.admin.progress.rendering import duration, page
from workshops.admin.progress.trends import AGES, Trends, TrendsView, fetch_trends, read_trends
from workshops.admin.spreadsheets import BYTE_ORDER_MARK, csv_lines


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
        ages=AGES,
        measures=trends.MEASURES,
        spans=trends.SPANS,
        period=trends.PERIOD,
        sample_size=trends.SAMPLE_SIZE,
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
    content = BYTE_ORDER_MARK + csv_lines([names, *rows])
    return await send(request, "trends", at_once(content), view.url())


async def export_times(request: Request) -> Response:
    """Send how long the steps take, in seconds."""
    view, found = await _read(request)
    names = [f"quantile_{fraction}_seconds" for fraction in trends.FRACTIONS]
    rows = (
        [
            time.step.id,
            *(each.total_seconds() for each in time.quantiles or ()),
        ]
        for time in found.times
    )
    content = BYTE_ORDER_MARK + csv_lines([["step", *names], *rows])
    return await send(request, "times", at_once(content), view.url())


TRENDS_ROUTES = (
    Route("/trends/", show_trends),
    Route("/trends.csv", export_trends),
    Route("/times.csv", export_times),
)
