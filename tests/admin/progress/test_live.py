"""Pages that update themselves, in a real Chromium beside an application that writes."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.admin.conftest import Desk, NewDesk
from tests.admin.progress.conftest import make_old, make_workshop
from tests.cluster import ON_A_CLUSTER
from workshops import operations
from workshops.admin.accounts import AdminSession
from workshops.columns import utc_now
from workshops.projection import refresh
from workshops.tables import WorkshopStep


async def test_stream_is_for_operators_only(stranger: httpx.AsyncClient) -> None:
    """Whoever is not logged in is sent to the log-in, like at any page."""
    response = await stranger.get("/progress/live/")
    assert response.status_code == 303


@pytest.mark.browser
async def test_two_browsers_follow_an_application(desk: Desk, new_desk: NewDesk) -> None:
    """Board and workshop page show a change without being touched, and what changed glows."""
    workshop = await make_workshop(title="A bakery without waste")
    await make_workshop(title="A garden")
    other = await new_desk()
    await other.log_in("grace")
    await desk.page.goto(f"{desk.address}/progress/?q=bakery")
    await other.page.goto(f"{other.address}/progress/workshops/{workshop.id}/")
    await expect(desk.page.locator(".live span")).to_have_text("Live")

    await operations.complete_step(workshop.id, "empathize", output={"who": "bakers"})

    row = desk.page.locator(f'tr[data-key="{workshop.id}"]')
    await expect(row).to_contain_text("10 %")
    await expect(row).to_have_class("changed")
    await expect(desk.page.locator("table.board tbody tr")).to_have_count(1)
    await expect(other.page.locator("#step-empathize")).to_contain_text("bakers")
    await expect(other.page.locator("p.headline")).to_contain_text("10 %")
    await expect(other.page.locator("#step-define .status").first).to_have_text("In progress")

    await operations.create_workshop(
        clerk_user_id="user_ada", title="Another bakery", original_idea=""
    )
    await expect(desk.page.locator("table.board tbody tr")).to_have_count(2)
    assert desk.complaints == []
    assert other.complaints == []


@pytest.mark.browser
async def test_time_that_passes_does_not_glow(desk: Desk) -> None:
    """The chart of an open workshop ends now: its rows have not changed when others have."""
    workshop = await make_workshop(complete=2)
    await make_old(workshop, minutes=2)
    await WorkshopStep.raw(
        "UPDATE workshop_steps SET started_at = started_at - interval '1 minute',"
        " completed_at = completed_at - interval '1 minute'"
    )
    await desk.page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    await expect(desk.page.locator(".live span")).to_have_text("Live")
    await operations.complete_step(workshop.id, "ideate")
    await expect(desk.page.locator("tr[data-key=ideate]")).to_contain_class("changed")
    await expect(desk.page.locator("tr.changed")).to_have_count(2)  # and the one that is next


@pytest.mark.browser
async def test_how_long_ago_something_was_does_not_glow(desk: Desk) -> None:
    """The regions that say so stay, and with them what is selected there, when others change."""
    workshop = await make_workshop()
    await operations.save_step_output(workshop.id, "empathize", {"who": "bakers"})
    page = desk.page
    path = f"{desk.address}/progress/workshops/{workshop.id}/"
    await page.goto(path)
    await page.locator("#step-empathize").get_by_text("Reset…").click()
    await page.get_by_role("button", name="Reset Empathize").click()
    await expect(page.locator("#step-empathize")).to_contain_text("was removed by grace")
    await make_old(workshop, minutes=90)
    await WorkshopStep.raw(
        "UPDATE workshops_admin.removed_outputs SET removed_at = {}",
        utc_now() - timedelta(minutes=90),
    )
    await refresh()

    async def show_earlier(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(body=(await response.text()).replace("1 h ago", "59 min ago"))

    await page.route(path, show_earlier, times=1)
    await page.goto(path)
    await expect(page.locator(".live span")).to_have_text("Live")
    facts = await page.query_selector('[data-region="facts"] dt')
    other = await page.context.new_page()
    await other.goto(path)
    await other.get_by_label("New note").fill("Called Ada.")
    await other.get_by_role("button", name="Add the note").click()
    await expect(page.locator(".operator-note")).to_be_visible()
    assert facts is not None
    assert await facts.evaluate("each => each.isConnected")
    await expect(page.locator(".step.changed")).to_have_count(0)


@pytest.mark.browser
async def test_funnel_counts_along(desk: Desk) -> None:
    """A new workshop is counted on the funnel without a reload."""
    await make_workshop()
    await desk.page.goto(f"{desk.address}/progress/steps/")
    figure = desk.page.locator('[data-key="workshops"] dd')
    await expect(figure).to_have_text("1")
    await make_workshop()
    await expect(figure).to_have_text("2")


@pytest.mark.browser
async def test_pause_holds_the_page_and_is_remembered(desk: Desk) -> None:
    """A paused page stays as it is, after a reload too, until it goes live again."""
    workshop = await make_workshop()
    page = desk.page
    await page.goto(f"{desk.address}/progress/")
    await page.click(".live button")
    await expect(page.locator(".live span")).to_have_text("Updates are paused")
    await page.reload()
    await expect(page.locator(".live span")).to_have_text("Updates are paused")
    await operations.complete_step(workshop.id, "empathize")
    async with page.expect_response(lambda response: "/live/" in response.url):
        await page.click(".live button")
    await expect(page.locator("td.figure")).to_have_text("10 %")


@pytest.mark.browser
async def test_what_is_typed_is_not_taken_away(desk: Desk) -> None:
    """A region in which somebody has begun to type stays; the others are updated."""
    workshop = await make_workshop()
    page = desk.page
    await page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    await page.click("text=Delete this workshop…")
    await page.fill("#typed-title", "A bak")
    await operations.complete_step(workshop.id, "empathize")
    await expect(page.locator("p.headline")).to_contain_text("10 %")
    assert await page.input_value("#typed-title") == "A bak"


@pytest.mark.browser
async def test_a_press_ends_where_it_began(desk: Desk) -> None:
    """What is pressed while its region changes is there when it is let go: the click counts."""
    workshop = await make_workshop()
    await operations.add_member(workshop.id, "user_bob", role="editor")
    await refresh()
    page = desk.page
    await page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    await expect(page.locator(".live span")).to_have_text("Live")
    bob = page.locator('[data-region="members"] tr', has_text="user_bob")
    await bob.locator("summary").hover()
    await page.mouse.down()
    async with page.expect_event("requestfinished", lambda request: request.url == page.url):
        await operations.set_member_role(workshop.id, "user_bob", role="viewer")
    await page.wait_for_timeout(300)
    role = bob.locator('[data-name="Role"]')
    await expect(role).to_have_text("editor")
    await page.mouse.up()
    await expect(role).to_have_text("viewer")
    await expect(bob.locator("details")).to_have_attribute("open", "")


@pytest.mark.browser
async def test_deleted_workshop_leads_to_a_page_that_says_so(desk: Desk) -> None:
    """When its workshop is gone, the page says that there is none."""
    workshop = await make_workshop()
    await desk.page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    await operations.delete_workshop(workshop.id)
    await expect(desk.page.locator("main")).to_contain_text("no such workshop")


@pytest.mark.browser
async def test_log_in_that_ends_leaves_what_is_typed(desk: Desk) -> None:
    """The page says that nobody is logged in, and leads to the log-in once nothing is typed."""
    workshop = await make_workshop()
    page = desk.page
    await page.goto(f"{desk.address}/progress/workshops/{workshop.id}/")
    await expect(page.locator(".live span")).to_have_text("Live")
    await page.get_by_label("New note").fill("Called Ada.")
    await AdminSession.delete(force=True)
    await operations.complete_step(workshop.id, "empathize")
    await expect(page.locator(".live span")).to_contain_text("You are logged out")
    await expect(page.get_by_label("New note")).to_have_value("Called Ada.")
    await page.get_by_label("New note").fill("")
    await operations.complete_step(workshop.id, "define")
    await expect(page.locator("input[name=password]")).to_be_visible()


@pytest.mark.browser
async def test_reduced_motion_begins_paused(new_desk: NewDesk, desk: Desk) -> None:
    """Who wants nothing to move gets a page that stands still, and may let it go live."""
    await make_workshop()
    await desk.page.emulate_media(reduced_motion="reduce")
    await desk.page.goto(f"{desk.address}/progress/")
    await expect(desk.page.locator(".live span")).to_have_text("Updates are paused")
    await desk.page.click(".live button")
    await expect(desk.page.locator(".live span")).to_have_text("Live")


@pytest.mark.browser
async def test_broken_stream_is_replaced_by_looking(desk: Desk) -> None:
    """While the stream cannot be had, the page looks by itself, and says so."""
    workshop = await make_workshop()
    page = desk.page
    await page.route("**/progress/live/**", lambda route: route.abort())
    await page.goto(f"{desk.address}/progress/")
    await expect(page.locator(".live span")).to_have_text("Looking every 10 seconds")
    await operations.complete_step(workshop.id, "empathize")
    await expect(page.locator("td.figure")).to_have_text("10 %")
    await page.unroute("**/progress/live/**")
    await expect(page.locator(".live span")).to_have_text("Live")


async def test_stream_tells_changes(superuser: httpx.AsyncClient, address: str) -> None:
    """The first event may be anything; after it, a change names its workshop.

    On a cluster, where nothing tells of changes, it says that any may have changed.
    """
    workshop = await make_workshop()
    await refresh()
    cookies = dict(superuser.cookies)
    async with (
        httpx.AsyncClient(cookies=cookies, timeout=30) as client,
        client.stream("GET", f"{address}/progress/live/") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        lines = response.aiter_lines()
        seen: list[object] = []
        async with asyncio.timeout(120):
            async for line in lines:
                if not line.startswith("data: "):
                    continue
                seen.append(json.loads(line.removeprefix("data: ")))
                if len(seen) == 1:
                    await operations.start_step(workshop.id, "empathize")
                else:
                    break
    assert seen == [None, None if ON_A_CLUSTER else [workshop.id]]
