"""Faults of piccolo_api 1.11."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest
from piccolo.apps.user.tables import BaseUser
from piccolo.columns import JSONB, Boolean, Serial, Text, Varchar
from piccolo.table import Table
from piccolo_api.crud.endpoints import PiccoloCRUD
from piccolo_api.crud.hooks import Hook, HookType
from piccolo_api.csrf.middleware import CSRFMiddleware
from piccolo_api.encryption.providers import PlainTextProvider
from piccolo_api.mfa.authenticator.tables import AuthenticatorSecret
from piccolo_api.rate_limiting.middleware import InMemoryLimitProvider, RateLimitError
from piccolo_api.session_auth.endpoints import session_login
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from tests.admin.conftest import PASSWORD, make_operator
from tests.conftest import Server
from workshops.admin.accounts import AdminSession
from workshops.admin.operators import SecondFactor


class Thing(Table, tablename="upstream_things"):
    """A table that only these tests know."""

    id: Serial
    name = Varchar(unique=True)
    kind = Varchar(default=None, null=True, choices=None)
    colour = Text(default=None, null=True, choices=None)
    usable = Boolean(default=True)
    details = JSONB(default=None, null=True)


seen: list[str] = []


def remember(row_id: Any, values: Any) -> Any:
    """A hook that notes that it ran."""
    seen.append("patched")
    return values


@pytest.fixture
async def things(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the library's endpoints for a table with two rows."""
    await Thing.create_table()
    await Thing.insert(Thing(name="one", kind="a"), Thing(name="two", kind="b"))
    crud = PiccoloCRUD(
        Thing, read_only=False, hooks=[Hook(HookType.pre_patch, remember)], page_size=15
    )
    transport = httpx.ASGITransport(
        app=Starlette(routes=[Mount("/", crud)]), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://things.test") as client:
        yield client
    await Thing.alter().drop_table()


def fault(workaround: str) -> pytest.MarkDecorator:
    """Mark a test of a fault, naming what may go when it is mended."""
    return pytest.mark.xfail(strict=True, reason=f"works around it: {workaround}")


@fault("crud._condition")
async def test_not_equal_finds_the_others(things: httpx.AsyncClient) -> None:
    """A filter for "not equal" on a text returns the rows with another one."""
    found = (await things.get("/", params={"name": "one", "name__operator": "ne"})).json()
    assert [row["name"] for row in found["rows"]] == ["two"]


@fault("crud._condition, crud._literally")
async def test_per_cent_stands_for_itself(things: httpx.AsyncClient) -> None:
    """A filter for a per cent sign finds no row without one."""
    found = (await things.get("/", params={"name": "%"})).json()
    assert found["rows"] == []


@fault("crud._condition")
async def test_json_filter_is_refused(things: httpx.AsyncClient) -> None:
    """A filter on JSON that is none is answered with a rejection."""
    assert (await things.get("/", params={"details": '{"a'})).status_code < 500


@fault("OperatorsCRUD._split_params")
async def test_nul_in_a_filter_is_refused(things: httpx.AsyncClient) -> None:
    """A text that PostgreSQL cannot have is a 4xx."""
    assert (await things.get("/", params={"name": "\0"})).status_code < 500


@fault("OperatorsCRUD._split_params")
async def test_unknown_order_is_refused(things: httpx.AsyncClient) -> None:
    """A list sorted by a column that does not exist is a 4xx."""
    assert (await things.get("/", params={"__order": "nothing"})).status_code < 500


@fault("OperatorsCRUD._split_params")
async def test_page_below_one_is_refused(things: httpx.AsyncClient) -> None:
    """There is no page -1."""
    assert 400 <= (await things.get("/", params={"__page": "-1"})).status_code < 500


@fault("crud._number, OperatorsCRUD.get_ids")
async def test_limit_of_ids_is_a_number(things: httpx.AsyncClient) -> None:
    """The limit of a search for keys is a value, and not pasted into SQL."""
    assert (await things.get("/ids/", params={"limit": "-1"})).status_code < 500


@fault("changes.change_row")
async def test_key_stays(things: httpx.AsyncClient) -> None:
    """A PATCH cannot give a row another key."""
    await things.patch("/1/", json={"id": 77})
    assert await Thing.exists().where(Thing.id == 1)


@fault("OperatorsCRUD.detail")
async def test_put_runs_the_hooks(things: httpx.AsyncClient) -> None:
    """Whatever changes a row, its rules hold."""
    seen.clear()
    await things.put("/1/", json={"name": "three", "usable": True})
    assert seen


@fault("changes.add_row, changes.change_row")
async def test_word_null_is_a_text(things: httpx.AsyncClient) -> None:
    """A row may be called "null"."""
    await things.patch("/1/", json={"kind": "null"})
    [row] = await Thing.select(Thing.kind).where(Thing.id == 1)
    assert row["kind"] == "null"


@fault("changes.add_row")
async def test_default_counts_where_nothing_is_given(things: httpx.AsyncClient) -> None:
    """A column that is left out of a new row gets its default."""
    await things.post("/", json={"name": "three"})
    rows = await Thing.select(Thing.usable).where(Thing.name == "three")
    assert [row["usable"] for row in rows] == [True]


@fault("changes.add_row, web.rejections")
async def test_violation_tells_no_value(things: httpx.AsyncClient) -> None:
    """The name of a constraint is no answer to who fills in a form."""
    response = await things.post("/", json={"name": "one", "usable": True})
    assert "upstream_things_name_key" not in response.text


@fault("changes._check_names")
async def test_attribute_is_no_column(things: httpx.AsyncClient) -> None:
    """A field that is not a column is a 4xx."""
    assert (await things.patch("/1/", json={"__class__": 1})).status_code < 500


@fault("web.bodies")
async def test_nul_in_a_body_is_refused(things: httpx.AsyncClient) -> None:
    """A text that PostgreSQL cannot have is a 4xx."""
    assert (await things.patch("/1/", json={"name": "\0"})).status_code < 500


@fault("web.bodies")
async def test_body_that_is_no_json_is_refused(things: httpx.AsyncClient) -> None:
    """A body that cannot be read is a 4xx."""
    headers = {"Content-Type": "application/json"}
    assert (await things.patch("/1/", content=b"{", headers=headers)).status_code < 500


@fault("protection.limit_attempts, site.create_site")
def test_limit_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that was blocked may try again after the window."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    limit = InMemoryLimitProvider(timespan=10, limit=1)
    limit.increment("a")
    with pytest.raises(RateLimitError):
        limit.increment("a")
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    limit.increment("a")


@fault("web.headers._usable")
def test_odd_origin_is_no_referer() -> None:
    """An Origin that is no URL is a wrong one."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "scheme": "https",
        "server": ("a.test", 443),
        "query_string": b"",
        "headers": [(b"origin", b"http://["), (b"host", b"a.test")],
    }
    middleware = CSRFMiddleware(Starlette(), allowed_hosts=["a.test"])
    assert not middleware.is_valid_referer(Request(scope))


@fault("web.headers._secured")
async def test_token_is_sent_back_over_https_only() -> None:
    """The cookie of the token is secure where the site is reached by HTTPS."""
    transport = httpx.ASGITransport(app=CSRFMiddleware(Starlette(), allowed_hosts=["a.test"]))
    async with httpx.AsyncClient(transport=transport, base_url="https://a.test") as client:
        assert "secure" in (await client.get("/")).headers["set-cookie"].lower()


@fault("protection.take_password, which refuses 'format'")
async def test_failed_log_in_on_a_page_is_no_success(database: str) -> None:
    """A wrong password is a 401, whatever the answer looks like."""
    endpoint = session_login(auth_table=BaseUser, session_table=AdminSession)
    app = Starlette(routes=[Mount("/", endpoint)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://log-in.test") as client:
        fields = {"username": "vera", "password": "wrong", "format": "html"}
        assert (await client.post("/", data=fields)).status_code == 401


@fault("SecondFactor.create_new")
async def test_recovery_codes_are_hashed_in_a_thread(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight hashes do not hold up the event loop."""
    threads: list[bool] = []

    def note(*args: Any, **kwargs: Any) -> str:
        threads.append(threading.current_thread() is threading.main_thread())
        return "hash"

    async def save(self: AuthenticatorSecret, *args: Any) -> None:
        """Store nothing."""

    monkeypatch.setattr(BaseUser, "hash_password", note)
    monkeypatch.setattr(AuthenticatorSecret, "save", save)
    await AuthenticatorSecret.create_new(1, PlainTextProvider())  # type: ignore[no-untyped-call]
    assert not any(threads)


async def change_password_with(**sent: Any) -> httpx.Response:
    """Send a body to the endpoint for a new password."""
    from piccolo_api.change_password.endpoints import change_password
    from piccolo_api.shared.auth import User
    from starlette.authentication import AuthCredentials, AuthenticationBackend
    from starlette.middleware import Middleware
    from starlette.middleware.authentication import AuthenticationMiddleware
    from starlette.routing import Route

    vera = await make_operator("vera", superuser=False)

    class Backend(AuthenticationBackend):
        async def authenticate(self, conn: Any) -> Any:
            return AuthCredentials(["authenticated"]), User(user=vera)

    app = Starlette(
        routes=[Route("/", change_password(session_table=AdminSession))],
        middleware=[Middleware(AuthenticationMiddleware, backend=Backend())],
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://new.test") as client:
        return await client.post("/", **sent)


@fault("OperatorAccount.update_password")
async def test_password_that_is_too_long_is_refused(database: str) -> None:
    """The endpoint for a new password answers one that cannot be stored with a 4xx."""
    new = "x" * 1000
    fields = {"current_password": PASSWORD, "new_password": new, "confirm_new_password": new}
    response = await change_password_with(content=json.dumps(fields))
    assert response.status_code < 500


@fault("web.bodies.read_body, which writes a form anew")
async def test_form_that_is_json_is_a_form(database: str) -> None:
    """A form without a name, such as "1", is answered with a 4xx."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await change_password_with(content=b"1", headers=headers)
    assert response.status_code < 500


class LibrarysSecret(
    AuthenticatorSecret, tablename="admin_second_factors", schema=AdminSession._meta.schema
):
    """The second factors of operators, as the library has them."""


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param(LibrarysSecret, marks=fault("SecondFactor.authenticate")),
        SecondFactor,
    ],
)
async def test_code_is_good_once(
    database: str, server: Server, secrets: type[AuthenticatorSecret]
) -> None:
    """Of two log-ins with one code at the same moment, one is let in."""
    operator: Any = await make_operator("vera", superuser=True)
    provider = PlainTextProvider()  # type: ignore[no-untyped-call]
    secret = secrets.generate_secret()
    stored = provider.encrypt(secret)
    await secrets(user_id=operator.id, secret=stored, recovery_codes=[]).save()
    code = pyotp.TOTP(secret).now()
    holder = await server.connect(urlsplit(database).path.removeprefix("/"))
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM workshops_admin.admin_second_factors FOR UPDATE")
            log_ins = asyncio.gather(
                *(secrets.authenticate(operator.id, code, provider, 1) for _ in range(2))
            )
            while await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < 2:
                assert not log_ins.done(), await log_ins  # until both wait
        assert sorted(await log_ins) == [False, True]
    finally:
        await holder.close()
