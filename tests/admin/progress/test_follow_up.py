"""Notes on a workshop, who looks after it, and when its people were contacted."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import httpx
import pytest
from piccolo.apps.user.tables import BaseUser
from playwright.async_api import expect

from tests.admin.conftest import PASSWORD, AuditLog, Browse, NewDesk, make_operator, send
from tests.admin.progress.conftest import make_workshop
from workshops import operations
from workshops.admin.follow_up import FollowUp, Note
from workshops.columns import utc_now
from workshops.projection import refresh
from workshops.tables import Workshop, WorkshopMember

API = "/admin/api/tables"


def page_of(workshop: Workshop) -> str:
    """Return the path of a workshop's page."""
    return f"/progress/workshops/{workshop.id}/"


async def note(client: httpx.AsyncClient, workshop: Workshop, text: str) -> None:
    """Write a note on a workshop's page."""
    page = page_of(workshop)
    response = await send(client, page, f"{page}note/", text=text)
    assert response.status_code == 303, response.text


async def test_note_is_shown_logged_and_deleted(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """The page has the latest note first, its author and its text as it was typed; the log too."""
    workshop = await make_workshop()
    await note(superuser, workshop, "Called <b>Ada</b>.\nShe will go on.")
    await note(superuser, workshop, "She did.")
    page = (await superuser.get(page_of(workshop))).text
    assert page.index("She did.") < page.index("Called &lt;b&gt;Ada&lt;/b&gt;.\nShe will go on.")
    assert "grace, <span" in page
    first = await Note.objects().order_by(Note.created_at, Note.id).first()
    assert first is not None
    assert re.fullmatch("note_[a-z][a-z0-9]{23}", first.id)
    [entry] = await audit_log.entries(table_name="notes", row_id=first.id)
    assert (entry["operator"], entry["action"]) == ("grace", "added")
    path = page_of(workshop)
    deleted = await send(superuser, path, f"{path}delete-note/", note=first.id)
    assert deleted.status_code == 303
    again = await send(superuser, path, f"{path}delete-note/", note=first.id)
    assert again.status_code == 404
    assert "no such note" in again.text
    assert await Note.count() == 1


async def test_note_that_is_sent_twice_is_kept_once(superuser: httpx.AsyncClient) -> None:
    """A second click, or a reload, sends the same form; one that is filled in anew is another."""
    workshop = await make_workshop()
    page = page_of(workshop)
    for text, key in (("Called.", "1"), ("Called.", "1"), ("Called.", "2"), ("Written.", "1")):
        await send(superuser, page, f"{page}note/", text=text, key=key)
    texts = await Note.select(Note.text).order_by(Note.text).output(as_list=True)
    assert texts == ["Called.", "Called.", "Written."]


@pytest.mark.parametrize(
    ("action", "fields", "status", "sentence"),
    [
        ("note", {"text": " \n"}, 422, "The note must not be empty."),
        ("note", {"text": "x" * 5001}, 422, "5,001"),
        ("assign", {"to": "99"}, 422, "The operator does not exist"),
        ("assign", {"to": "nobody"}, 422, "The operator does not exist"),
        ("contacted", {"day": "yesterday"}, 422, "The day must be one such as 2026-01-31."),
        ("contacted", {"day": "2999-01-01"}, 422, "The day must not lie ahead"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    superuser: httpx.AsyncClient, action: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    """The page says why, and nothing is written."""
    page = page_of(await make_workshop())
    refused = await send(superuser, page, f"{page}{action}/", **fields)
    assert refused.status_code == status
    assert sentence in refused.text
    assert await Note.count() == await FollowUp.count() == 0


async def test_viewer_reads_and_writes_nothing(
    superuser: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    """A viewer sees notes and follow-up without a form, and is refused with the form's token."""
    workshop = await make_workshop()
    page = page_of(workshop)
    await note(superuser, workshop, "Called.")
    await send(superuser, page, f"{page}contacted/", day="2026-01-31")
    shown = (await viewer.get(page)).text
    assert "Called." in shown
    assert "<dd>2026-01-31</dd>" in shown
    assert "<form" not in shown[shown.index('id="notes"') :]
    assert (await viewer.post(f"{page}note/", data={"text": "Me too."})).status_code == 403
    assert await Note.count() == 1


async def test_two_operators_at_the_same_moment(
    superuser: httpx.AsyncClient, log_in: Browse
) -> None:
    """Of two who take a workshop one gets it, and the other is told who; notes are both kept."""
    mary = await make_operator("mary", superuser=True)
    second = await log_in("mary")
    [grace] = await FollowUp.raw("SELECT id FROM piccolo_user WHERE username = 'grace'")
    workshop = await make_workshop()
    page = page_of(workshop)
    answers = await asyncio.gather(
        send(superuser, page, f"{page}assign/", to=str(grace["id"]), seen=""),
        send(second, page, f"{page}assign/", to=str(mary.id), seen=""),
    )
    await asyncio.gather(note(superuser, workshop, "Mine."), note(second, workshop, "Mine too."))
    statuses = [answers[0].status_code, answers[1].status_code]
    assert sorted(statuses) == [303, 409]
    kept = await FollowUp.objects().first()
    assert kept is not None
    winner = "grace" if kept.assigned_to == grace["id"] else "mary"
    loser = answers[statuses.index(409)]
    assert f"It has been assigned to {winner} since you opened the page." in loser.text
    assert await Note.count() == 2
    # Who has seen it may take it over.
    taken = await send(second, page, f"{page}assign/", to="", seen=str(kept.assigned_to))
    assert taken.status_code == 303


async def test_follow_up_goes_with_its_workshop(superuser: httpx.AsyncClient) -> None:
    """The application deletes a workshop: the folder removes what operators kept about it."""
    workshop, other = await make_workshop(), await make_workshop()
    for each in (workshop, other):
        await note(superuser, each, "Called.")
        await send(superuser, page_of(each), f"{page_of(each)}contacted/", day="2026-01-31")
    await refresh()
    await operations.delete_workshop(workshop.id)
    await refresh()
    assert [row["workshop_id"] for row in await Note.select(Note.workshop_id)] == [other.id]
    assert [row["id"] for row in await FollowUp.select(FollowUp.id)] == [other.id]


async def test_deleting_on_its_page_takes_notes_along(superuser: httpx.AsyncClient) -> None:
    """At once, and nothing of other workshops."""
    workshop, other = await make_workshop(), await make_workshop()
    for each in (workshop, other):
        await note(superuser, each, "Called.")
        await send(superuser, page_of(each), f"{page_of(each)}contacted/", day="2026-01-31")
    page = page_of(workshop)
    deleted = await send(superuser, page, f"{page}delete/", title=workshop.title)
    assert deleted.status_code == 303
    assert [row["workshop_id"] for row in await Note.select(Note.workshop_id)] == [other.id]
    assert [row["id"] for row in await FollowUp.select(FollowUp.id)] == [other.id]


async def test_note_about_a_workshop_that_is_just_deleted(database: str) -> None:
    """A note that is committed after the workshop's deletion was folded is removed as well."""
    workshop = await make_workshop()
    await refresh()
    await operations.delete_workshop(workshop.id)
    await refresh()
    await Note.raw(
        "DO $$ BEGIN PERFORM set_config('workshops.operator', 'grace', true);"
        " INSERT INTO workshops_admin.notes (id, workshop_id, text, author)"
        f" VALUES ('note_late', '{workshop.id}', 'Called.', 'grace'); END $$"
    )
    assert await Note.count() == 1
    await refresh()
    assert await Note.count() == 0


async def test_product_does_not_wait_for_a_note(superuser: httpx.AsyncClient) -> None:
    """A workshop is deleted while an operator's transaction writes about it."""
    from workshops.database.migrations import project_engine

    workshop = await make_workshop()
    connection = await project_engine().get_new_connection()
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('workshops.operator', 'grace', true)")
            await connection.execute(
                "INSERT INTO workshops_admin.notes (id, workshop_id, text, author)"
                " VALUES ('note_1', $1, 'Called.', 'grace')",
                workshop.id,
            )
            await asyncio.wait_for(operations.delete_workshop(workshop.id), 30)
    finally:
        await connection.close()
    await refresh()
    assert await Note.count() == 0


async def test_deleted_operator_is_assigned_to_nothing(superuser: httpx.AsyncClient) -> None:
    """The notes stay with their author's name."""
    mary = await make_operator("mary", superuser=False)
    workshop = await make_workshop()
    page = page_of(workshop)
    await send(superuser, page, f"{page}assign/", to=str(mary.id), seen="")
    await note(superuser, workshop, "Mary looks after it.")
    assert (await superuser.delete(f"{API}/piccolo_user/{mary.id}/")).status_code == 204
    kept = await FollowUp.objects().first()
    assert kept is not None
    assert kept.assigned_to is None
    assert await Note.count() == 1


async def test_erasure_finds_notes(superuser: httpx.AsyncClient, audit_log: AuditLog) -> None:
    """Of the person's workshops all notes go, deleted ones in the log too; elsewhere the id."""
    own = await make_workshop(clerk_user_id="user_ada")
    other = await make_workshop(clerk_user_id="user_bob")
    await WorkshopMember(workshop_id=other.id, clerk_user_id="user_ada", role="editor").save()
    await note(superuser, own, "A secret of hers.")
    deleted = await Note.objects().first()
    assert deleted is not None
    path = page_of(own)
    await send(superuser, path, f"{path}delete-note/", note=deleted.id)
    await note(superuser, own, "Another secret.")
    await send(superuser, path, f"{path}contacted/", day="2026-01-31")
    await note(superuser, other, "user_ada is ill, says user_ada2.")
    person = "/progress/people/?person=user_ada"
    export = await send(superuser, person, "/progress/people/export/", person="user_ada")
    kept = json.loads(export.text)["operators"]
    assert [row["text"] for row in kept["notes"]] == [
        "Another secret.",
        "user_ada is ill, says user_ada2.",
    ]
    assert kept["contacts"] == [{"workshop_id": own.id, "contacted_on": "2026-01-31"}]
    erased = await send(
        superuser, person, "/progress/people/erase/", person="user_ada", typed="user_ada"
    )
    assert erased.status_code == 303, erased.text
    [left] = await Note.objects()
    assert re.fullmatch("erased_[0-9a-f]{16} is ill, says user_ada2.", left.text)
    assert await FollowUp.count() == 0
    log = json.dumps(await audit_log.entries(), default=str)
    assert "secret" not in log
    assert "user_ada" not in log.replace("user_ada2", "")


async def test_note_is_corrected_in_its_table(superuser: httpx.AsyncClient) -> None:
    """In the admin the text of a note may be changed, nothing else of it, and none added."""
    workshop = await make_workshop()
    await note(superuser, workshop, "Caled.")
    [row] = (await superuser.get(f"{API}/notes/?__readable=true")).json()["rows"]
    assert row["workshop_id_readable"] == workshop.title
    address = f"{API}/notes/{row['id']}/"
    version = (await superuser.get(address)).json()["row_version"]
    changed = await superuser.patch(address, json={"text": "Called.", "row_version": version})
    assert changed.json()["text"] == "Called."
    for change in ({"text": ""}, {"author": "eve"}):
        assert (await superuser.patch(address, json=change)).status_code == 422
    assert (await superuser.post(f"{API}/notes/", json={"text": "x"})).status_code == 405
    assert (await superuser.delete(address)).status_code == 204


@pytest.mark.browser
async def test_assign_keeps_an_operator_who_may_not_log_in(new_desk: NewDesk) -> None:
    """Pressed as the page was opened, Assign says why it cannot be, and unassigns nobody."""
    await make_operator("grace", superuser=True)
    vera = await make_operator("vera", superuser=False)
    workshop = await make_workshop()
    await FollowUp(id=workshop.id, assigned_to=vera.id).save()
    await BaseUser.update({BaseUser.active: False}).where(BaseUser.id == vera.id)
    desk = await new_desk()
    await desk.enter("grace")
    await desk.page.goto(f"{desk.address}{page_of(workshop)}")
    await desk.page.get_by_role("button", name="Assign", exact=True).click()
    await expect(desk.page.get_by_role("alert")).to_contain_text("may not log in")
    kept = await FollowUp.objects().get(FollowUp.id == workshop.id)
    assert kept is not None
    assert kept.assigned_to == vera.id


@pytest.mark.browser
async def test_follow_up_in_a_browser(new_desk: NewDesk) -> None:
    """Type a note, take the workshop, say when somebody was contacted; another page is live."""
    await make_operator("grace", superuser=True)
    await make_operator("vera", superuser=False)
    workshop = await make_workshop()
    await refresh()
    desk, other = await new_desk(), await new_desk()
    await desk.enter("grace")
    await other.enter("vera", PASSWORD)
    for each in (desk, other):
        await each.page.goto(f"{each.address}{page_of(workshop)}")
    await expect(other.page.locator(".live span")).to_have_text("Live")
    page = desk.page
    await page.get_by_label("New note").fill("Called Ada.\nShe will go on.")
    await page.get_by_role("button", name="Add the note").click()
    said = page.locator(".message")
    await expect(said).to_have_text("The note was added.")
    await expect(page.locator(".operator-note .prose")).to_have_text("Called Ada.\nShe will go on.")
    await expect(other.page.locator(".operator-note .prose")).to_contain_text("Called Ada.")
    await page.get_by_role("button", name="Assign to me").click()
    await expect(said).to_contain_text("who looks after this workshop")
    await expect(page.locator("select[name=to]").first).to_have_value(re.compile("[0-9]+"))
    await expect(page.get_by_role("button", name="Assign to me")).to_have_count(0)
    await page.get_by_label("Assigned to").select_option("vera")
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(other.page.locator(".follow-up dd").first).to_have_text("vera")
    day = (utc_now() - timedelta(days=3)).date().isoformat()
    await page.get_by_label("Contacted on").fill(day)
    await page.keyboard.press("Enter")
    await expect(said).to_contain_text("The day of the contact")
    await expect(page.get_by_label("Contacted on")).to_have_value(day)
    await page.get_by_role("button", name="Contacted today").click()
    await expect(page.get_by_role("button", name="Contacted today")).to_have_count(0)
    await page.locator(".operator-note summary").click()
    await page.get_by_role("button", name="Delete the note").click()
    await expect(page.locator(".operator-note")).to_have_count(0)
    assert desk.complaints == other.complaints == []
