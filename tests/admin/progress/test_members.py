"""Members on the workshop's page: added, changed, removed, made the owner."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import Browse, Desk, make_operator, send
from tests.admin.progress.conftest import make_workshop
from workshops.tables import Workshop, WorkshopMember


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A workshop of Ada alone."""
    return await make_workshop()


async def roles(workshop: Workshop) -> dict[str, str]:
    """Return the role of each member."""
    rows = await WorkshopMember.select().where(WorkshopMember.workshop_id == workshop.id)
    return {row["clerk_user_id"]: row["role"] for row in rows}


@pytest.mark.parametrize(
    ("action", "fields", "status", "sentence"),
    [
        ("remove-member", {"person": "user_ada"}, 409, "last owner"),
        ("set-role", {"person": "user_ada", "role": "viewer"}, 409, "last owner"),
        ("set-role", {"person": "user_eve", "role": "viewer"}, 404, "not a member"),
        ("add-member", {"person": "user_ada", "role": "editor"}, 409, "member"),
        ("add-member", {"person": " ", "role": "editor"}, 422, "clerk_user_id"),
    ],
)
async def test_rejection_is_told_and_changes_nothing(
    superuser: httpx.AsyncClient,
    workshop: Workshop,
    action: str,
    fields: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    """What an operation refuses is a sentence on the page."""
    page = f"/progress/workshops/{workshop.id}/"
    response = await send(superuser, page, f"{page}{action}/", **fields)
    assert response.status_code == status
    assert "Nothing was changed." in response.text
    assert sentence in response.text
    assert await roles(workshop) == {"user_ada": "owner"}


async def test_viewer_changes_no_member(log_in: Browse, workshop: Workshop) -> None:
    """A viewer is offered no form, and one that is sent is refused."""
    await make_operator("vera", superuser=False)
    viewer = await log_in("vera")
    page = f"/progress/workshops/{workshop.id}/"
    assert "add-member" not in (await viewer.get(page)).text
    for action in ("add-member", "set-role", "remove-member"):
        response = await viewer.post(f"{page}{action}/", data={"person": "u", "role": "owner"})
        assert response.status_code == 403
    assert await roles(workshop) == {"user_ada": "owner"}


@pytest.mark.browser
async def test_members_in_a_browser(desk: Desk, workshop: Workshop) -> None:
    """Somebody is added, gets a role, becomes the owner; who was it is removed."""
    page = desk.page
    await page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    said = page.locator(".message")
    await page.fill("#new-member", "user_bob")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(said).to_have_text("The person is a member now.")
    assert await roles(workshop) == {"user_ada": "owner", "user_bob": "viewer"}
    bob = page.locator(".members tr", has_text="user_bob")
    await bob.locator("summary").click()
    await bob.get_by_label("Role").select_option("editor")
    await bob.get_by_role("button", name="Change the role").click()
    await expect(said).to_have_text("The role was changed.")
    await bob.locator("summary").click()
    await bob.get_by_role("button", name="Make the owner").click()
    await expect(said).to_have_text("The ownership was transferred.")
    ada = page.locator(".members tr", has_text="user_ada")
    await ada.locator("summary").click()
    await ada.get_by_role("button", name="Remove from the workshop").click()
    await expect(said).to_have_text("The person is no longer a member.")
    assert await roles(workshop) == {"user_bob": "owner"}
    assert desk.complaints == []
