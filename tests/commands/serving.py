"""A server that runs in a process of its own, as a person starts it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

from tests.commands.running import PROJECT


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Serving:
    """A running server and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.printed = ""

    async def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        while "Serving http" not in self.printed:
            line = await asyncio.wait_for(self.process.stdout.readline(), timeout=60)
            assert line, self.printed
            self.printed += line.decode()

    async def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), timeout=30)


@contextlib.asynccontextmanager
async def serving(*arguments: str, **environment: str) -> AsyncIterator[Serving]:
    """Start the command in a process group of its own; it is killed if the test did not stop it."""
    given = [int(argument[7:]) for argument in arguments if argument.startswith("--port=")]
    port = given[0] if given else free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "piccolo.main", "workshops", "serve", f"--port={port}"),
        *arguments,
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Serving(process, port)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
            await process.wait()
