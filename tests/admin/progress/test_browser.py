"""The progress pages in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Locator, Route, expect

from tests.admin.conftest import Desk, NewDesk, make_operator
from tests.admin.progress.conftest import make_old, make_workshop
from workshops import operations
from workshops.tables import BuildPack, Workshop

pytestmark = pytest.mark.browser

SERIOUS = {"serious", "critical"}


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A workshop of Ada with five steps done, a chat, a session, a build pack and a viewer."""
    workshop = await make_workshop(title="A bakery without waste", complete=5, org_id="org_bread")
    await operations.save_step_output(
        workshop.id,
        "prioritize",
        {
            "features": [
                {"feature": "Offer bread", "rice": 84},
                {"feature": "Find it", "rice": 61},
            ],
            "why": "It is thrown away every evening. " * 40,
            "messages": [{"role": "user", "content": "What comes first?"}],
        },
    )
    await operations.record_activity(workshop.id)
    await operations.generate_build_pack(workshop.id, format_type="json")
    await operations.add_member(workshop.id, "user_bob", role="viewer")
    return workshop


@pytest.fixture
async def many(database: str, workshop: Workshop) -> None:
    """Sixty more workshops, each a minute after the one before; one is paused, ten are old."""
    await make_old(workshop, minutes=61)
    for number in range(60):
        made = await make_workshop(title=f"Garden {number:02}", clerk_user_id="user_eve")
        await make_old(made, days=30 if number < 10 else 0, minutes=60 - number)
        if number == 20:
            await operations.set_workshop_status(made.id, "active")
            await operations.set_workshop_status(made.id, "paused")


async def open_page(desk: Desk, path: str) -> None:
    """Go to a progress page."""
    await desk.page.goto(f"{desk.address}/progress{path}")


def rows(desk: Desk) -> Locator:
    """Return the titles on the board, to be waited for."""
    return desk.page.locator("table.board th.title")


async def test_admin_leads_to_the_board_and_back(desk: Desk, workshop: Workshop) -> None:
    """The admin's sidebar links to the board, the workshop's page to its row in the admin."""
    await desk.page.goto(f"{desk.address}/admin/")
    await desk.page.click("text=Progress board")
    await expect(desk.page.locator("h1")).to_have_text("Progress board")
    await desk.page.click("text=A bakery without waste")
    await desk.page.click("dd >> text=Workshop")
    await desk.page.wait_for_selector("input[name=title]")
    assert await desk.page.input_value("input[name=title]") == "A bakery without waste"
    assert desk.complaints == []


async def test_board_is_filtered_sorted_and_paged(desk: Desk, many: None) -> None:
    """The form filters, a heading sorts, the pages follow each other; the URL holds it all."""
    await open_page(desk, "/")
    await expect(desk.page.locator(".count")).to_contain_text("61 workshops")
    await expect(rows(desk)).to_have_count(50)
    await desk.page.click("text=Next")
    await expect(rows(desk)).to_have_count(11)
    await desk.page.click("text=Previous")
    await expect(rows(desk)).to_have_count(50)
    await desk.page.click("thead >> text=Created")
    await expect(rows(desk).first).to_have_text("Garden 59")
    await desk.page.click("thead >> text=Created")
    await expect(desk.page.locator("th[aria-sort=ascending]")).to_contain_text("Created")
    await expect(rows(desk).first).to_have_text("Garden 00")
    await desk.page.fill("#q", "garden")
    await desk.page.get_by_label("Paused").check()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".count")).to_contain_text("One workshop")
    await expect(rows(desk)).to_have_text(["Garden 20"])
    await desk.page.reload()
    assert await desk.page.get_by_label("Paused").is_checked()
    assert await desk.page.input_value("#q") == "garden"
    await desk.page.click("text=Clear the filters")
    await desk.page.fill("#idle", "14")
    await desk.page.click("text=Show")
    await expect(desk.page.locator(".count")).to_contain_text("10 workshops")
    await open_page(desk, "/")
    await desk.page.click("summary:has-text('Owner, organisation')")
    await desk.page.fill("#owner", "user_ada")
    await desk.page.click("text=Show")
    await expect(rows(desk)).to_have_text(["A bakery without waste"])
    assert desk.complaints == []


async def test_funnel_leads_to_the_workshops_it_counts(desk: Desk, many: None) -> None:
    """A number of the funnel opens the board with these workshops."""
    await open_page(desk, "/steps/")
    row = desk.page.locator("tr", has_text="1. Empathize")
    await row.locator("td[data-name=Stuck] a").click()
    await expect(desk.page.locator(".count")).to_contain_text("10 workshops")
    await open_page(desk, "/steps/")
    await desk.page.select_option("#period", "30")
    await desk.page.fill("#idle", "5")
    await desk.page.click("text=Show")
    await expect(desk.page).to_have_url(re.compile("period=30"))
    await desk.page.click("text=The numbers of each week")
    assert desk.complaints == []


