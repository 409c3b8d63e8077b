"""One search for everything: what an identifier or a part of a title leads to."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import Desk, NewDesk, make_operator
from tests.admin.progress.conftest import make_workshop
from tests.factories import step_of
from workshops import operations
from workshops.tables import Workshop


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A shared workshop with a session and a build pack."""
    workshop = await make_workshop(complete=1, org_id="org_bread")
    await operations.share_workshop(workshop.id)
    await workshop.refresh()
    return workshop


async def found(client: httpx.AsyncClient, text: str) -> list[tuple[str, str]]:
    """Return kind and path of what is suggested for a text."""
    response = await client.get("/progress/search.json", params={"find": text})
    assert response.status_code == 200
    return [(hit["kind"], hit["path"]) for hit in response.json()]


async def test_identifier_leads_straight_to_its_page(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Whatever has the identifier, quoted as in a log or not, the answer is its page."""
    page = f"/progress/workshops/{workshop.id}/"
    session = await operations.record_activity(workshop.id)
    pack = await operations.generate_build_pack(workshop.id)
    member = await operations.add_member(workshop.id, "user_bob", role="viewer")
    step = await step_of(workshop, "define")
    for text, location in {
        workshop.id: page,
        f' "{workshop.id}",': page,
        step.id: f"{page}#step-define",
        member.id: f"{page}#members",
        session.id: f"{page}#sessions",
        pack.id: f"{page}#packs",
        workshop.share_token: page,
        "user_bob": "/progress/people/?person=user_bob",
        "org_bread": "/progress/?organisation=org_bread",
    }.items():
        response = await superuser.get("/progress/search/", params={"find": text})
        assert (response.status_code, response.headers["location"]) == (303, location)


async def test_part_of_a_title_is_found_as_it_is_written(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Any part in any case is found, with % and _ for themselves; the page lists it."""
    await make_workshop(title="Fifty % more_bread")
    path = f"/workshops/{workshop.id}/"
    assert await found(superuser, "BAKERY without") == [("Workshop, active", path)]
    assert len(await found(superuser, "% more_b")) == 1
    assert await found(superuser, "a%y") == []
    assert ("Step, its workshops", "/?step=empathize") in await found(superuser, "Empath")
    page = await superuser.get("/progress/search/", params={"find": "bakery"})
    assert f'href="/progress{path}"' in page.text


async def test_share_token_is_found_by_superusers_only(
    superuser: httpx.AsyncClient, viewer: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Who must not see a token cannot try one either."""
    assert await found(superuser, workshop.share_token) != []
    assert await found(viewer, workshop.share_token) == []
    assert len(await found(viewer, workshop.id)) == 1


@pytest.mark.parametrize("text", ["", " ", "\0", "x" * 300, "\\", "'", "<script>"])
async def test_strange_texts_find_nothing(superuser: httpx.AsyncClient, text: str) -> None:
    """What nothing can be called is answered with a page, too."""
    assert await found(superuser, text) == []
    page = await superuser.get("/progress/search/", params={"find": text})
    assert page.status_code == 200
    assert "<script>" not in page.text.replace("<script src", "")


@pytest.mark.browser
async def test_search_by_keyboard(desk: Desk, workshop: Workshop) -> None:
    """A slash goes to the field, the arrows to a result, Enter to its page; Escape closes."""
    page = desk.page
    await page.goto(f"{desk.address}/progress/steps/")
    await page.keyboard.press("/")
    field = page.locator("#find")
    await expect(field).to_be_focused()
    await page.keyboard.type("bakery")
    await expect(page.locator("#found [role=option]")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator("#found")).to_be_hidden()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#found [aria-selected=true]")).to_contain_text("A bakery")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("A bakery without waste")
    await expect(field).to_have_attribute("role", "combobox")  # its script has run
    await page.keyboard.press("/")
    await page.keyboard.type("user_ada")
    await page.keyboard.press("Enter")
    await expect(page.locator("#person")).to_have_value("user_ada")
    assert desk.complaints == []


@pytest.mark.browser
async def test_log_out_and_colours_from_any_page(new_desk: NewDesk, workshop: Workshop) -> None:
    """The operator's menu sets the colours and ends the log-in, also for a viewer."""
    await make_operator("vera", superuser=False)
    desk = await new_desk(color_scheme="light")
    await desk.enter("vera")
    page = desk.page
    await page.goto(f"{desk.address}/progress/steps/")
    ground = "getComputedStyle(document.body).backgroundColor"
    await page.click("summary:has-text('vera')")
    await page.get_by_label("Dark").check()
    assert await page.evaluate(ground) == "rgb(45, 45, 45)"
    await page.reload()
    assert await page.evaluate(ground) == "rgb(45, 45, 45)"
    await page.click("summary:has-text('vera')")
    await page.get_by_label("As the system").check()
    assert await page.evaluate(ground) == "rgb(255, 255, 255)"
    await page.get_by_role("button", name="Log out").click()
    await expect(page.locator("input[name=password]")).to_be_visible()
    await page.goto(f"{desk.address}/progress/")
    await expect(page.locator("input[name=password]")).to_be_visible()
