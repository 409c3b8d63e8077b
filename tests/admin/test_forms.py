"""The forms of the sidebar: the operators' actions."""

from __future__ import annotations

import io
import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.admin.conftest import AuditLog, log_in_to, make_operator
from tests.factories import make_workshop, step_of
from workshops import operations
from workshops.admin.forms import forms
from workshops.admin.settings import AdminSettings
from workshops.admin.site import create_site
from workshops.tables import BuildPack, Workshop, WorkshopMember, WorkshopStep

SLUGS = [form.slug for form in forms()]


async def submit(client: httpx.AsyncClient, slug: str, **fields: Any) -> httpx.Response:
    """Send a form."""
    return await client.post(f"/admin/api/forms/{slug}/", json=fields)


def said(response: httpx.Response) -> str:
    """Return the sentence of a success."""
    assert response.status_code == 200, response.text
    return str(response.json()["custom_form_success"])


def refused(response: httpx.Response) -> str:
    """Return the sentence of a refusal."""
    assert response.status_code == 422, response.text
    return str(response.json()["custom_form_error"])


async def test_new_workshop(superuser: httpx.AsyncClient) -> None:
    """A new workshop has its owner and its steps."""
    answer = await submit(
        superuser, "new-workshop", clerk_user_id="user_bob", title="Garden", original_idea="Grow."
    )
    assert "was created" in said(answer)
    assert await WorkshopStep.count() == 10
    assert await WorkshopMember.count() == 1
    empty = await submit(
        superuser, "new-workshop", clerk_user_id="user_bob", title=" ", original_idea=""
    )
    assert "title must not be empty" in refused(empty)


async def test_change_status(superuser: httpx.AsyncClient) -> None:
    """A status changes as the state machine allows, or the form says why not."""
    workshop = await make_workshop()
    slug = "change-status-of-a-workshop"
    key = workshop.id
    assert "active" in said(await submit(superuser, slug, workshop_id=key, status="Active"))
    assert "cannot be completed" in refused(
        await submit(superuser, slug, workshop_id=key, status="completed")
    )
    assert "must be one of" in refused(
        await submit(superuser, slug, workshop_id=key, status="done")
    )
    assert "There is no workshop" in refused(
        await submit(superuser, slug, workshop_id="ws_no", status="active")
    )


async def test_steps_are_started_completed_and_reset(superuser: httpx.AsyncClient) -> None:
    """A step goes through its states."""
    workshop = await make_workshop()
    fields = {"workshop_id": workshop.id, "step_id": "empathize"}
    for slug, status in (
        ("start-a-step", "in_progress"),
        ("complete-a-step", "complete"),
        ("reset-a-step", "not_started"),
    ):
        said(await submit(superuser, slug, **fields))
        assert (await step_of(workshop, "empathize")).status == status
    assert "cannot be reset" in refused(await submit(superuser, "reset-a-step", **fields))


