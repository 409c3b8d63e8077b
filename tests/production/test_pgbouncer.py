"""The application behind PgBouncer in transaction mode, as deploy/pgbouncer.ini has it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.commands.running import PROJECT, run, run_program
from tests.commands.serving import free_port, serving
from tests.conftest import Server
from tests.database.test_engine import engine_for, forwarding
from tests.production.conftest import needs, running
from workshops.observability.metrics import SlowStatements

pytestmark = needs("pgbouncer")


@pytest.fixture
async def pooler(server: Server, open_directory: Path) -> AsyncIterator[str]:
    """The address of every database of the server through PgBouncer; %s is its name."""
    port, server_port = free_port(), free_port()
    user, password = server.config["user"], server.config.get("password") or ""
    config = (PROJECT / "deploy" / "pgbouncer.ini").read_text()
    config = config.replace("port=5432", f"port={server_port}").replace("6432", str(port))
    config = re.sub(
        r"^workshops = (.*) dbname=\w+$",
        rf"* = \1 user={user} password={password}",
        config,
        flags=re.MULTILINE,
    )
    config = config.replace("/etc/pgbouncer", str(open_directory))
    config += "server_idle_timeout = 1\n"  # a database that is copied must have no connection
    (open_directory / "userlist.txt").write_text(f'"{user}" "{password}"\n')
    (open_directory / "pgbouncer.ini").write_text(config)
    account = ("--user=nobody",) if os.geteuid() == 0 else ()
    command = ("pgbouncer", *account, str(open_directory / "pgbouncer.ini"))
    async with forwarding(server_port, server), running(*command, port=port):
        yield f"postgresql://{user}:{password}@127.0.0.1:{port}/%s?pgbouncer=true"


async def test_the_application_works_through_it(pooler: str, empty_database: str) -> None:
    """Migrations by several at once, the demo, the check, the doctor, a backup, and the site."""
    url = pooler % empty_database
    several = [run("workshops", "migrate", DATABASE_URL=url) for _ in range(2)]
    for result in await asyncio.gather(*several):
        assert result.code == 0, result
    for command in (("demo", "--count=5"), ("check",)):
        result = await run("workshops", *command, DATABASE_URL=url)
        assert result.code == 0, result
    async with serving(DATABASE_URL=url) as site:
        await site.wait_until_ready()
        async with httpx.AsyncClient(base_url=site.url) as client:
            answers = await asyncio.gather(*(client.get("/health") for _ in range(50)))
            assert {answer.status_code for answer in answers} == {200}


async def test_the_operations_work_through_it(pooler: str) -> None:
    """Their tests, every connection of which goes through PgBouncer, and a watch."""
    result = await run_program(
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
        *("tests/operations/test_sessions.py", "tests/operations/test_steps.py"),
        "tests/projection/test_listening.py::test_change_is_heard_after_the_first_call_to_read",
        TEST_DATABASE_URL=pooler % "postgres",
        DATABASE_URL=None,
    )
    assert result.code == 0, result.out
    assert " passed" in result.out


async def test_asking_for_a_plan_leaves_nothing_in_the_session(
    pooler: str, empty_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where there is none, as of a division by zero: the next statement has its own."""
    engine = engine_for(pooler % empty_database)
    slow = SlowStatements(engine, 0)
    engine.observers.append(slow)
    await engine.start_connection_pool()
    for statement in ("SELECT 1 / 0", "SELECT 1", "SELECT 2"):
        slow._asking = None
        with contextlib.suppress(asyncpg.DivisionByZeroError):
            await engine._run_in_pool(statement)
        while slow._asking is None:  # noqa: ASYNC110 - asyncpg tells of it a moment later
            await asyncio.sleep(0)
        await slow._asking
    await engine.close_connection_pool()
    assert caplog.text.count("no plan: DivisionByZeroError") == 1
    assert caplog.text.count("Result  (cost=") == 2
