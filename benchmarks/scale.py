"""``make bench-scale``: does anything get slower with 10,000, 100,000 and 1,000,000 workshops?

It fills a database of each size, brings the operators' tables to it as in an adoption while
somebody reads and writes, and then calls every operation and asks for every page, the sizes
in turns. A million workshops need ten minutes and about 12 GB of disk.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from rich.progress import Progress, TimeElapsedColumn

from benchmarks import report
from benchmarks.contestants import Contestant, Worker, python, workers
from benchmarks.exercises import EXERCISES
from benchmarks.filling import SHORT_OUTPUT, TABLES, fill
from benchmarks.measuring import percentile
from benchmarks.server import Server, running_server
from benchmarks.workloads import ADMIN_PAGES, FUNNEL_PAGES, board_pages
from workshops.step_catalog import STEP_CATALOG

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS, CALLS, PAGE_ROUNDS = 6, 10, 3
WANTED_RATIO = 1.25
ADOPTED = "2026-11-22T11:41:14:685088"


def _database(size: int) -> str:
    return f"bench_{size}"


async def build(server: Server, size: int) -> dict[str, str]:
    """Fill a database and migrate it, and return what that took."""
    name = _database(size)
    await server.create_database(name)
    # What the other application has made: the tables, with its keys and indexes only.
    server.run_piccolo(name, "migrations", "forwards", "workshops", ADOPTED)
    started = time.perf_counter()
    async with server.connect(name) as connection:
        await connection.executemany(
            'INSERT INTO step_definitions (id, "order", name, description) VALUES ($1, $2, $3, $4)',
            STEP_CATALOG,
        )
        with Progress(*Progress.get_default_columns(), TimeElapsedColumn()) as progress:
            task = progress.add_task(f"{size:,} workshops", total=size)
            await fill(
                connection,
                size,
                output=SHORT_OUTPUT,
                progress=lambda done: progress.update(task, completed=done),
            )
    facts = {"filling it": f"{time.perf_counter() - started:.0f} s"}
    migration = asyncio.create_task(
        asyncio.to_thread(server.run_piccolo, name, "workshops", "migrate")
    )
    started = time.perf_counter()
    reads, writes = await asyncio.gather(
        _longest_wait(server, name, _READ, migration),
        _longest_wait(server, name, _WRITE, migration),
    )
    await migration
    facts |= {
        "`piccolo workshops migrate`": f"{time.perf_counter() - started:.1f} s",
        "a read waited at most": f"{reads:.2f} s",
        "a write waited at most": f"{writes:.2f} s",
    }
    started = time.perf_counter()
    server.run_piccolo(name, "workshops", "refresh")
    facts["making the operators' view"] = f"{time.perf_counter() - started:.1f} s"
    async with server.connect(name) as connection:
        await connection.execute("VACUUM ANALYZE")
        tables = await connection.fetchval(
            "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest($1::text[]) AS name",
            TABLES,
        )
        database = await connection.fetchval("SELECT pg_database_size($1)", name)
    await server.warm(name, TABLES)
    facts["the six tables with their indexes"] = f"{tables / 2**30:.2f} GiB"
    facts["the operators' tables"] = f"{(database - tables) / 2**30:.2f} GiB"
    return facts


_SOMEBODY = "(SELECT id FROM workshops WHERE status = 'active' ORDER BY id LIMIT 1)"
_READ = f"SELECT title FROM workshops WHERE id = {_SOMEBODY}"
_WRITE = (
    "UPDATE workshops SET updated_at = updated_at + interval '1 millisecond'"
    f" WHERE id = {_SOMEBODY}"
)


async def _longest_wait(
    server: Server, database: str, statement: str, until: asyncio.Task[None]
) -> float:
    """Send a statement again and again, and return the seconds that the slowest one took."""
    longest = 0.0
    async with server.connect(database) as connection:
        while not until.done():
            started = time.perf_counter()
            await connection.execute(statement)
            longest = max(longest, time.perf_counter() - started)
            await asyncio.sleep(0.01)
    return longest


async def measure_operations(server: Server, sizes: list[int]) -> dict[str, dict[str, float]]:
    """Return the p50 of each operation at each size."""
    contestants = tuple(
        Contestant(f"{size:,}", python("--uvloop", "exercised"), database=_database(size))
        for size in sizes
    )
    results: dict[str, dict[str, float]] = {}
    with workers(contestants, server) as running, Progress() as progress:
        for worker in running:
            tables = await server.reading(worker.contestant.database, TABLES)
            worker.run("read", [tables], 1)
        for exercise in progress.track(EXERCISES, description="operations"):
            batches = [
                _batches(await _inputs(server, worker, exercise.label)) for worker in running
            ]
            times: list[list[int]] = [[] for _ in running]
            for number in range(-1, ROUNDS):  # the first round is to warm up
                for worker, batch, taken in zip(running, batches, times, strict=True):
                    result = worker.run(exercise.label, next(batch, []), 1)
                    if number >= 0:
                        taken += result["nanoseconds"]
            results[exercise.label] = {
                str(size): percentile(taken, 50) for size, taken in zip(sizes, times, strict=True)
            }
    return results


async def _inputs(server: Server, worker: Worker, label: str) -> list[list[Any]]:
    (exercise,) = (exercise for exercise in EXERCISES if exercise.label == label)
    async with server.connect(worker.contestant.database) as connection:
        rows = await exercise.inputs(connection, (ROUNDS + 1) * CALLS)
    return [list(row) for row in rows]


def _batches(inputs: list[list[Any]]) -> Iterator[list[list[Any]]]:
    """Yield as many equal parts as there are rounds."""
    each = max(1, len(inputs) // (ROUNDS + 1))
    return (inputs[start : start + each] for start in range(0, len(inputs), each))


async def measure_pages(server: Server, sizes: list[int]) -> dict[str, dict[str, float]]:
    """Return what operators' pages take at each size; of the board, all filters and sorts."""
    results: dict[str, dict[str, float]] = {}
    for size in sizes:
        async with server.connect(_database(size)) as connection:
            board = await board_pages(connection)
        with _site(server, size) as worker:
            first = worker.run("request", [[FUNNEL_PAGES["the funnel"]]], 1)["nanoseconds"][0]
            times = {
                title: _median(worker, path)
                for title, path in {**board, **FUNNEL_PAGES, **ADMIN_PAGES}.items()
            }
        of_board = [times[title] for title in board]
        slowest = max(board, key=times.__getitem__)
        print(f"{size:,}: the slowest board is {board[slowest]}")
        shown = {
            f"the board, {len(board)} filters and sorts: median": statistics.median(of_board),
            f"the board, {len(board)} filters and sorts: slowest": max(of_board),
            "the funnel, first request": first / 1e6,
            **{title: times[title] for title in (*FUNNEL_PAGES, *ADMIN_PAGES)},
        }
        for title, milliseconds in shown.items():
            results.setdefault(title, {})[str(size)] = milliseconds
    return results


