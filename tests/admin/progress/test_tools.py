"""Links to elsewhere, buttons that copy, and times in the zone of whoever looks."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import NewDesk, log_in_to, make_operator, whole_site
from tests.admin.progress.conftest import make_workshop
from workshops import operations
from workshops.admin.settings import AdminSettings
from workshops.database import SettingsError
from workshops.projection import refresh
from workshops.tables import Workshop

SETTINGS = AdminSettings(
    share_url="https://app.example.com/share/{token}",
    clerk_url="https://clerk.example.com/users/{user_id}",
)


async def test_pages_lead_to_the_application_and_to_clerk(database: str) -> None:
    """With their settings, the share link and the person are links; viewers see no token."""
    workshop = await make_workshop(clerk_user_id="user/ada")
    token = await operations.share_workshop(workshop.id)
    await make_operator("grace", superuser=True)
    await make_operator("vera", superuser=False)
    site = whole_site(SETTINGS)
    grace, vera = await log_in_to(site, "grace"), await log_in_to(site, "vera")
    path = f"/progress/workshops/{workshop.id}/"
    page = (await grace.get(path)).text
    assert f'href="https://app.example.com/share/{token}"' in page
    assert 'href="https://clerk.example.com/users/user%2Fada"' in page
    assert token not in (await vera.get(path)).text
    page = (await vera.get("/progress/people/?person=user/ada")).text
    assert 'href="https://clerk.example.com/users/user%2Fada"' in page
    await grace.aclose()
    await vera.aclose()


async def test_without_settings_there_are_no_such_links(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """The token is shown alone."""
    workshop = await make_workshop()
    token = await operations.share_workshop(workshop.id)
    page = (await superuser.get(f"/progress/workshops/{workshop.id}/")).text
    assert token in page
    assert "Open the shared workshop" not in page
    assert "in Clerk" not in page


@pytest.mark.parametrize(
    "setting",
    [
        {"share_url": "https://app.example.com/share/"},
        {"share_url": "javascript:{token}"},
        {"clerk_url": "{user_id}"},
    ],
)
def test_addresses_need_a_scheme_and_a_place(setting: dict[str, str]) -> None:
    """What could lead nowhere stops the start with a sentence."""
    with pytest.raises(SettingsError, match="begins with https"):
        AdminSettings(**setting)  # type: ignore[arg-type]


@pytest.mark.browser
async def test_times_are_local_with_utc_in_the_tip(new_desk: NewDesk, database: str) -> None:
    """In New York as there, in UTC once that is chosen, and that is kept."""
    workshop = await make_workshop()
    await Workshop.raw(
        "UPDATE workshops SET created_at = '2026-01-15 02:30:00' WHERE id = {}", workshop.id
    )
    await make_operator("grace", superuser=True)
    desk = await new_desk(timezone_id="America/New_York")
    await desk.log_in("grace")
    await desk.page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    created = desk.page.locator("dl.facts time").last
    await expect(created).to_have_text("2026-01-14 21:30")
    await expect(created).to_have_attribute("title", "2026-01-15 02:30:00 UTC")
    await desk.page.get_by_role("button", name="Show UTC").click()
    await expect(created).to_have_text("2026-01-15 02:30")
    await desk.page.reload()
    await expect(created).to_have_text("2026-01-15 02:30")
    await desk.page.get_by_role("button", name="Show times of America/New_York").click()
    await expect(created).to_have_text("2026-01-14 21:30")
    assert desk.complaints == []


@pytest.mark.browser
async def test_live_page_keeps_its_zone(new_desk: NewDesk, database: str) -> None:
    """What a live page puts in place is written in the same zone."""
    workshop = await make_workshop()
    await make_operator("grace", superuser=True)
    desk = await new_desk(timezone_id="Asia/Kolkata")
    await desk.log_in("grace")
    await desk.page.goto(f"{desk.address}/progress/")
    await expect(desk.page.locator(".live span")).to_have_text("Live")
    await operations.complete_step(workshop.id, "empathize")
    row = desk.page.locator(f'tr[data-key="{workshop.id}"]')
    await expect(row).to_contain_text("10 %")
    await expect(row.locator("time")).not_to_have_count(0)
    for time in await row.locator("time").all():
        moment = datetime.fromisoformat(await time.get_attribute("datetime") or "")
        local = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
        await expect(time).to_have_text(f"{local:%Y-%m-%d %H:%M}")


@pytest.mark.browser
async def test_ids_are_copied(new_desk: NewDesk, database: str) -> None:
    """A click puts the id on the clipboard, and the button says so."""
    workshop = await make_workshop()
    await refresh()  # the page must not change while the button is pressed
    await make_operator("vera", superuser=False)
    desk = await new_desk(permissions=["clipboard-read", "clipboard-write"])
    await desk.log_in("vera")
    await desk.page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    button = desk.page.get_by_role("button", name="Copy the identifier")
    await button.click()
    await expect(desk.page.get_by_role("button", name="Copied the identifier")).to_be_visible()
    assert await desk.page.evaluate("navigator.clipboard.readText()") == workshop.id
    assert desk.complaints == []
