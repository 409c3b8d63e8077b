"""Which way to the rows of a page is the shortest, judged by a sample of the workshops.

The planner cannot know it: how often a text is in a title, and where in the sort order
what matches is, are not in its statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workshops.admin.progress.board_statement import BoardStatement, Way
from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import BoardView
from workshops.statements.execution import fetch_row

PAGE_SIZE = 50
"""How many workshops a page of the board has."""

# What one row costs, in microseconds as measured: read in an index's order, found by an
# index and sorted, looked up by its title; and to begin with one status and step.
_IN_ORDER, _SORTED, _BY_TITLE, _BEGUN = 1.5, 2, 7, 20

_ENOUGH = 20
"""From so many matches in a sample on, it says how many there are."""


@dataclass(frozen=True)
class Count:
    """How many workshops match: so many, more than so many, or about so many."""

    number: int
    kind: Literal["exactly", "over", "about"]


@dataclass(frozen=True)
class Choice:
    """The way to take; and how many workshops match, where a sample was taken.

    ``count`` is meant for a page that is not the only one.
    """

    way: Way
    count: Count | None = None


async def choose_way(view: BoardView, definitions: list[Step]) -> Choice:
    """Return the way to a page of the board."""
    if not (view.search or view.owner or view.organisation):
        return Choice(Way.EACH)
    statement = BoardStatement(view, definitions, Way.ORDERED)
    sample = await fetch_row(statement.sample(PAGE_SIZE), *statement.arguments)
    assert sample is not None
    sampled = sample["sampled"]

    def rows(name: str) -> float:
        # None in the sample is not none at all.
        return float(max(sample[name], 0.5) / sampled)

    everything, staged = rows("workshops"), rows("staged")
    costs = {
        Way.ORDERED: _IN_ORDER * (sample["met"] / sampled if sample["met"] else everything),
        Way.FIRST: _SORTED * min(staged, rows("held")),
    }
    if view.search:
        costs[Way.TITLES] = _BY_TITLE * rows("titled")
    if not (view.owner or view.organisation):  # their indexes lead the planner astray in each
        each = statement.stages * PAGE_SIZE / (rows("titled") / everything)
        costs[Way.EACH] = _BEGUN * statement.stages + _IN_ORDER * min(each, staged)
    return Choice(min(costs, key=lambda way: costs[way]), _count(sample["matching"], sampled))


def _count(matching: int, sampled: float) -> Count:
    if sampled == 1:
        return Count(matching, "exactly")
    if matching < _ENOUGH:
        return Count(PAGE_SIZE, "over")
    number = matching / sampled
    digits = 10 ** (len(str(int(number))) - 2)
    return Count(round(number / digits) * digits, "about")
