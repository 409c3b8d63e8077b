"""Each table as a person uses it: Add, Save, Delete, bulk and CSV, in the real forms."""

from __future__ import annotations

import asyncio
import csv
import re
from pathlib import Path

import pytest
from piccolo.apps.user.tables import BaseUser
from piccolo.table import Table
from playwright.async_api import expect

from tests.admin.conftest import Desk, NewDesk, make_operator
from tests.factories import make_workshop
from workshops import operations
from workshops.admin import catalogue  # noqa: F401 - it registers the tables
from workshops.admin.accounts import AdminSession
from workshops.admin.follow_up import FollowUp, Note
from workshops.admin.registry import registered
from workshops.admin.saved_views import SavedView
from workshops.projection import catch_up
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

pytestmark = pytest.mark.browser

TABLES = {table.name: table for table in registered()}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The browser of Grace, who agrees to whatever she is asked."""
    desk.page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
    return desk


async def make_rows() -> dict[str, tuple[type[Table], object]]:
    """Make a row in every table that can be changed; return each with its key."""
    workshop = await make_workshop()
    member = await operations.add_member(workshop.id, "user_eve", role="viewer")
    step = await operations.start_step(workshop.id, "empathize")
    session = await operations.record_activity(workshop.id)
    pack = await operations.generate_build_pack(workshop.id)
    vera = await make_operator("vera", superuser=False)
    note = Note(workshop_id=workshop.id, text="Called.", author="vera")
    view = SavedView(owner_id=vera.id, name="Mine", query="?assigned=me")
    for row in (note, view, FollowUp(id=workshop.id, assigned_to=vera.id)):
        await row.save()
    return {
        "workshops": (Workshop, workshop.id),
        "workshop_members": (WorkshopMember, member.id),
        "workshop_steps": (WorkshopStep, step.id),
        "sessions": (Session, session.id),
        "build_packs": (BuildPack, pack.id),
        "step_definitions": (StepDefinition, "define"),
        "piccolo_user": (BaseUser, vera.id),
        "notes": (Note, note.id),
        "saved_views": (SavedView, view.id),
    }


DRAWN = """() => new Promise((done) => setTimeout(() => requestAnimationFrame(done)))"""
"""Ends when the page has taken in what it was sent, and shows it."""


async def choose(desk: Desk, field: str, name: str) -> None:
    """Choose the row that a foreign key points to, by its name in the search."""
    box = desk.page.locator(f".key_search:has(input[name={field}])")
    await box.locator("input[type=text]").click()
    await box.locator("#overlay").get_by_text(name, exact=True).click()


ADDED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "workshops": (
        {},
        {"title": "A garden", "clerk_user_id": "user_bob", "original_idea": "Grow."},
    ),
    "workshop_members": (
        {"workshop_id": "A bakery without waste"},
        {"clerk_user_id": "user_bob", "role": "editor"},
    ),
    "workshop_steps": ({"workshop_id": "A bakery without waste", "step_id": "Define"}, {}),
    "sessions": ({"workshop_id": "A bakery without waste"}, {}),
    "build_packs": (
        {"workshop_id": "A bakery without waste"},
        {"title": "By hand", "content": "# Bread"},
    ),
    "piccolo_user": (
        {},
        {"username": "bob", "password": "a long password", "email": "bob@example.org"},
    ),
}
"""Table -> what is chosen in the form of a new row, and what is typed into it."""


def test_every_table_that_offers_add_is_tried() -> None:
    """No table can be added to without a test that does it."""
    assert set(ADDED) == {name for name, table in TABLES.items() if table.add}


@pytest.mark.parametrize("table", ADDED)
async def test_row_is_added(desk: Desk, table: str) -> None:
    """Add Row: the form is filled in, Create is pressed, the row is in the list."""
    workshop = await make_workshop()
    if table == "workshop_steps":
        await WorkshopStep.delete().where(
            WorkshopStep.workshop_id == workshop.id, WorkshopStep.step_id == "define"
        )
    of = TABLES[table].table
    before = await of.count()
    async with desk.page.expect_response(f"**/api/tables/{table}/?*"):
        await desk.open(table)
    # The form is drawn anew when its schema and its defaults have come, without what was
    # typed before, for which a person is too slow.
    async with desk.page.expect_response(f"**/api/tables/{table}/schema/") as schema:
        await desk.page.click("a.button:has-text('Add Row')")
    await (await schema.value).finished()
    await desk.page.evaluate(DRAWN)
    chosen, typed = ADDED[table]
    for field, name in chosen.items():
        await choose(desk, field, name)
    fields = {field: desk.page.locator(f"form [name={field}]").first for field in typed}
    while lost := [field for field in typed if await fields[field].input_value() != typed[field]]:
        for field in lost:
            await fields[field].fill(typed[field])
        await desk.page.evaluate(DRAWN)
    async with desk.page.expect_response(f"**/api/tables/{table}/") as answered:
        await desk.page.click("[data-uitest=create_button]")
    answer = await answered.value
    assert answer.status == 201, await answer.text()
    assert await of.count() == before + 1
    await desk.open(table)
    for text in [*chosen.values(), *list(typed.values())[:1]]:
        await expect(desk.page.locator(f"table td:has-text('{text}')").first).to_be_visible()
    assert desk.complaints == []


SAVED: dict[str, tuple[str, str]] = {
    "workshops": ("title", "A garden"),
    "workshop_members": ("role", "editor"),
    "workshop_steps": ("status", "complete"),
    "sessions": ("ended_at", "2999-01-01T10:00:00.000"),
    "build_packs": ("title", "Second edition"),
    "step_definitions": ("description", "Say what it is about."),
    "piccolo_user": ("first_name", "Vera"),
    "notes": ("text", "Called again."),
}
"""Table -> a field of its form, and what is put into it."""


def test_every_table_that_offers_save_is_tried() -> None:
    """No table can be changed without a test that does it."""
    assert set(SAVED) == {name for name, table in TABLES.items() if table.change}


@pytest.mark.parametrize("table", SAVED)
async def test_row_is_saved(desk: Desk, table: str) -> None:
    """Save: a field of the row's form is changed, and the row holds it."""
    of, row_id = (await make_rows())[table]
    field, value = SAVED[table]
    await desk.open(f"{table}/{row_id}")
    await desk.page.wait_for_selector("[data-uitest=save_button]")
    shown = desk.page.locator(f"form [name={field}]").first
    if field == "status":
        await shown.select_option(value)
    elif field == "ended_at":
        await desk.page.get_by_label("Ended At").fill(value)
    else:
        await shown.fill(value)
    await desk.page.click("[data-uitest=save_button]")
    await desk.page.wait_for_selector("text=Successfully saved row")
    row = await of.select().where(of._meta.primary_key == row_id).first()
    assert row is not None
    stored = row[field]
    assert (stored.isoformat(timespec="milliseconds") if field == "ended_at" else stored) == value
    assert desk.complaints == []


