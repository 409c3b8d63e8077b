"""The audit log in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape

import httpx
import pytest

from tests.admin.conftest import send
from tests.admin.progress.conftest import make_workshop
from workshops import operations
from workshops.admin.progress.log import Entry, tell
from workshops.tables import Workshop


async def told(client: httpx.AsyncClient, workshop: Workshop) -> list[str]:
    """Return the sentences on the workshop's page, the latest first."""
    page = (await client.get(f"/progress/workshops/{workshop.id}/")).text
    found = re.findall(r'data-name="What"><span[^>]*>(.*?)</span>', page)
    return [unescape(text) for text in found]


ACTIONS: Sequence[tuple[str, dict[str, str], str]] = (
    ("add-member", {"person": "user_bob", "role": "viewer"}, "Added user_bob as viewer"),
    (
        "set-role",
        {"person": "user_bob", "role": "editor"},
        "Changed the role of user_bob from viewer to editor",
    ),
    ("start", {"step": "ideate"}, "Started step 3 (Ideate)"),
    ("complete", {"step": "define"}, "Completed step 2 (Define)"),
    (
        "reopen",
        {"step": "empathize", "following": "1"},
        "Reopened step 1 (Empathize), marked step 2 (Define) as needing regeneration",
    ),
    ("complete", {"step": "ideate"}, "Completed step 3 (Ideate), started step 4 (Prototype)"),
    ("reset", {"step": "empathize"}, "Reset step 1 (Empathize)"),
    ("restore", {"step": "empathize"}, "Restored the output of step 1 (Empathize)"),
    (
        "generate",
        {"format": "json", "title": "All of it"},
        "Generated the build pack “All of it”",
    ),
    ("share", {}, "Shared"),
    ("unshare", {}, "Made private"),
    ("status", {"status": "paused"}, "Paused"),
    ("status", {"status": "active"}, "Made active"),
    ("transfer", {"to": "user_bob"}, "Transferred from user_ada to user_bob"),
    ("start", {"step": "ideate"}, "Refused: Step ideate of workshop"),
)


async def test_every_action_is_told_in_a_sentence(superuser: httpx.AsyncClient) -> None:
    """Each action is one line, however many rows it changed."""
    workshop = await make_workshop(complete=1)
    page = f"/progress/workshops/{workshop.id}/"
    for action, fields, sentence in ACTIONS:
        await send(superuser, page, f"{page}{action}/", **fields)
        first, *_ = await told(superuser, workshop)
        assert first.startswith(sentence), action
    assert len(await told(superuser, workshop)) == len(ACTIONS)


async def test_created_workshop_is_one_line(superuser: httpx.AsyncClient) -> None:
    """Its steps and its owner's membership are not told beside it."""
    await send(superuser, "/progress/new/", "/progress/new/", title="Bread", owner="user_ada")
    workshop = await Workshop.objects().get(Workshop.title == "Bread")
    assert workshop is not None
    assert await told(superuser, workshop) == ["Created the workshop"]


async def test_edits_in_the_tables_are_told_with_their_values(superuser: httpx.AsyncClient) -> None:
    """What was changed in a form of the admin has the names of its fields in words."""
    workshop = await make_workshop()
    path = f"/admin/api/tables/workshops/{workshop.id}/"
    row = (await superuser.get(path)).json()
    changed = {**row, "title": "Bread", "org_id": "org_1", "original_idea": "Crumbs"}
    response = await superuser.patch(path, json=changed, headers={"Referer": "http://admin.test/"})
    assert response.status_code == 200, response.text
    assert await told(superuser, workshop) == [
        f"Renamed from “{workshop.title}” to “Bread”, set the organisation to “org_1”, "
        "changed the idea"
    ]
    assert (await operations.get_workshop(workshop.id))["title"] == "Bread"


@pytest.mark.parametrize(
    ("table", "action", "changes", "sentence"),
    [
        ("sessions", "changed", {"ended_at": [None, "x"]}, "Closed the session"),
        ("sessions", "added", {"started_at": [None, "x"]}, "Added the session"),
        ("sessions", "deleted", None, "Deleted the session"),
        ("build_packs", "deleted", {"title": ["T", None]}, "Deleted the build pack “T”"),
        ("build_packs", "changed", {"content": ["a", "b"]}, "Changed the content of the session"),
        ("workshop_members", "deleted", {"clerk_user_id": ["u", None]}, "Removed u"),
        (
            "workshop_steps",
            "changed",
            {"output": ["{}", None]},
            "Changed the output of the session",
        ),
        ("workshop_steps", "changed", None, "Changed the session"),
        (
            "workshops",
            "changed",
            {"template_id": ["t", None]},
            "Emptied the template, which was “t”",
        ),
        ("workshops", "changed", None, "Changed the workshop"),
        (
            "invoices",
            "changed",
            {"total": ["1", "2"]},
            "Changed the total of the session from “1” to “2”",
        ),
        (None, "exported", None, "Exported: a file"),
    ],
)
def test_each_kind_of_entry_has_a_sentence(
    table: str | None, action: str, changes: dict[str, list[str | None]] | None, sentence: str
) -> None:
    """An entry of which an erasure has left no values is told too."""
    moment = datetime(2026, 11, 24)
    entry = Entry(1, moment, "grace", action, table, "row", "a file", "PATCH /x/", changes)
    [trace] = tell([entry], {"row": "the session"})
    assert trace.sentence == sentence
