"""Ours again: every operation by the label of its exercise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.exercises import EXERCISES
from benchmarks.peers.ours import open, plain
from workshops.database.migrations import project_engine

__all__ = ["open", "plain"]

_CALLS = {exercise.label: exercise.call for exercise in EXERCISES}


async def read(*statements: str) -> None:
    """Read through the connection that the calls after it have, too."""
    async with project_engine().transaction() as transaction:
        for statement in statements:
            await transaction.connection.execute(statement, timeout=600)


def __getattr__(label: str) -> Callable[..., Awaitable[object]]:
    if label not in _CALLS:
        raise AttributeError(label)
    return _CALLS[label]
