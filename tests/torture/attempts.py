"""Repeating an operation until it has been done, as docs/guide.md says how."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from tests.torture.record import Record
from workshops.errors import DatabaseUnavailableError, TransactionConflictError, WorkshopsError

Result = TypeVar("Result")

_PAUSE = 0.1  # seconds


class Doubt:
    """Whether an operation may have been done by an earlier try."""

    def __init__(self) -> None:
        self.sure = True


class StoppedError(Exception):
    """Something happened that must not: it is in the record."""


class Attempts:
    """One task's way of writing."""

    def __init__(self, record: Record, name: str, dice: random.Random) -> None:
        self._record = record
        self._name = name
        self._dice = dice
        self._count = 0

    async def write(
        self,
        operation: str,
        sets: Mapping[str, Any],
        call: Callable[[], Awaitable[Result]],
        *,
        done_says: tuple[type[WorkshopsError], ...] = (),
        repeats: bool = True,
        again: Mapping[str, Any] | None = None,
    ) -> tuple[Result | None, bool]:
        """Do it until it is done; return the result, and whether it was done without doubt.

        :param done_says: The errors by which a repetition tells that it was done before.
        :param repeats: Whether to repeat it when it may have been done.
        :param again: What another driver needs to repeat it, if this one is killed.
        """
        self._count += 1
        number = f"{self._name}.{self._count}"
        self._record.write(
            "try", number=number, operation=operation, sets=dict(sets), again=dict(again or {})
        )
        doubt = Doubt()
        while True:
            try:
                result = await call()
            except DatabaseUnavailableError as error:
                self.note(operation, error)
                doubt.sure = doubt.sure and error.safe_to_repeat
                if not (doubt.sure or repeats):
                    self._record.write("unsure", number=number, operation=operation)
                    return None, False
            except TransactionConflictError as error:
                self.note(operation, error)
            except done_says as error:
                if doubt.sure:
                    raise self.violation(
                        f"{operation}: done before, though a repeat was called safe: {error!r}"
                    ) from error
                result = None
                break
            except StoppedError:
                raise
            except Exception as error:
                raise self.violation(f"{operation}: {error!r}") from error
            else:
                break
            await asyncio.sleep(_PAUSE * (0.5 + self._dice.random()))
        self._record.write("done", number=number, operation=operation)
        return result, doubt.sure

    async def read(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Read until there is an answer."""
        while True:
            try:
                return await call()
            except (DatabaseUnavailableError, TransactionConflictError) as error:
                self.note("read", error)
            except Exception as error:
                raise self.violation(f"read: {error!r}") from error
            await asyncio.sleep(_PAUSE)

    def note(self, operation: str, error: WorkshopsError) -> None:
        """Note an error that may reach an application."""
        self._record.write(
            "error",
            operation=operation,
            error=type(error).__name__,
            safe=getattr(error, "safe_to_repeat", True),
            sentence=str(error),
        )

    def violation(self, problem: str) -> StoppedError:
        """Note what must not be, and return the error that ends the task's work on this."""
        self._record.write("violation", problem=problem, trace=traceback.format_exc())
        return StoppedError(problem)
