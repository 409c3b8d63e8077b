"""What is answered while the database is away, and that it works again afterwards."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from tests.admin.conftest import PASSWORD, save
from tests.conftest import Server
from tests.factories import make_workshop
from workshops.database.migrations import project_engine
from workshops.tables import Workshop

API = "/admin/api/tables"


@asynccontextmanager
async def outage(server: Server, url: str) -> AsyncIterator[None]:
    """End all connections to the database, and let it take no new one."""
    name = urlsplit(url).path.removeprefix("/")
    try:
        await server.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        await server.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        yield
    finally:
        await server.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


async def test_every_request_is_answered_with_a_sentence(
    superuser: httpx.AsyncClient, server: Server, database: str
) -> None:
    """Lists, writes and a log-in are a 503 without details, and work again at once."""
    workshop = await make_workshop(title="Old")
    credentials = {"username": "grace", "password": PASSWORD}
    requests = [
        ("GET", f"{API}/workshops/", None),
        ("GET", "/admin/site/operator.json", None),
        ("PATCH", f"{API}/workshops/{workshop.id}/", {"title": "New"}),
        ("POST", "/admin/public/login/", credentials),
    ]
    async with outage(server, database):
        for method, address, body in requests:
            response = await superuser.request(method, address, json=body)
            assert response.status_code == 503, address
            assert response.json().startswith("The database does not answer at the moment.")
        page = await superuser.post("/progress/anything/", data={})
        assert page.status_code == 503
        assert "does not answer" in page.text
    for method, address, body in requests:
        response = await superuser.request(method, address, json=body)
        assert response.status_code == 200, address


async def test_what_needs_no_database_is_answered(
    superuser: httpx.AsyncClient, server: Server, database: str
) -> None:
    """The admin's page itself, and its files, come in an outage too."""
    async with outage(server, database):
        for address in ("/admin/", "/admin/site/operators.js", "/admin/public/meta/"):
            assert (await superuser.get(address)).status_code == 200


async def test_outage_in_the_middle_of_a_write_changes_nothing(
    superuser: httpx.AsyncClient, server: Server, database: str
) -> None:
    """A write whose connection ends while it waits is a 503, and the row stays as it was."""
    workshop = await make_workshop(title="Old")
    name = urlsplit(database).path.removeprefix("/")
    other = await server.connect(name)
    async with project_engine().transaction():
        await Workshop.raw("SELECT FROM workshops WHERE id = {} FOR UPDATE", workshop.id)
        saving = asyncio.get_running_loop().create_task(
            superuser.patch(f"{API}/workshops/{workshop.id}/", json={"title": "New"}),
            context=contextvars.Context(),
        )
        ended: list[object] = []
        while not ended and not saving.done():
            ended = await other.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        response = await saving
    await other.close()
    assert response.status_code == 503
    assert "Nothing was changed" in response.json()
    await workshop.refresh()
    assert workshop.title == "Old"


async def test_what_the_database_lacks_is_a_sentence(
    superuser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """As after the restore of an older backup: lists, pages and writes are a 503."""
    await Workshop.raw("ALTER TABLE workshops RENAME TO away")
    try:
        for method, address, body in (
            ("GET", f"{API}/workshops/", None),
            ("GET", "/progress/", None),
            ("PATCH", f"{API}/workshops/ws_x/", {"title": "New"}),
        ):
            response = await superuser.request(method, address, json=body)
            assert response.status_code == 503, address
            assert "Nothing was changed" in response.text
    finally:
        await Workshop.raw("ALTER TABLE away RENAME TO workshops")
    assert "piccolo workshops migrate" in caplog.text


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("RAISE EXCEPTION 'late'", "Nothing was changed"),
        ("PERFORM pg_terminate_backend(pg_backend_pid())", "may or may not have been"),
    ],
)
async def test_commit_that_fails_is_no_success(
    superuser: httpx.AsyncClient, statement: str, sentence: str
) -> None:
    """Nobody is told that a change was stored when the commit failed, nor that it was not
    when the connection broke in it."""
    workshop = await make_workshop(title="Old")
    await Workshop.raw(
        "CREATE FUNCTION fail_late() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statement}; RETURN NULL; END $$"
    )
    await Workshop.raw(
        "CREATE CONSTRAINT TRIGGER fail_late AFTER UPDATE ON workshops"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_late()"
    )
    try:
        response = await save(superuser, "workshops", workshop.id, title="New")
    finally:
        await Workshop.raw("DROP FUNCTION fail_late CASCADE")
    assert response.status_code == 503
    assert sentence in response.json()
    await workshop.refresh()
    assert workshop.title == "Old"
