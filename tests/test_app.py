"""The ASGI application: health, redirect, lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import Server
from workshops.app import app
from workshops.database.migrations import project_engine


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose pool is the one of the tests."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as client:
        yield client


async def test_health_says_that_the_database_answers(client: httpx.AsyncClient) -> None:
    """200 with the time in UTC."""
    response = await client.get("/health")
    body = response.json()
    assert response.status_code == 200
    assert (body["status"], body["database"]) == ("healthy", "connected")
    age = datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])
    assert abs(age) < timedelta(minutes=5)


async def test_health_has_two_parts(client: httpx.AsyncClient) -> None:
    """Ready asks the database, as /health does; live does not."""
    assert (await client.get("/health/ready")).json()["status"] == "healthy"
    assert (await client.get("/health/live")).json() == {"status": "alive"}


async def test_health_is_asked_by_many_at_once(client: httpx.AsyncClient) -> None:
    """Each is told what the query that it waited for has found, not what a later one has."""

    async def ask() -> set[int]:
        return {(await client.get("/health")).status_code for _ in range(20)}

    assert set().union(*await asyncio.gather(*(ask() for _ in range(10)))) == {200}


async def test_health_is_503_without_details_when_the_database_is_gone(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that refuses gives the same body whatever the reason."""
    from workshops.database import DatabaseEngine, DatabaseSettings
    from workshops.tables import Workshop

    gone = DatabaseEngine(
        DatabaseSettings(database_url="postgresql://u:hunter2@127.0.0.1:1/d")  # type: ignore[arg-type]
    )
    monkeypatch.setattr(Workshop._meta, "_db", gone)
    response = await client.get("/health")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unhealthy",
        "database": "disconnected",
        "timestamp": response.json()["timestamp"],
    }


async def test_health_answers_within_five_seconds_when_the_database_hangs(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All connections of the pool are busy: unhealthy, not hanging."""
    monkeypatch.setattr("workshops.health.HEALTH_TIMEOUT", 0.1)
    pool = project_engine().pool
    assert pool is not None
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    try:
        response = await asyncio.wait_for(client.get("/health"), timeout=5)
    finally:
        for connection in held:
            await pool.release(connection)
    assert response.status_code == 503
    assert (await client.get("/health")).status_code == 200


async def test_health_recovers_after_the_server_ended_its_connections(
    client: httpx.AsyncClient, server: Server
) -> None:
    """A restarted database is healthy again without restarting the application."""
    await server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND application_name = 'workshops'"
    )
    statuses = [(await client.get("/health")).status_code for _ in range(12)]
    assert statuses[-1] == 200


@pytest.mark.parametrize("path", ["/progress", "/admin", "//evil.example/..//progress"])
async def test_no_redirect_leads_to_the_host_that_the_client_names(
    client: httpx.AsyncClient, path: str
) -> None:
    """Neither by the Host header nor by two slashes."""
    response = await client.get(
        f"http://127.0.0.1{path}", headers={"Host": "evil.example"}, follow_redirects=False
    )
    place = response.headers.get("location", "/")
    assert place.startswith("/")
    assert not place.startswith("//")


async def test_the_root_redirects_to_the_board(client: httpx.AsyncClient) -> None:
    """Somebody who opens the bare address finds the board."""
    response = await client.get("/")
    assert response.is_redirect
    assert response.headers["location"] == "/progress/"