async def delete_row(desk: Desk) -> None:
    """Press Delete in the form of a row, and wait until the admin is back at the list."""
    await desk.page.click("[data-uitest=drop_down_button]")
    async with desk.page.expect_response(lambda answer: answer.request.method == "DELETE") as done:
        await desk.page.click("[data-uitest=delete_row_button]")
    assert (await done.value).status == 204
    await desk.page.wait_for_url(re.compile(r"#/\w+/$"))


DELETED = ("workshop_members", "sessions", "build_packs", "piccolo_user", "notes", "saved_views")

KEPT: dict[str, str] = {
    "workshops": "is deleted on its own page",
    "workshop_steps": "A workshop keeps a row for each step",
    "step_definitions": "It cannot be deleted",
}
"""Table -> why a row of it is not deleted here."""


def test_every_table_that_offers_delete_is_tried() -> None:
    """No table has a Delete without a test that presses it; that of log-ins is below."""
    tried = {*DELETED, *KEPT, "admin_sessions"}
    assert tried == {name for name, table in TABLES.items() if table.delete}


@pytest.mark.parametrize("table", KEPT)
async def test_row_is_kept_and_the_form_says_why(desk: Desk, table: str) -> None:
    """Delete: where the rules reject it, the sentence is shown and the row stays."""
    of, row_id = (await make_rows())[table]
    await desk.open(f"{table}/{row_id}")
    await desk.page.click("[data-uitest=drop_down_button]")
    await desk.page.click("[data-uitest=delete_row_button]")
    await expect(desk.page.get_by_text(KEPT[table])).to_be_visible()
    assert await of.exists().where(of._meta.primary_key == row_id)


@pytest.mark.parametrize("table", DELETED)
async def test_row_is_deleted(desk: Desk, table: str) -> None:
    """Delete: the button of the row's form takes the row away."""
    of, row_id = (await make_rows())[table]
    await desk.open(f"{table}/{row_id}")
    await delete_row(desk)
    assert not await of.exists().where(of._meta.primary_key == row_id)
    assert desk.complaints == []


