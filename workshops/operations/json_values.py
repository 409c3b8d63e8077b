"""JSON on its way into ``jsonb``, so that what is read back equals what was given.

PostgreSQL keeps every number as a decimal: 1.0 stays 1.0 and 10**100 stays exact,
but -0.0 becomes 0.0 (an equal value), and a float such as 1e+23 would come back as
the whole number 10**23, another value. It is written with its decimal point, which
PostgreSQL keeps, and comes back as the same float.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from workshops.errors import InvalidInputError, TooLongError
from workshops.operations.validation import unstorable

OUTPUT_BYTES = 1_048_576
"""The most that a step's output takes, in bytes of UTF-8 as compact JSON."""

DEPTH = 100
"""The most levels of objects and lists in one another."""

_STRING_OR_LARGE_FLOAT = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?P<float>-?[0-9]+(?:\.[0-9]+)?e\+[0-9]+)', re.DOTALL
)


def json_object(field: str, value: object) -> str:
    """Return a JSON object as text.

    Raises:
        InvalidInputError: it is not a dictionary, or ``json_value`` refuses it.
    """
    if not isinstance(value, dict):
        raise InvalidInputError(field, f"must be a JSON object, not {type(value).__name__}")
    return json_value(field, value)


def json_value(field: str, value: Any) -> str:
    """Return a JSON value as text.

    Raises:
        InvalidInputError: it is more than JSON can say (NaN, an infinity, a key that is
            no text, a tuple, a date), holds a text that PostgreSQL cannot store, or is
            over the limits of size and depth.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise InvalidInputError(field, f"has more than {DEPTH} levels") from None
    except (TypeError, ValueError) as error:
        # The messages name types, "nan", a circular reference or an integer's length.
        raise InvalidInputError(field, f"is not JSON: {error}") from error
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInputError(field, "holds half of a surrogate pair") from None
    if size > OUTPUT_BYTES:
        raise TooLongError(field, size, OUTPUT_BYTES, "bytes")
    if problem := _problem(value):
        raise InvalidInputError(field, problem)
    return _STRING_OR_LARGE_FLOAT.sub(_with_point, text) if "e+" in text else text


def _problem(value: Any) -> str | None:
    """Return what json.dumps lets pass, or changes silently."""
    rest = [(value, 1)]
    while rest:
        item, depth = rest.pop()
        if isinstance(item, str):
            if problem := unstorable(item):
                return problem
        elif isinstance(item, (dict, list)):
            if depth > DEPTH:
                return f"has more than {DEPTH} levels"
            if isinstance(item, list):
                rest.extend((element, depth + 1) for element in item)
                continue
            for key, element in item.items():
                if not isinstance(key, str):
                    return f"has a key that is not text but {type(key).__name__}"
                if problem := unstorable(key):
                    return problem
                rest.append((element, depth + 1))
        elif isinstance(item, tuple):
            return "holds a tuple, which would come back as a list"
    return None


def _with_point(match: re.Match[str]) -> str:
    return f"{Decimal(match['float']):f}.0" if match["float"] else match[0]
