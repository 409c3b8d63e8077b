"""``piccolo workshops demo``: realistic workshops to look at, and away with them."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from workshops.commands.failures import fails_with_a_sentence

if TYPE_CHECKING:
    from workshops.demo import DemoCounts


@fails_with_a_sentence
async def demo(count: int = 60, seed: int = 1, clear: bool = False) -> None:
    """Write realistic demo workshops at all stages, or remove them.

    :param count:
        How many workshops to write.
    :param seed:
        Another seed gives other workshops; the same seed gives the same ones all day (UTC).
    :param clear:
        Remove the demo workshops of every seed instead, with all that was added to them.
        No other workshop is touched.
    """
    # Its texts take a while to load, and every `piccolo` command loads this module.
    from workshops.demo import DemoError, clear_demo, write_demo

    if clear:
        removed = await clear_demo()
        print(f"{removed:,} demo {_plural('workshop', removed)} removed.")
        return
    started = time.perf_counter()
    with _progress() as progress:
        task = progress.add_task("Writing workshops", total=max(count, 0))
        try:
            counts = await write_demo(
                count, seed=seed, progress=lambda done: progress.update(task, completed=done)
            )
        except DemoError as error:
            progress.stop()
            sys.exit(str(error))
    print(f"{_listed(counts)} in {time.perf_counter() - started:.1f} s.")


class _Speed(ProgressColumn):
    """Workshops a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} workshops/s")


def _progress() -> Progress:
    """A progress bar on standard error; nothing at all where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _listed(counts: DemoCounts) -> str:
    """The counts as a list: "60 workshops, 600 steps, ..."."""
    return ", ".join(
        f"{number:,} {_plural(noun, number)}"
        for noun, number in (
            ("workshop", counts.workshops),
            ("step", counts.steps),
            ("member", counts.members),
            ("session", counts.sessions),
            ("build pack", counts.build_packs),
        )
    )


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
