"""The board's follow-up, and what is done to several of its workshops at once."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import date
from pathlib import Path

import asyncpg
import httpx
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect

from tests.admin.conftest import Browse, Desk, NewDesk, make_operator, send
from tests.admin.progress.conftest import make_workshop, titles
from workshops import operations
from workshops.admin.follow_up import FollowUp, Note
from workshops.database.migrations import project_engine
from workshops.projection import refresh
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop

CHOSEN = "/progress/chosen/"


@pytest.fixture
async def four(superuser: httpx.AsyncClient) -> dict[str, Workshop]:
    """Four workshops: Grace's, Mary's, one that was contacted and noted, and a plain one."""
    made = {name: await make_workshop(title=name) for name in ("ours", "hers", "called", "plain")}
    mary = await make_operator("mary", superuser=True)
    for name, operator in (("ours", await grace()), ("hers", mary.id)):
        await FollowUp(id=made[name].id, assigned_to=operator).save()
    await FollowUp(id=made["called"].id, contacted_on=date(2026, 1, 31)).save()
    await Note(workshop_id=made["called"].id, text="Hello.", author="mary").save()
    return made


async def grace() -> int:
    """Return the key of Grace."""
    [row] = await FollowUp.raw("SELECT id FROM piccolo_user WHERE username = 'grace'")
    return int(row["id"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("assigned=me", {"ours"}),
        ("assigned={mary}", {"hers"}),
        ("assigned=anybody", {"ours", "hers"}),
        ("assigned=nobody", {"called", "plain"}),
        ("contact=ever", {"called"}),
        ("contact=never", {"ours", "hers", "plain"}),
        ("contacted_before=2026-02-01", {"called"}),
        ("contacted_before=2026-01-31", set()),
        ("notes=yes", {"called"}),
        ("notes=no", {"ours", "hers", "plain"}),
        ("notes=no&assigned=nobody&q=plain", {"plain"}),
    ],
)
async def test_board_is_filtered_by_follow_up(
    superuser: httpx.AsyncClient, four: dict[str, Workshop], query: str, expected: set[str]
) -> None:
    """Page and files hold the same workshops; the page says what is set."""
    [mary] = await FollowUp.raw("SELECT id FROM piccolo_user WHERE username = 'mary'")
    query = query.format(mary=mary["id"])
    page = await superuser.get(f"/progress/?{query}")
    assert set(titles(page.text)) == expected
    assert 'class="told"' in page.text
    rows = (await superuser.get(f"/progress/board.json?{query}")).json()
    assert {row["title"] for row in rows} == expected


async def test_board_and_files_show_follow_up(
    superuser: httpx.AsyncClient, four: dict[str, Workshop]
) -> None:
    """Who looks after it, when somebody was contacted, how many notes; a column that can go."""
    page = (await superuser.get("/progress/?q=called")).text
    assert "2026-01-31</small>" in page
    assert "1 note</a>" in page
    assert "1 note</a>" not in (await superuser.get("/progress/?q=called&hide=follow_up")).text
    assert ">mary</a>" in (await superuser.get("/progress/?q=hers")).text
    [row] = (await superuser.get("/progress/board.json?q=called")).json()
    assert (row["assigned_to"], row["contacted_on"], row["notes"]) == (None, "2026-01-31", 1)
    text = (await superuser.get("/progress/board.csv?q=hers")).content.decode("utf-8-sig")
    [line] = csv.DictReader(io.StringIO(text))
    assert (line["assigned_to"], line["contacted_on"], line["notes"]) == ("mary", "", "0")


async def choose(
    client: httpx.AsyncClient, *workshops: Workshop, seen: str = "", **fields: str
) -> httpx.Response:
    """Tick workshops on the board and press a button."""
    picks = {f"pick-{workshop.id}": seen for workshop in workshops}
    return await send(client, "/progress/", CHOSEN, view="?sort=creation", **picks, **fields)


async def test_each_work_is_done_to_all(
    superuser: httpx.AsyncClient, four: dict[str, Workshop]
) -> None:
    """Note, assign, contact, pause and resume; the board says what was done to how many."""
    some = [four["called"], four["plain"]]
    for fields, sentence in (
        ({"do": "note", "text": "On both."}, "Note added: 2 workshops."),
        ({"do": "assign", "to": str(await grace())}, "Assigned: 2 workshops."),
        ({"do": "contacted", "day": "2026-02-01"}, "Contact written down: 2 workshops."),
        ({"do": "pause"}, "Paused: 2 workshops."),
        ({"do": "resume"}, "Resumed: 2 workshops."),
    ):
        for workshop in some:
            if fields["do"] == "pause":
                await operations.start_step(workshop.id, "empathize")
        answer = await choose(superuser, *some, **fields)
        assert answer.status_code == 303, answer.text
        assert "sort=creation" in answer.headers["location"]
        assert sentence in (await superuser.get(answer.headers["location"])).text
    assert await Note.count().where(Note.text == "On both.") == 2
    assert await FollowUp.count().where(FollowUp.contacted_on == date(2026, 2, 1)) == 2
    statuses = await Workshop.select(Workshop.status).where(Workshop.status == "active")
    assert len(statuses) == 2


async def test_what_is_refused_is_told_and_the_rest_is_done(
    superuser: httpx.AsyncClient, four: dict[str, Workshop]
) -> None:
    """A draft cannot be paused, a deleted workshop not found: the others are paused, and said."""
    await operations.start_step(four["ours"].id, "empathize")
    await operations.delete_workshop(four["hers"].id)
    answer = await choose(superuser, four["ours"], four["hers"], four["plain"], do="pause")
    assert answer.status_code == 200
    assert "Paused: one workshop." in answer.text
    assert f"There is no workshop {four['hers'].id}." in answer.text
    assert f"/workshops/{four['plain'].id}/" in answer.text
    stored = await Workshop.select(Workshop.title, Workshop.status).order_by(Workshop.title)
    assert {row["title"]: row["status"] for row in stored} == {
        "ours": "paused",
        "called": "draft",
        "plain": "draft",
    }


async def test_completed_workshop_is_not_resumed(superuser: httpx.AsyncClient) -> None:
    """Resume is for paused ones: a completed one, which could be made active, is refused."""
    workshop = await make_workshop(complete=len(STEP_CATALOG))
    await operations.set_workshop_status(workshop.id, "completed")
    answer = await choose(superuser, workshop, do="resume")
    assert answer.status_code == 409
    assert "It is not paused." in answer.text
    assert "Nothing was changed." in answer.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"do": "note", "text": " "}, 409), ({"do": "erase"}, 422), ({"do": ""}, 422)],
)
async def test_unusable_work_is_refused(
    superuser: httpx.AsyncClient, four: dict[str, Workshop], fields: dict[str, str], status: int
) -> None:
    """Nothing is written."""
    answer = await choose(superuser, four["plain"], **fields)
    assert answer.status_code == status
    assert 'class="message done"' not in answer.text
    assert await Note.count() == 1


async def test_nothing_ticked_is_told(superuser: httpx.AsyncClient, database: str) -> None:
    """Without a workshop there is nothing to do."""
    await make_workshop()
    answer = await choose(superuser, do="pause")
    assert answer.status_code == 422
    assert "No workshop was selected." in answer.text


async def test_two_operators_assign_the_same_ones(
    superuser: httpx.AsyncClient, four: dict[str, Workshop], log_in: Browse
) -> None:
    """Each workshop has one of the two, who was told so, and the other was told who has it."""
    mary = await log_in("mary")
    [row] = await FollowUp.raw("SELECT id FROM piccolo_user WHERE username = 'mary'")
    some = [four["called"], four["plain"]]
    answers = await asyncio.gather(
        choose(superuser, *some, do="assign", to=str(await grace())),
        choose(mary, *reversed(some), do="assign", to=str(row["id"])),
    )
    kept = await FollowUp.select(FollowUp.assigned_to).where(
        FollowUp.id.is_in([workshop.id for workshop in some])
    )
    assert len({each["assigned_to"] for each in kept}) == 1
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    [loser] = [answer for answer in answers if answer.status_code == 409]
    assert "since you opened the page" in loser.text


async def test_workshop_that_is_in_use_is_refused_after_a_moment(
    superuser: httpx.AsyncClient, four: dict[str, Workshop]
) -> None:
    """Of two workshops one is locked by the application: the other one is paused."""
    for name in ("ours", "plain"):
        await operations.start_step(four[name].id, "empathize")
    connection: asyncpg.Connection = await project_engine().get_new_connection()
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT FROM workshops WHERE id = $1 FOR UPDATE", four["ours"].id
            )
            answer = await choose(superuser, four["ours"], four["plain"], do="pause")
    finally:
        await connection.close()
    assert answer.status_code == 200
    assert "Paused: one workshop." in answer.text
    stored = await Workshop.select(Workshop.title).where(Workshop.status == "paused")
    assert [row["title"] for row in stored] == ["plain"]


async def test_viewer_takes_a_file_of_the_chosen_and_changes_nothing(
    viewer: httpx.AsyncClient, database: str
) -> None:
    """The file has the chosen ones in the order of the board; all else is refused."""
    made = [await make_workshop(title=f"Garden {number}") for number in range(3)]
    await refresh()
    page = await viewer.get("/progress/")
    assert "Assign to" not in page.text
    picks = {f"pick-{workshop.id}": "" for workshop in made[:2]}
    view = {"view": "?sort=creation&order=up&q=nothing"}
    answer = await send(viewer, "/progress/", "/progress/chosen.json", **view, **picks)
    assert answer.status_code == 200, answer
    assert [row["title"] for row in json.loads(answer.text)] == ["Garden 0", "Garden 1"]
    assert (await choose(viewer, made[0], do="pause")).status_code == 403


@pytest.mark.browser
async def test_workshops_are_ticked_in_a_browser(
    new_desk: NewDesk, four: dict[str, Workshop], tmp_path: Path
) -> None:
    """By mouse and by keyboard: tick, note, assign, download; the bar shows itself when needed."""
    desk = await new_desk()
    await desk.enter("grace")
    page = desk.page
    await page.goto(f"{desk.address}/progress/")
    bar = page.locator("#chosen")
    await expect(bar).to_be_hidden()
    await page.get_by_label("Select called").check()
    await expect(bar).to_be_visible()
    await page.get_by_label("Select plain").focus()
    await page.keyboard.press("Space")
    await expect(bar).to_contain_text("2 selected")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chosen-to")).to_be_focused()
    await page.get_by_label("Assign to").select_option("mary")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    said = page.locator(".message")
    await expect(said).to_have_text("Assigned: 2 workshops.")
    await page.get_by_label("Select called").check()
    await page.get_by_label("Contacted on").fill("2026-03-01")
    await page.keyboard.press("Enter")
    await expect(said).to_have_text("Contact written down: one workshop.")
    await expect(page.locator(".followed", has_text="mary")).to_have_count(3)
    await page.get_by_text("Select this page").click()
    await expect(bar).to_contain_text("4 selected")
    await page.get_by_text("Add a note…").click()
    await page.get_by_label("Note on each of them").fill("Called all four.")
    await bar.get_by_role("button", name="Add the note").click()
    await expect(said).to_have_text("Note added: 4 workshops.")
    await page.get_by_label("Select ours").check()
    async with page.expect_download() as download:
        await bar.get_by_role("button", name="CSV").click()
    await (await download.value).save_as(tmp_path / "chosen.csv")
    assert "Called" not in (tmp_path / "chosen.csv").read_text()
    assert "ours" in (tmp_path / "chosen.csv").read_text()
    await bar.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was changed.")
    await page.get_by_text("Back to the board").click()
    await expect(page.locator("h1")).to_have_text("Progress board")
    assert [text for text in desk.complaints if "409" not in text] == []


@pytest.mark.browser
async def test_workshops_are_ticked_without_a_script_on_a_phone(
    new_desk: NewDesk, four: dict[str, Workshop]
) -> None:
    """A link ticks the page; Enter in the day presses no button; the page is not wider for it."""
    desk: Desk = await new_desk(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, has_touch=True
    )
    await desk.enter("grace")
    page = desk.page
    await page.goto(f"{desk.address}/progress/?q=l&sort=creation")
    await page.get_by_text("Select this page").click()
    await expect(page.get_by_label("Select plain")).to_be_checked()
    await page.get_by_label("Select called").uncheck()
    await page.locator("#chosen-day").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Press the button of what is to be done.")).to_be_visible()
    await page.go_back()
    await page.get_by_label("Select called").uncheck()
    await page.locator("#chosen").get_by_role("button", name="Write down").click()
    await expect(page.locator(".message")).to_have_text("Contact written down: one workshop.")
    assert "q=l" in page.url


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_bar_and_its_answer_are_accessible_and_fit_a_phone(
    new_desk: NewDesk, four: dict[str, Workshop], scheme: str
) -> None:
    """With all opened, a scan finds nothing serious, and 390 pixels are wide enough."""
    desk = await new_desk(color_scheme=scheme, viewport={"width": 390, "height": 844})
    await desk.enter("grace")
    page = desk.page
    await page.goto(f"{desk.address}/progress/?picked=all")
    await expect(page.locator("#chosen")).to_contain_text("4 selected")
    for button in ("", "Resume"):
        if button:
            await page.get_by_role("button", name=button).click()
            await expect(page.get_by_role("alert")).to_be_visible()
        await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = await Axe().run(page)
        serious = [
            (violation["id"], [node["target"] for node in violation["nodes"]][:3])
            for violation in found.response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