async def test_every_action_of_a_workshop(desk: Desk, workshop: Workshop, tmp_path: Path) -> None:
    """An operator goes through all actions on a workshop, and each says what it did."""
    page = desk.page
    await open_page(desk, f"/workshops/{workshop.id}/")
    said = page.locator(".message")
    step = page.locator("#step-prioritize")
    await step.get_by_role("button", name="Complete").click()
    await expect(said).to_have_text("The step was completed.")
    await page.locator("#step-spec").get_by_role("button", name="Start").click()
    await expect(said).to_have_text("The step was started.")
    await step.locator("summary", has_text="Reset").click()
    await step.get_by_role("button", name="Reset").click()
    await expect(said).to_contain_text("The step was reset")
    await page.select_option("#format", "pdf")
    await page.get_by_role("button", name="Generate a build pack").click()
    await expect(said).to_contain_text("The build pack was generated.")
    async with page.expect_download() as download:
        await page.locator("tr", has_text="PDF").get_by_text("Download").click()
    await (await download.value).save_as(tmp_path / "pack.pdf")
    assert "On Empathize" in " ".join(
        sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "pack.pdf").pages
    )
    more = page.get_by_text("More actions")
    await more.click()
    await page.get_by_role("button", name="Share it").click()
    await expect(said).to_contain_text("The workshop is shared now")
    await more.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("button", name="Make it private")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
    await more.click()
    await page.get_by_role("button", name="Make it private").click()
    await expect(said).to_contain_text("The workshop is private again")
    await page.get_by_role("button", name="Pause it").click()
    await expect(said).to_have_text("The status was changed.")
    await page.get_by_role("button", name="Make it active").click()
    await expect(page.get_by_role("button", name="Pause it")).to_be_visible()
    bob = page.locator(".members tr", has_text="user_bob")
    await bob.locator("summary").click()
    await bob.get_by_role("button", name="Make the owner").click()
    await expect(said).to_have_text("The ownership was transferred.")
    await more.click()
    await page.click("text=Delete it…")
    await page.fill("#typed-title", "Another title")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(said).to_contain_text("Nothing was changed.")
    desk.complaints = [text for text in desk.complaints if "422" not in text]
    await page.click("text=Delete this workshop…")
    await page.fill("#typed-title", "A bakery without waste")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(said).to_contain_text("The workshop was deleted")
    assert not await Workshop.exists().where(Workshop.id == workshop.id)
    assert desk.complaints == []


async def test_new_workshop_and_erasure_of_its_owner(
    desk: Desk, workshop: Workshop, tmp_path: Path
) -> None:
    """A workshop is made from the form; its owner is exported, then erased."""
    page = desk.page
    await open_page(desk, "/new/")
    await page.fill("#title", "A library of things")
    await page.fill("#owner", "user_zoe")
    await page.click("text=Create the workshop")
    await expect(page.locator("h1")).to_have_text("A library of things")
    await page.click("table >> text=user_zoe")
    async with page.expect_download() as download:
        await page.click("text=Download the export")
    await (await download.value).save_as(tmp_path / "zoe.json")
    assert "A library of things" in (tmp_path / "zoe.json").read_text()
    await page.click("text=Erase this person…")
    await page.fill("#typed", "user_zoe")
    await page.click("text=Erase for good")
    await expect(page.locator(".message")).to_contain_text("was deleted")
    assert await Workshop.count() == 1
    assert desk.complaints == []


