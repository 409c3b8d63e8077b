"""``make bench``: time the data API beside the alternatives, and the operators' pages.

It runs on an embedded PostgreSQL of its own. First 20,000 demo workshops of ten steps
each: medians and ratios beside hand-written statements and plain Piccolo. Then 200,000
workshops: the milliseconds of the operators' pages. ``make bench ARGS=--quick`` is a
short look at a twentieth of that.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Awaitable, Callable

import asyncpg
import uvloop


async def _measure_api(pool: asyncpg.Pool, *, workshops: int, rounds: int) -> bool:
    """Print medians and ratios; return whether every ratio is as wanted."""
    from benchmarks.cases import read_cases, write_cases
    from benchmarks.measuring import measure
    from workshops.demo import write_demo

    await write_demo(workshops)
    await pool.execute("VACUUM ANALYZE")
    print(f"{workshops:,} workshops; medians of {rounds} rounds, in turns\n")
    kept = True
    calls = 20
    for case in [
        *await read_cases(pool),
        *await write_cases(pool, calls=calls * (rounds + 1) // 10 + 1),
    ]:
        timing = await measure(case, rounds=rounds)
        print(case.name)
        for name, milliseconds in timing.milliseconds.items():
            line = f"    {name:<16}{milliseconds:8.3f} ms"
            if name in case.limits:
                sign, limit = case.limits[name]
                kept = kept and timing.within(name)
                mark = "" if timing.within(name) else "   MISSED"
                line += f"   ratio {timing.ratio(name):5.2f} (wanted {sign} {limit}){mark}"
            print(line, flush=True)
    return kept


async def _measure_pages(pool: asyncpg.Pool, *, workshops: int) -> bool:
    """Print the times of the operators' pages; return whether all are within their limits."""
    from benchmarks.many_workshops import fill
    from benchmarks.pages import measure_pages

    await fill(pool, workshops)
    print(f"\n{workshops:,} workshops, {workshops * 10:,} steps")
    return await measure_pages(pool)


def _run(work: Callable[[asyncpg.Pool], Awaitable[bool]]) -> bool:
    """Do the work on a new database, and leave nothing behind."""

    async def on_migrated_database() -> bool:
        from workshops.database.migrations import project_engine, run_migrations

        engine = project_engine()
        await engine.start_connection_pool()
        assert engine.pool is not None
        try:
            await run_migrations()
            return await work(engine.pool)
        finally:
            await engine.close_connection_pool()

    return uvloop.run(on_migrated_database())


def main() -> None:
    """Run the benchmarks; what misses its limit is marked, and no error: machines are noisy."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few workshops and few rounds")
    parser.add_argument("--only", choices=("api", "pages"), help="run one of the two parts")
    parser.add_argument("--rounds", type=int, default=61, help="rounds of the first part")
    arguments = parser.parse_args()
    quick = arguments.quick
    with tempfile.TemporaryDirectory(prefix="workshops-bench-") as directory:
        # piccolo_conf reads both when it is imported.
        os.environ.pop("DATABASE_URL", None)
        os.environ["WORKSHOPS_DATA_DIR"] = directory
        from workshops.database.migrations import project_engine
        from workshops.tables import TABLES

        try:
            kept = True
            if arguments.only != "pages":
                count, rounds = (1_000, 7) if quick else (20_000, arguments.rounds)
                kept &= _run(lambda pool: _measure_api(pool, workshops=count, rounds=rounds))
            if arguments.only != "api":
                names = ", ".join(
                    table._meta.tablename for table in TABLES if table.__name__ != "StepDefinition"
                )

                async def pages(pool: asyncpg.Pool) -> bool:
                    await pool.execute(f"TRUNCATE {names} CASCADE")
                    return await _measure_pages(pool, workshops=10_000 if quick else 200_000)

                kept &= _run(pages)
        finally:
            project_engine().stop_embedded()  # type: ignore[attr-defined]
    print("\nEverything is as wanted." if kept else "\nNot everything is as wanted.")


if __name__ == "__main__":
    main()
