"""How a command fails: with one sentence on standard error and exit code 1."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import asyncpg

from workshops.database import DatabaseUnavailableError, SettingsError
from workshops.database.migrations import MigrationBlockedError, unregistered_apps

Parameters = ParamSpec("Parameters")


def fails_with_a_sentence(
    command: Callable[Parameters, Coroutine[Any, Any, None]],
) -> Callable[Parameters, Coroutine[Any, Any, None]]:
    """Decorate a command so that what its user can mend is told without a traceback.

    Piccolo's command line would print the command's help below every error.
    """

    @functools.wraps(command)
    async def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            try:
                await command(*args, **kwargs)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read the output has enough of it (`| head`). The interpreter would
            # try once more, and complain, when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except (DatabaseUnavailableError, SettingsError, MigrationBlockedError) as error:
            sys.exit(str(error))
        except asyncpg.UndefinedTableError:
            if missing := unregistered_apps():
                sys.exit(
                    "Tables are missing: piccolo_conf.py does not register "
                    f"{' and '.join(missing)}. Add that to its APP_REGISTRY, then run: "
                    "piccolo workshops migrate"
                )
            sys.exit("A table is missing. Run the migrations first: piccolo workshops migrate")

    # targ 0.7 finds positional arguments by getfullargspec, which does not unwrap.
    wrapper.__signature__ = inspect.signature(command)  # type: ignore[attr-defined]
    return wrapper
