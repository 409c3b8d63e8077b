"""The processes under torture, and the place where they are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]

from tests.commands.running import PROJECT
from tests.commands.serving import free_port
from tests.database.embedded.processes import ServerProcesses, wait_until
from tests.torture.disk import Disk, new_disk
from tests.torture.record import Reader
from workshops.database.embedded import EmbeddedServer, EmbeddedServerError

# Short, so that what hangs is met by them; a pool smaller than the tasks, so that they wait.
SETTINGS = {
    "DATABASE_POOL_SIZE": "6",
    "DATABASE_TIMEOUT": "3",
    "DATABASE_STATEMENT_TIMEOUT": "4",
    "DATABASE_LOCK_TIMEOUT": "3",
    "DATABASE_WAIT": "60",
}


class GoneError(Exception):
    """Something does not answer any more."""


class House:
    """An embedded PostgreSQL, a served site and a driver, each of which may be killed."""

    def __init__(self, seed: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="workshops-torture-"))
        self.data = self.directory / "data"
        self.data.mkdir(mode=0o700)
        self.disk: Disk = new_disk(self.data)
        self.server = ServerProcesses(self.data)
        self.record = self.directory / "record"
        self.reader = Reader(self.record)
        self.port = free_port()
        self.lives = 0
        self.ended: list[str] = []
        """Drivers that ended without being killed, and what they said."""
        self._seed = seed
        self._embedded = EmbeddedServer(self.data)
        self._site: subprocess.Popen[bytes] | None = None
        self._driver: subprocess.Popen[bytes] | None = None
        unset = {"DATABASE_URL", "DATABASE_POOLER", "PRODUCTION", "ALLOWED_HOSTS"}
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self._environment = {**inherited, **SETTINGS, "WORKSHOPS_DATA_DIR": str(self.data)}

    async def connect(self) -> asyncpg.Connection:
        """Return a connection past everything that is under torture.

        Raises:
            OSError, asyncpg.PostgresError: there is no server to connect to.
        """
        try:
            config = self._embedded.connection_config()
        except EmbeddedServerError as error:
            raise ConnectionError(error) from error
        return await asyncpg.connect(**config, timeout=2, command_timeout=10)

    @property
    def site(self) -> psutil.Process:
        """The process that serves the site, and folds the changes."""
        assert self._site is not None
        return psutil.Process(self._site.pid)

    @property
    def driver(self) -> psutil.Process:
        """The process in which the ten tasks are."""
        assert self._driver is not None
        return psutil.Process(self._driver.pid)

    def keep(self) -> None:
        """Start the site and the driver where they do not run, as an init system does."""
        if self._site is None or self._site.poll() is not None:
            self._site = self._start("site", *self._piccolo("serve", f"--port={self.port}"))
        if self._driver is None or (code := self._driver.poll()) is not None:
            if self._driver is not None and code != -signal.SIGKILL:
                self.ended.append(f"A driver ended with {code}: {self.output('driver')[-2000:]}")
            module = (sys.executable, "-m", "tests.torture.driver")
            number, self.lives = str(self.lives), self.lives + 1
            self._driver = self._start("driver", *module, str(self.record), number, self._seed)

    def prepare(self) -> None:
        """Make the database; the site fills in a demo when it starts."""
        done = self.run("migrate")
        if done.returncode:
            raise GoneError(done.stdout)

    def stop_driver(self) -> None:
        """Let every task finish what it has begun."""
        self._end(self._driver)
        self._driver = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ``piccolo workshops``."""
        return subprocess.run(
            self._piccolo(*arguments),
            cwd=PROJECT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def output(self, name: str) -> str:
        """Return what the site or the driver has printed."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def leave(self) -> list[Any]:
        """Stop everything in order, and return the processes that are left."""
        for process in (self._driver, self._site):
            self._end(process)
        with suppress(AssertionError):
            wait_until(lambda: not self.server.processes())
        left = self.server.processes()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.disk.leave()
        return left

    def remove(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _piccolo(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "piccolo.main", "workshops", *arguments)

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
