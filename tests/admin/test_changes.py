"""Changes through the admin's tables keep to the rules of the operations."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.admin.conftest import Browse, make_operator, save
from tests.factories import make_workshop, step_of
from workshops import operations
from workshops.admin.accounts import AdminSession
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

API = "/admin/api/tables"

NEW_WORKSHOP = {"clerk_user_id": "user_bob", "title": "Garden", "original_idea": "Grow."}


def problems(response: httpx.Response) -> dict[str, str]:
    """Return the fields that a 422 complains about, and the sentences."""
    assert response.status_code == 422, response.text
    return {item["loc"][-1]: item["msg"] for item in response.json()["detail"]}


async def test_save_changes_the_row_and_returns_the_stored_one(
    superuser: httpx.AsyncClient,
) -> None:
    """A Save stores the changed field and answers with the new version of the row."""
    workshop = await make_workshop()
    response = await save(superuser, "workshops", workshop.id, title="A bakery with no waste")
    assert response.status_code == 200
    before, created = workshop.updated_at, workshop.created_at
    await workshop.refresh()
    assert workshop.title == "A bakery with no waste"
    assert workshop.created_at == created
    assert workshop.updated_at > before
    assert response.json()["updated_at"].startswith(
        workshop.updated_at.isoformat(timespec="milliseconds")
    )


async def test_save_of_an_unchanged_row_writes_nothing(superuser: httpx.AsyncClient) -> None:
    """A Save without a change leaves updated_at alone, so that others' forms stay valid."""
    workshop = await make_workshop(share_token="secret", visibility="shared")
    assert (await save(superuser, "workshops", workshop.id)).status_code == 200
    before = workshop.updated_at
    await workshop.refresh()
    assert workshop.updated_at == before
    assert workshop.share_token == "secret"


async def test_stale_save_is_refused_and_undoes_nothing(superuser: httpx.AsyncClient) -> None:
    """A Save from a form older than the last change is a 409 with a sentence."""
    workshop = await make_workshop()
    address = f"{API}/workshops/{workshop.id}/"
    form = (await superuser.get(address)).json()
    await operations.update_workshop(workshop.id, title="What the application wrote")
    response = await superuser.patch(address, json={**form, "org_id": "org_bread"})
    assert response.status_code == 409
    assert "has been changed since you opened it" in response.json()
    await workshop.refresh()
    assert workshop.title == "What the application wrote"
    assert workshop.org_id is None


async def test_of_two_saves_at_once_one_wins(superuser: httpx.AsyncClient) -> None:
    """Of concurrent Saves from one version exactly one is stored."""
    workshop = await make_workshop()
    address = f"{API}/workshops/{workshop.id}/"
    form = (await superuser.get(address)).json()
    responses = await asyncio.gather(
        *(superuser.patch(address, json={**form, "title": f"Title {n}"}) for n in range(5))
    )
    assert sorted(response.status_code for response in responses) == [200, 409, 409, 409, 409]


@pytest.mark.parametrize("table", ["workshop_members", "piccolo_user"])
async def test_stale_save_without_updated_at_is_refused(
    superuser: httpx.AsyncClient, table: str
) -> None:
    """Rows without updated_at have a row_version by which a stale Save is seen."""
    workshop = await make_workshop()
    member = await operations.add_member(workshop.id, "user_eve", role="viewer")
    vera = await make_operator("vera", superuser=False)
    row_id, change = {
        "workshop_members": (member.id, {"role": "editor"}),
        "piccolo_user": (str(vera.id), {"first_name": "Vera"}),
    }[table]
    address = f"{API}/{table}/{row_id}/"
    form = (await superuser.get(address)).json()
    del form["id"]
    assert form["row_version"]
    assert (await superuser.patch(address, json={**form, **change})).status_code == 200
    stale = await superuser.patch(address, json=form)
    assert stale.status_code == 409
    name, value = next(iter(change.items()))
    assert (await superuser.get(address)).json()[name] == value


async def test_several_fields_need_the_version(superuser: httpx.AsyncClient) -> None:
    """A PATCH of several fields must say which version it is based on; of one it need not."""
    workshop = await make_workshop()
    address = f"{API}/workshops/{workshop.id}/"
    both = await superuser.patch(address, json={"title": "A", "org_id": "B"})
    assert "updated_at" in problems(both)
    assert (await superuser.patch(address, json={"title": "A"})).status_code == 200


