"""``piccolo workshops version``, or ``--version``: which one is installed."""

from __future__ import annotations

from importlib.metadata import version as installed

from workshops.commands.failures import fails_with_a_sentence


@fails_with_a_sentence
def version() -> None:
    """Print the version of this package."""
    print(f"workshops {installed('workshops')}")
