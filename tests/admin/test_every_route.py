"""Every page, button, file and table of the site, one after the other.

What each of them does is tested elsewhere. Here nothing may be left out, so that it is known
what works on a cluster, too (``TEST_CITUS_URL``).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from itertools import chain
from typing import Any

import httpx
import pytest
from piccolo.apps.user.tables import BaseUser
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from tests.admin.conftest import AuditLog, make_operator, save, send
from tests.cluster import ON_A_CLUSTER, on_a_cluster
from tests.factories import step_of
from workshops import operations
from workshops.admin import catalogue  # noqa: F401 - it registers the tables
from workshops.admin.accounts import AdminSession
from workshops.admin.audit import NOT_SAID
from workshops.admin.follow_up import FollowUp, Note
from workshops.admin.progress import create_pages
from workshops.admin.progress.actions import ACTIONS, WORK
from workshops.admin.progress.definitions import LIMITS
from workshops.admin.progress.query_string import NO_OPEN_STEP
from workshops.admin.registry import registered
from workshops.admin.saved_views import SavedView
from workshops.admin.settings import AdminSettings
from workshops.demo import write_demo
from workshops.projection import refresh
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

BOARD = (
    "",
    "?q=a",
    "?sort=progress&order=up",
    "?sort=creation",
    f"?step={NO_OPEN_STEP}",
    "?step=ideate&place=before",
    "?step=ideate&place=past&status=active&idle=1",
    "?owner=user_ada&organisation=org_bread&from=2020-01-01&to=2030-01-01",
    "?assigned=me&contact=ever&notes=yes&contacted_before=2030-01-01",
)


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A workshop at its third step, with a session and a build pack, among 70 of the demo."""
    await write_demo(70)
    made = await operations.create_workshop(
        clerk_user_id="user_ada", title="Bread", original_idea="", org_id="org_bread"
    )
    await operations.add_member(made.id, "user_bob", role="editor")
    for step in ("empathize", "define"):
        await operations.complete_step(made.id, step, output={"summary": f"On {step}"})
    await operations.record_activity(made.id)
    await operations.generate_build_pack(made.id)
    await refresh(everything=True)
    return made


async def pages_of(workshop: Workshop) -> dict[str, list[str]]:
    """Return addresses for each page, by the path of its route."""
    pack = await BuildPack.objects().get(BuildPack.workshop_id == workshop.id)
    own = f"/workshops/{workshop.id}/"
    step = await step_of(workshop, "define")
    member = await WorkshopMember.objects().get(WorkshopMember.clerk_user_id == "user_bob")
    assert pack is not None
    assert member is not None
    searched = ("bread", "define", "Prototype", "user_ada", "org_bread", "nothing at all")
    found = [*searched, workshop.id, step.id, member.id, pack.id]
    return {
        "/": [f"/{query}" for query in BOARD],
        "/board.csv": [f"/board.csv{query}" for query in BOARD],
        "/board.json": ["/board.json"],
        "/steps/": ["/steps/", "/steps/?period=90&idle=3"],
        "/steps.csv": ["/steps.csv"],
        "/steps.json": ["/steps.json"],
        "/weeks.csv": ["/weeks.csv"],
        "/trends/": ["/trends/", "/trends/?step=define&measure=reached&weeks=52&age=30"],
        "/trends.csv": ["/trends.csv"],
        "/times.csv": ["/times.csv"],
        "/new/": ["/new/"],
        "/workshops/{workshop_id}/": [own, f"{own}?unfolded=1"],
        "/workshops/{workshop_id}/build-packs/{build_pack_id}/": [f"{own}build-packs/{pack.id}/"],
        "/workshops/{workshop_id}/steps/{step_id}/output.json": [f"{own}steps/define/output.json"],
        "/people/": ["/people/", "/people/?person=user_ada", "/people/?person=user_nobody"],
        "/search/": [f"/search/?find={text}" for text in found],
        "/search.json": [f"/search.json?find={text}" for text in found],
        "/definitions/": ["/definitions/"],
        "/definitions/{step_id}/": ["/definitions/define/"],
        "/header/": ["/header/"],
    }


def routes(method: str) -> Iterator[str]:
    """Yield the paths of the progress pages' routes that take a method."""
    pages = create_pages(AdminSettings())
    assert isinstance(pages, Starlette)
    waiting: list[BaseRoute] = list(pages.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route) and method in (route.methods or ()):
            yield route.path
        elif isinstance(route, Mount):
            waiting += route.routes


