"""Faults of Piccolo Admin 1.14, in its endpoints and in its page, a Vue application."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Serial, Varchar
from piccolo.table import Table, create_db_tables, drop_db_tables
from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.crud.hooks import Hook, HookType
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import ASGIApp

from tests.admin.conftest import Desk, make_operator
from tests.upstream.test_piccolo_api import fault
from workshops.admin.accounts import AdminSession

WAIT = 3_000  # milliseconds in which the page would show it


class Pot(Table, tablename="upstream_pots"):
    """A table that only these tests know."""

    id: Serial
    name = Varchar()
    colour = Varchar()


class Pan(Table, tablename="upstream_pans"):
    """Another, whose list shows the key too."""

    id: Serial
    name = Varchar()


async def in_capitals(row_id: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Store a name as it should be written."""
    return {**values, "name": values["name"].upper()} if "name" in values else values


async def stays(row_id: Any) -> None:
    """Refuse a deletion with a sentence."""
    raise HTTPException(409, "It stays.")


@pytest.fixture
async def site(database: str) -> AsyncIterator[ASGIApp]:
    """The library's own site, for a table with a row."""
    await create_db_tables(Pot, Pan)
    await Pot.insert(Pot(name="one", colour="red"))
    await Pan.insert(Pan(name="two"))
    hooks = [Hook(HookType.pre_patch, in_capitals), Hook(HookType.pre_delete, stays)]
    pots = TableConfig(Pot, link_column=Pot.name, visible_columns=[Pot.name], hooks=hooks)
    pans = TableConfig(Pan, link_column=Pan.name, visible_columns=[Pan.id, Pan.name])
    admin = create_admin([pots, pans], auth_table=BaseUser, session_table=AdminSession)
    yield Starlette(routes=[Mount("/admin/", admin)])
    await drop_db_tables(Pot, Pan)


@pytest.fixture
async def desk(site: ASGIApp, new_desk: Callable[[], Awaitable[Desk]]) -> Desk:
    """The browser of Grace, a superuser."""
    await make_operator("grace", superuser=True)
    return await new_desk()


@pytest.mark.browser
async def test_site_can_be_used(desk: Desk) -> None:
    """Without which the tests below would fail for another reason."""
    await desk.enter("grace")
    await desk.open("upstream_pots")
    await expect(desk.page.get_by_text("one", exact=True)).to_be_visible()
    await desk.page.get_by_text("one", exact=True).click()
    await expect(desk.page.locator("input[name=name]")).to_have_value("one")


@fault("workshops.admin.site.our_classes")
def test_class_of_the_endpoints_is_a_parameter() -> None:
    """An application can have endpoints of its own for its tables."""
    assert any("crud" in name for name in inspect.signature(create_admin).parameters)


@pytest.mark.browser
@fault("workshops.admin.registry.AdminTable")
async def test_key_beside_another_link_is_shown(desk: Desk) -> None:
    """A list with the primary key and a link in another column is not empty."""
    await desk.enter("grace")
    await desk.open("upstream_pans")
    await expect(desk.page.get_by_text("two", exact=True)).to_be_visible(timeout=WAIT)


@pytest.mark.browser
@fault("workshops.admin.static.operators.js: refill")
async def test_form_shows_what_was_stored(desk: Desk) -> None:
    """After a Save, the form has the values of the answer."""
    await desk.enter("grace")
    await desk.open("upstream_pots/1")
    await desk.page.fill("input[name=name]", "two")
    async with desk.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await desk.page.click("[data-uitest=save_button]")
    await expect(desk.page.locator("input[name=name]")).to_have_value("TWO", timeout=WAIT)


@pytest.mark.browser
@fault("workshops.admin.static.operators.js: show")
async def test_rejection_is_shown_on_a_list(desk: Desk) -> None:
    """A row that cannot be deleted: the list says why."""
    desk.page.on("dialog", lambda dialog: dialog.accept())
    await desk.enter("grace")
    await desk.open("upstream_pots")
    await desk.page.click("tr:has(td a.subtle) a.subtle")
    await desk.page.click("tr:has(td a.subtle) .delete")
    await expect(desk.page.get_by_text("It stays.")).to_be_visible(timeout=WAIT)


@pytest.mark.browser
@fault("workshops.web.rejections.RejectedError.body")
async def test_detail_of_a_rejection_is_shown_as_a_sentence(desk: Desk) -> None:
    """Of an error with a ``detail``, as FastAPI sends it, the form shows the detail."""
    await desk.enter("grace")
    await desk.page.route(
        "**/api/tables/upstream_pots/1/",
        lambda route: (
            route.fulfill(status=409, json={"detail": "It stays."})
            if route.request.method == "PATCH"
            else route.continue_()
        ),
    )
    await desk.open("upstream_pots/1")
    await desk.page.click("[data-uitest=save_button]")
    await expect(desk.page.get_by_text("It stays.", exact=True)).to_be_visible(timeout=WAIT)


@pytest.mark.browser
@fault("workshops.admin.static.operators.js: the titles of pages")
async def test_page_has_a_title_of_its_own(desk: Desk) -> None:
    """Two pages in the browser's history can be told apart."""
    await desk.enter("grace")
    await desk.open("upstream_pots")
    of_a_list = await desk.page.title()
    await desk.open("upstream_pots/1")
    assert await desk.page.title() != of_a_list
