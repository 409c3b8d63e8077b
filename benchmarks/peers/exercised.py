"""Ours again: every operation by the label of its exercise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.exercises import EXERCISES
from benchmarks.peers.ours import open, plain

__all__ = ["open", "plain"]

_CALLS = {exercise.label: exercise.call for exercise in EXERCISES}


def __getattr__(label: str) -> Callable[..., Awaitable[object]]:
    if label not in _CALLS:
        raise AttributeError(label)
    return _CALLS[label]
