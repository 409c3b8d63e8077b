"""Who may do what, in one transaction, and what the audit log keeps of it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import asyncpg
import httpx
import pytest
from piccolo.apps.user.tables import BaseUser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tests.admin.conftest import (
    PASSWORD,
    AuditLog,
    Browse,
    log_in_to,
    make_operator,
    save,
    whole_site,
)
from tests.factories import make_workshop, step_of
from workshops import operations
from workshops.admin.accounts import AdminSession, OperatorAccount
from workshops.admin.audit import UNKNOWN_NAME, AuditEntry
from workshops.admin.protection import protect
from workshops.admin.settings import AdminSettings
from workshops.admin.site import create_site
from workshops.database.migrations import project_engine
from workshops.tables import Workshop, WorkshopMember

API = "/admin/api/tables"


async def test_viewer_sees_every_table(viewer: httpx.AsyncClient) -> None:
    """A plain admin may look at all lists, rows, names and counts."""
    await make_workshop()
    for table in (await viewer.get("/admin/api/tables/")).json():
        for path in ("", "count/", "ids/", "schema/", "new/", "references/"):
            response = await viewer.get(f"{API}/{table}/{path}")
            assert response.status_code == 200, (table, path)


async def test_viewer_changes_nothing(viewer: httpx.AsyncClient, audit_log: AuditLog) -> None:
    """Every write of a plain admin is a 403 with a sentence and an entry in the log."""
    workshop = await make_workshop()
    step = await step_of(workshop, "empathize")
    requests = [
        ("POST", f"{API}/workshops/", {"title": "x", "clerk_user_id": "x", "original_idea": "x"}),
        ("PATCH", f"{API}/workshops/{workshop.id}/", {"title": "x"}),
        ("PUT", f"{API}/workshops/{workshop.id}/", {"title": "x"}),
        ("DELETE", f"{API}/workshops/{workshop.id}/", None),
        ("PATCH", f"{API}/workshop_steps/{step.id}/", {"status": "complete"}),
        ("PATCH", f"{API}/piccolo_user/1/", {"superuser": True}),
        ("POST", "/progress/anything/", None),
    ]
    for method, address, body in requests:
        response = await viewer.request(method, address, json=body)
        assert response.status_code == 403, address
        assert "Only superusers" in response.text
    rejections = await audit_log.entries(action="refused", operator="vera")
    assert [entry["request_line"] for entry in rejections] == [
        f"{method} {address}" for method, address, _ in requests
    ]
    before = workshop.updated_at
    await workshop.refresh()
    assert workshop.updated_at == before


async def test_email_addresses_are_for_superusers(
    superuser: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    """A plain admin sees no e-mail address and cannot ask for, sort by or filter by one."""
    assert "vera@example.org" in (await superuser.get(f"{API}/piccolo_user/")).text
    for address in ("", "?__visible_fields=username", "?__page_size=100"):
        response = await viewer.get(f"{API}/piccolo_user/{address}")
        assert response.status_code == 200
        assert "@" not in response.text
    operator: Any = await BaseUser.objects().first()
    assert "@" not in (await viewer.get(f"{API}/piccolo_user/{operator.id}/")).text
    for query in ("email=vera", "__order=-email", "__visible_fields=id,email", "email[]=v"):
        for path in ("", "count/"):
            response = await viewer.get(f"{API}/piccolo_user/{path}?{query}")
            assert response.status_code in (400, 403, 422), (path, query)


async def test_viewer_changes_the_own_password(viewer: httpx.AsyncClient) -> None:
    """What is the operator's own, the operator may change."""
    new = "another password"
    response = await viewer.post(
        "/admin/api/change-password/",
        json={"current_password": PASSWORD, "new_password": new, "confirm_new_password": new},
    )
    assert response.status_code == 303
    assert await BaseUser.login("vera", new)