async def test_form_that_is_sent_twice_makes_one(desk: Desk, workshop: Workshop) -> None:
    """Whose answer is lost may be sent again: it leads to what the first one has made."""
    page = desk.page

    async def lose_the_answer(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort("aborted")

    async def send_twice(button: str) -> None:
        await page.route(re.compile("/(new|generate)/"), lose_the_answer, times=1)
        async with page.expect_event("requestfailed"):
            await page.get_by_role("button", name=button).click()
        await page.get_by_role("button", name=button).click()
        await expect(page.locator(".message")).to_contain_text("was")

    packs = await BuildPack.count()
    await open_page(desk, f"/workshops/{workshop.id}/")
    await send_twice("Generate a build pack")
    assert await BuildPack.count() == packs + 1
    await page.locator("#format").select_option("pdf")
    await page.get_by_role("button", name="Generate a build pack").click()
    await expect(page.locator(".message")).to_contain_text("was generated")
    assert await BuildPack.count() == packs + 2
    await open_page(desk, "/new/")
    await page.fill("#title", "A library of things")
    await page.fill("#owner", "user_zoe")
    await send_twice("Create the workshop")
    made = await Workshop.objects().get(Workshop.clerk_user_id == "user_zoe")
    assert made is not None
    await expect(page).to_have_url(re.compile(f"/workshops/{made.id}/"))
    assert await Workshop.count() == 2


async def test_viewer_sees_no_button(new_desk: NewDesk, workshop: Workshop) -> None:
    """An operator who may only look has no form that changes anything."""
    await make_operator("vera", superuser=False)
    desk = await new_desk()
    await desk.log_in("vera")
    await open_page(desk, f"/workshops/{workshop.id}/")
    await expect(desk.page.locator("h1")).to_have_text("A bakery without waste")
    assert await desk.page.locator("main form[method=post]").count() == 0
    assert desk.complaints == []


async def paths(workshop: Workshop) -> list[str]:
    """Return one path of every kind of page."""
    return [
        "/",
        "/?q=nothing+like+this&idle=x",
        "/steps/",
        "/new/",
        "/people/?person=user_ada",
        "/search/?find=a",
        "/definitions/",
        "/definitions/define/",
        f"/workshops/{workshop.id}/?done=status",
        "/nowhere/",
    ]


@pytest.mark.parametrize("family", [None, "DejaVu Sans", "Liberation Sans", "DejaVu Serif"])
async def test_phone_needs_no_sideways_scrolling(
    new_desk: NewDesk, workshop: Workshop, many: None, family: str | None
) -> None:
    """At 390 pixels every page fits, with all opened that is folded up, in any usual font."""
    await make_operator("grace", superuser=True)
    desk = await new_desk(viewport={"width": 390, "height": 844}, bypass_csp=True)
    await desk.enter("grace")
    for path in await paths(workshop):
        await open_page(desk, path)
        if family is not None:
            style = f"* {{ font-family: '{family}' !important; }}"
            await desk.page.add_style_tag(content=style)
        await desk.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        widest = await desk.page.evaluate(WIDEST)
        assert await desk.page.evaluate("document.documentElement.scrollWidth") == 390, widest


WIDEST = """
[...document.querySelectorAll("body *")]
  .map((e) => [Math.round(e.getBoundingClientRect().right), e.tagName, e.className])
  .filter(([right]) => right > 390)
  .slice(0, 8)
"""
"""Which elements of a page go beyond its edge, for the message of a failure."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible(
    new_desk: NewDesk, workshop: Workshop, scheme: str, many: None
) -> None:
    """In light and dark, a scan of every page with all opened finds nothing serious."""
    await make_operator("grace", superuser=True)
    desk = await new_desk(color_scheme=scheme)
    await desk.log_in("grace")
    for path in await paths(workshop):
        await open_page(desk, path)
        await desk.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = await Axe().run(desk.page)
        serious = [
            (
                violation["id"],
                violation["help"],
                [node["target"] for node in violation["nodes"]][:3],
            )
            for violation in found.response["violations"]
            if violation["impact"] in SERIOUS
        ]
        assert serious == [], path
    assert [text for text in desk.complaints if "404" not in text] == []


async def test_colours_follow_the_system_and_the_admin(
    new_desk: NewDesk, workshop: Workshop
) -> None:
    """Dark where the system is dark, unless the admin was set to one of both."""
    await make_operator("grace", superuser=True)
    desk = await new_desk(color_scheme="dark")
    await desk.log_in("grace")
    ground = "getComputedStyle(document.body).backgroundColor"
    await desk.page.evaluate("localStorage.removeItem('darkMode')")
    await open_page(desk, "/")
    assert await desk.page.evaluate(ground) == "rgb(45, 45, 45)"
    await desk.page.evaluate("localStorage.setItem('darkMode', 'false')")
    await desk.page.reload()
    assert await desk.page.evaluate(ground) == "rgb(255, 255, 255)"
    await desk.page.evaluate("localStorage.setItem('darkMode', 'true')")
    await desk.page.emulate_media(color_scheme="light")
    await desk.page.reload()
    assert await desk.page.evaluate(ground) == "rgb(45, 45, 45)"


async def test_keyboard_reaches_the_content_first(desk: Desk, workshop: Workshop) -> None:
    """The first stop of the Tab key skips to the content; focus can be seen."""
    await open_page(desk, "/")
    await desk.page.keyboard.press("Tab")
    focused = desk.page.locator(":focus")
    await expect(focused).to_have_text("Skip to the content")
    await expect(focused).to_be_in_viewport()
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("main")).to_be_focused()
    await desk.page.keyboard.press("Tab")
    await expect(desk.page.locator("main :focus")).to_be_visible()
    outline = await desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


async def test_print_leaves_out_what_cannot_be_printed(desk: Desk, workshop: Workshop) -> None:
    """On paper there are no menus and forms, and the ground is white in the dark too."""
    await open_page(desk, f"/workshops/{workshop.id}/")
    await desk.page.emulate_media(media="print", color_scheme="dark")
    await expect(desk.page.locator("header.bar nav")).to_be_hidden()
    await expect(desk.page.get_by_role("button")).to_have_count(0)
    ground = await desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
