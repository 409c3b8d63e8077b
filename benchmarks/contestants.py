"""The processes that are measured, and how they are spoken to (see ``peers.worker``)."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.server import ROOT, Server

PEERS = ROOT / "benchmarks" / "peers"
PLAIN = "bench_plain"
"""The database with the six tables only."""
SITE = "bench_site"
"""A copy of it with the operators' tables, where triggers write what operators see."""


@dataclass(frozen=True)
class Contestant:
    """Who is measured: a name to be shown, and the command of its process."""

    name: str
    command: tuple[str, ...]
    database: str = PLAIN
    environment: dict[str, str] = field(default_factory=dict)
    only_writes: bool = False


def python(*arguments: str, environment: Path = Path(sys.executable).parent) -> tuple[str, ...]:
    """Return the command of a Python contestant."""
    return (str(environment / "python"), "-m", "benchmarks.peers.worker", *arguments)


_PEERS = ROOT / ".venv-peers" / "bin"
_OURS = ("ours", "piccolo", "asyncpg")
HAND = "hand-written asyncpg"
OURS = "ours (uvloop)"
OURS_WITH_SITE = "ours, operators' tables"

CONTESTANTS = (
    Contestant(HAND, python("handwritten", "asyncpg")),
    Contestant(
        "hand-written, no reset",
        python("handwritten", "asyncpg"),
        environment={"BENCH_RESET": "none"},
    ),
    Contestant(
        "hand-written, no reset (uvloop)",
        python("--uvloop", "handwritten", "asyncpg", "uvloop"),
        environment={"BENCH_RESET": "none"},
    ),
    Contestant("ours (asyncio)", python(*_OURS)),
    Contestant(OURS, python("--uvloop", *_OURS, "uvloop")),
    Contestant(OURS_WITH_SITE, python("--uvloop", *_OURS), database=SITE, only_writes=True),
    Contestant(
        "ours, transaction pooler",
        python("--uvloop", *_OURS),
        environment={"DATABASE_POOLER": "transaction"},
    ),
    Contestant("Drizzle on node-postgres", ("node", str(PEERS / "drizzle" / "worker.mjs"))),
    Contestant("plain Piccolo", python("plain_piccolo", "piccolo")),
    Contestant(
        "SQLAlchemy", python("sqlalchemy_peer", "SQLAlchemy", "asyncpg", environment=_PEERS)
    ),
    Contestant("Django", python("django_peer", "Django", "psycopg", environment=_PEERS)),
    Contestant("Tortoise", python("tortoise_peer", "tortoise-orm", environment=_PEERS)),
)


class Measured(Protocol):
    """Something that runs work and says how long each call took."""

    contestant: Contestant

    def run(self, work: str, inputs: list[list[Any]], callers: int) -> dict[str, Any]:
        """Return ``nanoseconds`` of each call and the ``seconds`` of all."""


class Worker:
    """A contestant's running process."""

    def __init__(self, contestant: Contestant, server: Server) -> None:
        self.contestant = contestant
        self._process = subprocess.Popen(
            contestant.command,
            cwd=ROOT,
            env=server.environment(contestant.database) | contestant.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.versions: dict[str, str] = self._hear()["versions"]

    @property
    def process_id(self) -> int:
        """The process, to look at its memory."""
        return self._process.pid

    def run(self, work: str, inputs: list[list[Any]], callers: int) -> dict[str, Any]:
        """Do the work for each input, shared by so many callers."""
        return self._ask({"do": "run", "work": work, "inputs": inputs, "callers": callers})

    def answers(self, work: str, inputs: list[list[Any]]) -> list[Any]:
        """Do the work and return what it gave."""
        answers: list[Any] = self._ask({"do": "answer", "work": work, "inputs": inputs})["answers"]
        return answers

    def stop(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.contestant.name} ended with {self._process.wait()}; see above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def workers(contestants: tuple[Contestant, ...], server: Server) -> Iterator[list[Worker]]:
    """Start the processes, and stop them at the end."""
    started: list[Worker] = []
    try:
        for contestant in contestants:
            started.append(Worker(contestant, server))
        yield started
    finally:
        for worker in started:
            worker.stop()
