"""Run a command of the project as a person would, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]


class Result(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


async def run(*arguments: str, **environment: str | None) -> Result:
    """Run ``piccolo`` with the arguments; a variable that is None is taken out."""
    return await run_program(sys.executable, "-m", "piccolo.main", *arguments, **environment)


async def run_program(
    *command: str, directory: Path | str | None = None, **environment: str | None
) -> Result:
    """Run any program in a directory, the project's by default, with no standard input."""
    merged = {**os.environ, **environment}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory or PROJECT,
        env={name: value for name, value in merged.items() if value is not None},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Result(process.returncode, out.decode(), err.decode())
