"""What an argument may be, checked before the database is touched.

Every problem is an ``InvalidInputError`` that names the field and says how much
was given and how much is allowed, and never repeats the value.

JSON is written so that what is read back equals what was given. PostgreSQL keeps every
number as a decimal: 1.0 stays 1.0 and 10**100 stays exact, but -0.0 becomes 0.0 (an equal
value), and a float such as 1e+23 would come back as the whole number 10**23, another value.
It is written with its decimal point, which PostgreSQL keeps, and comes back as the same float.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from workshops.columns import to_stored
from workshops.errors import InvalidInputError, TooLongError, UnknownValueError
from workshops.tables.workshops import TITLE_LENGTH

IDEA_LENGTH = 20_000
"""The longest idea, in characters."""

IDENTIFIER_LENGTH = 255
"""The longest identifier, ours or the identity provider's, in characters."""

LONGEST_DURATION = timedelta(days=36_500)
"""The longest stretch of time."""

State = TypeVar("State", bound=StrEnum)


def text(field: str, value: object, *, limit: int, blank: bool = False) -> str:
    """Return ``value`` if it is a text that can be stored.

    Raises:
        InvalidInputError: it is not text, too long, blank without leave, or holds a
            NUL character or half of a surrogate pair, which PostgreSQL cannot store.
    """
    if not isinstance(value, str):
        raise InvalidInputError(field, f"must be text, not {type(value).__name__}")
    if len(value) > limit:
        raise TooLongError(field, len(value), limit)
    if not blank and not value.strip():
        raise InvalidInputError(field, "must not be empty")
    if problem := unstorable(value):
        raise InvalidInputError(field, problem)
    return str(value)


def unstorable(value: str) -> str | None:
    """Return why PostgreSQL cannot store a text, if it cannot."""
    if "\0" in value:
        return "holds a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    return None


_INVISIBLE = {"Cf", "Zs"}
_NOT_ON_A_LINE = {"Cc", "Zl", "Zp"}
_TURNS_TEXT = re.compile("[\u202a-\u202e\u2066-\u2069]")


def line(field: str, value: object, *, limit: int) -> str:
    """Return ``value`` if it is a text that shows as one line, and as it is written.

    Raises:
        InvalidInputError: as ``text`` does, and if nothing of it can be seen, or it holds
            a line break or another control character, or one that turns the direction of
            the text around it.
    """
    checked = text(field, value, limit=limit)
    if not checked.isprintable():
        kinds = {unicodedata.category(character) for character in checked}
        if kinds & _NOT_ON_A_LINE:
            raise InvalidInputError(field, "holds a line break or another control character")
        if kinds <= _INVISIBLE:
            raise InvalidInputError(field, "must not be empty: nothing of it can be seen")
        if _TURNS_TEXT.search(checked):
            raise InvalidInputError(field, "holds a character that turns the direction of text")
    return checked


def title(value: object) -> str:
    """Return a title: one line of at most 200 characters, not blank."""
    return line("title", value, limit=TITLE_LENGTH)


def idea(value: object) -> str:
    """Return an idea: at most 20,000 characters; it may be empty."""
    return text("original_idea", value, limit=IDEA_LENGTH, blank=True)


def key(field: str, value: object) -> str:
    """Return what a row is looked up by; nothing has a blank one, so that is looked up too."""
    return text(field, value, limit=IDENTIFIER_LENGTH, blank=True)


def identifier(field: str, value: object) -> str:
    """Return an identifier that is stored: one line of at most 255 characters, not blank."""
    return line(field, value, limit=IDENTIFIER_LENGTH)


def optional_identifier(field: str, value: object) -> str | None:
    """Return an identifier or None."""
    return None if value is None else identifier(field, value)


def role(value: object) -> str:
    """Return a role: any line that is not blank, as a product may have roles of its own."""
    return line("role", value, limit=IDENTIFIER_LENGTH)


def state(field: str, value: object, states: type[State]) -> State:
    """Return ``value`` as one of ``states``.

    Raises:
        UnknownValueError: it is none of them.
    """
    if not isinstance(value, str) or value not in tuple(states):
        raise UnknownValueError(field, tuple(states))
    return states(value)


def moment(field: str, value: object) -> datetime:
    """Return a time as it is stored: UTC, in milliseconds."""
    if not isinstance(value, datetime):
        raise InvalidInputError(field, f"must be a datetime, not {type(value).__name__}")
    try:
        return to_stored(value)
    except OverflowError:
        raise InvalidInputError(field, "is out of range") from None


def expected_updated_at(value: object) -> datetime | None:
    """Return the ``updated_at`` that a change is based on, if one is given."""
    return None if value is None else moment("expected_updated_at", value)


def duration(field: str, value: object) -> timedelta:
    """Return a stretch of time that is not negative, and that a timestamp can be moved by."""
    if not isinstance(value, timedelta):
        raise InvalidInputError(field, f"must be a timedelta, not {type(value).__name__}")
    if not timedelta(0) <= value <= LONGEST_DURATION:
        raise InvalidInputError(field, f"must be from 0 to {LONGEST_DURATION.days:,} days")
    return value


def count(field: str, value: object, *, least: int, most: int) -> int:
    """Return a whole number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(field, f"must be a whole number, not {type(value).__name__}")
    if not least <= value <= most:
        raise InvalidInputError(field, f"must be from {least} to {most}")
    return value


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


def parse_json(field: str, text: str) -> Any:
    """Return the value that a JSON text says.

    Raises:
        InvalidInputError: it is not JSON, or deeper than Python reads.
    """

    def refuse(constant: str) -> None:
        raise InvalidInputError(field, f"holds {constant}, which JSON does not have")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise InvalidInputError(field, "has too many levels") from None
    except ValueError:
        raise InvalidInputError(field, "is not JSON") from None


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
    if problem := unstorable_json(value):
        raise InvalidInputError(field, problem)
    return _STRING_OR_LARGE_FLOAT.sub(_with_point, text) if "e+" in text else text


def unstorable_json(value: Any) -> str | None:
    """Return why PostgreSQL cannot store a value, or would not give it back, if json.dumps can."""
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
        elif isinstance(item, float) and not math.isfinite(item):
            return "holds a number that is too large"
    return None


def _with_point(match: re.Match[str]) -> str:
    return f"{Decimal(match['float']):f}.0" if match["float"] else match[0]
