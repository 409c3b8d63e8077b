"""A primary and a stand-by that follows it, each a PostgreSQL that can be killed and frozen."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]

from tests.commands.serving import free_port
from workshops.database.embedded.layout import Layout
from workshops.database.embedded.privileges import child_setup, choose_account
from workshops.database.embedded.server import find_programs


class Postgres:
    """One server, on a port of 127.0.0.1; it lets everybody in."""

    def __init__(self, home: Path, name: str) -> None:
        self._programs = find_programs()
        self._account = choose_account(Layout(home), self._programs / "postgres")
        self.port = free_port()
        self.data = home / name
        self.log = home / f"{name}.log"
        self.data.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(self.data, self._account.uid, self._account.gid)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                preexec_fn=child_setup(self._account),
                stdout=log,
                stderr=log,
            )

    def run(self, program: str, *arguments: str) -> None:
        assert self._start(program, *arguments).wait() == 0, self.log.read_text()

    async def start(self) -> None:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "log_statement": "all",
            "dynamic_shared_memory_type": "mmap",
        }
        options = (f"-c{name}={value}" for name, value in settings.items())
        self._process = self._start("postgres", f"-D{self.data}", *options)
        async with asyncio.timeout(120):
            while True:
                try:
                    await (await asyncpg.connect(self.url)).close()
                except (OSError, asyncpg.CannotConnectNowError):
                    assert self._process.poll() is None, self.log.read_text()
                    await asyncio.sleep(0.05)
                else:
                    return

    def _everybody(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the server."""
        for process in self._everybody():
            process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGKILL)
            self._process.wait()

    async def ask(self, statement: str, *arguments: object) -> object:
        """Run a statement on a connection of its own, and return the first value."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()


async def make_primary(home: Path) -> Postgres:
    """Start a new server that others can follow."""
    primary = Postgres(home, "primary")
    primary.run(
        "initdb", f"-D{primary.data}", "-Upostgres", "-Atrust", "--encoding=UTF8", "--locale=C",
        "--no-sync", "--no-instructions",
    )  # fmt: skip
    await primary.start()
    return primary


async def make_replica(home: Path, primary: Postgres) -> Postgres:
    """Start a stand-by that follows the primary."""
    replica = Postgres(home, "replica")
    replica.run(
        "pg_basebackup", f"-D{replica.data}", f"-d{primary.url}", "-R", "--checkpoint=fast",
        "--no-sync",
    )  # fmt: skip
    await replica.start()
    return replica
