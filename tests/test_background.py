"""Work in the background of a block."""

from __future__ import annotations

import asyncio

import pytest

from workshops.background import in_background


async def test_a_block_that_is_cancelled_at_its_end_goes_on_no_further() -> None:
    """While it waits for the end of the work, too."""
    ending, may_end = asyncio.Event(), asyncio.Event()
    went_on = False

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await may_end.wait()

    async def caller() -> None:
        nonlocal went_on
        async with in_background(work):
            await asyncio.sleep(0)
        went_on = True

    task = asyncio.create_task(caller())
    await ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not went_on
    may_end.set()


async def test_work_that_failed_is_begun_anew_by_the_next_block() -> None:
    """Blocks that were there before end as if nothing had happened."""
    begun = 0
    failed = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            failed.set()
            raise ValueError
        await asyncio.Event().wait()

    async with in_background(work):
        await failed.wait()
        async with in_background(work):
            await asyncio.sleep(0)
            assert begun == 2