@contextmanager
def _site(server: Server, size: int) -> Iterator[Worker]:
    contestant = Contestant("site", python("--uvloop", "site"), database=_database(size))
    with workers((contestant,), server) as (worker,):
        yield worker


def _median(worker: Worker, path: str) -> float:
    worker.run("request", [[path]], 1)
    return percentile(worker.run("request", [[path]] * PAGE_ROUNDS, 1)["nanoseconds"], 50)


async def run(sizes: list[int]) -> None:
    """Measure all of it at each size, and write it down."""
    with running_server() as server:
        versions = {"PostgreSQL": await server.version(), "asyncpg": asyncpg.__version__}
        facts: dict[str, dict[str, str]] = {}
        for size in sizes:
            for fact, value in (await build(server, size)).items():
                facts.setdefault(fact, {})[str(size)] = value
                print(f"{size:>11,}  {fact}: {value}", flush=True)
        pages = await measure_pages(server, sizes)
        operations = await measure_operations(server, sizes)
    slower = [
        label
        for label, times in operations.items()
        if times[str(sizes[-1])] > WANTED_RATIO * times[str(sizes[0])]
    ]
    if len(sizes) > 1:
        print(f"More than {WANTED_RATIO} times the first: {', '.join(slower) or 'nothing'}")
    result = {
        "versions": versions,
        "sizes": sizes,
        "operations": operations,
        "pages": pages,
        "facts": facts,
    }
    print(report.TABLES["scale"]({"machine": report.machine(), **result}))
    if tuple(sizes) == SIZES:
        report.save("scale", result)
        report.publish(["scale"])


def main() -> None:
    """Measure the sizes that are asked for; only the usual ones are written down."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="N")
    asyncio.run(run(sorted(parser.parse_args().sizes)))


if __name__ == "__main__":
    main()
