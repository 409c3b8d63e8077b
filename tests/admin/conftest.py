"""The operators' site as it is served, and operators who are logged in to it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import uvicorn
from piccolo.apps.user.tables import BaseUser
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from workshops.admin.audit import AuditEntry
from workshops.admin.progress import create_pages
from workshops.admin.protection import protect
from workshops.admin.settings import AdminSettings
from workshops.admin.site import create_site

PASSWORD = "correct horse battery"

expect.set_options(timeout=30_000)  # milliseconds: the machine may be busy


async def make_operator(username: str, *, superuser: bool, **columns: Any) -> BaseUser:
    """Return a new operator, whose password is ``PASSWORD``."""
    return await BaseUser.create_user(
        **{
            "username": username,
            "password": PASSWORD,
            "email": f"{username}@example.org",
            "active": True,
            "admin": True,
            "superuser": superuser,
            **columns,
        }
    )


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hash with one iteration: a log-in takes a third of a second otherwise."""
    BaseUser._pbkdf2_iteration_count = 1


@pytest.fixture(scope="session")
def _application() -> ASGIApp:
    settings = AdminSettings(login_attempts=10_000)
    return whole_site(settings)


def whole_site(settings: AdminSettings) -> ASGIApp:
    """Return the admin and the pages as they are served."""
    routes = [Mount("/admin/", create_site(settings)), Mount("/progress/", create_pages(settings))]
    return protect(Starlette(routes=routes), settings)


@pytest.fixture
def site(database: str, _application: ASGIApp) -> ASGIApp:
    """The application: the admin and the pages. Building it takes a second, so tests share one."""
    return _application


async def log_in_to(site: ASGIApp, username: str) -> httpx.AsyncClient:
    """Return the client of an operator who is logged in; it sends the CSRF token."""
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://admin.test")
    await client.get("/admin/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    response = await client.post(
        "/admin/public/login/", json={"username": username, "password": PASSWORD}
    )
    assert response.status_code == 200, response.text
    return client


Browse = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def log_in(site: ASGIApp) -> AsyncIterator[Browse]:
    """Log operators in to the application, by their username."""
    clients: list[httpx.AsyncClient] = []

    async def log_in(username: str) -> httpx.AsyncClient:
        clients.append(await log_in_to(site, username))
        return clients[-1]

    yield log_in
    for client in clients:
        await client.aclose()


@pytest.fixture
async def superuser(log_in: Browse) -> httpx.AsyncClient:
    """The client of Grace, who may change things."""
    await make_operator("grace", superuser=True)
    return await log_in("grace")


CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium of this machine, or ``CHROMIUM`` of the environment."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ((named,) if named else CHROMIUM_NAMES))
    return next((path for path in found if path), None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium. With REQUIRE_BROWSER=1 the tests fail where there is none."""
    path = find_chromium()
    if path is None:
        message = f"no Chromium found (looked for {', '.join(CHROMIUM_NAMES)} in PATH)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path, args=list(CHROMIUM_ARGUMENTS)
        )
        yield chromium
        await chromium.close()


@pytest.fixture
async def address(site: ASGIApp) -> AsyncIterator[str]:
    """The address at which the application is served over HTTP."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


class Desk:
    """An operator's browser window, which remembers what went wrong in the page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )

    async def log_in(self, username: str, password: str = PASSWORD) -> None:
        """Log in through the form."""
        await self.page.goto(f"{self.address}/admin/")
        await self.page.fill("input[name=username]", username)
        await self.page.fill("input[name=password]", password)
        await self.page.click("[data-uitest=login_button]")
        await self.page.wait_for_selector(f"text={username}")
        # The admin asks for its menu before it knows that nobody is logged in.
        self.complaints = [text for text in self.complaints if "401" not in text]

    async def enter(self, username: str, password: str = PASSWORD) -> None:
        """Log in without the form, which takes the time of a page."""
        request = self.page.context.request
        await request.get(f"{self.address}/admin/")
        cookies = await self.page.context.cookies()
        token = next(cookie["value"] for cookie in cookies if cookie["name"] == "csrftoken")
        response = await request.post(
            f"{self.address}/admin/public/login/",
            data={"username": username, "password": password},
            headers={"X-CSRFToken": token},
        )
        assert response.ok

    async def open(self, place: str) -> None:
        """Go to a place of the admin, such as ``workshops`` for its list."""
        await self.page.goto(f"{self.address}/admin/#/{place}")
        await self.page.wait_for_load_state("networkidle")


NewDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def new_desk(browser: Browser, address: str) -> AsyncIterator[NewDesk]:
    """Return browser windows that share nothing with each other."""
    contexts = []

    async def open_desk(**options: Any) -> Desk:
        context = await browser.new_context(**options)
        contexts.append(context)
        return Desk(await context.new_page(), address)

    yield open_desk
    for context in contexts:
        await context.close()


@pytest.fixture
async def desk(new_desk: NewDesk) -> Desk:
    """The browser of Grace, a superuser, who is logged in."""
    await make_operator("grace", superuser=True)
    desk = await new_desk()
    await desk.enter("grace")
    return desk


@pytest.fixture
async def viewer(log_in: Browse) -> httpx.AsyncClient:
    """The client of Vera, a plain admin, who may look."""
    await make_operator("vera", superuser=False)
    return await log_in("vera")


class AuditLog:
    """The entries that the log got since the test began; nothing can empty it."""

    def __init__(self, last: int) -> None:
        self.last = last

    async def entries(self, **columns: Any) -> list[dict[str, Any]]:
        """Return the new entries whose columns have these values, oldest first."""
        rows = (
            await AuditEntry.select()
            .where(AuditEntry.id > self.last)
            .order_by(AuditEntry.id)
            .output(load_json=True)
        )
        return [row for row in rows if columns.items() <= row.items()]


@pytest.fixture
async def audit_log(database: str) -> AuditLog:
    """The audit log from here on."""
    rows = await AuditEntry.raw(
        "SELECT COALESCE(max(id), 0) AS last FROM workshops_admin.admin_audit_log"
    )
    return AuditLog(rows[0]["last"])


async def save(
    client: httpx.AsyncClient, table: str, row_id: str, **changes: Any
) -> httpx.Response:
    """Do what the form's Save does: send the whole row as it is, with some fields changed."""
    address = f"/admin/api/tables/{table}/{row_id}/"
    row = (await client.get(address)).json()
    row.pop("id", None)
    return await client.patch(address, json={**row, **changes})


async def send(client: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Fill in a form of a page, as a browser would, and send it."""
    shown = await client.get(page)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', shown.text)
    assert token, f"no form on {page}"
    return await client.post(action, data={"csrf_token": token[1], **fields})