async def test_log_in_is_ended(desk: Desk, new_desk: NewDesk) -> None:
    """A log-in that is deleted in its table is over."""
    vera = await make_operator("vera", superuser=False)
    other = await new_desk()
    await other.enter("vera")
    [row] = await AdminSession.select(AdminSession.id).where(AdminSession.user_id == vera.id)
    await desk.open(f"admin_sessions/{row['id']}")
    await delete_row(desk)
    answer = await other.page.context.request.get(f"{other.address}/admin/api/user/")
    assert answer.status == 401


BULK: dict[str, tuple[str, str]] = {
    "workshops": ("status", "active"),
    "workshop_members": ("role", "editor"),
    "workshop_steps": ("status", "in_progress"),
    "build_packs": ("title", "All alike"),
    "step_definitions": ("name", "Alike"),
    "piccolo_user": ("first_name", "Alike"),
    "notes": ("text", "Called again."),
}
"""Table -> a field that all chosen rows get, and what is put into it."""


def test_every_table_that_offers_bulk_is_tried() -> None:
    """No table can be changed in bulk without a test; of a session only its end changes."""
    assert {*BULK, "sessions"} == {name for name, table in TABLES.items() if table.change}


@pytest.mark.parametrize("table", BULK)
async def test_rows_are_changed_together(desk: Desk, table: str) -> None:
    """Update: two rows of a list are chosen and changed at once."""
    for title in ("A garden", "A library"):
        workshop = await make_workshop(title=title)
        await operations.generate_build_pack(workshop.id)
        await Note(workshop_id=workshop.id, text="Called.", author="vera").save()
        for person in ("user_eve", "user_bob"):
            await operations.add_member(workshop.id, person, role="viewer")
    await make_operator("vera", superuser=False)
    of = TABLES[table].table
    field, value = BULK[table]
    await desk.open(table)
    await desk.page.wait_for_selector("table tr td a")
    for box in (await desk.page.locator("tr:has(td a.subtle) input[type=checkbox]").all())[:2]:
        await box.check()
    await desk.page.click("a.button:has-text('Update')")
    await desk.page.select_option("select[name=property]", field)
    shown = desk.page.locator(f"form [name={field}]:visible").last
    await (shown.select_option(value) if field == "status" else shown.fill(value))
    await desk.page.click("form button:has-text('Update')")
    await desk.page.wait_for_selector("text=Successfully updated")
    column = of._meta.get_column_by_name(field)
    assert await of.count().where(column == value) == 2
    assert desk.complaints == []


@pytest.mark.parametrize("table", DELETED)
async def test_rows_are_deleted_together(desk: Desk, table: str) -> None:
    """Delete: what is chosen in a list goes, the rest stays."""
    for title in ("A garden", "A library"):
        workshop = await make_workshop(title=title)
        await operations.generate_build_pack(workshop.id)
        await operations.record_activity(workshop.id)
        await operations.add_member(workshop.id, "user_eve", role="viewer")
        await Note(workshop_id=workshop.id, text="Called.", author="vera").save()
    for name in ("vera", "victor"):
        owner = await make_operator(name, superuser=False)
        await SavedView(owner_id=owner.id, name="Mine", query="?assigned=me").save()
    of = TABLES[table].table
    before = await of.count()
    await desk.open(table)
    await desk.page.wait_for_selector("table tr td a")
    rows = desk.page.locator("tr:has(td a.subtle)")
    if table == "workshop_members":
        rows = rows.filter(has_text="user_eve")  # owners stay
    if table == "piccolo_user":
        rows = rows.filter(has_not_text="grace")
    for row in await rows.all():
        await row.locator("input[type=checkbox]").check()
    await desk.page.click("[data-uitest=delete_button], a.button:has-text('Delete')")
    await expect(rows).to_have_count(0)
    assert await of.count() == before - 2
    assert desk.complaints == []


async def test_steps_of_a_workshop_stand_in_their_order(desk: Desk) -> None:
    """The list of steps shows those of a workshop as people go through them."""
    workshop = await operations.create_workshop(
        clerk_user_id="user_ada", title="A bakery without waste", original_idea=""
    )
    await desk.open(f"workshop_steps?workshop_id={workshop.id}")
    shown = desk.page.locator("tr:has(td a.subtle)")
    await expect(shown).to_have_count(len(STEP_CATALOG))
    for row, step in zip(await shown.all(), STEP_CATALOG, strict=True):
        await expect(row).to_contain_text(step.name)


