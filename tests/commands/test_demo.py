"""The command `piccolo workshops demo`."""

from __future__ import annotations

import asyncio
import re
import signal
import sys

import pytest

from tests.commands.running import PROJECT, run
from tests.factories import make_workshop
from workshops.demo import write_demo
from workshops.tables import Workshop

pytestmark = pytest.mark.usefixtures("database")


async def test_writes_and_says_what() -> None:
    """`demo` says how many rows of what it wrote in which time; a pipe gets no progress bar."""
    result = await run("workshops", "demo", "--count=12", "--seed=5")
    assert result.code == 0, result.err
    assert re.fullmatch(
        r"12 workshops, \d+ members, 120 steps, \d+ sessions, \d+ build packs? in \d+\.\d s\.\n",
        result.out,
    )
    assert "Writing" not in result.err
    assert await Workshop.count() == 12


async def test_clear_keeps_what_is_not_the_demo() -> None:
    """`demo --clear` removes the demo and says how much it was; other workshops stay."""
    await make_workshop()
    await write_demo(3)
    result = await run("workshops", "demo", "--clear")
    assert (result.code, result.out) == (0, "3 demo workshops removed.\n")
    assert await Workshop.count() == 1


async def test_second_time() -> None:
    """Run again, it adds as many."""
    await write_demo(3)
    result = await run("workshops", "demo", "--count=3")
    assert result.code == 0, result.err
    assert await Workshop.count() == 6


async def test_live_until_ctrl_c() -> None:
    """`demo --live` works until it is interrupted, and then says what it did; exit code 0."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "piccolo.main", "workshops", "demo", "--live", "--rate=1000"),
        cwd=PROJECT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        while not await Workshop.exists():
            assert process.returncode is None
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert re.fullmatch(
        r"Invented people are at work\. Stop them with Ctrl-C\.\n\n[\d,]+ changes?: "
        r"\d+ workshops? begun, \d+ completed\. "
        r"Remove them with: piccolo workshops demo --clear\n",
        out.decode(),
    )


async def test_no_positive_count() -> None:
    """A count that is not positive ends with one sentence and exit code 1."""
    result = await run("workshops", "demo", "--count=-5")
    assert result.code == 1
    assert result.err.strip() == "The number of demo workshops must be 1 or more, not -5."


async def test_help() -> None:
    """`demo --help` explains each option."""
    result = await run("workshops", "demo", "--help")
    assert all(
        option in result.out for option in ("--count", "--seed", "--clear", "--live", "--rate")
    )
    assert "Remove the demo workshops of every seed" in result.out