async def test_change_is_logged_with_its_values(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """An entry says who changed which field of which row from what to what, and from where."""
    workshop = await make_workshop(title="Old")
    await save(superuser, "workshops", workshop.id, title="New")
    [entry] = await audit_log.entries(table_name="workshops")
    assert entry["operator"] == "grace"
    assert entry["action"] == "changed"
    assert entry["row_id"] == workshop.id
    assert entry["changes"] == {"title": ["Old", "New"]}
    assert entry["summary"] == "title: Old → New"
    assert entry["address"] == "127.0.0.1"
    assert entry["request_line"] == f"PATCH {API}/workshops/{workshop.id}/"


async def test_consequences_are_logged_too(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """One action that changes several rows has an entry for each."""
    workshop = await make_workshop()
    step = await step_of(workshop, "empathize")
    await save(superuser, "workshop_steps", step.id, status="complete")
    entries = await audit_log.entries(action="changed")
    statuses = {(entry["table_name"], *entry["changes"]["status"]) for entry in entries}
    assert statuses == {
        ("workshops", "draft", "active"),
        ("workshop_steps", "not_started", "complete"),
        ("workshop_steps", "not_started", "in_progress"),
    }


async def test_additions_and_deletions_are_logged(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """What is added or deleted is logged with its values."""
    workshop = await make_workshop()
    row = {"workshop_id": workshop.id, "clerk_user_id": "user_eve", "role": "editor"}
    await superuser.post(f"{API}/workshop_members/", json=row)
    member: Any = await WorkshopMember.objects().get(WorkshopMember.clerk_user_id == "user_eve")
    await superuser.delete(f"{API}/workshop_members/{member.id}/")
    added, deleted = await audit_log.entries(table_name="workshop_members")
    assert (added["action"], added["changes"]["role"]) == ("added", [None, "editor"])
    assert (deleted["action"], deleted["changes"]["role"]) == ("deleted", ["editor", None])


async def test_secrets_and_long_texts_stay_out_of_the_log(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """Tokens, passwords and e-mail addresses are hidden; an output is shortened."""
    workshop = await make_workshop()
    vera = await make_operator("vera", superuser=False)
    await save(superuser, "workshops", workshop.id, visibility="shared")
    await superuser.patch(f"{API}/piccolo_user/{vera.id}/", json={"password": "new password"})
    await superuser.patch(f"{API}/piccolo_user/{vera.id}/", json={"email": "new@example.org"})
    step = await operations.start_step(workshop.id, "empathize")
    output = '{"text": "' + "x" * 5000 + '"}'
    await save(superuser, "workshop_steps", step.id, output=output)
    entries = await audit_log.entries()
    await workshop.refresh()
    text = str(entries)
    assert workshop.share_token not in text
    assert "pbkdf2" not in text
    assert "@example.org" not in text
    assert "xxx" in text
    assert "x" * 300 not in text
    assert "(hidden)" in text


async def test_application_writes_are_not_logged(audit_log: AuditLog) -> None:
    """The log is about operators: what the application writes is not in it."""
    workshop = await make_workshop()
    await operations.update_workshop(workshop.id, title="New")
    assert await audit_log.entries() == []


async def test_failed_change_is_not_logged_as_one(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """A change that is rolled back leaves no entry but the rejection."""
    workshop = await make_workshop()
    await save(superuser, "workshops", workshop.id, title="New", status="completed")
    entries = await audit_log.entries()
    assert [entry["action"] for entry in entries] == ["refused"]
    assert "cannot become completed" in entries[0]["summary"]
    assert (entries[0]["table_name"], entries[0]["row_id"]) == ("workshops", workshop.id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workshops_admin.admin_audit_log SET summary = 'x'",
        "DELETE FROM workshops_admin.admin_audit_log",
        "TRUNCATE workshops_admin.admin_audit_log",
    ],
)
async def test_log_can_only_be_added_to(database: str, statement: str) -> None:
    """The database refuses to change or delete entries."""
    await AuditEntry(operator="grace", action="changed").save()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only be added to"):
        await AuditEntry.raw(statement)


async def test_log_is_filtered_by_row_and_operator(superuser: httpx.AsyncClient) -> None:
    """The admin shows the log of one row, and of one operator."""
    workshop, other = await make_workshop(), await make_workshop()
    for row in (workshop, other):
        await save(superuser, "workshops", row.id, title="New")
    params = {"row_id": workshop.id, "row_id__match": "exact", "operator": "grace"}
    rows = (await superuser.get(f"{API}/admin_audit_log/", params=params)).json()["rows"]
    assert [row["row_id"] for row in rows] == [workshop.id]


async def test_log_ins_and_log_outs_are_logged(
    viewer: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """Logging in, failing to, and logging out are in the log."""
    credentials = {"username": "vera", "password": "wrong password"}
    assert (await viewer.post("/admin/public/login/", json=credentials)).status_code == 401
    stranger = {"username": "nobody", "password": "wrong password"}
    assert (await viewer.post("/admin/public/login/", json=stranger)).status_code == 401
    await viewer.post("/admin/public/login/", json={**credentials, "password": PASSWORD})
    await viewer.post("/admin/public/logout/")
    vera = await BaseUser.objects().get(BaseUser.username == "vera")
    assert vera is not None
    entries = await audit_log.entries()
    found = [(e["action"], e["operator"], e["operator_id"]) for e in entries]
    assert found[-4:] == [
        ("login_failed", "vera", vera.id),
        ("login_failed", UNKNOWN_NAME, None),
        ("logged_in", "vera", vera.id),
        ("logged_out", "vera", vera.id),
    ]
    assert "wrong password" not in str(entries)


async def test_log_in_that_failed_is_never_logged_as_one(
    viewer: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """No way to ask for a log-in makes a failed one look like a success."""
    wrong = {"username": "vera", "password": "wrong password"}
    for extra in ({"format": "html"}, {"format": ""}, {"mfa_code": "x" * 200}):
        for kind in ("json", "data"):
            body: Any = {kind: {**wrong, **extra}}
            response = await viewer.post("/admin/public/login/", **body)
            assert 400 <= response.status_code < 500
    assert {entry["action"] for entry in await audit_log.entries()} == {"login_failed"}


async def test_change_is_logged_however_the_cookies_come(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """A log-in in a second Cookie header is the operator's too: nobody writes unnamed."""
    workshop = await make_workshop()
    token, csrf = superuser.cookies["id"], superuser.cookies["csrftoken"]
    superuser.cookies.clear()
    for headers in (
        [("Cookie", f"csrftoken={csrf}"), ("Cookie", f"id={token}")],
        [("Cookie", "id=nobodys"), ("Cookie", f"csrftoken={csrf}; id={token}")],
    ):
        title = f"Title {len(await audit_log.entries())}"
        response = await superuser.patch(
            f"{API}/workshops/{workshop.id}/", json={"title": title}, headers=headers
        )
        assert response.status_code == 200
        entry = (await audit_log.entries())[-1]
        assert (entry["operator"], entry["changes"]["title"][1]) == ("grace", title)


async def test_log_in_removes_ended_ones(log_in: Browse) -> None:
    """Log-ins that have expired do not pile up."""
    vera = await make_operator("vera", superuser=False)
    await AdminSession.raw(
        "INSERT INTO workshops_admin.admin_sessions (token, user_id, expiry_date, max_expiry_date)"
        " VALUES ('old', {}, '2001-01-01', '2001-01-01')",
        vera.id,
    )
    await log_in("vera")
    assert not await AdminSession.exists().where(AdminSession.token == "old")


async def change(answer: Callable[[], Response], audit_log: AuditLog) -> tuple[httpx.Response, str]:
    """Let a page change a workshop's title and answer; return its answer and the title."""
    workshop = await make_workshop(title="Old")

    async def endpoint(request: Request) -> Response:
        await operations.update_workshop(workshop.id, title="New")
        return answer()

    await make_operator("grace", superuser=True)
    settings = AdminSettings()
    routes = [
        Mount("/admin/", create_site(settings)),
        Route("/progress/change/", endpoint, methods=["POST"]),
    ]
    app = protect(Starlette(routes=routes), settings)
    async with aclosing(await log_in_to(app, "grace")) as client:
        response = await client.post("/progress/change/")
    await workshop.refresh()
    logged = await audit_log.entries(row_id=workshop.id)
    assert bool(logged) == (workshop.title == "New")
    return response, workshop.title


async def test_pages_change_in_a_logged_transaction(audit_log: AuditLog) -> None:
    """What a page changes is stored and logged if its answer is a success."""
    response, title = await change(lambda: PlainTextResponse("done"), audit_log)
    assert (response.status_code, title) == (200, "New")


async def test_rejection_of_a_page_undoes_its_change(audit_log: AuditLog) -> None:
    """What a page has changed is undone if its answer is no success."""
    response, title = await change(lambda: PlainTextResponse("no", 409), audit_log)
    assert (response.status_code, response.text, title) == (409, "no", "Old")


async def test_error_of_a_page_undoes_its_change(audit_log: AuditLog) -> None:
    """What a page has changed is undone if it fails."""

    def fail() -> Response:
        raise RuntimeError

    response, title = await change(fail, audit_log)
    assert (response.status_code, title) == (500, "Old")


async def test_collision_in_a_page_is_a_sentence(audit_log: AuditLog) -> None:
    """A page that PostgreSQL undoes to break a deadlock is a 409 that says to try again."""

    def collide() -> Response:
        raise asyncpg.DeadlockDetectedError

    response, title = await change(collide, audit_log)
    assert (response.status_code, title) == (409, "Old")
    assert "try again" in response.text


async def test_waiting_for_a_lock_ends_with_a_sentence(superuser: httpx.AsyncClient) -> None:
    """A row that somebody else keeps locked is a 409 after a while, not an endless wait."""
    workshop = await make_workshop()
    async with project_engine().transaction():
        await Workshop.raw("SELECT FROM workshops WHERE id = {} FOR UPDATE", workshop.id)
        response = await in_new_context(
            superuser.patch, f"{API}/workshops/{workshop.id}/", json={"title": "New"}
        )
    assert response.status_code == 409
    assert "try again" in response.json()


@pytest.mark.parametrize("path", ["/progress/", "/admin/", f"{API}/workshops/", "/nowhere"])
async def test_websockets_are_closed(site: ASGIApp, path: str) -> None:
    """There is no WebSocket here: whoever asks for one is turned away, logged in or not."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await site({"type": "websocket", "path": path, "headers": []}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def in_new_context(call: Any, *args: Any, **kwargs: Any) -> Any:
    """Await a call in a task that does not inherit our transaction."""
    return await asyncio.get_running_loop().create_task(
        call(*args, **kwargs), context=contextvars.Context()
    )


async def test_log_in_is_limited(database: str) -> None:
    """An address that has tried too often is refused, also with the right password."""
    app = whole_site(AdminSettings(login_attempts=3))
    await make_operator("grace", superuser=True)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin.test") as client:
        await client.get("/admin/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        statuses = []
        for password in ("wrong", "wrong", "wrong", PASSWORD):
            credentials = {"username": "grace", "password": password}
            response = await client.post("/admin/public/login/", json=credentials)
            statuses.append(response.status_code)
    assert statuses == [401, 401, 401, 429]


async def test_password_cannot_be_guessed_by_changing_it(database: str) -> None:
    """Who is logged in may try the current password only as often as a log-in."""
    app = whole_site(AdminSettings(login_attempts=3))
    await make_operator("vera", superuser=False)
    new = "another password"
    fields = {"current_password": "wrong", "new_password": new, "confirm_new_password": new}
    async with aclosing(await log_in_to(app, "vera")) as client:
        statuses = [
            (await client.post("/admin/api/change-password/", json=fields)).status_code
            for _ in range(3)
        ]
    assert statuses == [422, 422, 429]


async def test_each_client_behind_a_proxy_has_its_own_limit(database: str) -> None:
    """Behind a trusted proxy, a client that tries too often locks out no other."""
    app = whole_site(AdminSettings(login_attempts=2, trusted_proxies="127.0.0.1"))  # type: ignore[arg-type]
    await make_operator("grace", superuser=True)
    async with aclosing(await log_in_to(app, "grace")) as client:
        credentials = {"username": "grace", "password": "wrong"}

        async def try_from(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            response = await client.post("/admin/public/login/", json=credentials, headers=headers)
            return response.status_code

        assert [await try_from("192.0.2.1") for _ in range(3)] == [401, 401, 429]
        assert await try_from("192.0.2.2") == 401


async def test_passwords_are_hashed_without_a_connection(
    superuser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many log-ins as there are connections, and a list is answered while they are hashed."""
    monkeypatch.setattr(OperatorAccount, "_pbkdf2_iteration_count", 200_000)
    pool = project_engine().pool
    assert pool is not None
    ended: list[str] = []

    async def ask(name: str, request: Any) -> None:
        await request
        ended.append(name)

    wrong = {"username": "nobody", "password": "wrong password"}
    log_ins = [
        ask("log-in", superuser.post("/admin/public/login/", json=wrong))
        for _ in range(pool.get_max_size() + 5)
    ]
    await asyncio.gather(*log_ins, ask("list", superuser.get(f"{API}/workshops/")))
    assert ended[0] == "list"
