"""The admin in a real Chromium."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.admin.conftest import Desk, make_operator
from tests.factories import make_workshop

pytestmark = pytest.mark.browser

NewDesk = Callable[[], Awaitable[Desk]]


@pytest.fixture
async def desk(new_desk: NewDesk) -> Desk:
    """The browser of Grace, a superuser, who is logged in."""
    await make_operator("grace", superuser=True)
    desk = await new_desk()
    await desk.log_in("grace")
    return desk


async def cells(desk: Desk) -> list[list[str]]:
    """Return the texts of the list's rows, without the check boxes and menus."""
    await desk.page.wait_for_selector("table tr td a")
    rows = await desk.page.locator("table tr:has(td a.subtle)").all()
    return [[text.strip() for text in await row.locator("td").all_inner_texts()] for row in rows]


async def test_workshops_list_shows_title_owner_and_status(desk: Desk) -> None:
    """The list of workshops shows title, owner, organisation, status and times."""
    await make_workshop(title="A bakery without waste", org_id="org_bread")
    await desk.open("workshops")
    [row] = await cells(desk)
    assert row[1:6] == ["A bakery without waste", "user_ada", "org_bread", "Draft", "Private"]
    assert desk.complaints == []


async def test_steps_list_shows_workshop_step_and_status(desk: Desk) -> None:
    """The list of steps shows the workshop's title, the step's name and its status."""
    await make_workshop(title="A bakery without waste")
    await desk.open("workshop_steps")
    rows = await cells(desk)
    assert len(rows) == 10
    assert {row[1] for row in rows} == {"A bakery without waste"}
    assert {"Empathize", "Define", "Pack"} < {row[2] for row in rows}
    assert {row[3] for row in rows} == {"Not Started"}
    assert desk.complaints == []


async def test_title_leads_to_the_form_of_the_row(desk: Desk) -> None:
    """A click on a workshop's title opens its form, which a Save stores."""
    workshop = await make_workshop(title="A bakery without waste")
    await desk.open("workshops")
    await desk.page.click("text=A bakery without waste")
    await desk.page.fill("input[name=title]", "A bakery with no waste")
    await desk.page.click("[data-uitest=save_button]")
    await desk.page.wait_for_selector("text=Successfully saved row")
    before = workshop.created_at
    await workshop.refresh()
    assert workshop.title == "A bakery with no waste"
    assert workshop.created_at == before
    assert desk.complaints == []


async def test_csv_button_downloads_the_list(desk: Desk, tmp_path: Path) -> None:
    """The CSV button downloads every row with its readable names."""
    for number in range(20):
        await make_workshop(title=f"Workshop {number}")
    await desk.open("workshop_steps")
    await desk.page.click("[data-uitest=csv_button]")
    async with desk.page.expect_download() as download:
        await desk.page.click("[data-uitest=download_csv_button]")
    await (await download.value).save_as(tmp_path / "steps.csv")
    with (tmp_path / "steps.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 200
    assert {line["step_id_readable"] for line in lines} > {"Empathize", "Pack"}
    assert desk.complaints == []
