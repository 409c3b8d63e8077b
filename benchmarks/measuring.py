"""Answers compared, then everybody timed in turns: what disturbs the machine disturbs all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contestants import HAND, Measured, Worker
from benchmarks.server import Server
from benchmarks.workloads import WORKLOADS, Inputs, Workload, comparable, state

CALLERS = (1, 16)
_WARM_UP = 2
"""Rounds that do not count: Node compiles what it runs often."""


@dataclass(frozen=True)
class Effort:
    """How often: rounds, and calls in a round by one caller and by sixteen."""

    workshops: int
    rounds: int
    calls: dict[int, int]

    def steps(self, contestants: int) -> int:
        """Return how many steps the writing calls of a database need, and some more."""
        each = (self.rounds + _WARM_UP) * sum(self.calls.values()) + 10
        return 3 * each * contestants


QUICK = Effort(workshops=1_000, rounds=2, calls={1: 12, 16: 32})
FULL = Effort(workshops=20_000, rounds=8, calls={1: 40, 16: 64})


@dataclass(frozen=True)
class Figure:
    """What one contestant took for one workload with so many callers."""

    work: str
    contestant: str
    callers: int
    p50: float
    p99: float
    per_second: float


class DifferentAnswerError(Exception):
    """A contestant does not do the same work, so that timing it would say nothing."""


async def compare_answers(participants: Sequence[Worker], inputs: Inputs, server: Server) -> None:
    """Hold every contestant's answers, and what its writes leave stored, to the first one's.

    Raises:
        DifferentAnswerError: somebody's differ.
    """
    for workload in WORKLOADS:
        expected: Any = None
        shared = None if workload.writes else inputs.take("", workload.name, 5)
        for worker in participants:
            if worker.contestant.only_writes and not workload.writes:
                continue
            database = worker.contestant.database
            given = shared or inputs.take(database, workload.name, 1)
            answers = worker.answers(workload.name, given)
            got: Any = [comparable(workload.name, answer) for answer in answers]
            if workload.writes:
                workshop_id = answers[0].get("workshop_id", answers[0]["id"])
                async with server.connect(database) as connection:
                    got.append(await state(connection, workshop_id))
            if expected is None:
                expected = got
            elif got != expected:
                raise DifferentAnswerError(
                    f"{workload.name}: {worker.contestant.name} answers\n{got}\n"
                    f"and {participants[0].contestant.name}\n{expected}"
                )


def measure(
    workload: Workload,
    participants: Sequence[Measured],
    inputs: Inputs,
    effort: Effort,
) -> list[Figure]:
    """Time one workload: in each round everybody, and in the other order in the next one."""
    times: dict[tuple[str, int], list[int]] = {}
    seconds: dict[tuple[str, int], float] = {}
    for number in range(-_WARM_UP, effort.rounds):
        for one in participants if number % 2 else reversed(participants):
            for callers in CALLERS:
                given = inputs.take(one.contestant.database, workload.name, effort.calls[callers])
                result = one.run(workload.name, given, callers)
                if number >= 0:
                    key = one.contestant.name, callers
                    times.setdefault(key, []).extend(result["nanoseconds"])
                    seconds[key] = seconds.get(key, 0) + result["seconds"]
    return [
        Figure(
            workload.name,
            one.contestant.name,
            callers,
            percentile(times[key], 50),
            percentile(times[key], 99),
            len(times[key]) / seconds[key],
        )
        for one in participants
        for callers in CALLERS
        for key in [(one.contestant.name, callers)]
    ]


def time_pages(worker: Measured, pages: dict[str, str], effort: Effort) -> list[dict[str, Any]]:
    """Time requests of pages, in turns."""
    times: dict[tuple[str, int], list[int]] = {}
    seconds: dict[tuple[str, int], float] = {}
    for number in range(-_WARM_UP, effort.rounds):
        for title, path in pages.items():
            for callers in CALLERS:
                calls = max(1, effort.calls[callers] // 3)
                result = worker.run("request", [[path]] * calls, callers)
                if number >= 0:
                    times.setdefault((title, callers), []).extend(result["nanoseconds"])
                    seconds[title, callers] = seconds.get((title, callers), 0) + result["seconds"]
    return [
        {
            "title": title,
            "path": path,
            "p50": percentile(times[title, 1], 50),
            "p99": percentile(times[title, 1], 99),
            "per_second_16": len(times[title, 16]) / seconds[title, 16],
        }
        for title, path in pages.items()
    ]


def percentile(nanoseconds: Sequence[int], percent: float) -> float:
    """Return the milliseconds within which so many percent of the calls ended."""
    ordered = sorted(nanoseconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / 1e6


def ratio(figures: Sequence[Figure], figure: Figure) -> float:
    """Return a figure's p50 in terms of the hand-written statement's with the stock pool."""
    by_hand = next(
        other
        for other in figures
        if (other.work, other.callers, other.contestant) == (figure.work, figure.callers, HAND)
    )
    return figure.p50 / by_hand.p50
