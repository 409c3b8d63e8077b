"""``make bench``: time the data API beside the alternatives, and the operators' pages.

It runs on embedded PostgreSQLs of its own. First 20,000 demo workshops of ten steps
each: medians and ratios beside hand-written statements and plain Piccolo. Then 200,000
workshops: the milliseconds of the operators' pages. ``make bench ARGS=--quick`` is a
short look at a twentieth of that.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time

import asyncpg
import uvloop
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager


async def _measure_api(pool: asyncpg.Pool, *, workshops: int, rounds: int) -> bool:
    """Print medians and ratios; return whether every ratio is as wanted."""
    from benchmarks.cases import read_cases, write_cases
    from benchmarks.measuring import measure
    from workshops.database.migrations import run_migrations
    from workshops.demo import write_demo

    await run_migrations()
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
    from workshops.database.migrations import run_migrations

    # The operators' site comes to a database that is in use, as in an adoption.
    with contextlib.redirect_stdout(io.StringIO()):
        result = await ForwardsMigrationManager(app_name="workshops").run()
    assert result.success, result.message
    print(f"Writing {workshops:,} workshops ...", flush=True)
    await fill(pool, workshops)
    started = time.perf_counter()
    await run_migrations()
    seconds = time.perf_counter() - started
    await pool.execute("VACUUM ANALYZE", timeout=1800)
    print(
        f"{workshops:,} workshops, {workshops * 10:,} steps; the site's migrations: {seconds:.1f} s"
    )
    return await measure_pages(pool)


async def _run(part: str, *, quick: bool, rounds: int) -> bool:
    from workshops.database.migrations import project_engine

    engine = project_engine()
    await engine.start_connection_pool()
    assert engine.pool is not None
    try:
        if part == "pages":
            return await _measure_pages(engine.pool, workshops=10_000 if quick else 200_000)
        if quick:
            return await _measure_api(engine.pool, workshops=1_000, rounds=7)
        return await _measure_api(engine.pool, workshops=20_000, rounds=rounds)
    finally:
        await engine.close_connection_pool()


def main() -> None:
    """Run the benchmarks; what misses its limit is marked, and no error: machines are noisy."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few workshops and few rounds")
    parser.add_argument("--only", choices=("api", "pages"), help="run one of the two parts")
    parser.add_argument("--rounds", type=int, default=61, help="rounds of the first part")
    arguments = parser.parse_args()
    if arguments.only is None:  # each on a new database of its own
        for part in ("api", "pages"):
            command = [sys.executable, "-m", "benchmarks", "--only", part, *sys.argv[1:]]
            subprocess.run(command, check=True)
        return
    with tempfile.TemporaryDirectory(prefix="workshops-bench-") as directory:
        # piccolo_conf reads both when it is imported.
        os.environ.pop("DATABASE_URL", None)
        os.environ["WORKSHOPS_DATA_DIR"] = directory
        from workshops.database.migrations import project_engine

        try:
            kept = uvloop.run(_run(arguments.only, quick=arguments.quick, rounds=arguments.rounds))
        finally:
            project_engine().stop_embedded()  # type: ignore[attr-defined]
    print("\nEverything is as wanted." if kept else "\nNot everything is as wanted.")


if __name__ == "__main__":
    main()
