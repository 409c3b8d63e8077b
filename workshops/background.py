"""Work in the background of a block: one task of an event loop, for as long as a block wants it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class _Running:
    task: asyncio.Task[None] | None = None
    blocks: int = 0


_running: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Work, _Running]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def in_background(work: Work) -> AsyncIterator[None]:
    """Run ``work`` beside the block, and cancel it at the end.

    Blocks that name the same work share one task, which ends with the last of them, and is
    begun anew by the next one if it has failed. It is in no transaction, whatever the block is in.
    """
    works = _running.setdefault(asyncio.get_running_loop(), {})
    running = works.setdefault(work, _Running())
    if running.task is None or running.task.done():
        running.task = asyncio.create_task(work(), context=Context())
    running.blocks += 1
    try:
        yield
    finally:
        running.blocks -= 1
        if not running.blocks:
            del works[work]
            running.task.cancel()
            # Not by awaiting it: its cancellation could not be told from that of the block.
            await asyncio.wait([running.task])
