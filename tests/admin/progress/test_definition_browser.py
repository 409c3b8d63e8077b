"""The page of a step definition in a real Chromium: typed into, previewed, saved by two."""

from __future__ import annotations

import pytest
from playwright.async_api import Dialog, expect

from tests.admin.conftest import Desk, NewDesk, make_operator
from workshops.tables import StepDefinition

pytestmark = pytest.mark.browser

PATH = "/progress/definitions/ideate/"


async def stored() -> StepDefinition:
    """Return the definition as it is stored."""
    definition = await StepDefinition.objects().get(StepDefinition.id == "ideate")
    assert definition is not None
    return definition


async def test_row_of_the_admin_leads_to_the_page(desk: Desk) -> None:
    """From the row's form a link leads to the page, and from there back."""
    await desk.open("step_definitions/ideate")
    await desk.page.get_by_role("link", name="Edit with preview and history").click()
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text("3. Ideate")
    await desk.page.get_by_role("link", name="Row", exact=True).click()
    await expect(desk.page.get_by_role("textbox", name="Description")).to_be_visible()
    assert desk.complaints == []


async def test_text_is_typed_previewed_and_saved(desk: Desk) -> None:
    """The menu leads there; the box grows, the preview follows, and the history tells."""
    page = desk.page
    await page.goto(f"{desk.address}/progress/")
    await page.get_by_role("link", name="Steps", exact=True).click()
    await page.get_by_role("link", name="3. Ideate").click()
    box = page.get_by_label("Prompt", exact=True)
    height = await box.evaluate("box => box.offsetHeight")
    await box.click()
    await page.keyboard.type("# Begin\n\n- wild\n")
    for number in range(20):
        await page.keyboard.type(f"\n{number}")
    assert await box.evaluate("box => box.offsetHeight") > height
    assert await box.evaluate("box => box.scrollHeight <= box.clientHeight + 1")
    preview = page.locator("#preview")
    await expect(preview.get_by_role("heading", name="Begin")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Dream")
    await expect(preview.locator(".step h4")).to_have_text("3. Dream")
    await expect(preview.get_by_role("heading", name="3. Dream")).to_have_count(2)
    assert (await stored()).name == "Ideate"
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".message")).to_contain_text("Saved.")
    assert (await stored()).name == "Dream"
    entry = page.locator(".entry").first
    await expect(entry).to_contain_text("grace, just now")
    await expect(entry.locator("del").first).to_have_text("Ideate")
    await expect(entry.locator("ins").first).to_have_text("Dream")
    await entry.get_by_role("link", name="Edit as it was before").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Ideate")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".message")).to_contain_text("Saved.")
    assert (await stored()).prompt_template is None
    assert desk.complaints == []


async def test_second_of_two_operators_is_told(desk: Desk, new_desk: NewDesk) -> None:
    """Both have the page open; the second keeps what was typed, and saves it knowingly."""
    await make_operator("ada", superuser=True)
    other = await new_desk()
    await other.enter("ada")
    for each in (desk, other):
        await each.page.goto(f"{each.address}{PATH}")
    await other.page.get_by_label("Description").fill("Have many ideas.")
    await other.page.get_by_role("button", name="Save").click()
    await expect(other.page.locator(".message")).to_contain_text("Saved.")
    await desk.page.get_by_label("Description").fill("Have many wild ideas.")
    await desk.page.get_by_role("button", name="Save").click()
    await expect(desk.page.locator(".message")).to_contain_text("Somebody else has changed")
    await expect(desk.page.get_by_label("Description")).to_have_value("Have many wild ideas.")
    await expect(desk.page.locator("form ins")).to_have_text("wild ")
    assert (await stored()).description == "Have many ideas."
    await desk.page.get_by_role("button", name="Save").click()
    await expect(desk.page.locator(".message")).to_contain_text("Saved.")
    assert (await stored()).description == "Have many wild ideas."
    await expect(desk.page.locator(".entry").first).to_contain_text("grace")
    await expect(desk.page.locator(".entry").nth(1)).to_contain_text("ada")
    assert [text for text in desk.complaints if "409" not in text] == []


async def test_mistake_is_told_beside_its_field(desk: Desk) -> None:
    """The field says what is wrong, the others keep what was typed."""
    page = desk.page
    await page.goto(f"{desk.address}{PATH}")
    await page.get_by_label("Name", exact=True).fill("")
    await page.get_by_label("Prompt", exact=True).fill("Begin.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(
        "One line: the title of the step everywhere. 0 of 100 characters. "
        "The name must not be empty. This is not saved yet."
    )
    await expect(page.get_by_label("Prompt", exact=True)).to_have_value("Begin.")
    await page.get_by_label("Name", exact=True).fill("Dream")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".message")).to_contain_text("Saved.")
    assert (await stored()).prompt_template == "Begin."
    assert [text for text in desk.complaints if "422" not in text] == []


async def test_unsaved_text_is_not_left_unasked(desk: Desk) -> None:
    """Whoever leaves with something typed is asked, and stays."""
    await desk.page.goto(f"{desk.address}{PATH}")
    await desk.page.get_by_label("Description").focus()
    await desk.page.keyboard.press("Control+Home")
    await desk.page.keyboard.type("More. ")
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    desk.page.once("dialog", stay)
    await desk.page.get_by_role("link", name="Board", exact=True).click()
    assert asked == ["beforeunload"]
    await expect(desk.page).to_have_url(f"{desk.address}{PATH}")
    assert (await desk.page.get_by_label("Description").input_value()).startswith("More. ")


async def test_viewer_has_nothing_to_type_into(new_desk: NewDesk, database: str) -> None:
    """Who may look reads the texts and the history."""
    await make_operator("vera", superuser=False)
    desk = await new_desk()
    await desk.enter("vera")
    await desk.page.goto(f"{desk.address}{PATH}")
    await expect(desk.page.locator("main textarea, main form")).to_have_count(0)
    await expect(desk.page.locator("#preview")).to_be_visible()
    assert desk.complaints == []
