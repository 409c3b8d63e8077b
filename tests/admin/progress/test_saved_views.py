"""Views of the board with a name."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import AuditLog, Browse, NewDesk, make_operator, send
from tests.admin.progress.conftest import make_workshop
from workshops.admin import saved_views
from workshops.admin.saved_views import SavedView

BOARD = "/progress/"


async def save(client: httpx.AsyncClient, name: str, view: str, **fields: str) -> httpx.Response:
    """Save a view of the board by its form."""
    return await send(client, BOARD, f"{BOARD}views/", name=name, view=view, **fields)


def links(page: str) -> dict[str, str]:
    """Return the views above the board: name -> address."""
    nav = page[page.index('aria-label="Views of the board"') :].split("</nav>")[0]
    return {name: address for address, name in re.findall(r'href="([^"]*)"[^>]*>([^<]*)</a>', nav)}


async def test_own_view_is_saved_replaced_renamed_and_deleted(
    viewer: httpx.AsyncClient, superuser: httpx.AsyncClient
) -> None:
    """A viewer too keeps views, which nobody else has on the board."""
    answer = await save(viewer, " Quiet ones ", "?idle=30&hide=owner&nonsense=1&after=1.2.x")
    assert answer.headers["location"].endswith("?idle=30&hide=owner&done=view_saved")
    page = (await viewer.get(BOARD)).text
    assert links(page)["Quiet ones"] == "/progress/?idle=30&amp;hide=owner"
    assert "Quiet ones" not in (await superuser.get(BOARD)).text
    again = await save(viewer, "Quiet ones", "?idle=60")
    assert "done=view_replaced" in again.headers["location"]
    [view] = await SavedView.objects()
    assert view.query == "?idle=60"
    path = f"{BOARD}views/{view.id}/"
    assert (await send(superuser, BOARD, f"{path}delete/", view="?")).status_code == 404
    assert (await send(superuser, BOARD, f"{path}rename/", name="Mine")).status_code == 404
    renamed = await send(viewer, BOARD, f"{path}rename/", name="Silent ones", view="?")
    assert renamed.headers["location"] == "/progress/?done=view_renamed"
    assert links((await viewer.get(BOARD)).text)["Silent ones"] == "/progress/?idle=60"
    assert (await send(viewer, BOARD, f"{path}delete/", view="?")).status_code == 303
    assert (await send(viewer, BOARD, f"{path}delete/", view="?")).status_code == 404


async def test_shared_view_is_for_all_and_changed_by_superusers(
    viewer: httpx.AsyncClient, superuser: httpx.AsyncClient, log_in: Browse, audit_log: AuditLog
) -> None:
    """Superusers share, and change what any of them shared; "me" in it is whoever looks."""
    assert (await save(viewer, "Ours", "?", shared="1")).status_code == 422
    await save(superuser, "Ours", "?assigned=me", shared="1")
    assert links((await viewer.get(BOARD)).text)["Ours"] == "/progress/?assigned=me"
    [view] = await SavedView.objects()
    path = f"{BOARD}views/{view.id}/"
    assert (await send(viewer, BOARD, f"{path}delete/", view="?")).status_code == 404
    await make_operator("mary", superuser=True)
    mary = await log_in("mary")
    assert (await send(mary, BOARD, f"{path}rename/", name="All of us", view="?")).is_redirect
    entry = (await audit_log.entries(table_name="saved_views"))[-1]
    assert (entry["operator"], entry["changes"]) == ("mary", {"name": ["Ours", "All of us"]})


async def test_shared_view_stays_shared_when_it_is_saved_again(
    viewer: httpx.AsyncClient, superuser: httpx.AsyncClient, log_in: Browse
) -> None:
    """Its owner can keep it to themselves; nobody else's view of the name has a part in it."""
    await save(superuser, "Ours", "?idle=30", shared="1")
    await save(superuser, "Ours", "?idle=60")
    assert links((await viewer.get(BOARD)).text)["Ours"] == "/progress/?idle=60"
    await make_operator("mary", superuser=True)
    mary = await log_in("mary")
    await save(mary, "Ours", "?idle=90")
    assert links((await viewer.get(BOARD)).text)["Ours"] == "/progress/?idle=60"
    view = await SavedView.objects().get(SavedView.query == "?idle=60")
    assert view is not None
    path = f"{BOARD}views/{view.id}/unshare/"
    assert (await send(mary, BOARD, path, view="?")).status_code == 404
    assert "to myself" not in (await mary.get(BOARD)).text
    assert (await send(superuser, BOARD, path, view="?")).is_redirect
    assert "Ours" not in (await viewer.get(BOARD)).text
    assert "Ours" in (await superuser.get(BOARD)).text


