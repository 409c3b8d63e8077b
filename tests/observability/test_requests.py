"""Metrics, logs and traces of a server that runs in a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import set_tracer_provider

from tests.commands.serving import Serving, serving
from tests.conftest import Server
from tests.database.test_engine import engine_for
from workshops import operations
from workshops.errors import NotFoundError
from workshops.observability.metrics import SlowStatements
from workshops.observability.requests import pattern
from workshops.projection import folder

TOKEN = "a-token-for-metrics"


@pytest.fixture
async def observed(database: str) -> AsyncIterator[Serving]:
    """A server with metrics and JSON logs."""
    async with serving(
        DATABASE_URL=database, METRICS_TOKEN=TOKEN, LOG_FORMAT="json", SLOW_STATEMENT="0.000001"
    ) as server:
        await server.wait_until_ready()
        yield server


async def test_requests_and_statements_are_counted(observed: Serving) -> None:
    """By the pattern of the path; an unknown path is one pattern, whatever it is."""
    await operations.create_workshop(clerk_user_id="user_ada", title="A", original_idea="B")
    async with httpx.AsyncClient(base_url=observed.url) as client:
        assert (await client.get("/metrics")).status_code == 401
        for path in ("/health", "/nowhere/ws_abc", "/elsewhere"):
            await client.get(path)
        for method, path in (
            ("GET", "/admin/api/tables/workshops/ws_abc/"),
            ("GET", "/progress/workshops/ws_abc/"),
            ("GET", "/progress/workshops/ws_abc"),
            ("POST", "/progress/static/ws_abc"),
        ):
            assert (await client.request(method, path)).status_code < 500
        await client.get("/progress/static/theme.js")
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    for line in (
        'workshops_request_seconds_count{method="GET",route="/health",status="200"} 1.0',
        'workshops_request_seconds_count{method="GET",route="(unknown)",status="404"} 2.0',
        'workshops_request_seconds_count{method="GET",route="/metrics",status="401"} 1.0',
        'workshops_by_status{status="draft"} 1.0',
        'workshops_pool_connections{state="waiting"} 0.0',
        "workshops_database_up 1.0",
    ):
        assert line in answer.text, answer.text
    assert re.search(r'workshops_statement_seconds_count\{failed="no"\} [1-9]', answer.text)
    assert "user_ada" not in answer.text
    assert "ws_abc" not in answer.text
    assert 'route="/progress/static/{path}",status="200"' in answer.text


async def test_the_age_of_the_board_is_told_where_nothing_tells_of_changes(
    server: Server, migrated_database: str
) -> None:
    """As on a cluster, which has no triggers; here the board is an hour old, and nobody folds."""
    connection = await server.connect(migrated_database)
    await connection.execute(
        'CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", repmodel "char")'
    )
    for name in await connection.fetch(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'workshops'::regclass AND NOT tgisinternal"
    ):
        await connection.execute(f"DROP TRIGGER {name['tgname']} ON workshops")
    await connection.execute(f"SELECT pg_advisory_lock({folder._LOCK})")
    await connection.execute("UPDATE workshops_admin.state SET as_of = now() - INTERVAL '1 hour'")
    async with (
        serving(DATABASE_URL=server.url(migrated_database), METRICS_TOKEN=TOKEN) as site,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        await site.wait_until_ready()
        answer = await client.get(f"{site.url}/metrics")
    await connection.close()
    [age] = re.findall(r"^workshops_projection_age_seconds (\S+)$", answer.text, re.MULTILINE)
    assert 3600 <= float(age) < 7200


async def log_of(server: Serving) -> list[dict[str, Any]]:
    """What a server has logged until its end."""
    server.process.send_signal(signal.SIGTERM)
    output, _ = await server.process.communicate()
    return [json.loads(line) for line in output.decode().splitlines()]


async def test_each_line_is_an_object_with_the_request(observed: Serving) -> None:
    """The answer carries the identifier, a proxy's own if it is a plain one."""
    async with httpx.AsyncClient(base_url=observed.url) as client:
        given = await client.get("/health", headers={"X-Request-ID": "from-the-proxy.1"})
        made = await client.get("/progress/", headers={"X-Request-ID": "no {spaces}"})
    assert given.headers["x-request-id"] == "from-the-proxy.1"
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    logged = await log_of(observed)
    requests = [line for line in logged if line["logger"] == "workshops.access"]
    assert [line["request_id"] for line in requests] == [
        "from-the-proxy.1",
        made.headers["x-request-id"],
    ]
    assert requests[0]["route"] == "/health"
    assert set(requests[0]) == {
        *("time", "level", "logger", "message", "request_id"),
        *("method", "route", "status", "seconds"),
    }
    slow = [line for line in logged if line["message"] == "slow statement"]
    assert slow


async def test_a_slow_statement_is_logged_without_its_values(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the plan for any values."""
    engine = engine_for(database)
    slow = SlowStatements(engine, 0)
    engine.observers.append(slow)
    await engine.start_connection_pool()
    await engine._run_in_pool("SELECT id FROM workshops WHERE clerk_user_id = $1", ["user_secret"])
    while slow._asking is None:  # noqa: ASYNC110 - asyncpg tells of it a moment later
        await asyncio.sleep(0)
    await slow._asking
    await engine.close_connection_pool()
    assert "workshops WHERE clerk_user_id = $1" in caplog.text
    assert "Scan" in caplog.text
    assert "user_secret" not in caplog.text


async def test_operations_have_spans(database: str) -> None:
    """Of their names, and without their arguments."""
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    set_tracer_provider(provider)
    with pytest.raises(NotFoundError):
        await operations.get_workshop("ws_not_there")
    (found,) = memory.get_finished_spans()
    assert found.name == "get_workshop"
    assert not found.status.is_ok
    assert not found.attributes


@pytest.mark.parametrize(
    ("path", "parameters", "expected"),
    [
        ("/progress/ws_a/", {"workshop_id": "ws_a"}, "/progress/{workshop_id}/"),
        ("/tables/workshops/ws_a/", {"row_id": "ws_a"}, "/tables/workshops/{row_id}/"),
        ("/static/a/b.css", {"path": "/a/b.css"}, "/static{path}"),
        ("/ids/7/", {"id": 7}, "/ids/{id}/"),
    ],
)
def test_the_pattern_of_a_path(path: str, parameters: dict[str, object], expected: str) -> None:
    """Values of parameters are replaced by their names."""
    assert pattern(path, parameters) == expected