async def test_every_page(superuser: httpx.AsyncClient, workshop: Workshop) -> None:
    """Each is shown, with any filters; but for the stream of live updates, which never ends."""
    pages = await pages_of(workshop)
    assert pages.keys() == set(routes("GET")) - {"/live/"}
    for address in chain.from_iterable(pages.values()):
        answer = await superuser.get(f"/progress{address}", follow_redirects=True)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        assert answer.content


async def test_pages_of_the_board_follow_each_other(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """All workshops are on them, each once, as they are in the file."""
    address: str | None = "/progress/"
    seen: list[str] = []
    while address:
        page = (await superuser.get(address)).text
        seen += re.findall(r'<tr role="row" data-key="(ws_\w+)"', page)
        following = re.search(r'<a rel="next" href="([^"]+)"', page)
        address = html.unescape(following[1]) if following else None
    assert len(seen) == 71
    file = (await superuser.get("/progress/board.json")).json()
    assert [row["id"] for row in file] == seen


async def test_every_button_of_a_workshop(
    superuser: httpx.AsyncClient, workshop: Workshop, audit_log: AuditLog
) -> None:
    """Each is pressed once and does what it says; the log has who it was."""
    page = f"/progress/workshops/{workshop.id}/"
    vera = await make_operator("vera", superuser=True)
    pressed: list[tuple[str, dict[str, str]]] = [
        ("start", {"step": "story"}),
        ("complete", {"step": "ideate"}),
        ("reset", {"step": "define"}),
        ("restore", {"step": "define"}),
        ("reopen", {"step": "empathize", "following": "1"}),
        ("generate", {"format": "pdf", "title": "A pack"}),
        ("share", {}),
        ("unshare", {}),
        ("add-member", {"person": "user_eve", "role": "viewer"}),
        ("set-role", {"person": "user_eve", "role": "owner"}),
        ("transfer", {"to": "user_eve"}),
        ("remove-member", {"person": "user_bob"}),
        ("note", {"text": "Called.", "key": "1"}),
        ("assign", {"to": str(vera.id), "seen": ""}),
        ("contacted", {"day": "2026-01-31"}),
        ("status", {"status": "paused"}),
        ("delete-note", {}),
        ("delete", {"title": "Bread"}),
    ]
    assert {name for name, _ in pressed} == ACTIONS.keys()
    for name, fields in pressed:
        if name == "delete-note":
            [note] = await Note.select(Note.id).where(Note.workshop_id == workshop.id)
            fields = {"note": note["id"]}
        answer = await send(superuser, page, f"{page}{name}/", **fields)
        assert answer.status_code == 303, f"{name}: {answer.text}"
        shown = await superuser.get(answer.headers["location"])
        assert '<p class="message done"' in shown.text, f"{name}: the page does not say it was done"
        entries = await audit_log.entries(operator="grace", request_line=f"POST {page}{name}/")
        assert entries, name
        if name == "restore":
            assert (await step_of(workshop, "define")).output == '{"summary": "On define"}'
    assert not await Workshop.exists().where(Workshop.id == workshop.id)


@on_a_cluster
async def test_log_says_by_which_request_a_row_was_changed(
    superuser: httpx.AsyncClient, workshop: Workshop, audit_log: AuditLog
) -> None:
    """What no trigger logs has one entry; what is refused has none but the refusal."""
    page = f"/progress/workshops/{workshop.id}/"
    await send(superuser, page, f"{page}start/", step="story")
    await send(superuser, page, f"{page}start/", step="empathize")
    await send(superuser, page, f"{page}note/", text="Called.")
    told = [(entry["action"], entry["table_name"]) for entry in await audit_log.entries()]
    assert told == [("changed", "workshops"), ("refused", "workshops"), ("added", "notes")]
    assert (await audit_log.entries(action="changed"))[0]["summary"] == NOT_SAID
    assert "Changed the workshop" in (await superuser.get(page)).text


@pytest.fixture
async def cluster(database: str) -> AsyncIterator[None]:
    """A cluster; elsewhere what a database is taken for one by, which keeps its triggers."""
    if ON_A_CLUSTER:
        yield
        return
    await Workshop.raw(
        "CREATE TABLE pg_dist_partition AS SELECT 'workshops'::regclass AS logicalrelid,"
        " 'h' AS partmethod, 'c' AS repmodel"
    )
    yield
    await Workshop.raw("DROP TABLE pg_dist_partition")


async def test_what_changes_nothing_has_no_entry(
    superuser: httpx.AsyncClient, cluster: None, workshop: Workshop, audit_log: AuditLog
) -> None:
    """Neither a preview, nor a Save of what is stored already, in the tables and on a page."""
    page = "/progress/definitions/define/"
    text = (await superuser.get(page)).text
    digests = dict(re.findall(r'name="(opened_with_\w+)" value="(\w+)"', text))
    stored = await StepDefinition.objects().get(StepDefinition.id == "define")
    texts = digests | {field: getattr(stored, field) or "" for field in LIMITS}
    preview = await send(superuser, page, page, **texts | {"name": "Pin down"}, preview="1")
    unchanged = await send(superuser, page, page, **texts)
    same = await save(superuser, "workshops", workshop.id)
    assert (preview.status_code, unchanged.status_code, same.status_code) == (200, 303, 200)
    assert await audit_log.entries() == []
    await save(superuser, "workshops", workshop.id, status="paused")
    assert len(await audit_log.entries(action="changed")) == 1


async def test_every_other_form(superuser: httpx.AsyncClient, workshop: Workshop) -> None:
    """Those of the board, for several workshops, of views, definitions, persons and the log-in."""
    board = "/progress/"
    views = "/progress/views/"
    chosen = {f"pick-{workshop.id}": ""}
    for work in WORK:
        fields = {"do": work, "text": "Called.", "to": "", "day": "2026-01-31", **chosen}
        answer = await send(superuser, board, "/progress/chosen/", **fields)
        assert answer.status_code == 303, f"{work}: {answer.text}"
    file = await send(superuser, board, "/progress/chosen.json", **chosen)
    assert [row["id"] for row in file.json()] == [workshop.id]
    file = await send(superuser, board, "/progress/chosen.csv", **chosen)
    assert workshop.id in file.text
    made = await send(superuser, board, views, name="Mine", view="?q=a")
    [view] = await SavedView.objects()
    renamed = await send(superuser, board, f"{views}{view.id}/rename/", name="Ours", view="?q=a")
    kept = await send(superuser, board, f"{views}{view.id}/unshare/", view="?q=a")
    removed = await send(superuser, board, f"{views}{view.id}/delete/", view="?q=a")
    new = await send(superuser, "/progress/new/", "/progress/new/", owner="user_bob", title="Soup")
    page = "/progress/definitions/define/"
    text = (await superuser.get(page)).text
    digests = dict(re.findall(r'name="(opened_with_\w+)" value="(\w+)"', text))
    texts = {"name": "Pin down", "description": "Say it.", "prompt_template": "Ask."}
    saved = await send(superuser, page, page, **digests, **texts)
    person = "/progress/people/?person=user_ada"
    erasure = {"person": "user_ada", "typed": "user_ada"}
    file = await send(superuser, person, "/progress/people/export/", person="user_ada")
    assert json.loads(file.content)["workshops"][0]["id"] == workshop.id
    erased = await send(superuser, person, "/progress/people/erase/", **erasure)
    for answer in (made, renamed, kept, removed, new, saved, erased):
        assert answer.status_code == 303, answer.text
        assert (await superuser.get(answer.headers["location"])).status_code == 200
    assert not await WorkshopMember.exists().where(WorkshopMember.clerk_user_id == "user_ada")
    out = await send(superuser, board, "/progress/log-out/")
    assert out.status_code == 303
    assert not await AdminSession.exists()
    sent = {
        *("/chosen/", "/chosen.csv", "/chosen.json", "/views/", "/views/{view_id}/{change}/"),
        *("/new/", "/definitions/{step_id}/", "/people/export/", "/people/erase/", "/log-out/"),
        "/workshops/{workshop_id}/{action}/",
    }
    assert sent == set(routes("POST"))


@pytest.mark.parametrize("table", registered(), ids=lambda table: table.name)
async def test_every_list_of_the_admin(
    superuser: httpx.AsyncClient, workshop: Workshop, table: Any
) -> None:
    """Sorted by any column, filtered by any, counted, as a file, and each of its rows."""
    await FollowUp(id=workshop.id, contacted_on=date(2026, 1, 31)).save()
    await Note(workshop_id=workshop.id, text="Called.", author="grace").save()
    await SavedView(name="Mine", query="?q=a", shared=True).save()
    api = f"/admin/api/tables/{table.name}/"
    columns = [column._meta.name for column in table.columns]
    filters = [column._meta.name for column in (*table.columns, *table.filters)]
    asked = [
        *("", "ids/", "count/", "schema/", "references/", "new/" if table.add else "schema/"),
        *(f"?__order={sign}{name}&__readable=true" for name in columns for sign in ("", "-")),
        *(f"?{name}__operator=not_null" for name in filters),
        *(f"count/?{name}__operator=not_null" for name in filters),
        "?__page=2&__page_size=5",
        f"?__page_size=1000&__readable=true&__visible_fields={','.join(columns)}",
    ]
    for address in asked:
        answer = await superuser.get(f"{api}{address}")
        assert answer.status_code == 200, f"{address}: {answer.text}"
    rows = (await superuser.get(f"{api}?__page_size=1")).json()["rows"]
    assert rows
    one = await superuser.get(f"{api}{rows[0]['id']}/?__readable=true")
    assert one.status_code == 200, one.text


async def test_every_change_in_the_admin(
    superuser: httpx.AsyncClient, workshop: Workshop, audit_log: AuditLog
) -> None:
    """In each table what may be added is, what may be changed, and what may be deleted."""
    view = SavedView(name="Mine", query="?q=a", shared=True)
    note = Note(workshop_id=workshop.id, text="Called.", author="grace")
    vera = await make_operator("vera", superuser=False)
    for made in (view, note, AdminSession(user_id=vera.id, token="t")):
        await made.save()
    api = "/admin/api/tables/"
    of_workshop = {"workshop_id": workshop.id}
    new: dict[str, dict[str, Any]] = {
        "workshops": {"clerk_user_id": "user_ada", "title": "Soup", "original_idea": "Soup"},
        "workshop_members": {**of_workshop, "clerk_user_id": "user_eve", "role": "viewer"},
        "workshop_steps": {**of_workshop, "step_id": "story"},
        "sessions": of_workshop,
        "build_packs": {**of_workshop, "title": "A pack", "content": "# A pack"},
        "piccolo_user": {
            "username": "mary",
            "email": "mary@example.org",
            "password": "correct horse battery",
        },
    }
    changes: dict[str, dict[str, Any]] = {
        "workshops": {"title": "More soup", "status": "active"},
        "workshop_members": {"role": "editor"},
        "workshop_steps": {"status": "in_progress"},
        "sessions": {"ended_at": "2100-01-31 11:00:00"},
        "build_packs": {"title": "Another"},
        "piccolo_user": {"first_name": "Mary"},
        "step_definitions": {"description": "Say it."},
        "notes": {"text": "Called again."},
    }
    others = {"step_definitions": "define", "notes": note.id, "saved_views": view.id}
    assert new.keys() == {table.name for table in registered() if table.add}
    assert changes.keys() == {table.name for table in registered() if table.change}
    await WorkshopStep.delete().where(
        WorkshopStep.workshop_id == workshop.id, WorkshopStep.step_id == "story"
    )
    await Session.delete().where(Session.workshop_id == workshop.id)
    keys: dict[str, Any] = dict(others)
    logged = 0

    async def log_has_more(what: str) -> None:
        nonlocal logged
        before, logged = logged, len(await audit_log.entries())
        assert logged > before, f"The log has nothing of this: {what}"

    for name, row in new.items():
        answer = await superuser.post(f"{api}{name}/", json=row)
        assert answer.status_code == 201, f"{name}: {answer.text}"
        keys[name] = answer.json()[0]["id"]
        await log_has_more(f"{name} added")
    for name, row in changes.items():
        answer = await save(superuser, name, keys[name], **row)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        await log_has_more(f"{name} changed")
    [session] = await AdminSession.select(AdminSession.id).where(AdminSession.user_id == vera.id)
    keys["admin_sessions"] = session["id"]
    refused = {"workshops", "workshop_steps", "step_definitions"}
    for table in registered():
        if table.delete is None:
            continue
        answer = await superuser.delete(f"{api}{table.name}/{keys[table.name]}/")
        status = 409 if table.name in refused else 204
        assert answer.status_code == status, f"{table.name}: {answer.text}"
        await log_has_more(f"{table.name} deleted")
    assert not await BaseUser.exists().where(BaseUser.username == "mary")
