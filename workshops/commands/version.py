"""``piccolo workshops version``, or ``--version``: which one is installed."""

from __future__ import annotations

from importlib.metadata import version as installed


def version() -> None:
    """Print the version of this package."""
    print(f"workshops {installed('workshops')}")
