"""Last activity is what the product's users did; what operators do does not count."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from tests.admin.conftest import save, send
from tests.admin.progress.conftest import make_old, make_workshop
from workshops import operations, projection
from workshops.statements.execution import fetch, fetch_row
from workshops.tables import Workshop


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A workshop in which nothing happened for 40 days."""
    workshop = await make_workshop(complete=2)
    await operations.add_member(workshop.id, "user_bob", role="owner")
    await make_old(workshop, days=40)
    return workshop


async def activity(workshop: Workshop) -> datetime:
    """The last activity, which is the same when folded and when computed from nothing."""
    await projection.refresh()
    assert (await projection.compare()).different == 0
    row = await fetch_row(
        "SELECT last_activity_at FROM workshops_admin.summaries WHERE workshop_id = $1", workshop.id
    )
    assert row is not None
    return row["last_activity_at"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("share", {}),
        ("transfer", {"to": "user_bob"}),
        ("reset", {"step": "define"}),
        ("complete", {"step": "ideate"}),
        ("status", {"status": "paused"}),
    ],
)
async def test_actions_of_operators_do_not_count(
    superuser: httpx.AsyncClient, workshop: Workshop, action: str, fields: dict[str, str]
) -> None:
    """An action on the workshop's page leaves its last activity; a user's next step moves it."""
    before = await activity(workshop)
    page = f"/progress/workshops/{workshop.id}/"
    for _ in range(2):  # twice in a row, of operators alone
        assert (await send(superuser, page, f"{page}{action}/", **fields)).status_code in (303, 409)
    [row] = await fetch("SELECT updated_at > $1 AS moved FROM workshops", before)
    assert row["moved"]
    assert await activity(workshop) == before
    if action == "status":
        await operations.set_workshop_status(workshop.id, "active")
    else:
        await operations.start_step(workshop.id, "pack")
    assert await activity(workshop) > before


async def test_edit_in_the_admin_does_not_count(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Save in the admin's form leaves the last activity."""
    before = await activity(workshop)
    assert (await save(superuser, "workshops", workshop.id, title="Renamed")).status_code == 200
    assert await activity(workshop) == before


async def test_erasing_a_co_owner_does_not_count(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """The workshop passes to the other owner without having been active."""
    before = await activity(workshop)
    page = "/progress/people/?person=user_ada"
    sent = await send(
        superuser, page, "/progress/people/erase/", person="user_ada", typed="user_ada"
    )
    assert sent.status_code == 303
    [row] = await fetch("SELECT clerk_user_id FROM workshops")
    assert row["clerk_user_id"] == "user_bob"
    assert await activity(workshop) == before


async def test_workshop_of_an_operator_is_as_old_as_it_is(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """What an operator created has no activity after its creation, until a user comes."""
    fields = {"owner": "user_ada", "title": "New", "idea": ""}
    assert (await send(superuser, "/progress/new/", "/progress/new/", **fields)).status_code == 303
    [row] = await fetch("SELECT id, created_at FROM workshops")
    workshop = await Workshop.objects().first()
    assert workshop is not None
    page = f"/progress/workshops/{workshop.id}/"
    assert (await send(superuser, page, f"{page}share/")).status_code == 303
    assert await activity(workshop) == row["created_at"]
    session = await operations.record_activity(workshop.id)
    assert await activity(workshop) == session.started_at


async def test_marks_of_a_deleted_workshop_are_forgotten(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Nothing is remembered of a workshop that is gone."""
    page = f"/progress/workshops/{workshop.id}/"
    await send(superuser, page, f"{page}share/")
    await projection.refresh()
    assert await fetch("SELECT FROM workshops_admin.operator_changes")
    await operations.delete_workshop(workshop.id)
    await projection.refresh()
    assert not await fetch("SELECT FROM workshops_admin.operator_changes")
