"""The admin in a real Chromium."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.admin.conftest import Desk, NewDesk, make_operator
from tests.factories import make_workshop, step_of
from workshops import operations
from workshops.step_catalog import STEP_CATALOG

pytestmark = pytest.mark.browser


async def cells(desk: Desk) -> list[list[str]]:
    """Return the texts of the list's rows, without the check boxes and menus."""
    await desk.page.wait_for_selector("table tr td a")
    rows = await desk.page.locator("table tr:has(td a.subtle)").all()
    return [[text.strip() for text in await row.locator("td").all_inner_texts()] for row in rows]


async def test_log_in_leads_to_the_tables(new_desk: NewDesk) -> None:
    """The form logs an operator in and shows what there is."""
    await make_operator("grace", superuser=True)
    desk = await new_desk()
    await desk.log_in("grace")
    await desk.page.wait_for_selector("text=Workshop Steps")
    await desk.page.wait_for_selector("text=Progress Board")
    assert await desk.page.title() == "WorkshopPilot"
    assert desk.complaints == []


async def test_workshops_list_shows_title_owner_and_status(desk: Desk) -> None:
    """The list of workshops shows title, owner, organisation, status and times."""
    await make_workshop(title="A bakery without waste", org_id="org_bread")
    await desk.open("workshops")
    [row] = await cells(desk)
    assert row[1:6] == ["A bakery without waste", "user_ada", "org_bread", "Draft", "Private"]
    assert desk.complaints == []


async def test_steps_list_shows_workshop_step_and_status(desk: Desk) -> None:
    """The list of steps shows the workshop's title, the step's name and its status."""
    await make_workshop(title="A bakery without waste")
    await desk.open("workshop_steps")
    rows = await cells(desk)
    assert len(rows) == len(STEP_CATALOG)
    assert {row[1] for row in rows} == {"A bakery without waste"}
    assert {"Empathize", "Define", "Pack"} < {row[2] for row in rows}
    assert {row[3] for row in rows} == {"Not Started"}
    assert desk.complaints == []


async def test_title_leads_to_the_form_of_the_row(desk: Desk) -> None:
    """A click on a workshop's title opens its form, which a Save stores."""
    workshop = await make_workshop(title="A bakery without waste")
    await desk.open("workshops")
    await desk.page.click("text=A bakery without waste")
    await desk.page.fill("input[name=title]", "A bakery with no waste")
    await desk.page.click("[data-uitest=save_button]")
    await desk.page.wait_for_selector("text=Successfully saved row")
    before = workshop.created_at
    await workshop.refresh()
    assert workshop.title == "A bakery with no waste"
    assert workshop.created_at == before
    assert desk.complaints == []


