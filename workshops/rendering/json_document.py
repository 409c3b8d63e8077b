"""A build pack as JSON, in the shape of docs/build-pack.schema.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from .document import BuildPackDocument

FORMAT = "workshops.build-pack"
VERSION = 1

# Indentation grows with depth times size: 1 MiB of nested brackets would indent to gigabytes.
INDENTED_LEVELS = 24
_SURROGATE = re.compile("[\ud800-\udfff]")


def render_json(document: BuildPackDocument) -> str:
    """The pack as JSON text: the same document gives the same text.

    Keys of ours stand in a fixed order; an output keeps its own. Raises: ValueError for NaN or an
    infinity, which JSON has not.
    """
    complete, open_steps = document.complete_steps, document.open_steps
    return (
        dump_json(
            {
                "format": FORMAT,
                "version": VERSION,
                "title": document.title,
                "generated_at": _timestamp(document.generated_at),
                "workshop": {
                    "id": document.workshop_id,
                    "title": document.workshop_title,
                    "idea": document.idea,
                },
                "progress": {"complete": len(complete), "total": len(document.steps)},
                "steps": [
                    {
                        "id": step.step_id,
                        "name": step.name,
                        "description": step.description,
                        "order": step.order,
                        "completed_at": _timestamp(step.completed_at),
                        "output": step.output,
                    }
                    for step in complete
                ],
                "open_steps": [
                    {
                        "id": step.step_id,
                        "name": step.name,
                        "order": step.order,
                        "status": step.status,
                    }
                    for step in open_steps
                ],
            }
        )
        + "\n"
    )


def dump_json(value: Any) -> str:
    """JSON text with two spaces per level, of any depth.

    The standard encoder recurses and stops near 1,000 levels; this one keeps its own stack. Text is
    written as it is, but a lone surrogate as its escape, so that the result can be encoded.
    """
    parts: list[str] = []
    stack: list[tuple[Iterator[Any], bool]] = []  # the members still to come, and: is it an object

    def begin(member: Any) -> bool:
        """Write a scalar, or open a container: True."""
        if isinstance(member, Mapping) and member:
            parts.append("{")
            stack.append((iter(member.items()), True))
            return True
        if isinstance(member, (list, tuple)) and member:
            parts.append("[")
            stack.append((iter(member), False))
            return True
        parts.append(_scalar(member))
        return False

    opened = begin(value)
    while stack:
        members, is_object = stack[-1]
        try:
            member = next(members)
        except StopIteration:
            stack.pop()
            parts.append(_line_break(len(stack)) + ("}" if is_object else "]"))
            opened = False
            continue
        if not opened:
            parts.append(",")
        parts.append(_line_break(len(stack)))
        if is_object:
            key, member = member
            parts.append(f"{_text(str(key))}: ")
        opened = begin(member)
    return "".join(parts)


def _line_break(level: int) -> str:
    return "\n" + "  " * level if level <= INDENTED_LEVELS else ""


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    if isinstance(value, int) and not isinstance(value, bool):
        return integer_text(value)
    return json.dumps(value, allow_nan=False)


def _text(value: str) -> str:
    encoded = json.dumps(value, ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)


def integer_text(value: int) -> str:
    """All digits of an integer, also of one that `str` refuses (over 4,300 digits)."""
    try:
        return str(value)
    except ValueError:
        return format(Decimal(value), "f")


def _timestamp(value: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and the Z of UTC."""
    return None if value is None else value.isoformat(timespec="milliseconds") + "Z"
