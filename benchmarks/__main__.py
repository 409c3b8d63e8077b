"""``make bench``: time the data API beside hand-written statements and plain Piccolo.

It runs on an embedded PostgreSQL of its own, with 20,000 demo workshops of ten steps
each, and prints medians and ratios. ``make bench ARGS=--quick`` is a short look.
"""

from __future__ import annotations

import argparse
import os
import tempfile

import uvloop


async def _run(*, workshops: int, rounds: int) -> bool:
    # Imported here, because piccolo_conf reads WORKSHOPS_DATA_DIR.
    from benchmarks.cases import read_cases, write_cases
    from benchmarks.measuring import measure
    from workshops.database.migrations import project_engine, run_migrations
    from workshops.demo import write_demo

    engine = project_engine()
    await engine.start_connection_pool()
    assert engine.pool is not None
    try:
        await run_migrations()
        await write_demo(workshops)
        await engine.pool.execute("VACUUM ANALYZE")
        print(f"{workshops:,} workshops; medians of {rounds} rounds, in turns\n")
        kept = True
        calls = 20
        for case in [
            *await read_cases(engine.pool),
            *await write_cases(engine.pool, calls=calls * (rounds + 1) // 10 + 1),
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
    finally:
        await engine.close_connection_pool()


def main() -> None:
    """Run the benchmark; a missed ratio is marked, and never an error: machines are noisy."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 workshops and few rounds")
    parser.add_argument("--rounds", type=int, default=31)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workshops-bench-") as directory:
        os.environ.pop("DATABASE_URL", None)
        os.environ["WORKSHOPS_DATA_DIR"] = directory
        from workshops.database.migrations import project_engine

        try:
            kept = uvloop.run(
                _run(
                    workshops=1_000 if arguments.quick else 20_000,
                    rounds=7 if arguments.quick else arguments.rounds,
                )
            )
        finally:
            project_engine().stop_embedded()  # type: ignore[attr-defined]
    print("\nEvery ratio is as wanted." if kept else "\nNot every ratio is as wanted.")


if __name__ == "__main__":
    main()
