"""Faults of asyncpg 0.32, uvicorn 0.54 and markdown-it-py 4.3."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import uvicorn
from markdown_it import MarkdownIt

from tests.conftest import Server
from tests.upstream.test_piccolo_api import fault


@fault("workshops.database.settings._NOT_FOR_ASYNCPG")
async def test_parameters_of_libpq_are_understood(server: Server, database: str) -> None:
    """A URL that psql and other drivers take works."""
    url = server.url(urlsplit(database).path.removeprefix("/"))
    connection = await asyncpg.connect(f"{url}&connect_timeout=5&channel_binding=prefer")
    await connection.close()


@fault("workshops.database.outages.outage, which reads the message")
async def test_closed_connection_is_an_outage(server: Server, database: str) -> None:
    """A connection that is gone can be told from a mistake in the use of the driver."""
    connection = await server.connect(urlsplit(database).path.removeprefix("/"))
    await connection.close()
    with pytest.raises(asyncpg.PostgresConnectionError):
        await connection.fetch("SELECT 1")


@fault("workshops.database.engine._give_back")
async def test_release_makes_no_task(server: Server, database: str) -> None:
    """Giving back a connection that needs no reset costs next to nothing."""

    async def nothing(connection: asyncpg.Connection) -> None: ...

    url = server.url(urlsplit(database).path.removeprefix("/"))
    made = 0

    def make(loop: Any, work: Any, **options: Any) -> asyncio.Task[Any]:
        nonlocal made
        made += 1
        return asyncio.Task(work, loop=loop, **options)

    async with asyncpg.create_pool(url, min_size=1, max_size=1, reset=nothing) as pool:
        connection = await pool.acquire()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(make)
        try:
            await pool.release(connection)
        finally:
            loop.set_task_factory(None)
    assert not made


@fault("workshops.serving.ImpatientProtocol")
def test_request_has_a_time_limit() -> None:
    """A client that sends its request for hours does not keep a connection."""
    between_requests = {"keep_alive", "notify", "graceful_shutdown", "worker_healthcheck"}
    limits = {
        name.removeprefix("timeout_")
        for name in inspect.signature(uvicorn.Config).parameters
        if name.startswith("timeout_")
    }
    assert limits - between_requests


@fault("workshops.rendering.pdf.markdown_blocks")
def test_nothing_is_dropped() -> None:
    """A text that is nested deeper than the limit is still there."""
    parser = MarkdownIt("commonmark", {"maxNesting": 10})
    assert "deep" in parser.render("> " * 20 + "deep")
