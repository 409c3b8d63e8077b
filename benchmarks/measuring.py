"""Time contestants in turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Case:
    """One piece of work and who does it.

    The first contestant is ours; ``limits`` says for another one at most (``<=``, a
    ratio ours / theirs) or at least (``>=``, theirs / ours) how they may compare.
    """

    name: str
    contestants: dict[str, Call]
    limits: dict[str, tuple[str, float]]
    calls: int = 20


@dataclass(frozen=True)
class Timing:
    """The median milliseconds of one call of each contestant."""

    case: Case
    milliseconds: dict[str, float]

    def ratio(self, name: str) -> float:
        """How many times the work takes the other what it takes us, or the other way round."""
        (ours, *_), sign = self.case.contestants, self.case.limits[name][0]
        mine, theirs = self.milliseconds[ours], self.milliseconds[name]
        return mine / theirs if sign == "<=" else theirs / mine

    def within(self, name: str) -> bool:
        """Whether the limit is kept."""
        sign, limit = self.case.limits[name]
        return self.ratio(name) <= limit if sign == "<=" else self.ratio(name) >= limit


async def measure(case: Case, *, rounds: int) -> Timing:
    """Run the contestants in turns, each ``case.calls`` times a round, and take medians.

    The order turns round from one round to the next, so that nobody always runs in a
    cache that another one has warmed.
    """
    times: dict[str, list[float]] = {name: [] for name in case.contestants}
    for call in case.contestants.values():
        for _ in range(case.calls):
            await call()
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            order = list(case.contestants.items())
            for name, call in order if number % 2 else reversed(order):
                started = time.perf_counter()
                for _ in range(case.calls):
                    await call()
                times[name].append((time.perf_counter() - started) / case.calls * 1000)
    finally:
        gc.enable()
    return Timing(case, {name: statistics.median(values) for name, values in times.items()})