async def test_put_is_refused(superuser: httpx.AsyncClient) -> None:
    """PUT, which runs no rule, answers 405."""
    workshop = await make_workshop()
    row = {"clerk_user_id": "x", "title": "x", "original_idea": "x"}
    response = await superuser.put(f"{API}/workshops/{workshop.id}/", json=row)
    assert response.status_code == 405


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("workshops", "id", "ws_other"),
        ("workshops", "clerk_user_id", "user_other"),
        ("workshops", "created_at", "2001-01-01T00:00:00"),
        ("workshops", "share_token", "mine"),
        ("workshop_steps", "workshop_id", "ws_other"),
        ("workshop_steps", "step_id", "define"),
        ("workshop_steps", "started_at", "2001-01-01T00:00:00"),
        ("workshop_members", "workshop_id", "ws_other"),
        ("workshop_members", "clerk_user_id", "user_other"),
        ("sessions", "workshop_id", "ws_other"),
        ("build_packs", "workshop_id", "ws_other"),
        ("step_definitions", "id", "other"),
    ],
)
async def test_keys_and_derived_fields_cannot_be_changed(
    superuser: httpx.AsyncClient, table: str, field: str, value: str
) -> None:
    """Keys, parents and what follows from the status are refused by field."""
    row_id = await make_row(table)
    response = await superuser.patch(f"{API}/{table}/{row_id}/", json={field: value})
    assert field in problems(response)


async def make_row(table: str) -> str:
    """Return the key of a row of the table."""
    if table == "step_definitions":
        return "empathize"
    workshop = await make_workshop()
    match table:
        case "workshop_steps":
            return (await step_of(workshop, "empathize")).id
        case "workshop_members":
            row: Any = await WorkshopMember.objects().first()
            return str(row.id)
        case "sessions":
            return (await operations.record_activity(workshop.id)).id
        case "build_packs":
            return (await operations.generate_build_pack(workshop.id)).id
    return workshop.id


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("workshops", {"title": "x" * 201}),
        ("workshops", {"title": "   "}),
        ("workshops", {"title": None}),
        ("workshops", {"title": 7}),
        ("workshops", {"title": "a\0b"}),
        ("workshops", {"original_idea": "x" * 20_001}),
        ("workshops", {"org_id": "x" * 256}),
        ("workshops", {"visibility": "public"}),
        ("workshops", {"status": "done"}),
        ("workshops", {"color": "red"}),
        ("workshops", {"__class__": "red"}),
        ("workshop_steps", {"status": "done", "updated_at": None}),
        ("workshop_members", {"role": ""}),
        ("step_definitions", {"order": 10**12}),
        ("step_definitions", {"order": 0}),
        ("step_definitions", {"order": "first"}),
        ("step_definitions", {"name": ""}),
        ("build_packs", {"format_type": "docx"}),
        ("build_packs", {"title": None}),
        ("sessions", {"ended_at": "yesterday"}),
        ("sessions", {"ended_at": "2001-01-01T00:00:00"}),
    ],
)
async def test_values_that_cannot_be_stored_are_refused_by_field(
    superuser: httpx.AsyncClient, table: str, change: dict[str, Any]
) -> None:
    """Each wrong value is a 422 that names its field."""
    row_id = await make_row(table)
    response = await superuser.patch(f"{API}/{table}/{row_id}/", json=change)
    assert next(iter(change)) in problems(response)


@pytest.mark.parametrize(
    "output",
    ["[]", "1", '"text"', "null", "{", '{"a": NaN}', '{"a": "\\u0000"}', '{"a": "\\ud800"}'],
)
async def test_output_must_be_a_json_object(superuser: httpx.AsyncClient, output: str) -> None:
    """An output that is no JSON object, or cannot be stored, is a 422 for the field."""
    workshop = await make_workshop()
    step = await operations.start_step(workshop.id, "empathize")
    assert "output" in problems(await save(superuser, "workshop_steps", step.id, output=output))


