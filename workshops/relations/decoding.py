"""From the database's records to dictionaries.

Child rows arrive as ``record[]``. asyncpg decodes an anonymous record into a tuple
with the Python types of its fields, because the binary form carries them; names
it does not carry, so they are put back by position.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from piccolo.columns import JSON, JSONB, Array
from piccolo.query.operators.json import JSONQueryString
from piccolo.querystring import Selectable
from piccolo.utils.dictionary import make_nested

Row = dict[str, Any]
Decoder = Callable[[Any], Any]

# An integer of more than 64 bits would come back from orjson as a float. To look for
# one, every digit becomes a 0: nine times faster than a regular expression, which
# would take longer than orjson gains.
_DIGITS_TO_ZERO = bytes(ord("0") if chr(byte).isdecimal() else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19


def load_json(text: str) -> Any:
    """Load JSON as ``json.loads`` does, with orjson wherever that gives the same."""
    if _LONG_NUMBER in text.encode().translate(_DIGITS_TO_ZERO):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except ValueError:
        # orjson refuses a number beyond a double's range, which jsonb can hold.
        return json.loads(text)


class Field(NamedTuple):
    """One value of a row: its key, and what is done to it, if anything."""

    name: str
    decoder: Decoder | None


def rows_decoder(
    fields: Sequence[Field], *, nested: bool = False
) -> Callable[[Iterable[Iterable[Any]]], list[Row]]:
    """Return the function that makes dictionaries of rows with these fields.

    Values after the last field are left out.
    """
    names = tuple(field.name for field in fields)
    decoders = [(field.name, field.decoder) for field in fields if field.decoder is not None]

    def decode(records: Iterable[Iterable[Any]]) -> list[Row]:
        rows = [dict(zip(names, record, strict=False)) for record in records]
        for name, decoder in decoders:
            for row in rows:
                if (value := row[name]) is not None:
                    row[name] = decoder(value)
        return [make_nested(row) for row in rows] if nested else rows

    return decode


def json_decoder(item: Selectable) -> Decoder | None:
    """Return the function that loads the JSON of this part of a select, if it is JSON."""
    if isinstance(item, Array):
        inner = isinstance(item._get_inner_column(), (JSON, JSONB))
        return _load_array if inner else None
    return _load if isinstance(item, (JSON, JSONB, JSONQueryString)) else None


def _load(value: Any) -> Any:
    # Anything else the connection's own codec has loaded, in the outer row.
    return load_json(value) if isinstance(value, str) else value


def _load_array(value: Any) -> Any:
    if isinstance(value, list):
        return [_load_array(element) for element in value]
    return _load(value)