@pytest.mark.parametrize("table", TABLES)
async def test_list_is_downloaded(desk: Desk, tmp_path: Path, table: str) -> None:
    """CSV: the file has a line for each row of the list, and the columns that it shows."""
    await make_rows()
    await catch_up()  # for workshop_progress
    await desk.open(table)
    await desk.page.click("[data-uitest=csv_button]")
    async with desk.page.expect_download() as download:
        await desk.page.click("[data-uitest=download_csv_button]")
    await (await download.value).save_as(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == await TABLES[table].table.count()
    if lines:
        assert {column._meta.name for column in TABLES[table].columns} <= set(lines[0])
    assert desk.complaints == []


async def test_step_offers_the_statuses_that_may_follow(desk: Desk) -> None:
    """The dropdown of a step in progress does not offer what the rules refuse."""
    _, row_id = (await make_rows())["workshop_steps"]
    await desk.open(f"workshop_steps/{row_id}")
    offered = desk.page.locator("select[name=status] option:not([disabled])")
    await expect(offered).to_have_text(["Complete", "In Progress", "Not Started"])
    await desk.page.select_option("select[name=status]", "complete")
    await desk.page.click("[data-uitest=save_button]")
    await desk.page.wait_for_selector("text=Successfully saved row")
    await expect(offered).to_have_text(
        ["Complete", "In Progress", "Needs Regeneration", "Not Started"]
    )


async def test_log_in_leads_to_the_page_that_asked_for_it(
    new_desk: NewDesk,
) -> None:
    """Logged out, a link into the pages or the admin leads there after the log-in, and no further.

    The filters of a list are kept.
    """
    workshop = await make_workshop()
    await make_operator("grace", superuser=True)
    for wanted in (
        f"/progress/workshops/{workshop.id}/?unfolded=1",
        f"/admin/#/workshop_steps?workshop_id={workshop.id}",
        f"/admin/#/workshops/{workshop.id}",
    ):
        desk = await new_desk()
        await desk.page.goto(f"{desk.address}{wanted}")
        await desk.page.fill("input[name=username]", "grace")
        await desk.page.fill("input[name=password]", "correct horse battery")
        await desk.page.click("[data-uitest=login_button]")
        await expect(desk.page).to_have_url(f"{desk.address}{wanted}")
    await desk.page.click(".audit-link")
    await desk.page.wait_for_selector("h1:has-text('Audit Log')")
    await expect(desk.page).to_have_url(re.compile(f"#/admin_audit_log.row_id={workshop.id}"))


async def test_another_log_in_in_the_same_window_is_that_of_another_operator(desk: Desk) -> None:
    """When a log-in has ended, the next one has its own name and rights, and can log out."""
    await make_operator("vera", superuser=False)
    await make_workshop()
    page = desk.page
    await desk.open("workshops")
    await expect(page.locator("header.bar .operator summary")).to_contain_text("grace")
    await AdminSession.delete(force=True)
    await page.click("a[href='#/build_packs/']")
    await page.fill("input[name=username]", "vera")
    await page.fill("input[name=password]", "correct horse battery")
    await page.click("[data-uitest=login_button]")
    await expect(page.locator("header.bar .operator summary")).to_contain_text("vera view only")
    await expect(page).to_have_url(f"{desk.address}/admin/#/build_packs/")
    await page.click("header.bar .operator summary")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.locator("input[name=password]")).to_be_visible()
    assert await AdminSession.count() == 0


async def test_log_in_leads_nowhere_else(new_desk: NewDesk) -> None:
    """A made-up address to go on to leads to no other site and to no script."""
    await make_operator("grace", superuser=True)
    for wanted in ("https://evil.example/progress/", "//evil.example/progress/", "javascript:x"):
        desk = await new_desk()
        await desk.page.goto(f"{desk.address}/admin/?next={wanted}")
        await desk.page.fill("input[name=username]", "grace")
        await desk.page.fill("input[name=password]", "correct horse battery")
        await desk.page.click("[data-uitest=login_button]")
        await desk.page.wait_for_selector(".welcome-links")
        assert desk.page.url.startswith(f"{desk.address}/admin/")


async def test_menu_offers_what_does_something(desk: Desk) -> None:
    """The menu of the operator has no entry that leads to raw JSON or does nothing."""
    await desk.page.goto(f"{desk.address}/admin/")
    await expect(desk.page.locator("#nav")).to_be_hidden()
    await desk.page.click("summary:has-text('grace')")
    await desk.page.click("text=Change the password")
    await expect(desk.page).to_have_url(re.compile("#/change-password/"))
    await desk.page.click("summary:has-text('grace')")
    await desk.page.get_by_role("button", name="Log out").click()
    await expect(desk.page.locator("input[name=password]")).to_be_visible()
