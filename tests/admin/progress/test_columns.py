"""Which columns the board shows."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import Desk
from tests.admin.progress.conftest import make_workshop


async def test_columns_are_left_out(viewer: httpx.AsyncClient, database: str) -> None:
    """Heading and cells go; the links of the page keep that, and a wrong name is told."""
    await make_workshop(clerk_user_id="user_ada")
    page = (await viewer.get("/progress/?hide=owner&hide=created&hide=nothing")).text
    assert "user_ada" not in page
    assert 'data-name="Created"' not in page
    assert 'data-name="Status"' in page
    assert "An unknown column was left out." in page
    assert "status=paused&amp;hide=owner&amp;hide=created" in page
    assert "filtered" not in page


@pytest.mark.browser
async def test_columns_are_chosen_in_a_browser(desk: Desk) -> None:
    """Tick what is to be left out; sorting and a view of the row above the board keep it."""
    await make_workshop()
    await desk.page.goto(f"{desk.address}/progress/")
    await desk.page.get_by_text("Columns", exact=True).click()
    await desk.page.get_by_role("checkbox", name="Organisation").check()
    await desk.page.get_by_role("button", name="Show").click()
    heading = desk.page.get_by_role("columnheader", name="Organisation")
    await expect(heading).to_have_count(0)
    await desk.page.get_by_role("link", name="Created").click()
    await expect(heading).to_have_count(0)
    await expect(desk.page.get_by_role("checkbox", name="Organisation")).to_be_checked()
    await desk.page.get_by_role("link", name="All", exact=True).click()
    await expect(heading).to_have_count(0)
    await expect(desk.page.get_by_role("columnheader", name="Owner")).to_be_visible()
    assert desk.complaints == []
