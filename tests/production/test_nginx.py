"""nginx with TLS in front of two processes, as deploy/nginx.conf has it."""

from __future__ import annotations

import asyncio
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright, expect

from tests.admin.conftest import CHROMIUM_ARGUMENTS, Desk, find_chromium
from tests.commands.running import PROJECT
from tests.commands.serving import Serving, free_port, serving
from tests.production.conftest import needs, running
from workshops import operations
from workshops.admin.operators import create_operator

pytestmark = [needs("nginx"), needs("openssl")]

HOST = "admin.example.com"
SLOWLY = 8_000  # milliseconds: less than the page waits before it looks without a stream


class Site:
    """nginx, its address, and the processes behind it."""

    def __init__(self, directory: Path, database: str) -> None:
        self.directory = directory
        self.ports = free_port(), free_port()
        self.port = free_port()
        self.environment = {
            "DATABASE_URL": database,
            "PRODUCTION": "1",
            "ALLOWED_HOSTS": HOST,
            "TRUSTED_PROXIES": "127.0.0.1",
        }

    def configure(self) -> Path:
        """Make a certificate, and the site's configuration for the ports of this test."""
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
                *("-keyout", key, "-out", certificate),
            ],
            check=True,
            capture_output=True,
        )
        text = (PROJECT / "deploy" / "nginx.conf").read_text()
        for was, is_now in (
            ("listen 80", f"listen 127.0.0.1:{free_port()}"),
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("127.0.0.1:8001", f"127.0.0.1:{self.ports[0]}"),
            ("127.0.0.1:8002", f"127.0.0.1:{self.ports[1]}"),
            (f"/etc/ssl/private/{HOST}.key", str(key)),
            (f"/etc/ssl/{HOST}.pem", str(certificate)),
        ):
            assert was in text
            text = text.replace(was, is_now)
        main = self.directory / "nginx.conf"
        temporary = "".join(
            f"{name}_temp_path {self.directory}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main.write_text(
            f"daemon off; pid {self.directory}/pid; error_log {self.directory}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off;\n{temporary}{text}\n}}\n"
        )
        return main

    def client(self) -> httpx.AsyncClient:
        trust = ssl.create_default_context(cafile=str(self.directory / "certificate.pem"))
        transport = httpx.AsyncHTTPTransport(verify=trust)
        return httpx.AsyncClient(
            transport=transport,
            base_url=f"https://127.0.0.1:{self.port}",
            headers={"Host": HOST},
            timeout=30,
        )


@pytest.fixture
async def site(open_directory: Path, database: str) -> AsyncIterator[Site]:
    """nginx without anything behind it yet."""
    site = Site(open_directory, database)
    command = ("nginx", "-c", str(site.configure()), "-e", str(open_directory / "error.log"))
    async with running(*command, port=site.port):
        yield site


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """GET with the name of the site in TLS."""
    return await client.get(path, extensions={"sni_hostname": HOST})


async def test_an_operator_logs_in_through_tls(site: Site) -> None:
    """The cookie is secure, HSTS is sent, and the metrics stay inside."""
    password = await create_operator("grace", superuser=True)
    async with (
        serving(f"--port={site.ports[0]}", **site.environment) as process,
        site.client() as client,
    ):
        await process.wait_until_ready()
        page = await get(client, "/admin/")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"].startswith("max-age=")
        assert (await get(client, "/metrics")).status_code == 404
        answer = await client.post(
            "/admin/public/login/",
            json={"username": "grace", "password": password},
            headers={
                "Origin": f"https://{HOST}",
                "Referer": f"https://{HOST}/admin/",
                "X-CSRFToken": client.cookies["csrftoken"],
            },
            extensions={"sni_hostname": HOST},
        )
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"]
        assert "secure" in cookie.lower()
        assert "httponly" in cookie.lower()


async def test_a_download_that_is_cut_off_is_no_whole_one(site: Site) -> None:
    """When the process that sends it is killed, the client is told."""

    async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nid,ti\r\n"
        writer.write(chunked if b" HTTP/1.1\r\n" in head else b"HTTP/1.0 200 OK\r\n\r\nid,ti")
        writer.close()

    async with await asyncio.start_server(cut_off, "127.0.0.1", site.ports[0]), site.client() as c:
        with pytest.raises(httpx.RemoteProtocolError):
            await get(c, "/progress/board.csv")


@pytest.mark.browser
@needs("chromium")
async def test_a_browser_follows_the_board_through_tls(site: Site) -> None:
    """Somebody logs in by typing; the stream of changes is not held back on its way."""
    password = await create_operator("grace", superuser=True)
    workshop = await operations.create_workshop(
        clerk_user_id="user_1", title="A bakery without waste", original_idea=""
    )
    async with (
        serving(f"--port={site.ports[0]}", **site.environment) as process,
        async_playwright() as playwright,
    ):
        await process.wait_until_ready()
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(),
            args=[*CHROMIUM_ARGUMENTS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
        )
        context = await browser.new_context(ignore_https_errors=True)
        desk = Desk(await context.new_page(), f"https://{HOST}:{site.port}")
        await desk.log_in("grace", password)
        bare = [each["name"] for each in await context.cookies() if not each["secure"]]
        assert bare == []

        await desk.page.goto(f"{desk.address}/progress/")
        await expect(desk.page.locator(".live span")).to_have_text("Live")
        await operations.complete_step(workshop.id, "empathize")
        row = desk.page.locator(f'tr[data-key="{workshop.id}"]')
        await expect(row).to_contain_text("10 %", timeout=SLOWLY)
        assert desk.complaints == []
        await browser.close()


async def test_two_processes_are_restarted_in_turn_under_load(site: Site) -> None:
    """Each gets SIGTERM among requests; every request is answered by one of them."""
    statuses: list[int] = []
    done = asyncio.Event()

    async def load(client: httpx.AsyncClient) -> None:
        while not done.is_set():
            for path in ("/health", "/progress/", "/admin/"):
                answer = await get(client, path)
                statuses.append(answer.status_code)

    async with AsyncExitStack() as stack:
        processes: list[Serving] = []
        for port in site.ports:
            process = await stack.enter_async_context(serving(f"--port={port}", **site.environment))
            await process.wait_until_ready()
            processes.append(process)
        client = await stack.enter_async_context(site.client())
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(load(client))
            for number, port in enumerate(site.ports):
                await asyncio.sleep(1)
                assert await processes[number].stop(signal.SIGTERM) in (0, 143, -15)
                fresh = await stack.enter_async_context(
                    serving(f"--port={port}", **site.environment)
                )
                await fresh.wait_until_ready()
            done.set()
    assert len(statuses) > 100
    errors = (site.directory / "error.log").read_text()
    assert set(statuses) <= {200, 303}, errors
