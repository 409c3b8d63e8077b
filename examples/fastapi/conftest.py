"""The migrated database that DATABASE_URL names, emptied before each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from notes.main import app
from piccolo_conf import DB
from workshops import Workshop
from workshops.testing import complete_tables


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[None]:
    """The tables, made by the command that an installation runs, and connections."""
    process = await asyncio.create_subprocess_exec(
        "piccolo", "workshops", "migrate", cwd=Path(__file__).parent
    )
    assert await process.wait() == 0
    await DB.start_connection_pool()
    yield
    await DB.close_connection_pool()


@pytest.fixture
async def client(pool: None) -> AsyncIterator[httpx.AsyncClient]:
    """Ada at work."""
    await Workshop.delete(force=True)
    await complete_tables()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        client.headers["Authorization"] = "Bearer user_ada"
        yield client
