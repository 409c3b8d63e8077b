"""``piccolo workshops demo``: realistic workshops to look at, and away with them."""

from __future__ import annotations

import asyncio
import sys
import time

from rich.progress import TextColumn

from workshops.commands.failures import fails_with_a_sentence
from workshops.commands.maintenance import progress_bar


@fails_with_a_sentence
async def demo(
    count: int = 60, seed: int = 1, clear: bool = False, live: bool = False, rate: int = 2
) -> None:
    """Write realistic demo workshops at all stages, keep changing some live, or remove them.

    :param count:
        How many workshops to write; run again, it adds as many.
    :param seed:
        Another seed gives other workshops; the same seed gives the same ones all day (UTC).
    :param clear:
        Remove the demo workshops of every seed and of live demos instead, with all that
        was added to them. No other workshop is touched.
    :param live:
        Work in new workshops instead, as the product's users would, until Ctrl-C.
    :param rate:
        How many changes a live demo makes in a second.
    """
    # Its texts take a while to load, and every `piccolo` command loads this module.
    from workshops.demo import clear_demo

    if clear:
        removed = await clear_demo()
        print(f"{_counted(removed, 'demo workshop')} removed.")
    elif live:
        await _live(rate)
    else:
        await _write(count, seed)


async def _write(count: int, seed: int) -> None:
    from workshops.demo import write_demo

    started = time.perf_counter()
    bar = progress_bar(TextColumn("{task.fields[speed]:,.0f} workshops/s"))
    task = bar.add_task("Writing workshops", total=max(count, 0), speed=0)

    def show(done: int) -> None:
        bar.update(task, completed=done, speed=done / (time.perf_counter() - started))

    try:
        with bar:
            counts = await write_demo(count, seed=seed, progress=show)
    except asyncio.CancelledError:  # Ctrl-C
        written = _counted(int(bar.tasks[task].completed), "workshop")
        sys.exit(f"Interrupted: {written} written. Run it again to add more.")
    listed = ", ".join(
        _counted(number, table.replace("_", " ")[:-1]) for table, number in counts._asdict().items()
    )
    print(f"{listed} in {time.perf_counter() - started:.1f} s.")


async def _live(rate: int) -> None:
    from workshops.database.migrations import project_engine
    from workshops.demo import LiveCounts, live_demo

    counts = LiveCounts()
    engine = project_engine()
    # Of a pool that wants a connection, asyncpg logs in pages that it cannot have it.
    await engine.start_connection_pool(min_size=0)
    print("Invented people are at work. Stop them with Ctrl-C.", flush=True)
    try:
        await live_demo(
            counts, rate=rate, say=lambda text: print(text, file=sys.stderr, flush=True)
        )
    except asyncio.CancelledError:  # Ctrl-C
        print(
            f"\n{_counted(counts.changes, 'change')}: {_counted(counts.begun, 'workshop')} begun, "
            f"{counts.completed:,} completed. Remove them with: piccolo workshops demo --clear"
        )
    finally:
        await engine.close_connection_pool()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
