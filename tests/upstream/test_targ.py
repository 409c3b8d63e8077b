"""Faults of targ 0.7, which reads Piccolo's command line."""

from __future__ import annotations

import functools
import sys
from typing import Any

import pytest
from targ import CLI, Command

from tests.upstream.test_piccolo_api import fault


@fault("workshops.commands.failures: __annotations__ without 'return'")
def test_result_is_no_argument() -> None:
    """The type that a command returns is not listed among its arguments."""

    def command(port: int = 8000) -> None:
        """Do it."""

    assert "return" not in Command(command).annotations


@fault("workshops.commands.failures: __signature__")
def test_arguments_of_a_wrapped_command_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decorated command takes its arguments by position too."""
    called: list[str] = []

    def command(name: str) -> None:
        """Do it."""
        called.append(name)

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        command(*args, **kwargs)

    cli = CLI()
    cli.register(wrapper)
    monkeypatch.setattr(sys, "argv", ["program", "command", "Ada"])
    cli.run()
    assert called == ["Ada"]


@fault("workshops.commands.failures: _refuse_surplus")
def test_an_argument_too_many_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which one it is, not that an index is out of range."""

    def command() -> None:
        """Do it."""

    cli = CLI()
    cli.register(command)
    monkeypatch.setattr(sys, "argv", ["program", "command", "surplus"])
    with pytest.raises(SystemExit):
        cli.run()
    assert "surplus" in capsys.readouterr().out
