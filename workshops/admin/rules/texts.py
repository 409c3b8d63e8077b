"""The texts that the library writes, checked as those of the operations are."""

from __future__ import annotations

from typing import Any

from workshops.operations import validation

CONTENT_LENGTH = 10_000_000
"""The longest content of a build pack and the longest prompt, in characters."""

# They may be left out, and empty.
OPTIONAL = ("content", "prompt_template")


def check_texts(values: dict[str, Any], **limits: int) -> None:
    """Check the texts that are given, each with its limit in characters.

    Raises:
        InvalidInputError: one is too long, blank, or cannot be stored.
    """
    for name, limit in limits.items():
        optional = name in OPTIONAL
        if name in values and not (optional and values[name] is None):
            validation.text(name, values[name], limit=limit, blank=optional)
