"""An application in a process of its own: ten tasks, one pool, until SIGTERM or worse."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from functools import partial
from pathlib import Path

from tests.torture.attempts import Attempts, StoppedError
from tests.torture.record import Reader, Record, Registers
from tests.torture.writing import Writer
from workshops import operations
from workshops.database.migrations import project_engine
from workshops.errors import DatabaseUnavailableError

TASKS = 10
MOST_PAUSE = 0.03
"""Seconds that a task may wait before it writes again: the machine has others to serve."""


async def main(path: Path, life: int, seed: str) -> None:
    """Write until told to stop; ``life`` counts the drivers of this record."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    record = Record(path)

    def attempts(name: str) -> Attempts:
        return Attempts(record, name, random.Random(f"{seed} {name} pauses"))

    engine = project_engine()
    first = attempts(f"e{life}.start")
    while engine.pool is None and not stop.is_set():
        try:
            await engine.start_connection_pool()
        except DatabaseUnavailableError as error:
            first.note("start_connection_pool", error)
            await asyncio.sleep(0.1)
    await _finish(path, life - 1, first)

    async def task(number: int) -> None:
        name = f"e{life}.t{number}"
        dice = random.Random(f"{seed} {name}")
        writer = Writer(attempts(name), name, dice)
        while not stop.is_set():
            await writer.write_something()
            await asyncio.sleep(dice.random() * MOST_PAUSE)

    await asyncio.gather(*(task(number) for number in range(TASKS)))
    await engine.close_connection_pool()


async def _finish(path: Path, life: int, attempts: Attempts) -> None:
    """Repeat what an earlier driver has begun, where a repetition is one with it."""
    pending = Registers(Reader(path).new()).pending.values()
    for line in [line for line in pending if line["number"].startswith(f"e{life}.")]:
        if line["again"]:
            operation = getattr(operations, line["operation"])
            try:
                await attempts.write(
                    line["operation"],
                    line["sets"],
                    partial(operation, **line["again"]),
                    again=line["again"],
                )
            except StoppedError:
                continue


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
