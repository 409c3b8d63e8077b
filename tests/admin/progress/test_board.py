"""The board: what each filter finds, how it sorts, and its pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.datastructures import QueryParams

from tests.admin.progress.conftest import make_old, make_workshop, titles
from workshops import operations
from workshops.admin.progress import board_pages, board_statement
from workshops.admin.progress.board import all_rows, fetch_board
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.query_string import SORTS, read_board
from workshops.columns import utc_now
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop


@pytest.fixture
async def five(database: str) -> dict[str, Workshop]:
    """Five workshops that differ in everything there is a filter for."""
    bakery = await make_workshop(title="A bakery without waste", complete=2)
    garden = await make_workshop(
        title="A garden on 100% of roofs", clerk_user_id="user_bob", org_id="org_green"
    )
    harbour = await make_workshop(
        title="Harbour_bakery", org_id="org_sea", complete=len(STEP_CATALOG)
    )
    await operations.set_workshop_status(harbour.id, "completed")
    island = await make_workshop(title="ISLAND ferry", org_id="org_sea", complete=5)
    await operations.set_workshop_status(island.id, "paused")
    jetty = await make_workshop(title="Jetty", complete=2)
    await make_old(jetty, days=40)
    # Some changes within a millisecond take a row's time further than the clock has come.
    for minutes, workshop in enumerate((island, harbour, garden, bakery)):
        await make_old(workshop, minutes=minutes)
    return {
        "bakery": bakery,
        "garden": garden,
        "harbour": harbour,
        "island": island,
        "jetty": jetty,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"bakery", "garden", "harbour", "island", "jetty"}),
        ("q=bakery", {"bakery", "harbour"}),
        ("q=BAKER", {"bakery", "harbour"}),
        ("q=island f", {"island"}),
        ("q=%25", {"garden"}),
        ("q=_", {"harbour"}),
        ("q=%5C", set()),
        ("q=0%25 o", {"garden"}),
        ("q=y", {"bakery", "harbour", "island", "jetty"}),
        ("q=' OR 1=1 --", set()),
        ("status=draft", {"garden"}),
        ("status=active", {"bakery", "jetty"}),
        ("status=paused&status=completed", {"harbour", "island"}),
        ("step=ideate", {"bakery", "jetty"}),
        ("step=ideate&place=before", {"garden"}),
        ("step=ideate&place=past", {"harbour", "island"}),
        ("step=empathize&place=before", set()),
        ("step=none", {"harbour"}),
        ("owner=user_bob", {"garden"}),
        ("organisation=org_sea", {"harbour", "island"}),
        ("organisation=org_sea&q=ferry", {"island"}),
        ("idle=30", {"jetty"}),
        ("idle=41", set()),
        ("idle=30&status=paused", set()),
        ("to={yesterday}", {"jetty"}),
        ("from={yesterday}", {"bakery", "garden", "harbour", "island"}),
        ("q=bakery&status=active&step=ideate", {"bakery"}),
    ],
)
async def test_filter_finds_what_it_says(
    superuser: httpx.AsyncClient, five: dict[str, Workshop], query: str, expected: set[str]
) -> None:
    """Each filter leaves the workshops that it names, alone and with others."""
    yesterday = (utc_now() - timedelta(days=1)).date()
    page = await superuser.get(f"/progress/?{query.format(yesterday=yesterday)}")
    assert page.status_code == 200
    assert 'class="message notice"' not in page.text
    assert set(titles(page.text)) == {five[name].title for name in expected}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["island", "harbour", "garden", "bakery", "jetty"]),
        ("order=up", ["jetty", "bakery", "garden", "harbour", "island"]),
        ("sort=creation", ["island", "harbour", "garden", "bakery", "jetty"]),
        ("sort=progress", ["harbour", "island", "bakery", "jetty", "garden"]),
        ("sort=progress&order=up", ["garden", "jetty", "bakery", "island", "harbour"]),
    ],
)
async def test_sort_orders_the_board(
    superuser: httpx.AsyncClient, five: dict[str, Workshop], query: str, expected: list[str]
) -> None:
    """Activity, creation and progress sort in both directions; activity breaks ties."""
    page = await superuser.get(f"/progress/?{query}")
    assert titles(page.text) == [five[name].title for name in expected]


async def test_row_shows_state_of_each_step(
    superuser: httpx.AsyncClient, five: dict[str, Workshop]
) -> None:
    """A row has a cell for each step, the percentage and the current step."""
    page = (await superuser.get("/progress/?q=bakery without")).text
    assert page.count('title="1. Empathize: Done"') == 1
    assert page.count('title="3. Ideate: In progress"') == 1
    assert page.count(f'title="{len(STEP_CATALOG)}. Pack: Open"') == 1
    assert f'aria-label="2 of {len(STEP_CATALOG)} steps done"' in page
    assert f">{200 // len(STEP_CATALOG)} %<" in page
    assert ">Ideate</td>" in page


async def fill(count: int) -> None:
    """Insert workshops that share their times and states in groups, with two steps each."""
    await Workshop.raw(
        "INSERT INTO workshops (id, clerk_user_id, title, original_idea, status, org_id,"
        " created_at, updated_at) SELECT 'ws_' || n, 'user_' || n % 3, 'Number ' || n, '',"
        " (ARRAY ['draft', 'active', 'paused'])[n % 3 + 1], 'org_1',"
        " now() AT TIME ZONE 'utc' - n / 4 * interval '1 day',"
        " now() AT TIME ZONE 'utc' - n / 7 * interval '1 day' FROM generate_series(1, {}) n",
        count,
    )
    await Workshop.raw(
        "INSERT INTO workshop_steps (id, workshop_id, step_id, status, created_at, updated_at)"
        " SELECT 'wst_' || w.id || d.id, w.id, d.id,"
        " CASE WHEN d.\"order\" <= length(w.id) % 3 THEN 'complete' ELSE 'not_started' END,"
        ' w.created_at, w.created_at FROM workshops w, step_definitions d WHERE d."order" < 3'
    )


@pytest.mark.parametrize("most_sorted", [board_statement.MOST_SORTED, 2])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "order=up",
        "q=number 1",
        "step=empathize&status=draft",
        "status=active&status=draft",
        "owner=user_1",
        "idle=3",
        "step=none",
        "step=define&place=past&order=up",
        "step=empathize&place=before",
    ],
)
@pytest.mark.usefixtures("database")
async def test_pages_hold_every_workshop_once(
    monkeypatch: pytest.MonkeyPatch, sort: str, query: str, most_sorted: int
) -> None:
    """Forwards and backwards, the pages are the whole list in order, without a gap or a repeat.

    That is so where few match, which are sorted, and where many do, which come in order.
    """
    monkeypatch.setattr(board_statement, "MOST_SORTED", most_sorted)
    await fill(160)
    definitions = await step_definitions()
    view = read_board(QueryParams(f"{query}&sort={sort}"), definitions)
    whole: list[str] = []
    page = await fetch_board(view, definitions)
    count, last = page.count, page
    assert page.previous is None
    while True:
        whole += [row.id for row in page.rows]
        last = page
        if page.next is None:
            break
        page = await fetch_board(replace(view, after=page.next), definitions)
        assert page.previous is not None
    assert len(whole) == len(set(whole))
    assert count == len(whole)
    assert whole == [row.id async for rows in all_rows(view, definitions) for row in rows]
    backwards = [row.id for row in last.rows]
    page = last
    while page.previous is not None:
        page = await fetch_board(replace(view, before=page.previous), definitions)
        backwards = [row.id for row in page.rows] + backwards
    assert backwards == whole


async def test_many_of_very_many_are_not_counted(
    superuser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The board says how many it would have counted; few are counted even then."""
    await fill(9)
    for module in (board_statement, board_pages):
        monkeypatch.setattr(module, "MOST_SORTED", 4)
    monkeypatch.setattr(board_statement, "MOST_COUNTED", -2)  # -1: PostgreSQL has not looked yet
    assert "More than 4 workshops, by" in (await superuser.get("/progress/")).text
    assert "3 workshops, filtered" in (await superuser.get("/progress/?owner=user_1")).text


async def test_page_stays_where_it_was_when_workshops_come(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """A workshop that becomes the first one does not push another onto the next page again."""
    await fill(120)
    first = await superuser.get("/progress/?sort=creation")
    [following] = [
        line.split('href="')[1].split('"')[0].replace("&amp;", "&")
        for line in first.text.splitlines()
        if 'rel="next"' in line
    ]
    await make_workshop(title="The newest")
    second = await superuser.get(following)
    assert len(titles(second.text)) == 50
    assert not set(titles(first.text)) & set(titles(second.text))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [("", "There is no workshop yet."), ("q=x", "No workshop matches these filters.")],
)
async def test_empty_board_says_why(
    superuser: httpx.AsyncClient, query: str, sentence: str
) -> None:
    """Without workshops, and without matching ones, the board says so."""
    assert sentence in (await superuser.get(f"/progress/?{query}")).text


async def test_one_workshop_is_counted_in_words(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """A board of one says one workshop and has no pages."""
    await make_workshop()
    page = await superuser.get("/progress/")
    assert "One workshop" in page.text
    assert 'class="pager"' not in page.text