@pytest.mark.parametrize("format_type", ["markdown", "json", "pdf"])
async def test_build_pack_is_generated_and_downloaded(
    superuser: httpx.AsyncClient, format_type: str
) -> None:
    """The form stores a build pack and sends its file."""
    workshop = await make_workshop(title="Bakery")
    answer = await submit(
        superuser, "generate-a-build-pack", workshop_id=workshop.id, format_type=format_type
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    assert await BuildPack.count() == 1
    match format_type:
        case "pdf":
            text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
        case "json":
            text = json.dumps(answer.json())
        case _:
            text = answer.text
    assert "Bakery" in text


async def test_share_and_unshare(superuser: httpx.AsyncClient) -> None:
    """Sharing tells the token, unsharing removes it."""
    workshop = await make_workshop()
    answer = said(await submit(superuser, "share-a-workshop", workshop_id=workshop.id))
    await workshop.refresh()
    assert str(workshop.share_token) in answer
    said(await submit(superuser, "unshare-a-workshop", workshop_id=workshop.id))
    await workshop.refresh()
    assert workshop.share_token is None


async def test_transfer_ownership(superuser: httpx.AsyncClient) -> None:
    """A workshop goes to another member, and to nobody else."""
    workshop = await make_workshop()
    fields = {"workshop_id": workshop.id, "to": "user_eve"}
    assert "is not a member" in refused(await submit(superuser, "transfer-ownership", **fields))
    await operations.add_member(workshop.id, "user_eve", role="editor")
    said(await submit(superuser, "transfer-ownership", **fields))
    await workshop.refresh()
    assert workshop.clerk_user_id == "user_eve"


async def test_workshop_is_deleted_only_with_its_title_typed(
    superuser: httpx.AsyncClient,
) -> None:
    """The form first says what would go, then wants the title."""
    workshop = await make_workshop(title="Bakery")
    fields = {"workshop_id": workshop.id}
    told = refused(await submit(superuser, "delete-a-workshop", **fields))
    assert "10 steps, 1 member, 0 sessions, 0 build packs" in told
    assert "Nothing was deleted" in refused(
        await submit(superuser, "delete-a-workshop", **fields, title="Garden")
    )
    assert await Workshop.count() == 1
    said(await submit(superuser, "delete-a-workshop", **fields, title="Bakery"))
    assert await Workshop.count() == await WorkshopStep.count() == 0


async def test_person_is_exported(superuser: httpx.AsyncClient, audit_log: AuditLog) -> None:
    """The export is a JSON file of everything held, and is logged."""
    await make_workshop(title="Bakery", clerk_user_id="user_bob")
    answer = await submit(superuser, "export-data-of-a-person", clerk_user_id="user_bob")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="user_bob.json"'
    assert [workshop["title"] for workshop in answer.json()["workshops"]] == ["Bakery"]
    [entry] = await audit_log.entries(action="exported")
    assert entry["operator"] == "grace"
    assert "user_bob" in entry["summary"]


async def test_person_is_erased_and_the_log_does_not_keep_the_data(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """Erasing wants the person named twice, and leaves no trace of the data."""
    await make_workshop(title="Bakery", clerk_user_id="user_bob")
    kept = await make_workshop(title="Garden", clerk_user_id="user_ada")
    await operations.add_member(kept.id, "user_bob", role="viewer")
    slug = "erase-data-of-a-person"
    told = refused(await submit(superuser, slug, clerk_user_id="user_bob"))
    assert "1 workshop of their own and 2 memberships" in told
    refused(await submit(superuser, slug, clerk_user_id="user_bob", again="user_ada"))
    assert await Workshop.count() == 2
    said(await submit(superuser, slug, clerk_user_id="user_bob", again="user_bob"))
    assert [row["title"] for row in await Workshop.select()] == ["Garden"]
    assert await WorkshopMember.count() == 1
    entries = await audit_log.entries(operator="grace")
    assert {"deleted", "erased"} <= {entry["action"] for entry in entries}
    assert "user_bob" not in str(entries)
    assert "Bakery" not in str(entries)


@pytest.mark.parametrize("slug", SLUGS)
async def test_forms_refuse_a_viewer(viewer: httpx.AsyncClient, slug: str) -> None:
    """A plain admin sees the forms and can send none."""
    assert (await viewer.get(f"/admin/api/forms/{slug}/schema/")).status_code == 200
    assert (await submit(viewer, slug)).status_code == 403


async def test_forms_ask_for_the_role_themselves(database: str) -> None:
    """A form refuses a plain admin also where no layer is in front."""
    workshop = await make_workshop()
    await make_operator("vera", superuser=False)
    app = Starlette(routes=[Mount("/admin/", create_site(AdminSettings()))])
    async with aclosing(await log_in_to(app, "vera")) as client:
        assert "Only superusers" in refused(
            await submit(client, "share-a-workshop", workshop_id=workshop.id)
        )
    await workshop.refresh()
    assert workshop.share_token is None


@pytest.mark.parametrize("slug", SLUGS)
async def test_forms_refuse_what_is_missing_or_odd(superuser: httpx.AsyncClient, slug: str) -> None:
    """A form without its fields, or with fields of another kind, is a 422."""
    names = (await superuser.get(f"/admin/api/forms/{slug}/schema/")).json()["properties"]
    values: tuple[object, ...] = (None, 7, [], {}, "", "x" * 300, "a\0b")
    for value in values:
        answer = await submit(superuser, slug, **dict.fromkeys(names, value))
        found = answer.status_code
        # There is a person of every name, of whom nothing is held.
        assert found == 422 or (found == 200 and slug == "export-data-of-a-person"), value