async def test_name_is_taken_once(viewer: httpx.AsyncClient, database: str) -> None:
    """A view cannot be given the name of another one; one of another operator may have it."""
    for name in ("One", "Two"):
        await save(viewer, name, "?")
    view = await SavedView.objects().where(SavedView.name == "Two").first()
    assert view is not None
    refused = await send(viewer, BOARD, f"{BOARD}views/{view.id}/rename/", name="One", view="?")
    assert refused.status_code == 409
    assert "another view of this name" in refused.text


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb"])
async def test_unusable_name_is_refused(
    viewer: httpx.AsyncClient, database: str, name: str
) -> None:
    """The sentence says what is wrong with it."""
    refused = await save(viewer, name, "?")
    assert refused.status_code == 422
    assert "The name" in refused.text
    assert await SavedView.count() == 0


async def test_views_are_bounded(
    viewer: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator has no more than there is room for; an old one can still be replaced."""
    monkeypatch.setattr(saved_views, "MOST_OWN", 1)
    await save(viewer, "One", "?")
    assert (await save(viewer, "Two", "?")).status_code == 422
    assert (await save(viewer, "One", "?idle=3")).status_code == 303


async def test_views_of_a_deleted_operator(
    viewer: httpx.AsyncClient, superuser: httpx.AsyncClient, log_in: Browse
) -> None:
    """The shared ones stay with those who use them, the own ones go."""
    mary = await make_operator("mary", superuser=True)
    client = await log_in("mary")
    await save(client, "Mine", "?")
    await save(client, "Ours", "?", shared="1")
    table = "/admin/api/tables/piccolo_user"
    assert (await superuser.delete(f"{table}/{mary.id}/")).status_code == 204
    [view] = await SavedView.objects()
    assert (view.name, view.owner_id) == ("Ours", None)
    page = (await viewer.get(BOARD)).text
    assert "Shared by a former operator" in page
    path = f"{BOARD}views/{view.id}/"
    assert (await send(superuser, BOARD, f"{path}delete/", view="?")).is_redirect


async def test_erasure_deletes_views_that_name_the_person(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """By filter or by name, however it is spelt in the address; another person's stays."""
    person = "user_ada.+(1)"
    await make_workshop(clerk_user_id=person)
    await save(superuser, "Hers", "?owner=user_ada.%2B%281%29")
    await save(superuser, "Of user_ada.+(1)", "?")
    await save(superuser, "Another's", "?owner=user_ada.%2B%281%292")
    await superuser.get("/progress/board.csv?owner=user_ada.%2B%281%29")
    path = "/progress/people/erase/"
    page = "/progress/people/?person=user_ada.%2B%281%29"
    assert (await send(superuser, page, path, person=person, typed=person)).is_redirect
    assert [row["name"] for row in await SavedView.select(SavedView.name)] == ["Another's"]
    for entry in await audit_log.entries():
        text = str(entry).replace("user_ada.%2B%281%292", "")
        assert "user_ada.%2B%281%29" not in text
        assert person not in text


@pytest.mark.browser
async def test_view_is_saved_and_applied_in_a_browser(new_desk: NewDesk) -> None:
    """Filter, name the view, and from the plain board one click leads there again."""
    await make_operator("grace", superuser=True)
    await make_workshop(title="A bakery")
    await make_workshop(title="A garden")
    desk = await new_desk()
    await desk.enter("grace")
    page = desk.page
    await page.goto(f"{desk.address}/progress/")
    await page.fill("#q", "garden")
    await page.keyboard.press("Enter")
    await page.get_by_text("Save this view").click()
    await page.get_by_label("Name of this view").fill("Gardens")
    await page.get_by_label("For all operators").check()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message")).to_have_text("The view was saved.")
    await page.get_by_role("link", name="All", exact=True).click()
    await expect(page.locator("th.title")).to_have_count(2)
    await page.get_by_role("link", name="Gardens").click()
    await expect(page.locator("th.title")).to_have_text(["A garden"])
    await expect(page.get_by_role("link", name="Gardens")).to_have_attribute("aria-current", "true")
    await page.get_by_text("change saved ones").click()
    await page.get_by_label("Shared view").fill("Allotments")
    await page.get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("link", name="Allotments")).to_be_visible()
    await page.get_by_text("change saved ones").click()
    await page.get_by_role("button", name="Keep Allotments to myself").click()
    await expect(page.locator(".message")).to_have_text("Only you have the view now.")
    await page.get_by_text("change saved ones").click()
    await page.get_by_role("button", name="Delete Allotments").click()
    await expect(page.get_by_role("link", name="Allotments")).to_have_count(0)
    assert desk.complaints == []
