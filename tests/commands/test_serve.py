"""``piccolo workshops serve``, as a person starts and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx

from tests.commands.running import PROJECT, run
from tests.commands.serving import free_port, serving
from tests.conftest import Server


def processes_using(directory: Path) -> list[str]:
    """The command lines of all processes that name a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(directory) in command:
                found.append(command)
    return found


async def test_the_first_start_has_a_demo_and_an_operator_and_the_second_keeps_them(
    short_directory: Path,
) -> None:
    """With the embedded database everything is there at once; a restart adds nothing."""
    data = short_directory / "data"
    environment = {"DATABASE_URL": "", "WORKSHOPS_DATA_DIR": str(data)}
    async with serving(**environment) as first:
        await first.wait_until_ready()
        assert "A demo was written: 60 workshops." in first.printed
        found = re.search(r"user name +(\S+)\n +password +(\S+)", first.printed)
        assert found, first.printed
        async with httpx.AsyncClient(base_url=first.url) as client:
            assert (await client.get("/health")).json()["status"] == "healthy"
            assert f"Serving {first.url}/ (" in first.printed
            assert (await client.get("/")).headers["location"] == "/progress/"
            login = (await client.get("/progress/")).headers["location"]
            assert login == "/admin/?next=/progress/"
            assert (await client.get(login)).status_code == 200
        check = await run("workshops", "check", **environment)
        assert check.code == 0, check
        assert await first.stop(signal.SIGINT) in (0, 130)
    assert processes_using(data) == []

    async with serving(**environment) as second:
        await second.wait_until_ready()
        assert "A demo was written" not in second.printed
        assert "password" not in second.printed
        assert await second.stop(signal.SIGTERM) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
    assert processes_using(data) == []


async def test_nothing_is_put_into_somebodys_own_database_unasked(
    server: Server, migrated_database: str
) -> None:
    """With DATABASE_URL there is no demo and no operator, only a hint how to create one."""
    async with serving(DATABASE_URL=server.url(migrated_database)) as own:
        await own.wait_until_ready()
        assert "piccolo workshops operator create" in own.printed
        connection = await server.connect(migrated_database)
        assert await connection.fetchval("SELECT count(*) FROM workshops") == 0
        assert await connection.fetchval("SELECT count(*) FROM piccolo_user") == 0
        await connection.close()
        await own.stop(signal.SIGINT)


async def test_pending_migrations_stop_the_start_with_a_sentence(
    server: Server, empty_database: str
) -> None:
    """The sentence names the command, and nothing was created."""
    result = await run(
        "workshops", "serve", f"--port={free_port()}", DATABASE_URL=server.url(empty_database)
    )
    assert result.code == 1
    assert re.fullmatch(
        r"\d+ migrations have not been run on this database\. "
        r"Run: piccolo workshops migrate \(or serve with --migrate\)\.\n",
        result.err,
    )
    connection = await server.connect(empty_database)
    assert await connection.fetchval("SELECT to_regclass('workshops')") is None
    await connection.close()


async def test_migrate_and_demo_do_it_in_one_go(server: Server, empty_database: str) -> None:
    """--migrate --demo on an empty database serves a demo."""
    async with serving("--migrate", "--demo", DATABASE_URL=server.url(empty_database)) as own:
        await own.wait_until_ready()
        assert "A demo was written: 60 workshops." in own.printed
        await own.stop(signal.SIGINT)


async def test_a_port_that_is_taken_is_told_before_anything_happens(database: str) -> None:
    """The sentence proposes another port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = await run("workshops", "serve", f"--port={port}")
    assert result.code == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in result.err
    assert f"PORT={port + 1}" in result.err


async def test_an_asgi_server_reports_a_missing_database_in_a_sentence() -> None:
    """uvicorn workshops.app:app logs the sentence instead of a traceback, and exits."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "workshops.app:app", f"--port={free_port()}"),
        cwd=PROJECT,
        env={
            **os.environ,
            "DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/d",
            "DATABASE_WAIT": "0",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    text = out.decode()
    assert process.returncode != 0
    assert "Cannot connect to 127.0.0.1:1/d" in text
    assert "Traceback" not in text
    assert "hunter2" not in text


async def test_a_setting_of_the_admin_that_cannot_be_used_is_a_sentence(database: str) -> None:
    """serve names the variable and exits with non-zero."""
    result = await run("workshops", "serve", f"--port={free_port()}", PRODUCTION="1")
    assert result.code == 1
    assert "PRODUCTION is set, but ALLOWED_HOSTS is not" in result.err
    assert "Traceback" not in result.err
