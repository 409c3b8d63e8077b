"""The funnel: its numbers, the times, the weeks, and that its links find what it counts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from starlette.datastructures import QueryParams

from tests.admin.progress.conftest import make_old, make_workshop, titles
from workshops import operations
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.funnel import FunnelView, fetch_funnel
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop


@pytest.fixture
async def several(database: str) -> None:
    """Two at Empathize, one of them old; one paused and one active at Ideate, old; one through."""
    await make_workshop(title="New")
    await make_old(await make_workshop(title="Old draft"), days=20)
    await make_old(await make_workshop(title="Old at ideate", complete=2), days=20)
    paused = await make_workshop(title="Paused at ideate", complete=2)
    await operations.set_workshop_status(paused.id, "paused")
    await make_old(paused, days=20)
    await make_workshop(title="Through", complete=len(STEP_CATALOG))


async def test_workshops_are_counted_at_each_step(several: None) -> None:
    """Before, at and past a step add up; only open workshops without activity are stuck."""
    funnel = await fetch_funnel(FunnelView(), await step_definitions())
    numbers = [(row.before, row.at, row.past, row.stuck) for row in funnel.steps]
    assert numbers[:4] == [(0, 2, 3, 1), (2, 0, 3, 0), (2, 2, 1, 1), (4, 0, 1, 0)]
    assert (funnel.total, funnel.finished, funnel.stuck) == (5, 1, 2)


async def test_workshop_that_nobody_completes_is_stuck(several: None) -> None:
    """All steps done, still active and without activity: it counts as stuck, beside the steps."""
    await make_old(
        await make_workshop(title="Through and old", complete=len(STEP_CATALOG)), days=20
    )
    funnel = await fetch_funnel(FunnelView(), await step_definitions())
    assert (funnel.finished, funnel.finished_stuck, funnel.stuck) == (2, 1, 3)


async def test_every_number_leads_to_as_many_workshops(
    superuser: httpx.AsyncClient, several: None
) -> None:
    """Each linked number is the number of workshops on the board behind it, odd ones included."""
    bare = Workshop(clerk_user_id="user_ada", title="Of another application", original_idea="")
    await bare.save()
    await make_old(bare, days=20)
    assert "1 without steps" in (await superuser.get("/progress/steps/")).text
    for query in ("", "?period=30", "?idle=30", "?period=365&idle=0"):
        page = await superuser.get(f"/progress/steps/{query}")
        links = re.findall(r'<a href="(/progress/\?[^"]*)">([0-9,]+)</a>', page.text)
        assert len(links) > 10
        for link, number in links:
            board = await superuser.get(unescape(link))
            assert len(titles(board.text)) == int(number), link


async def test_period_keeps_the_workshops_created_in_it(several: None) -> None:
    """A period leaves out what was created before it."""
    definitions = await step_definitions()
    assert (await fetch_funnel(FunnelView.read(QueryParams("period=30")), definitions)).total == 5
    workshops = await Workshop.select(Workshop.created_at).order_by(Workshop.created_at)
    old = workshops[0]["created_at"].date()
    view = FunnelView.read(QueryParams(f"from={old}&to={old}"))
    assert (await fetch_funnel(view, definitions)).total == 3
    view = FunnelView.read(QueryParams(f"from={old + timedelta(days=1)}"))
    assert (await fetch_funnel(view, definitions)).total == 2


@pytest.mark.usefixtures("database")
async def test_times_are_from_start_to_completion() -> None:
    """The median and the 90th percentile are those of the completed steps."""
    hours = [1, 2, 3, 4, 100]
    for each in hours:
        workshop = await make_workshop(complete=1)
        await Workshop.raw(
            "UPDATE workshop_steps SET started_at = completed_at - {} * interval '1 hour'"
            " WHERE workshop_id = {} AND step_id = 'empathize'",
            each,
            workshop.id,
        )
    funnel = await fetch_funnel(FunnelView(), await step_definitions())
    assert funnel.steps[0].median == timedelta(hours=3)
    assert funnel.steps[0].ninetieth == timedelta(hours=61.6)
    assert funnel.steps[1].median is None
    assert not funnel.sampled


async def test_weeks_have_no_gaps(several: None) -> None:
    """A week in which nothing began is there with a zero."""
    funnel = await fetch_funnel(FunnelView(), await step_definitions())
    mondays = [week.monday for week in funnel.weeks]
    assert all(monday.weekday() == 0 for monday in mondays)
    assert mondays == [mondays[0] + timedelta(weeks=n) for n in range(len(mondays))]
    assert [funnel.weeks[0].created, funnel.weeks[-1].created] == [3, 2]
    assert sum(week.created for week in funnel.weeks) == 5
    assert funnel.weeks[-1].done == 1


async def test_empty_funnel_says_so(superuser: httpx.AsyncClient, database: str) -> None:
    """Without workshops there is a sentence instead of a chart."""
    page = await superuser.get("/progress/steps/")
    assert "There is no workshop yet." in page.text
    page = await superuser.get("/progress/steps/?period=30")
    assert "No workshop was created in this period." in page.text
