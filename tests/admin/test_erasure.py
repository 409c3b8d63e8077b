"""What an erasure leaves of a person in the audit log, and what a reset keeps for a while."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from piccolo.columns import Varchar
from piccolo.table import Table

from tests.admin.conftest import AuditLog, save, send
from tests.admin.progress.conftest import make_workshop
from tests.factories import step_of
from workshops import operations, personal_data
from workshops.admin.audit import AuditEntry
from workshops.admin.protection import forgetting
from workshops.columns import utc_now
from workshops.personal_data import register_personal_data
from workshops.projection import refresh
from workshops.statements.execution import fetch
from workshops.tables import BuildPack, Workshop, WorkshopMember

PERSON = "user_ada.+(1)"


async def erase(client: httpx.AsyncClient, person: str) -> None:
    """Erase a person on their page."""
    page = f"/progress/people/?person={quote(person)}"
    response = await send(client, page, "/progress/people/erase/", person=person, typed=person)
    assert response.status_code == 303, response.text


async def test_erasure_leaves_a_pseudonym(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """The id is in no entry any longer, in one of another person it stays, and one entry tells."""
    own = await make_workshop(clerk_user_id=PERSON, title="Secret plans")
    other = await make_workshop(clerk_user_id="user_bob", title="Bread")
    await save(superuser, "workshops", own.id, title="More secret plans")
    for person in (PERSON, f"{PERSON}2"):
        row = {"workshop_id": other.id, "clerk_user_id": person, "role": "editor"}
        await superuser.post("/admin/api/tables/workshop_members/", json=row)
    member = await WorkshopMember.objects().get(
        (WorkshopMember.clerk_user_id == PERSON) & (WorkshopMember.workshop_id == other.id)
    )
    await save(superuser, "workshops", other.id, title=f"Bread, says {PERSON}")
    page = f"/progress/people/?person={quote(PERSON)}"
    await send(superuser, page, "/progress/people/export/", person=PERSON)
    before = len(await audit_log.entries())
    await erase(superuser, PERSON)

    entries = await audit_log.entries()
    assert len(entries) == before + 1
    text = json.dumps(entries, default=str)
    assert PERSON not in text.replace(f"{PERSON}2", "")
    assert f"{PERSON}2" in text
    assert "secret plans" not in text
    [erased] = [entry for entry in entries if entry["action"] == "erased"]
    pseudonym = erased["summary"].split(":")[0]
    assert "1 workshops deleted" in erased["summary"]
    [renamed] = [entry for entry in entries if entry["row_id"] == other.id]
    assert renamed["changes"]["title"][1] == f"Bread, says {pseudonym}"
    assert member is not None
    [added] = [entry for entry in entries if entry["row_id"] == member.id]
    assert added["changes"] is None
    assert await Workshop.count() == 1


class Vote(Table, tablename="votes"):
    """A table of the application."""

    voter = Varchar()


async def test_person_whom_only_the_application_knows(
    superuser: httpx.AsyncClient, audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has registered is told on the page, and erased from there."""
    monkeypatch.setattr(personal_data, "_registered", {})
    await Vote.create_table()
    register_personal_data(Vote.voter)
    await Vote.insert(Vote(voter=PERSON), Vote(voter=PERSON), Vote(voter="user_bob"))
    page = f"/progress/people/?person={quote(PERSON)}"
    text = (await superuser.get(page)).text
    assert "2 rows of votes" in text
    assert text.count("hat the application has registered") == 2  # in the export, if erased
    await erase(superuser, PERSON)
    assert await Vote.select(Vote.voter).output(as_list=True) == ["user_bob"]
    assert "Nothing is held" in (await superuser.get(page)).text
    [erased] = [entry for entry in await audit_log.entries() if entry["action"] == "erased"]
    assert "2 rows of votes erased" in erased["summary"]
    await Vote.alter().drop_table()