async def test_csv_button_downloads_the_list(desk: Desk, tmp_path: Path) -> None:
    """The CSV button downloads every row with its readable names."""
    for number in range(20):
        await make_workshop(title=f"Workshop {number}")
    await desk.open("workshop_steps")
    await desk.page.click("[data-uitest=csv_button]")
    async with desk.page.expect_download() as download:
        await desk.page.click("[data-uitest=download_csv_button]")
    await (await download.value).save_as(tmp_path / "steps.csv")
    with (tmp_path / "steps.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 200
    assert {line["step_id_readable"] for line in lines} > {"Empathize", "Pack"}
    assert desk.complaints == []


async def edit(desk: Desk, table: str, row_id: str) -> None:
    """Open the form of a row and wait until it is filled."""
    await desk.open(f"{table}/{row_id}")
    await desk.page.wait_for_selector("[data-uitest=save_button]")


async def press_save(desk: Desk, answer: str = "Successfully saved row") -> None:
    """Press Save and wait for what the page says."""
    await desk.page.click("[data-uitest=save_button]")
    await desk.page.wait_for_selector(f"text={answer}")


async def test_form_can_be_saved_again_and_again(desk: Desk) -> None:
    """A Save is followed by another one without a reload, also after a change of status."""
    workshop = await make_workshop()
    step = await step_of(workshop, "empathize")
    await edit(desk, "workshop_steps", step.id)
    await desk.page.select_option("select[name=status]", "in_progress")
    await desk.page.click("[data-uitest=save_button]")
    message = await desk.page.wait_for_selector("#message_popup:has-text('Successfully saved')")
    assert message is not None
    # A small box in the corner, away from Save. (None: it has gone again already.)
    if box := await message.bounding_box():
        assert box["height"] < 120
        assert box["y"] < 200
    await desk.page.wait_for_function(
        "document.querySelector('input[name=started_at]').value !== ''"
    )
    await desk.page.select_option("select[name=status]", "complete")
    async with desk.page.expect_response("**/api/tables/workshop_steps/**") as answered:
        await desk.page.click("[data-uitest=save_button]")
    assert (await answered.value).status == 200
    await step.refresh()
    assert step.status == "complete"
    assert desk.complaints == []


async def test_member_form_is_saved_twice_by_its_hidden_version(desk: Desk) -> None:
    """The version of a row without updated_at is not seen, and follows a Save."""
    workshop = await make_workshop()
    member = await operations.add_member(workshop.id, "user_eve", role="viewer")
    await edit(desk, "workshop_members", member.id)
    await expect(desk.page.locator("input[name=row_version]")).to_be_hidden()
    for role in ("editor", "viewer"):
        await desk.page.fill("input[name=role]", role)
        async with desk.page.expect_response("**/api/tables/workshop_members/**") as answered:
            await desk.page.click("[data-uitest=save_button]")
        assert (await answered.value).status == 200
        await member.refresh()
        assert member.role == role
        version = (await (await answered.value).json())["row_version"]
        await desk.page.wait_for_function(
            "v => document.querySelector('input[name=row_version]').value === v", arg=version
        )
    assert desk.complaints == []


async def test_second_of_two_operators_is_told_of_the_first(new_desk: NewDesk) -> None:
    """Of two operators with the same form open, the second one's Save undoes nothing."""
    workshop = await make_workshop(title="A bakery without waste")
    desks = []
    for name in ("grace", "ada"):
        await make_operator(name, superuser=True)
        desk = await new_desk()
        await desk.enter(name)
        await edit(desk, "workshops", workshop.id)
        desks.append(desk)
    grace, ada = desks
    await grace.page.fill("input[name=title]", "What Grace wrote")
    await press_save(grace)
    await ada.page.fill("input[name=org_id]", "org_bread")
    await press_save(ada, "has been changed since you opened it")
    await workshop.refresh()
    assert workshop.title == "What Grace wrote"
    assert workshop.org_id is None
    await ada.page.reload()
    await ada.page.wait_for_selector("[data-uitest=save_button]")
    await ada.page.fill("input[name=org_id]", "org_bread")
    await press_save(ada)
    await workshop.refresh()
    assert (workshop.title, workshop.org_id) == ("What Grace wrote", "org_bread")


async def test_rejection_on_a_list_is_shown(desk: Desk) -> None:
    """Deleting a workshop from the list's menu says why not, and how."""
    await make_workshop(title="A bakery without waste")
    await desk.open("workshops")
    await desk.page.wait_for_selector("table tr td a")
    desk.page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
    await desk.page.click("tr:has(td a.subtle) a.subtle")
    await desk.page.click("tr:has(td a.subtle) .delete")
    text = await desk.page.inner_text("#rejection")
    assert "It is deleted on its own page" in text
    await desk.page.click("#rejection button")
    await expect(desk.page.locator("#rejection")).to_be_hidden()


async def test_bulk_update_says_what_is_wrong(desk: Desk) -> None:
    """A bulk update that the state machine refuses shows the server's sentence."""
    await make_workshop()
    await desk.open("workshops")
    await desk.page.wait_for_selector("table tr td a")
    await desk.page.check("tr:has(td a.subtle) input[type=checkbox]")
    await desk.page.click("a.button:has-text('Update')")
    await desk.page.select_option("select[name=property]", "status")
    await desk.page.select_option("select[name=status]", "completed")
    await desk.page.click("form button:has-text('Update')")
    assert "cannot become completed" in await desk.page.inner_text("#rejection")


async def test_bulk_update_leaves_the_filters(desk: Desk) -> None:
    """What several rows have been given is not filled into the filters beside the list."""
    await make_workshop()
    await desk.open("workshops")
    page = desk.page
    await page.wait_for_selector("table tr td a")
    await page.click("a.button:has-text('Filters')")
    filters = page.locator("[name=title]")
    await expect(filters).to_have_value("")
    await page.check("tr:has(td a.subtle) input[type=checkbox]")
    await page.click("a.button:has-text('Update')")
    await page.select_option("select[name=property]", "title")
    await page.locator("form [name=title]:visible").last.fill("A garden")
    await page.click("form button:has-text('Update')")
    await page.wait_for_selector("text=Successfully updated")
    await expect(page.locator("table").get_by_text("A garden")).to_be_visible()
    await expect(filters).to_have_value("")


async def test_fields_that_follow_cannot_be_typed_in(desk: Desk) -> None:
    """Keys, times and secrets are read only in a row's form, and not asked for in a new row's."""
    workshop = await make_workshop()
    await edit(desk, "workshops", workshop.id)
    await expect(desk.page.locator("input[name=clerk_user_id]")).not_to_be_editable()
    await expect(desk.page.locator("input[name=share_token]")).not_to_be_editable()
    await expect(desk.page.locator("input[name=title]")).to_be_editable()
    await desk.open("workshops/add")
    await expect(desk.page.locator("input[name=clerk_user_id]")).to_be_editable()
    await expect(desk.page.locator("input[name=share_token]")).to_be_hidden()


async def test_table_that_is_read_only_is_so_by_any_way(desk: Desk) -> None:
    """From the list of another table too, the audit log offers no new row, and back there it is."""
    await make_workshop()
    add = desk.page.locator("a.button:has-text('Add Row')")
    await desk.open("workshops")
    await expect(add).to_be_visible()
    await desk.page.click("a[href='#/admin_audit_log/']")
    await desk.page.wait_for_selector("h1:has-text('Audit Log')")
    await expect(add).to_be_hidden()
    await desk.page.click("a[href='#/workshops/']")
    await expect(add).to_be_visible()


async def test_row_leads_to_its_workshop_and_its_audit_log(desk: Desk) -> None:
    """The form of a row links to the workshop's page, at its step, and to who changed the row."""
    workshop = await make_workshop()
    page = f"{desk.address}/progress/workshops/{workshop.id}/"
    progress = desk.page.locator(".progress-link")
    await edit(desk, "workshops", workshop.id)
    await expect(progress).to_have_attribute("href", f"../progress/workshops/{workshop.id}/")
    assert await desk.page.title() == "Edit workshops · WorkshopPilot"
    await expect(desk.page.get_by_label("Title")).to_have_value(workshop.title)
    step = await step_of(workshop, "define")
    await desk.open(f"workshop_steps/{step.id}")
    await desk.page.click(".audit-link")
    await desk.page.wait_for_selector("h1:has-text('Audit Log')")
    await desk.page.go_back()
    await progress.click()
    await expect(desk.page).to_have_url(f"{page}#step-define")


async def test_first_page_leads_to_the_progress_pages(desk: Desk) -> None:
    """The page after the log-in says where to look."""
    await desk.page.goto(f"{desk.address}/admin/")
    links = desk.page.locator(".welcome-links a")
    await expect(links).to_have_text(["Progress board", "Step funnel", "People", "New workshop"])
    await expect(links.first).to_have_attribute("href", "../progress/")


async def test_long_texts_leave_the_lists_and_forms_usable(desk: Desk) -> None:
    """Neither a very long word in a title nor an idea of many lines pushes the rest away."""
    workshop = await make_workshop(title="x" * 200, original_idea="line\n" * 500)
    await desk.open("workshops")
    await desk.page.wait_for_selector("table tr td a")
    column = await desk.page.locator("table tbody td:nth-child(2)").first.bounding_box()
    assert column is not None
    assert column["width"] < 400
    await edit(desk, "workshops", workshop.id)
    idea = await desk.page.locator("textarea[name=original_idea]").first.bounding_box()
    size = desk.page.viewport_size
    assert idea is not None
    assert size is not None
    assert idea["height"] < size["height"]


async def test_viewer_is_offered_no_change(new_desk: NewDesk) -> None:
    """A plain admin sees the rows, and no button that changes them."""
    workshop = await make_workshop(title="A bakery without waste")
    await make_operator("vera", superuser=False)
    desk = await new_desk()
    await desk.enter("vera")
    await desk.open("workshops")
    await desk.page.wait_for_selector("text=A bakery without waste")
    await expect(desk.page.locator("a.button:has-text('Add Row')")).to_be_hidden()
    await expect(desk.page.locator("tr:has(td a.subtle) input[type=checkbox]")).to_be_hidden()
    await expect(desk.page.locator("[data-uitest=csv_button]")).to_be_visible()
    await desk.open(f"workshops/{workshop.id}")
    await desk.page.wait_for_selector("input[name=title]")
    await expect(desk.page.locator("[data-uitest=save_button]")).to_be_hidden()
    await expect(desk.page.locator("input[name=title]")).not_to_be_editable()
    await expect(desk.page.locator("select[name=status]")).to_be_disabled()
    await desk.open("workshops")
    await expect(desk.page.locator("a[href='#/workshop_steps/']")).to_be_visible()
    await expect(desk.page.locator("a[href='/progress/new/']")).to_be_hidden()
    assert desk.complaints == []