async def test_half_a_surrogate_is_refused(superuser: httpx.AsyncClient) -> None:
    """Text that is no Unicode is a 422, not an error of the server."""
    workshop = await make_workshop()
    response = await superuser.patch(
        f"{API}/workshops/{workshop.id}/",
        content=b'{"title": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert "title" in problems(response)


async def test_step_status_obeys_the_state_machine(superuser: httpx.AsyncClient) -> None:
    """Statuses change as the operations change them, with their times and consequences."""
    workshop = await make_workshop()
    step = await step_of(workshop, "empathize")
    assert (await save(superuser, "workshop_steps", step.id, status="in_progress")).is_success
    await step.refresh()
    await workshop.refresh()
    assert step.started_at is not None
    assert workshop.status == "active"

    done = await save(
        superuser, "workshop_steps", step.id, status="complete", output=json.dumps({"a": 1})
    )
    assert done.is_success
    assert json.loads(done.json()["output"]) == {"a": 1}
    assert done.json()["completed_at"]
    assert (await step_of(workshop, "define")).status == "in_progress"

    back = await save(superuser, "workshop_steps", step.id, status="in_progress")
    assert (back.json()["status"], json.loads(back.json()["output"])) == ("in_progress", {"a": 1})
    marked = await save(superuser, "workshop_steps", step.id, status="needs_regeneration")
    assert marked.status_code == 409

    assert (await save(superuser, "workshop_steps", step.id, status="not_started")).is_success
    await step.refresh()
    assert [step.output, step.started_at, step.completed_at] == [None, None, None]


async def test_output_alone_is_saved(superuser: httpx.AsyncClient) -> None:
    """An output can be corrected, of a complete step too; emptying it is a reset."""
    workshop = await make_workshop()
    step = await operations.complete_step(workshop.id, "empathize", output={"n": 1})
    stored = await save(superuser, "workshop_steps", step.id, output='{"n": true}')
    assert stored.json()["output"] == '{"n": true}'
    assert "output" in problems(await save(superuser, "workshop_steps", step.id, output=None))


async def test_bulk_update_of_a_status_obeys_the_state_machine(
    superuser: httpx.AsyncClient,
) -> None:
    """What the bulk update sends, one field, is held to the same rules."""
    workshop = await make_workshop()
    address = f"{API}/workshops/{workshop.id}/"
    assert (await superuser.patch(address, json={"status": "paused"})).status_code == 409
    assert (await superuser.patch(address, json={"status": "active"})).is_success
    completed = await superuser.patch(address, json={"status": "completed"})
    assert completed.status_code == 409
    assert "empathize" in completed.json()


async def test_refused_change_leaves_nothing_behind(superuser: httpx.AsyncClient) -> None:
    """A Save of which one part is refused stores no part."""
    workshop = await make_workshop()
    response = await save(superuser, "workshops", workshop.id, title="New", status="completed")
    assert response.status_code == 409
    await workshop.refresh()
    assert workshop.title == "A bakery without waste"


async def test_visibility_makes_and_removes_the_share_token(superuser: httpx.AsyncClient) -> None:
    """Visibility set in the table does what sharing and unsharing do."""
    workshop = await make_workshop()
    assert (await save(superuser, "workshops", workshop.id, visibility="shared")).is_success
    await workshop.refresh()
    assert workshop.share_token
    assert (await save(superuser, "workshops", workshop.id, visibility="private")).is_success
    await workshop.refresh()
    assert workshop.share_token is None


async def test_last_owner_stays(superuser: httpx.AsyncClient) -> None:
    """The last owner is neither demoted nor removed."""
    await make_workshop()
    member: Any = await WorkshopMember.objects().first()
    demoted = await save(superuser, "workshop_members", member.id, role="viewer")
    removed = await superuser.delete(f"{API}/workshop_members/{member.id}/")
    assert demoted.status_code == removed.status_code == 409
    assert "last owner" in demoted.json()
    assert "last owner" in removed.json()


async def test_session_is_closed_once(superuser: httpx.AsyncClient) -> None:
    """An open session can be closed; a closed one does not change."""
    workshop = await make_workshop()
    session = await operations.record_activity(workshop.id)
    later = session.started_at + timedelta(minutes=5)
    first = await save(superuser, "sessions", session.id, ended_at=later.isoformat())
    again = await save(
        superuser, "sessions", session.id, ended_at=(later + timedelta(minutes=1)).isoformat()
    )
    reopened = await save(superuser, "sessions", session.id, ended_at=None)
    assert (first.status_code, again.status_code, reopened.status_code) == (200, 409, 409)


async def test_session_is_opened_once(superuser: httpx.AsyncClient) -> None:
    """A new session is open, begins now, and is the only open one."""
    workshop = await make_workshop()
    address, row = f"{API}/sessions/", {"workshop_id": workshop.id}
    closed = await superuser.post(address, json={**row, "ended_at": "2100-01-01T00:00:00"})
    assert "ended_at" in problems(closed)
    assert (await superuser.post(address, json=row)).status_code == 201
    again = await superuser.post(address, json=row)
    assert again.status_code == 409
    assert "open session" in again.json()
    assert await Session.count() == 1


async def test_new_workshop_gets_its_owner_and_steps(superuser: httpx.AsyncClient) -> None:
    """A workshop added in the table is whole."""
    defaults = (await superuser.get(f"{API}/workshops/new/")).json()
    response = await superuser.post(
        f"{API}/workshops/",
        json={
            **{name: value for name, value in defaults.items() if name != "id"},
            **NEW_WORKSHOP,
        },
    )
    assert response.status_code == 201, response.text
    workshop_id = response.json()[0]["id"]
    assert await WorkshopStep.count().where(WorkshopStep.workshop_id == workshop_id) == (
        len(STEP_CATALOG)
    )
    [member] = await WorkshopMember.select().where(WorkshopMember.workshop_id == workshop_id)
    assert (member["clerk_user_id"], member["role"]) == ("user_bob", "owner")


@pytest.mark.parametrize(
    ("table", "row", "status"),
    [
        ("workshops", {**NEW_WORKSHOP, "status": "active"}, 422),
        ("workshops", {"title": "t"}, 422),
        ("workshop_members", {"workshop_id": "ws_no", "clerk_user_id": "u", "role": "editor"}, 409),
        ("workshop_steps", {"workshop_id": "ws_no", "step_id": "define"}, 409),
        ("sessions", {"workshop_id": "ws_no"}, 409),
        ("build_packs", {"workshop_id": "ws_no", "title": "t"}, 409),
        ("step_definitions", {"order": 11, "name": "n", "description": "d"}, 405),
        ("admin_sessions", {"user_id": 1}, 405),
        ("piccolo_user", {"username": "grace", "password": "long enough", "email": "n@e"}, 422),
        ("piccolo_user", {"username": "new", "password": "short", "email": "n@e"}, 422),
        ("admin_audit_log", {"action": "changed"}, 405),
        ("workshop_progress", {"title": "t"}, 405),
    ],
)
async def test_rows_that_would_be_wrong_are_not_added(
    superuser: httpx.AsyncClient, table: str, row: dict[str, Any], status: int
) -> None:
    """An addition that would break a rule is refused with a sentence."""
    before = (await superuser.get(f"{API}/{table}/count/")).json()
    response = await superuser.post(f"{API}/{table}/", json=row)
    assert response.status_code == status, response.text
    assert response.json()
    if table != "admin_audit_log":  # the rejection itself is in it
        assert (await superuser.get(f"{API}/{table}/count/")).json() == before


async def test_rows_that_are_right_are_added(superuser: httpx.AsyncClient) -> None:
    """Members, sessions, build packs and operators can be added in their tables."""
    workshop = await make_workshop()
    for table, row in (
        ("workshop_members", {"clerk_user_id": "user_eve", "role": "editor"}),
        ("sessions", {}),
        ("build_packs", {"title": "By hand", "content": "# Hello"}),
    ):
        response = await superuser.post(f"{API}/{table}/", json={"workshop_id": workshop.id, **row})
        assert response.status_code == 201, response.text
    operator = {"username": "new", "password": "long enough", "email": "n@example.org"}
    assert (await superuser.post(f"{API}/piccolo_user/", json=operator)).status_code == 201
    assert await Session.count() == await BuildPack.count() == 1


async def test_workshop_is_not_deleted_from_the_table(superuser: httpx.AsyncClient) -> None:
    """Deleting from the table is refused: it says what would go, and names the page."""
    workshop = await make_workshop()
    response = await superuser.delete(f"{API}/workshops/{workshop.id}/")
    assert response.status_code == 409
    assert f"/progress/workshops/{workshop.id}/" in response.json()
    assert await Workshop.count() == 1


async def test_definition_in_use_is_not_deleted(superuser: httpx.AsyncClient) -> None:
    """Deleting a step definition says how many workshops have it; an unused one goes."""
    await make_workshop()
    await make_workshop()
    used = await superuser.delete(f"{API}/step_definitions/define/")
    assert used.status_code == 409
    assert used.json().startswith("2 workshops have this step")
    await WorkshopStep.delete(force=True)
    assert (await superuser.delete(f"{API}/step_definitions/define/")).status_code == 204
    assert await StepDefinition.count() == len(STEP_CATALOG) - 1


async def test_sessions_and_build_packs_can_be_deleted(superuser: httpx.AsyncClient) -> None:
    """What stands alone can be deleted from its table."""
    for table in ("sessions", "build_packs"):
        row_id = await make_row(table)
        assert (await superuser.delete(f"{API}/{table}/{row_id}/")).status_code == 204


async def test_last_superuser_keeps_access(superuser: httpx.AsyncClient) -> None:
    """Nobody can lock everybody out."""
    grace = (await superuser.get(f"{API}/piccolo_user/")).json()["rows"][0]["id"]
    address = f"{API}/piccolo_user/{grace}/"
    for field in ("active", "admin", "superuser"):
        response = await superuser.patch(address, json={field: False})
        assert response.status_code == 409
    assert (await superuser.delete(address)).status_code == 409


async def test_new_password_ends_the_log_ins(superuser: httpx.AsyncClient, log_in: Browse) -> None:
    """An operator whose password is reset, or who is disabled, is logged out."""
    for field, value in (("password", "another password"), ("active", False)):
        vera = await make_operator(f"vera_{field}", superuser=False)
        client = await log_in(vera.username)
        assert (await client.get("/admin/api/user/")).status_code == 200
        response = await superuser.patch(f"{API}/piccolo_user/{vera.id}/", json={field: value})
        assert response.status_code == 200, response.text
        assert (await client.get("/admin/api/user/")).status_code == 401


async def test_save_of_an_operator_keeps_the_password(
    superuser: httpx.AsyncClient, log_in: Browse
) -> None:
    """The password field of the form comes back empty: that is no change."""
    vera = await make_operator("vera", superuser=False)
    response = await save(superuser, "piccolo_user", str(vera.id), first_name="Vera", password="")
    assert response.status_code == 200, response.text
    await log_in("vera")


async def test_log_in_can_be_ended(superuser: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    """Deleting a log-in logs its operator out."""
    session: Any = await AdminSession.objects().order_by(AdminSession.id, ascending=False).first()
    assert (await superuser.delete(f"{API}/admin_sessions/{session.id}/")).status_code == 204
    assert (await viewer.get("/admin/api/user/")).status_code == 401


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("workshops", {"status": None}),
        ("workshops", {"title": None}),
        ("workshop_steps", {"status": None}),
        ("workshop_members", {"role": None}),
        ("step_definitions", {"order": None}),
        ("piccolo_user", {"username": None}),
    ],
)
async def test_what_a_row_must_have_cannot_be_emptied(
    superuser: httpx.AsyncClient, table: str, changes: dict[str, Any]
) -> None:
    """A null for a column that has none is refused by its name, and is not taken for no change."""
    row_id = "define" if table == "step_definitions" else None
    if row_id is None:
        await make_workshop()
        row_id = (await superuser.get(f"{API}/{table}/")).json()["rows"][0]["id"]
    response = await superuser.patch(f"{API}/{table}/{row_id}/", json=changes)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *changes]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "[[1e999]]", '{"a": 1e999}'])
async def test_number_that_is_not_finite_is_refused(
    superuser: httpx.AsyncClient, number: str
) -> None:
    """A number that no computer can hold is a 422 in every table, in a new row and in a Save."""
    workshop = await make_workshop()
    headers = {"Content-Type": "application/json"}
    for method, address, field in (
        ("POST", "workshops/", "title"),
        ("PATCH", f"workshops/{workshop.id}/", "title"),
        ("PATCH", "step_definitions/define/", "order"),
        ("POST", "admin_sessions/", "user_id"),
    ):
        body = f'{{"{field}": {number}}}'
        response = await superuser.request(
            method, f"{API}/{address}", content=body, headers=headers
        )
        assert response.status_code == 422, address
    step = await operations.start_step(workshop.id, "empathize")
    output = await save(superuser, "workshop_steps", step.id, output=f'{{"n": {number}}}')
    assert output.status_code == 422
