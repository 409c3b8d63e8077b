"""Operators' accounts: who can log in, with which password, and what is told of them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from piccolo.apps.user.tables import BaseUser

from tests.admin.conftest import PASSWORD, AuditLog, Browse, make_operator
from workshops.admin.accounts import AdminSession, OperatorAccount
from workshops.database.migrations import project_engine

LOGIN = "/admin/public/login/"
OPERATORS = "/admin/api/tables/piccolo_user/"


@pytest.mark.parametrize("field", ["active", "admin"])
async def test_who_has_no_access_is_not_logged_in(
    superuser: httpx.AsyncClient, audit_log: AuditLog, field: str
) -> None:
    """A disabled operator gets no log-in that would wait to be let in again."""
    vera = await make_operator("vera", superuser=False, **{field: False})
    response = await superuser.post(LOGIN, json={"username": "vera", "password": PASSWORD})
    assert response.status_code == 401
    assert not await AdminSession.exists().where(AdminSession.user_id == vera.id)
    assert [entry["action"] for entry in await audit_log.entries()] == ["login_failed"]


@pytest.mark.parametrize(
    "credentials",
    [
        {"username": "vera", "password": "wrong"},
        {"username": "Vera", "password": PASSWORD},
        {"username": "vera ", "password": PASSWORD},
        {"username": "v" * 300, "password": PASSWORD},
        {"username": "vera", "password": "x" * 129},
        {"username": "nobody", "password": "x" * 129},
    ],
)
async def test_failed_log_ins_are_all_alike(
    superuser: httpx.AsyncClient, credentials: dict[str, str]
) -> None:
    """The answer to a failed log-in does not tell whether there is such an operator."""
    await make_operator("vera", superuser=False)
    response = await superuser.post(LOGIN, json=credentials)
    assert (response.status_code, response.json()) == (401, {"detail": "Login failed"})


async def test_log_in_renews_an_old_hash(superuser: httpx.AsyncClient) -> None:
    """A password that was hashed with another number of iterations is hashed again."""
    vera = await make_operator("vera", superuser=False)
    old = BaseUser.hash_password(PASSWORD, iterations=2)
    await BaseUser.update({BaseUser.password: old}).where(BaseUser.id == vera.id)
    response = await superuser.post(LOGIN, json={"username": "vera", "password": PASSWORD})
    assert response.status_code == 200
    await vera.refresh()
    assert vera.password.startswith("pbkdf2_sha256$1$")
    assert vera.last_login is not None
    assert await BaseUser.login("vera", PASSWORD)


async def test_others_are_answered_while_a_password_is_hashed(
    superuser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log-in does not hold up other requests: one asked for after it is answered before it."""
    monkeypatch.setattr(OperatorAccount, "_pbkdf2_iteration_count", 600_000)
    ended: list[str] = []

    async def ask(name: str, request: Any) -> None:
        await request
        ended.append(name)

    wrong = {"username": "nobody", "password": "wrong password"}
    await asyncio.gather(
        ask("log-in", superuser.post(LOGIN, json=wrong)),
        ask("list", superuser.get(OPERATORS)),
    )
    assert ended == ["list", "log-in"]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("x" * 129, "too long"),
        ("abc", "at least 6 characters"),
        ("pbkdf2_sha256$1$a$b", "hashed"),
    ],
)
async def test_unusable_new_password_is_refused(
    viewer: httpx.AsyncClient, new: str, sentence: str
) -> None:
    """A new password that cannot be one is told so, and the old one stays."""
    response = await viewer.post(
        "/admin/api/change-password/",
        json={"current_password": PASSWORD, "new_password": new, "confirm_new_password": new},
    )
    assert response.status_code == 422
    assert sentence in response.json()["detail"]
    assert await BaseUser.login("vera", PASSWORD)


async def test_new_password_ends_the_other_log_ins(log_in: Browse) -> None:
    """Who changes the own password is logged out everywhere, and logs in with the new one."""
    await make_operator("vera", superuser=False)
    one, other = await log_in("vera"), await log_in("vera")
    new = "another password"
    fields = {"current_password": PASSWORD, "new_password": new, "confirm_new_password": new}
    assert (await one.post("/admin/api/change-password/", json=fields)).status_code == 303
    for client in (one, other):
        assert (await client.get("/admin/api/user/")).status_code == 401
    again = await one.post(LOGIN, json={"username": "vera", "password": new})
    assert again.status_code == 200


NEW = {"username": "new", "password": "a password", "email": "new@example.org"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", None),
        ("username", " "),
        ("username", "a\tb"),
        ("username", "grace"),
        ("password", None),
        ("password", "abc"),
        ("password", "x" * 129),
        ("password", "pbkdf2_sha256$1$a$b"),
        ("email", None),
        ("email", ""),
        ("email", "grace@example.org"),
        ("active", None),
        ("superuser", None),
    ],
)
async def test_unusable_operator_is_refused_by_field(
    superuser: httpx.AsyncClient, field: str, value: Any
) -> None:
    """A new operator is held to the same rules as a changed one, and no row is told."""
    vera = await make_operator("vera", superuser=False)
    added = await superuser.post(OPERATORS, json={**NEW, field: value})
    changed = await superuser.patch(f"{OPERATORS}{vera.id}/", json={field: value})
    for response in (added, changed):
        if field == "password" and value is None and response is changed:
            continue  # the form sends it back empty: no change
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["body", field]
        assert "pbkdf2" not in response.text.replace(str(value), "")
    assert await BaseUser.count() == 2


async def test_new_operator_can_log_in(superuser: httpx.AsyncClient, audit_log: AuditLog) -> None:
    """An operator who is added in the table has the rights that were given, no chosen key."""
    row = {**NEW, "id": 777, "active": True, "admin": True, "last_login": "2001-01-01T00:00:00Z"}
    response = await superuser.post(OPERATORS, json=row)
    assert response.status_code == 201
    [stored] = await BaseUser.select().where(BaseUser.username == "new")
    assert stored["id"] == response.json()[0]["id"] != 777
    assert (stored["superuser"], stored["last_login"]) == (False, None)
    assert (await superuser.post(LOGIN, json=NEW)).status_code == 200
    [entry] = await audit_log.entries(action="added")
    assert entry["row_id"] == str(stored["id"])


async def test_no_connection_is_held_while_a_password_is_hashed(
    superuser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is added in the table, or gets a password there, keeps nobody from the database."""
    held: list[int] = []
    hash_password = BaseUser.hash_password

    def look_and_hash(*arguments: Any) -> str:
        pool: Any = project_engine().pool
        held.append(pool.get_size() - pool.get_idle_size())
        return hash_password(*arguments)

    monkeypatch.setattr(OperatorAccount, "hash_password", look_and_hash)
    added = await superuser.post(OPERATORS, json={**NEW, "active": True, "admin": True})
    address = f"{OPERATORS}{added.json()[0]['id']}/"
    assert (await superuser.patch(address, json={"password": "another one"})).status_code == 200
    assert held == [0, 0]
    assert await BaseUser.login("new", "another one")
