"""What every Python contestant's process does: take orders on standard input, time itself.

An order is a line of JSON, and so is the answer: ``{"do": "answer", "work": "get_workshop",
"inputs": [[...], ...]}`` returns what the calls gave, to be compared; ``"do": "run"`` with
``"callers": 16`` lets that many tasks share the inputs and returns the nanoseconds of each
call and the seconds of all. The pipe is in neither. Only the standard library is imported
here: a contestant's environment may hold nothing else of ours.

A contestant is a module with ``open()`` (the connections named by libpq's environment
variables), ``plain(value)`` (an object of its own as a dictionary), the functions of
``benchmarks.workloads`` by name, and perhaps ``caller()``, a context that each task is in.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import importlib.metadata
import json
import platform
import sys
import time
from datetime import datetime
from typing import Any

CONNECTIONS = 16
"""As many as there are callers at most."""


async def _run(peer: Any, work: str, inputs: list[list[Any]], callers: int) -> dict[str, Any]:
    call = getattr(peer, work)
    context = getattr(peer, "caller", contextlib.nullcontext)
    nanoseconds: list[int] = []
    pending = iter(inputs)

    async def caller() -> None:
        async with context():
            for arguments in pending:
                started = time.perf_counter_ns()
                await call(*arguments)
                nanoseconds.append(time.perf_counter_ns() - started)

    gc.collect()
    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return {"nanoseconds": nanoseconds, "seconds": time.perf_counter() - started}


async def _answer(peer: Any, work: str, inputs: list[list[Any]]) -> dict[str, Any]:
    context = getattr(peer, "caller", contextlib.nullcontext)
    async with context():
        return {"answers": [await getattr(peer, work)(*arguments) for arguments in inputs]}


async def _serve(peer: Any, packages: list[str]) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(timespec="milliseconds")
        return peer.plain(value)

    def say(answer: dict[str, Any]) -> None:
        print(json.dumps(answer, default=plain), flush=True)

    versions = {name: importlib.metadata.version(name) for name in packages}
    await peer.open()
    say({"versions": {"Python": platform.python_version(), **versions}})
    for line in sys.stdin:  # nothing else is to be done meanwhile
        order = json.loads(line)
        if order.pop("do") == "run":
            say(await _run(peer, **order))
        else:
            say(await _answer(peer, **order))


def main() -> None:
    """Run ``python -m benchmarks.peers.worker [--uvloop] MODULE PACKAGE ...``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("module")
    parser.add_argument("packages", nargs="*", help="whose versions are told")
    arguments = parser.parse_args()
    run: Any = asyncio.run
    if arguments.uvloop:
        import uvloop

        run = uvloop.run
    peer = importlib.import_module(f"benchmarks.peers.{arguments.module}")
    run(_serve(peer, arguments.packages))


if __name__ == "__main__":
    main()
