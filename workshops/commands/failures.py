"""How a command fails: with one sentence on standard error and exit code 1."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar, get_type_hints

import asyncpg

from workshops.database.migrations import unregistered_apps
from workshops.database.outages import CommandError
from workshops.errors import WorkshopsError

Command = TypeVar("Command", bound=Callable[..., Any])


def fails_with_a_sentence(command: Command) -> Command:
    """Decorate a command so that what its user can mend is told without a traceback.

    Piccolo's command line would print the command's help below every error. With
    ``--trace`` an error that no sentence was written for comes with its traceback.
    """
    # targ 0.7 would list the type of the result as an argument (upstream:
    # test_result_is_no_argument), and convert
    # a number itself, which prints the help if it is none. So it is shown texts only.
    types = get_type_hints(command)
    types.pop("return", None)
    _refuse_surplus(command)

    if inspect.iscoroutinefunction(command):

        @functools.wraps(command)
        async def wrapper(*args: Any, **kwargs: Any) -> None:
            with _failures():
                await command(**_arguments(command, types, args, kwargs))
    else:

        @functools.wraps(command)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            with _failures():
                command(**_arguments(command, types, args, kwargs))

    # targ finds positional arguments by getfullargspec, which does not unwrap (upstream:
    # test_arguments_of_a_wrapped_command_are_found).
    wrapper.__signature__ = inspect.signature(command)  # type: ignore[attr-defined]
    wrapper.__annotations__ = dict.fromkeys(types, str)
    return wrapper  # type: ignore[return-value]


def _refuse_surplus(command: Callable[..., Any]) -> None:
    """Say which argument is one too many: targ fails on it before it calls the command.

    (upstream: test_an_argument_too_many_is_told)
    """
    name = command.__name__
    most = len(inspect.signature(command).parameters)
    if sys.argv[1:3] == ["workshops", name]:
        given = [argument for argument in sys.argv[3:] if not argument.startswith("--")]
        if len(given) > most and "--help" not in sys.argv:
            sys.exit(
                f"{given[most]!r} is one argument too many. See: piccolo workshops {name} --help"
            )


def _arguments(
    command: Callable[..., Any], types: dict[str, type], args: Any, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of the command line with the types that the command wants."""
    signature = inspect.signature(command)
    help = f"See: piccolo workshops {command.__name__} --help"
    if unknown := [name for name in kwargs if name not in types]:
        sys.exit(f"There is no option --{unknown[0]}. {help}")
    given = signature.bind_partial(*args, **kwargs).arguments
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and name not in given:
            sys.exit(f"{name.capitalize()} is missing. {help}")
    return {name: _value(name, types[name], value) for name, value in given.items()}


def _value(name: str, wanted: type, value: Any) -> Any:
    if wanted is int and type(value) is not int:
        try:
            return int(value if isinstance(value, str) else "")
        except ValueError:
            sys.exit(f"--{name} must be a whole number, such as --{name}=10.")
    if wanted is bool and not isinstance(value, bool):
        sys.exit(f"--{name} is a switch: leave it out, or write --{name} alone.")
    if wanted is str and isinstance(value, bool):
        sys.exit(f"--{name} needs a value, such as --{name}=...")
    return value


@contextmanager
def _failures() -> Iterator[None]:
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except (CommandError, WorkshopsError) as error:
        _fail(str(error))
    except asyncpg.UndefinedTableError:
        if missing := unregistered_apps():
            _fail(
                f"Tables are missing: piccolo_conf.py does not register {' and '.join(missing)}. "
                "Add that to its APP_REGISTRY, then run: piccolo workshops migrate"
            )
        _fail("A table is missing. Run the migrations first: piccolo workshops migrate")
    except asyncpg.InsufficientPrivilegeError as error:
        _fail(f"The database does not allow this to its user: {error}.")
    except BrokenPipeError:
        # The reader of the output has read enough. Nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except asyncio.CancelledError:  # Ctrl-C
        sys.exit(130)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        _fail(f"The command could not be completed: {error or type(error).__name__}")


def _fail(sentence: str) -> NoReturn:
    if "--trace" in sys.argv:
        raise
    sys.exit(sentence)
