"""How commands fail: one sentence, and nothing else."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from tests.commands.running import run, run_program
from tests.conftest import Server


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("serve", "--port=99999"), "There is no port 99999: choose one from 1 to 65535"),
        (("serve", "--port=http"), "--port must be a whole number"),
        (("serve", "--port"), "--port must be a whole number"),
        (("serve", "--workers=0"), "--workers must be a number from 1 to 64"),
        (("serve", "--migrate=yes"), "--migrate is a switch"),
        (("check", "--verbose"), "There is no option --verbose. See: piccolo workshops check"),
        (("check", "surplus"), "'surplus' is one argument too many. See: piccolo workshops check"),
        (("version", "x"), "'x' is one argument too many"),
        (("refresh", "True", "x"), "'x' is one argument too many"),
        (("operator",), "Action is missing. See: piccolo workshops operator --help"),
    ],
)
async def test_a_wrong_argument_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, database: str
) -> None:
    """No page of usage, and no traceback."""
    result = await run("workshops", *arguments)
    assert result.code == 1
    assert result.out == ""
    assert result.err.startswith(sentence)
    assert len(result.err.splitlines()) == 1


async def test_a_rejection_of_the_database_is_one_sentence(
    server: Server, empty_database: str
) -> None:
    """What the server says, without its statement."""
    await server.run(f"ALTER DATABASE {empty_database} SET default_transaction_read_only = on")
    result = await run("workshops", "migrate", DATABASE_URL=server.url(empty_database))
    assert result.code == 1
    assert result.out == ""
    assert len(result.err.splitlines()) == 1
    assert "read-only" in result.err


async def test_help_lists_arguments_only(database: str) -> None:
    """The type of the result is no argument."""
    result = await run("workshops", "serve", "--help")
    assert "--workers" in result.out
    assert "return" not in result.out


async def test_a_reader_who_has_read_enough_gets_no_traceback(
    server: Server, empty_database: str
) -> None:
    """As in ``piccolo workshops check | head -1``."""
    check = f"{sys.executable} -m piccolo.main workshops check"
    result = await run_program(
        *("sh", "-c", f"{check} | true"), DATABASE_URL=server.url(empty_database)
    )
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("name", ["version", "--version"])
async def test_the_version_is_told(name: str, database: str) -> None:
    """As a command, and as the option that people try first."""
    result = await run("workshops", name)
    assert (result.code, result.out) == (0, f"workshops {version('workshops')}\n")
