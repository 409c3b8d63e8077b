"""Weeks at equal age, a period beside the one before, and how long steps take."""

from __future__ import annotations

import csv
import io
import itertools
import re
from datetime import datetime, time, timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect
from starlette.datastructures import QueryParams

from tests.admin.conftest import AuditLog, Desk
from tests.admin.progress.conftest import make_workshop
from workshops.admin.progress import trends
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.rendering import ENVIRONMENT
from workshops.admin.progress.trends import (
    Cohort,
    StepTime,
    TimeAxis,
    Trends,
    fetch_trends,
    read_trends,
)
from workshops.columns import utc_now
from workshops.tables import StepDefinition, Workshop


def monday(weeks_ago: int) -> datetime:
    """Return the beginning of a week."""
    today = utc_now().date()
    return datetime.combine(today - timedelta(days=today.weekday(), weeks=weeks_ago), time())


async def make_begun(
    weeks_ago: int, *, finished_after: float | None = None, started_after: float = 0
) -> Workshop:
    """Return a workshop that began in a week, and did its first step after so many days."""
    workshop = await make_workshop()
    created = monday(weeks_ago) + timedelta(hours=5)
    await Workshop.raw("UPDATE workshops SET created_at = {} WHERE id = {}", created, workshop.id)
    done = None if finished_after is None else created + timedelta(days=finished_after)
    await Workshop.raw(
        "UPDATE workshop_steps SET status = {}, started_at = {}, completed_at = {}"
        " WHERE workshop_id = {} AND step_id = 'empathize'",
        "in_progress" if done is None else "complete",
        created + timedelta(days=started_after),
        done,
        workshop.id,
    )
    return workshop


async def trends_of(query: str = "") -> Trends:
    """Return the trends that a query string asks for."""
    definitions = await step_definitions()
    view = read_trends(QueryParams(query), definitions)
    return await fetch_trends(view, definitions)


async def test_weeks_are_compared_at_equal_age(database: str) -> None:
    """What was finished later than the age does not count, however long ago it is."""
    await make_begun(8, finished_after=3)
    await make_begun(8, finished_after=10)
    await make_begun(8, finished_after=20)
    await make_begun(8)
    await make_begun(7, finished_after=6.9)
    cohorts = {cohort.monday: cohort for cohort in (await trends_of()).cohorts}
    assert len(cohorts) == 12
    assert cohorts[monday(8).date()].counts == {7: 1, 14: 2, 30: 3}
    assert cohorts[monday(8).date()].share(14) == 50
    assert cohorts[monday(7).date()].counts == {7: 1, 14: 1, 30: 1}
    assert cohorts[monday(6).date()].share(7) is None


async def test_reached_counts_the_start(database: str) -> None:
    """A step is reached when it is started, finished or not."""
    await make_begun(8, started_after=8)
    await make_begun(8, started_after=1, finished_after=40)
    cohort = (await trends_of("measure=reached")).cohorts[3]
    assert (cohort.monday, cohort.counts) == (monday(8).date(), {7: 1, 14: 2, 30: 2})


async def test_week_is_too_young_until_its_last_workshop_has_the_age(database: str) -> None:
    """The current week is comparable at no age, and an old one at all."""
    cohorts = (await trends_of()).cohorts
    assert not cohorts[-1].whole
    assert not cohorts[-1].comparable(7)
    assert cohorts[-3].comparable(7)
    assert not cohorts[-3].comparable(14)
    assert all(cohorts[0].comparable(age) for age in trends.AGES)


async def test_period_stands_beside_the_one_before(database: str) -> None:
    """Four weeks that are old enough, and the four before them, each workshop counted once."""
    for weeks_ago, finished_after in ((2, 1), (3, None), (4, 2), (5, 3), (6, None), (9, 1)):
        await make_begun(weeks_ago, finished_after=finished_after)
    begun, week, *_ = (await trends_of()).beside
    assert (begun.now, begun.before) == (3, 2)
    assert (week.age, week.first) == (7, monday(5).date())
    assert (week.now, week.before) == (75, 50)


