"""Programs of the system around the application, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Skip with a word where a program is missing; CI requires it (``REQUIRE_BROWSER``)."""
    missing = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None
    required = bool(os.environ.get("REQUIRE_BROWSER"))
    return pytest.mark.skipif(missing and not required, reason=f"{program} is not installed")


@contextlib.asynccontextmanager
async def running(*command: str, port: int) -> AsyncIterator[None]:
    """Run a program while the block runs, from when it listens on its port."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(120):
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert process.returncode is None, await process.stderr.read()  # type: ignore[union-attr]
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.fixture
def open_directory(short_directory: Path) -> Path:
    """A directory that another account may read."""
    short_directory.chmod(0o755)
    return short_directory