async def test_log_keeps_no_values_of_rows_that_go_by_what_is_registered(
    superuser: httpx.AsyncClient, audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of ours may be registered as well: here build packs by their title."""
    monkeypatch.setattr(personal_data, "_registered", {})
    register_personal_data(BuildPack.title)
    workshop = await make_workshop(clerk_user_id="user_bob")
    row = {"workshop_id": workshop.id, "title": PERSON, "content": "A secret"}
    await superuser.post("/admin/api/tables/build_packs/", json=row)
    assert "A secret" in json.dumps(await audit_log.entries(), default=str)
    await erase(superuser, PERSON)
    assert await BuildPack.count() == 0
    assert "A secret" not in json.dumps(await audit_log.entries(), default=str)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workshops_admin.admin_audit_log SET summary = 'x'",
        "UPDATE workshops_admin.admin_audit_log SET operator = 'x' WHERE false",
    ],
)
async def test_log_is_not_changed_otherwise(database: str, statement: str) -> None:
    """No UPDATE passes, also where it names no row."""
    await AuditEntry(operator="grace", action="changed").save()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only be added to"):
        await AuditEntry.raw(statement)


async def test_forgetting_does_nothing_else(database: str, audit_log: AuditLog) -> None:
    """While a person is forgotten, an UPDATE can neither add nor change a word."""
    await AuditEntry(operator="grace", action="changed", summary="It was user_ada.").save()
    await AuditEntry.raw(
        "DO $$ BEGIN"
        " PERFORM set_config('workshops.audit_person', 'user_ada', true);"
        " PERFORM set_config('workshops.audit_pseudonym', 'somebody', true);"
        " UPDATE workshops_admin.admin_audit_log"
        " SET operator = 'vera', summary = 'x', changes = '1';"
        " END $$"
    )
    [entry] = await audit_log.entries()
    assert (entry["operator"], entry["summary"]) == ("grace", "It was somebody.")


async def test_reset_output_is_restored(superuser: httpx.AsyncClient) -> None:
    """What a reset took away comes back whole, with the time of the start, once."""
    workshop = await make_workshop(complete=1)
    output = {"text": "word " * 1000, "n": 12345678901234567890}
    await operations.save_step_output(workshop.id, "empathize", output)
    before = await step_of(workshop, "empathize")
    page = f"/progress/workshops/{workshop.id}/"
    assert "Restore it" not in (await superuser.get(page)).text
    assert (await send(superuser, page, f"{page}reset/", step="empathize")).is_redirect
    assert "was removed by grace" in (await superuser.get(page)).text
    assert (await send(superuser, page, f"{page}restore/", step="empathize")).is_redirect
    after = await step_of(workshop, "empathize")
    assert json.loads(str(after.output)) == output
    assert (after.status, after.started_at) == ("in_progress", before.started_at)
    again = await send(superuser, page, f"{page}restore/", step="empathize")
    assert again.status_code == 404
    assert "is kept any longer" in again.text


async def test_new_output_is_not_lost_by_a_restore(superuser: httpx.AsyncClient) -> None:
    """A step that has been worked on since its reset is not overwritten."""
    workshop = await make_workshop(complete=1)
    page = f"/progress/workshops/{workshop.id}/"
    await send(superuser, page, f"{page}reset/", step="empathize")
    await operations.save_step_output(workshop.id, "empathize", {"new": True})
    refused = await send(superuser, page, f"{page}restore/", step="empathize")
    assert refused.status_code == 409
    assert "has an output again" in refused.text


async def kept(workshop: Workshop) -> int:
    """Return how many outputs are kept that were taken away from steps of a workshop."""
    return len(
        await fetch(
            "SELECT FROM workshops_admin.removed_outputs WHERE workshop_id = $1", workshop.id
        )
    )


async def test_removed_outputs_go_with_their_workshop(superuser: httpx.AsyncClient) -> None:
    """What operators delete or erase leaves no output behind, and others' outputs stay."""
    other = await make_workshop(complete=1, clerk_user_id="user_bob")
    page = f"/progress/workshops/{other.id}/"
    await send(superuser, page, f"{page}reset/", step="empathize")
    for action in ("delete", "erase"):
        workshop = await make_workshop(complete=1)
        page = f"/progress/workshops/{workshop.id}/"
        await send(superuser, page, f"{page}reset/", step="empathize")
        assert await kept(workshop)
        if action == "erase":
            await erase(superuser, "user_ada")
        else:
            await send(superuser, page, f"{page}delete/", title=workshop.title)
        assert not await kept(workshop)
    assert await kept(other)


async def test_removed_outputs_go_with_what_the_application_deletes(
    superuser: httpx.AsyncClient,
) -> None:
    """The folder removes them, of a workshop as of all that a person had."""
    deleted, erased = await make_workshop(complete=1), await make_workshop(complete=1)
    for workshop in (deleted, erased):
        page = f"/progress/workshops/{workshop.id}/"
        await send(superuser, page, f"{page}reset/", step="empathize")
    await refresh()
    await operations.delete_workshop(deleted.id)
    await refresh()
    assert (await kept(deleted), await kept(erased)) == (0, 1)
    await operations.delete_user_data("user_ada")
    await refresh()
    assert not await kept(erased)


async def test_removed_outputs_go_after_their_time(superuser: httpx.AsyncClient) -> None:
    """After 30 days nothing of them is there, though nobody does anything."""
    workshop = await make_workshop(complete=2)
    page = f"/progress/workshops/{workshop.id}/"
    for step in ("empathize", "define"):
        await send(superuser, page, f"{page}reset/", step=step)
    for step, days in (("empathize", 31), ("define", 29)):
        await fetch(
            "UPDATE workshops_admin.removed_outputs SET removed_at = $1 WHERE step_row_id = $2",
            utc_now() - timedelta(days=days),
            (await step_of(workshop, step)).id,
        )
    async with forgetting(every=0), asyncio.timeout(120):
        while await kept(workshop) > 1:
            pass
    assert await kept(workshop) == 1
