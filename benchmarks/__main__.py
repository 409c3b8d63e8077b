"""``make bench``: time the data API beside the alternatives, and what operators are served.

It runs on an embedded PostgreSQL of its own, as durable as in production, and writes what it
measures to ``benchmarks/results`` and into ``docs/performance.md``; with ``--quick``, which
takes a minute, it only prints. ``make bench-scale`` is ``benchmarks.scale``.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from collections.abc import Iterable
from typing import Any

from rich.progress import Progress

from benchmarks import memory, report
from benchmarks.contestants import (
    CONTESTANTS,
    PLAIN,
    SITE,
    Contestant,
    Measured,
    Worker,
    python,
    workers,
)
from benchmarks.filling import fill
from benchmarks.measuring import FULL, QUICK, Effort, compare_answers, measure, ratio, time_pages
from benchmarks.pgbench import STATEMENTS, Pgbench, find_pgbench
from benchmarks.server import Server, running_server
from benchmarks.workloads import PAGES, WORKLOADS, Inputs, read_inputs

SECTIONS = ("data", "pages", "memory")
_SITE = Contestant("ours", python("--uvloop", "site"), database=SITE)


async def prepare(server: Server, effort: Effort) -> Inputs:
    """Make two databases with the same rows: the six tables only, and the operators' tables too."""
    await server.create_database(PLAIN)
    server.run_piccolo(PLAIN, "migrations", "forwards", "workshops")
    async with server.connect(PLAIN) as connection:
        with Progress() as progress:
            task = progress.add_task("workshops", total=effort.workshops)
            await fill(
                connection,
                effort.workshops,
                progress=lambda done: progress.update(task, completed=done),
            )
        inputs = await read_inputs(connection)
    await server.create_database(SITE, template=PLAIN)
    server.run_piccolo(SITE, "workshops", "migrate")
    server.run_piccolo(SITE, "workshops", "refresh")
    return inputs


async def measure_data(server: Server, inputs: Inputs, effort: Effort) -> dict[str, Any]:
    """Time everybody at the same work, after comparing what they answer."""
    for database in (PLAIN, SITE):
        await inputs.supply(server, database, effort.steps(len(CONTESTANTS)))
    with workers(CONTESTANTS, server) as running:
        versions = {"PostgreSQL": await server.version()}
        for worker in running:
            versions |= worker.versions
        program = find_pgbench()
        pgbench = Pgbench(program, server) if program else None
        if pgbench is None:
            print("pgbench is not installed; its row is left out.")
        await compare_answers(running, inputs, server)
        print("All contestants give the same answers and leave the same rows.")
        figures = []
        with Progress() as progress:
            task = progress.add_task("workloads", total=len(WORKLOADS))
            for workload in WORKLOADS:
                turns: list[Measured] = [
                    one for one in running if workload.writes or not one.contestant.only_writes
                ]
                if pgbench is not None and workload.name in STATEMENTS:
                    turns.append(pgbench)
                figures += measure(workload, turns, inputs, effort)
                progress.advance(task)
    return {
        "versions": versions,
        "workshops": effort.workshops,
        "workloads": {workload.name: workload.title for workload in WORKLOADS},
        "figures": [dataclasses.asdict(one) | {"ratio": ratio(figures, one)} for one in figures],
    }


def measure_pages(server: Server, effort: Effort) -> dict[str, Any]:
    """Time whole requests of the operators' site."""
    worker = Worker(_SITE, server)
    try:
        return {
            "workshops": effort.workshops,
            "versions": worker.versions,
            "figures": time_pages(worker, PAGES, effort),
        }
    finally:
        worker.stop()


async def _run(sections: Iterable[str], effort: Effort, *, quick: bool) -> None:
    with running_server() as server:
        print(f"PostgreSQL {await server.version()}; {report.machine()}")
        inputs = await prepare(server, effort)
        disk = await memory.disk(server)
        for section in sections:
            print(f"\n{section}", flush=True)
            # The writes of a benchmark are more than the view is told of one by one.
            server.run_piccolo(SITE, "workshops", "refresh")
            match section:
                case "data":
                    result = await measure_data(server, inputs, effort)
                case "pages":
                    result = measure_pages(server, effort)
                case _:
                    requests = 1_000 if quick else 20_000
                    result = await memory.measure(server, requests=requests) | {"disk": disk}
            print(report.TABLES[section]({"machine": report.machine(), **result}))
            if not quick:
                report.save(section, result)
                report.publish([section])


def main() -> None:
    """Measure the sections that are asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's look; nothing is written")
    parser.add_argument("--only", choices=SECTIONS, help="one of the sections")
    arguments = parser.parse_args()
    sections = [arguments.only] if arguments.only else list(SECTIONS)
    asyncio.run(_run(sections, QUICK if arguments.quick else FULL, quick=arguments.quick))


if __name__ == "__main__":
    main()