async def test_large_weeks_are_sampled(
    viewer: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that the shares come from a sample; how many began is counted."""
    for _ in range(3):
        await make_begun(5, finished_after=1)
    monkeypatch.setattr(trends, "SAMPLE_SIZE", 24)
    cohort = (await trends_of()).cohorts[-6]
    assert (cohort.begun, cohort.looked_at, cohort.share(7)) == (3, 2, 100)
    page = await viewer.get("/progress/trends/")
    assert "a sample of at most 2 workshops of each week" in page.text


async def test_page_says_that_times_may_be_estimated(
    viewer: httpx.AsyncClient, database: str
) -> None:
    """They come from fewer workshops than the shares do, so each has its own sentence."""
    await make_begun(5, finished_after=1)
    page = await viewer.get("/progress/trends/")
    assert "where these are more than 2,000, in a sample of so many" in page.text


async def test_times_of_steps_are_quantiles(database: str) -> None:
    """The times are those of the weeks shown; the median of the weeks before stands beside."""
    for days in (1, 2, 3):
        await make_begun(3, finished_after=days)
    await make_begun(13, finished_after=9)
    first, second, *_ = (await trends_of()).times
    assert first.quantiles is not None
    assert first.quantiles[2] == timedelta(days=2)
    assert first.quantiles == sorted(first.quantiles)
    assert first.median_before == timedelta(days=9)
    assert second.quantiles is None


async def test_page_follows_the_definitions(viewer: httpx.AsyncClient, database: str) -> None:
    """The steps offered are those of the table, and what the URL cannot mean is left out."""
    await StepDefinition.update({StepDefinition.name: "Listen"}).where(
        StepDefinition.id == "empathize"
    )
    await make_begun(5, finished_after=1)
    page = await viewer.get("/progress/trends/?step=nothing&age=8&weeks=26")
    assert page.status_code == 200
    assert page.text.count("was left out") == 2
    assert "Had finished Listen 14 days after they began" in page.text
    assert "too young" in page.text
    await StepDefinition.delete(force=True)
    page = await viewer.get("/progress/trends/")
    assert "There are no steps to compare." in page.text


async def test_files_hold_the_numbers(
    viewer: httpx.AsyncClient, database: str, audit_log: AuditLog
) -> None:
    """The weeks and the times as CSV, each an entry in the audit log."""
    await make_begun(8, finished_after=10)
    found = await viewer.get("/progress/trends.csv?step=empathize")
    rows = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
    [row] = [row for row in rows if row["begun"] == "1"]
    assert row["finished_empathize_within_7_days"] == "0"
    assert row["finished_empathize_within_14_days"] == "1"
    assert (row["all_are_30_days_old"], rows[-1]["all_are_7_days_old"]) == ("yes", "no")
    found = await viewer.get("/progress/times.csv")
    rows = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
    assert rows[0]["quantile_0.5_seconds"] == str(10 * 86400.0)
    assert len(await audit_log.entries(action="exported")) == 2


def drawn(macro: str, *arguments: object) -> str:
    """Return what a macro of the charts draws."""
    charts: Any = ENVIRONMENT.get_template("charts.html").module
    return str(getattr(charts, macro)(*arguments))


def numbers(pattern: str, drawing: str) -> list[float]:
    """Return the numbers that a pattern finds."""
    return [float(number) for number in re.findall(pattern, drawing)]


def test_columns_stay_inside_the_axes() -> None:
    """The highest column ends below the top, and names keep their distance."""
    weeks = [monday(100 - number).date() for number in range(53)]
    cohorts = [
        Cohort(week, 100, 100, dict.fromkeys(trends.AGES, n)) for n, week in enumerate(weeks[:52])
    ]
    cohorts.append(Cohort(weeks[52], 0, 0, dict.fromkeys(trends.AGES, 0)))
    chart = drawn("columns", cohorts, 7, "Columns")
    tops = numbers(r'<rect class="past" x="[0-9.]+" y="([0-9.]+)"', chart)
    assert len(tops) == 52
    ends = re.findall(r'<text class="end" x="[0-9.]+" y="([0-9.]+)">([^<]*)</text>', chart)
    assert ends[4][1] == "60 %"
    assert min(tops) >= float(ends[4][0]) - 4
    places = numbers(r'<text class="middle" x="([0-9.]+)"', chart)
    assert all(after - before >= 46 for before, after in itertools.pairwise(places))


@pytest.mark.parametrize(
    "sizes", [(0, 0.5, 70, 10**5, 4 * 10**9), (10**9, 10**9, 10**9, 10**9, 10**9)]
)
def test_boxes_stay_on_the_axis(sizes: tuple[float, ...]) -> None:
    """Times from nothing to a century have a place, in their order."""
    times = [timedelta(seconds=size) for size in sizes]
    axis = TimeAxis.of(times)
    chart = drawn(
        "boxes",
        [StepTime("a", "All", times, None), StepTime("n", "None", None, None)],
        axis,
        "Boxes",
    )
    assert chart.count('class="median"') == 1
    places = axis.places(times)
    assert places == sorted(places)
    assert axis.left <= places[0]
    assert places[-1] <= axis.right
    assert re.findall('class="end"[^>]*>([^<]*)<', chart) == ["All", "None"]


@pytest.mark.browser
async def test_trends_in_a_browser(desk: Desk) -> None:
    """Choose another step and age; the chart, the table and the scan for barriers agree."""
    await make_begun(8, finished_after=10)
    await make_begun(0)
    await desk.page.goto(f"{desk.address}/progress/")
    await desk.page.get_by_role("link", name="Trends").click()
    await expect(desk.page.locator("h1")).to_contain_text("is it getting better")
    row = desk.page.get_by_role("row").filter(has_text=str(monday(8).date())).last
    await expect(row).to_contain_text("100 %")
    await expect(desk.page.locator("rect.past")).not_to_have_count(0)
    await desk.page.get_by_label("at the age of").select_option("7 days")
    await desk.page.get_by_role("button", name="Show").click()
    await expect(desk.page.locator("#cohorts")).to_contain_text("7 days after they began")
    found = await Axe().run(desk.page)
    serious = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []
    assert desk.complaints == []
