"""The operators' site: whole HTTP requests through the ASGI application, in its process."""

from __future__ import annotations

from typing import Any

import httpx

from workshops.admin.operators import create_operator
from workshops.app import app
from workshops.database.migrations import project_engine

_client: httpx.AsyncClient


async def open() -> None:
    """Start the pool, as the application's lifespan does, and log in a new operator."""
    global _client
    await project_engine().start_connection_pool()
    _client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
    await log_in(_client, "bench", await create_operator("bench", superuser=True))


async def log_in(client: httpx.AsyncClient, username: str, password: str) -> None:
    """Give a client the session of an operator."""
    await client.get("/admin/")
    answer = await client.post(
        "/admin/public/login/",
        json={"username": username, "password": password},
        headers={"X-CSRFToken": client.cookies["csrftoken"]},
    )
    answer.raise_for_status()


def plain(value: Any) -> Any:
    """Everything is plain already."""
    raise TypeError(type(value).__name__)


async def request(path: str) -> str:
    """Get a page."""
    answer = await _client.get(path)
    answer.raise_for_status()
    return answer.text
