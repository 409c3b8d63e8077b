"""What the server's process takes, idle and after many requests, and a workshop on disk."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import cycle, islice
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from benchmarks.contestants import SITE
from benchmarks.filling import TABLES
from benchmarks.peers.site import log_in
from benchmarks.server import ROOT, Server
from benchmarks.workloads import PAGES

_PORT = 8123
_CALLERS = 8
_OPERATOR = "bench-memory"
_IMPORT = """
import time; started = time.perf_counter()
import workshops; seconds = time.perf_counter() - started
import psutil; print(seconds, psutil.Process().memory_info().rss / 2**20)"""


async def measure(server: Server, *, requests: int) -> dict[str, Any]:
    """Serve the site, send it requests of every kind, and look at its memory between them."""
    environment = server.environment(SITE)
    password = _create_operator(environment)
    process = _serve(environment)
    try:
        points = await _load(psutil.Process(process.pid), password, requests)
    finally:
        process.terminate()
        process.wait()
    seconds, mib = min(_import() for _ in range(5))
    return {
        "versions": {},
        "points": points,
        "import_seconds": seconds,
        "import_mib": mib,
    }


_PICCOLO = (sys.executable, "-m", "piccolo.main", "workshops")


def _serve(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [*_PICCOLO, "serve", f"--port={_PORT}"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def _create_operator(environment: dict[str, str]) -> str:
    """Create an operator and return the password, which is printed as the longest word."""
    command = [*_PICCOLO, "operator", "create", _OPERATOR]
    made = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return max(made.stdout.decode().split(), key=len)


def _import() -> tuple[float, float]:
    """Return the seconds and the memory that a new process needs to import us."""
    command = [sys.executable, "-c", _IMPORT]
    seconds, mib = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.split()
    return float(seconds), float(mib)


async def _load(process: psutil.Process, password: str, requests: int) -> list[dict[str, Any]]:
    limits = httpx.Limits(max_connections=_CALLERS)
    address = f"http://127.0.0.1:{_PORT}"
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        while True:
            try:
                (await client.get("/health")).raise_for_status()
                break
            except httpx.TransportError:
                assert process.is_running(), "the server has ended"
                await asyncio.sleep(0.1)
        await log_in(client, _OPERATOR, password)
        points = [_point(process, 0)]
        paths = cycle(("/health", *PAGES.values()))
        for number in range(4):
            pending = islice(paths, requests // 4)

            async def caller() -> None:
                for path in pending:  # noqa: B023 - awaited in the same turn
                    (await client.get(path)).raise_for_status()

            await asyncio.gather(*(caller() for _ in range(_CALLERS)))
            points.append(_point(process, (number + 1) * (requests // 4)))
            print(points[-1], flush=True)
    return points


def _point(process: psutil.Process, requests: int) -> dict[str, Any]:
    return {"requests": requests, "mib": process.memory_info().rss / 2**20}


async def disk(server: Server) -> dict[str, int]:
    """Return the bytes of a workshop, its indexes included, and what operators' tables add.

    To be asked for before anything is written that a benchmark alone needs.
    """
    size = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
    async with server.connect(SITE) as connection:
        tables = await connection.fetchval(
            f"{size} oid = ANY ($1::text[]::regclass[])", list(TABLES)
        )
        site = await connection.fetchval(f"{size} relnamespace = 'workshops_admin'::regnamespace")
        count, outputs, steps = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM workshops), sum(pg_column_size(output)), count(*)"
            " FROM workshop_steps"
        )
    return {
        "tables": int(tables) // count,
        "outputs": int(outputs) // count,
        "steps": steps // count,
        "site": int(site) // count,
    }
