"""The original application's side: Node, with Drizzle from npm, and its own database."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commands.running import Result, run, run_program
from tests.conftest import Server

DIRECTORY = Path(__file__).parent
MODULES = DIRECTORY / "node_modules"

# Neither side may depend on where it runs.
NODE_ZONE, PYTHON_ZONE, SERVER_ZONE = "America/New_York", "Asia/Kolkata", "Australia/Adelaide"


def _skip(reason: str) -> None:
    if os.environ.get("REQUIRE_NODE"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def node() -> None:
    """Node with the packages of package-lock.json, installed once; else the test is skipped."""
    if not (shutil.which("node") and shutil.which("npm")):
        _skip("node and npm are needed for the other application")
    lock = (DIRECTORY / "package-lock.json").read_bytes()
    stamp = MODULES / ".installed"
    with (DIRECTORY / ".npm-ci.lock").open("w") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != lock:
            arguments = ("--ignore-scripts", "--no-audit", "--no-fund")
            result = await run_program("npm", "ci", *arguments, directory=DIRECTORY)
            if result.code:
                _skip(f"npm ci failed: {result.err.strip().splitlines()[-1]}")
            stamp.write_bytes(lock)


@pytest.fixture
async def drizzle_url(node: None, server: Server, empty_database: str) -> str:
    """The URL of a database that drizzle-kit made of the original design, with definitions."""
    await server.run(f"ALTER DATABASE {empty_database} SET timezone = '{SERVER_ZONE}'")
    url = server.url(empty_database)
    await drizzle_kit(url, "push", "--force")
    await product(url, "seed")
    return url


@pytest.fixture
async def shared_url(drizzle_url: str) -> str:
    """The URL of such a database with six workshops, adopted by us."""
    await product(drizzle_url, "create", "6")
    await piccolo(drizzle_url, "migrate")
    return drizzle_url


async def product(url: str, *command: str, **environment: str) -> Any:
    """Run a command of product.js, and return its answer."""
    environment |= {"DATABASE_URL": url, "TZ": NODE_ZONE}
    result = await run_program("node", "product.js", *command, directory=DIRECTORY, **environment)
    assert result.code == 0, result
    return json.loads(result.out)


async def drizzle_kit(
    url: str, *arguments: str, out: Path = DIRECTORY / "out", as_advised: bool = False
) -> str:
    """Run drizzle-kit, taking what it proposes where it asks, and return what it printed.

    It asks on a terminal only: whether a unique constraint may be added to a table
    with rows, for one, which it sometimes does for one that is there (0.31: it reads
    the columns in no order).
    """
    terminal, end = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        str(MODULES / ".bin/drizzle-kit"),
        *arguments,
        cwd=DIRECTORY,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DRIZZLE_OUT": _from_here(out),
            "AS_ADVISED": "1" if as_advised else "",
        },
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    os.set_blocking(terminal, False)
    printed = bytearray()

    def receive() -> None:
        # At its end Linux says that there is an error, where others say nothing.
        with contextlib.suppress(BlockingIOError, OSError):
            while data := os.read(terminal, 65536):
                printed.extend(data)
                if "❯".encode() in data:  # a list to choose from; the first line is "No, ..."
                    os.write(terminal, b"\r")

    asyncio.get_running_loop().add_reader(terminal, receive)
    try:
        async with asyncio.timeout(120):
            code = await process.wait()
    finally:
        asyncio.get_running_loop().remove_reader(terminal)
        receive()
        os.close(terminal)
    text = printed.decode(errors="replace")
    assert code == 0, text
    return text


def _from_here(out: Path) -> str:
    """Return the path as drizzle-kit takes it: an absolute one would be put behind ``./``."""
    return os.path.relpath(out, DIRECTORY)


async def piccolo(url: str, *command: str) -> Result:
    """Run ``piccolo workshops``, which must succeed."""
    result = await run("workshops", *command, DATABASE_URL=url, TZ=PYTHON_ZONE)
    assert result.code == 0, result
    return result
