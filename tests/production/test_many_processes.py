"""Several applications on one database: they migrate, serve and keep the board together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import httpx

from tests.commands.running import run, run_program
from tests.commands.serving import Serving, serving
from tests.conftest import Server
from tests.test_serving import answering
from workshops.step_catalog import STEP_CATALOG

APPLICATIONS = 4

WRITER = """
import asyncio, sys
from workshops import operations
from workshops.database.migrations import project_engine

async def write(person):
    for number in range(5):
        workshop = await operations.create_workshop(
            clerk_user_id=person, title=f"Tea {number}", original_idea=""
        )
        await operations.append_step_message(workshop.id, "empathize", {"role": "user"})
        await operations.complete_step(workshop.id, "empathize")

async def main():
    await project_engine().start_connection_pool()
    await asyncio.gather(*(write(f"{sys.argv[1]}_{n}") for n in range(4)))
    await project_engine().close_connection_pool()

asyncio.run(main())
"""

COMPARED = """
import asyncio
from workshops.projection import compare, refresh

async def main():
    await refresh()
    found = await compare()
    print(found.different, found.behind)

asyncio.run(main())
"""


async def test_four_applications_on_one_database(server: Server, empty_database: str) -> None:
    """They start on an empty database at once; it is migrated once, and the board is exact.

    While all of them serve, with a folder each, other processes write; one application is
    killed in the middle of it.
    """
    url = server.url(empty_database)
    async with contextlib.AsyncExitStack() as stack:
        sites = [
            await stack.enter_async_context(serving("--migrate", DATABASE_URL=url))
            for _ in range(APPLICATIONS)
        ]
        await asyncio.gather(*(site.wait_until_ready() for site in sites))
        connection = await server.connect(empty_database)
        try:
            twice = await connection.fetchval(
                "SELECT count(*) - count(DISTINCT (app_name, name)) FROM migration"
            )
            assert twice == 0
            steps = await connection.fetchval("SELECT count(*) FROM step_definitions")
            assert steps == len(STEP_CATALOG)

            writers = [
                asyncio.create_task(
                    run_program(sys.executable, "-c", WRITER, f"user{n}", DATABASE_URL=url)
                )
                for n in range(2)
            ]
            os.killpg(sites[0].process.pid, signal.SIGKILL)
            for writer in writers:
                result = await writer
                assert result.code == 0, result.err
            async with asyncio.timeout(120):
                # The three that are left fold it.
                while await connection.fetchval(
                    "SELECT count(*), pg_sleep(0.1) FROM workshops_admin.changes"
                ):
                    pass
            assert await connection.fetchval("SELECT count(*) FROM workshops_admin.summaries") == 40
        finally:
            await connection.close()
        compared = await run_program(sys.executable, "-c", COMPARED, DATABASE_URL=url)
        assert compared.out.split() == ["0", "0"], compared
        for site in sites[1:]:
            async with httpx.AsyncClient(base_url=site.url) as client:
                assert (await client.get("/health")).json()["status"] == "healthy"
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check


async def test_processes_count_log_ins_together(database: str) -> None:
    """Two workers and a second application let six guesses of an address pass, not six each."""
    environment = {"DATABASE_URL": database, "LOGIN_ATTEMPTS": "6"}
    guess = {"username": "grace", "password": "wrong"}

    async def status(site: Serving) -> int:
        async with httpx.AsyncClient(base_url=site.url, timeout=120) as client:
            await client.get("/admin/")
            client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
            answer = await client.post("/admin/public/login/", json=guess)
            return answer.status_code

    async with serving("--workers=2", **environment) as one, serving(**environment) as other:
        assert len(await answering(one)) == 2
        await other.wait_until_ready()
        statuses = await asyncio.gather(*(status(site) for site in (one, other) * 6))
    assert sorted(statuses) == [401] * 6 + [429] * 6
