"""From PostgreSQL's values to Python's, which travel as JSON inside a relation.

A row of a relation is a JSON array, ``json_build_array(id, recorded, price::text)``,
and the rows of a relation are an array of these. Numbers, texts, booleans and JSON
itself arrive as they are; a time arrives as text, and is read by the type of its
column::

    [[1, "2024-02-29T12:30:00", "9.90"]]  ->
    [{"id": 1, "recorded": datetime(2024, 2, 29, 12, 30), "price": Decimal("9.90")}]

For each list of fields one function is generated that makes the dictionaries, as
``dataclasses`` does it: a dictionary display is faster than ``dict(zip(...))``, and
leaves less garbage behind.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from asyncpg.pgproto.pgproto import UUID
from piccolo.utils.dictionary import make_nested

Row = dict[str, Any]
Decoder = Callable[[Any], Any]
RowsDecoder = Callable[[Iterable[Any]], list[Row]]

# An integer of more than 64 bits would come back from orjson as a float. To look for
# one, every digit becomes a 0: nine times faster than a regular expression, which
# would take longer than orjson gains.
_DIGITS_TO_ZERO = bytes(ord("0") if chr(byte).isdecimal() else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19


def load_json(text: str) -> Any:
    """Load JSON as ``json.loads`` does, with orjson wherever that gives the same.

    A whole number of more digits than Python converts (4,300) stays text: so its
    digits are kept, and whatever writes the value out again does not fail.
    """
    if _LONG_NUMBER not in text.encode().translate(_DIGITS_TO_ZERO):
        try:
            return orjson.loads(text)
        except ValueError:
            pass  # a number beyond a double's range, which jsonb can hold
    return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def load_column(value: Any) -> Any:
    """Load a JSON column of a row that came as a record, or an array of JSON."""
    if isinstance(value, list):
        return [load_column(element) for element in value]
    # Anything else the connection's own codec has loaded.
    return load_json(value) if isinstance(value, str) else value


def _endless(kind: Any) -> Decoder:
    """Return what reads a time, infinity as asyncpg has it: the last and first of Python's."""

    def decode(text: str) -> Any:
        if "infinity" in text:
            return kind.min if text[0] == "-" else kind.max
        return kind.fromisoformat(text)

    return decode


_timestamp = _endless(datetime)


def _aware_timestamp(text: str) -> datetime:
    moment: datetime = _timestamp(text)
    if "infinity" in text:
        return moment  # without a time zone in asyncpg too
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


_DAYS = {"year": 365, "mon": 30, "day": 1}
_INTERVAL = re.compile(
    r"(?P<date>(?:[-+]?\d+ (?:year|mon|day)s? ?)*)"
    r"(?:(?P<sign>[-+]?)(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?))?"
)


def _interval(text: str) -> timedelta:
    """Read PostgreSQL's own style; a month has 30 days and a year 365, as in asyncpg."""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise ValueError(f"IntervalStyle must be 'postgres' to read {text!r}")
    parts = re.findall(r"([-+]?\d+) (year|mon|day)", match["date"])
    days = timedelta(days=sum(int(number) * _DAYS[unit] for number, unit in parts))
    clock = timedelta(
        hours=int(match["hours"] or 0),
        minutes=int(match["minutes"] or 0),
        seconds=float(match["seconds"] or 0),
    )
    return days - clock if match["sign"] == "-" else days + clock


class Carried(NamedTuple):
    """How the values of a type travel: how they stand in the JSON, and what reads them."""

    template: str = "{0}"
    """The JSON of an SQL expression."""
    decode: Decoder | None = None
    loads_json: bool = False
    """Whether a value may hold a number that orjson would not read exactly."""


def _single(number: Any) -> float:
    """Read a number of four bytes, which is written shorter than as the double of asyncpg."""
    value: float = struct.unpack("f", struct.pack("f", float(number)))[0]
    return value


_PLAIN, _JSON = Carried(), Carried(loads_json=True)
_TIME_ZONE = Carried("({0}) AT TIME ZONE 'UTC'", _aware_timestamp)

# By the names of Piccolo's column types, and those of pg_typeof.
_CARRIED = {
    **dict.fromkeys(("smallint", "integer", "bigint", "serial", "bigserial", "boolean"), _PLAIN),
    **dict.fromkeys(("text", "varchar", "char", "character varying", "character"), _PLAIN),
    **dict.fromkeys(("numeric", "decimal"), Carried("({0})::text", Decimal)),
    "real": Carried(decode=_single),
    # 1.0 is written as 1, and NaN as text.
    **dict.fromkeys(("float", "double precision"), Carried(decode=float)),
    **dict.fromkeys(
        ("timestamp", "timestamp without time zone"), Carried(decode=datetime.fromisoformat)
    ),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), _TIME_ZONE),
    "date": Carried(decode=date.fromisoformat),
    **dict.fromkeys(("time", "time without time zone"), Carried(decode=time.fromisoformat)),
    "interval": Carried(decode=_interval),
    "uuid": Carried(decode=UUID),
    "bytea": Carried(decode=_bytes),
}

# Slower, and right for what the fast ones refuse.
_CAREFUL: dict[Decoder, Decoder] = {
    datetime.fromisoformat: _timestamp,
    date.fromisoformat: _endless(date),
}


@lru_cache
def carried(column_type: str) -> Carried:
    """Return how a column of this type travels; one that Piccolo has no column for, as JSON."""
    if column_type.endswith("[]"):
        element = carried(column_type.rstrip("[]"))
        template = f"{element.template}[]" if element.template.endswith("::text") else "{0}"
        return Carried(
            template, element.decode and array_decoder(element.decode), element.loads_json
        )
    return _CARRIED.get(re.sub(r"\(.*\)", "", column_type).lower(), _JSON)


def array_decoder(decode: Decoder) -> Decoder:
    """Return what reads the elements of an array, at any depth, NULLs left out."""
    careful = _CAREFUL.get(decode, decode)

    def decode_array(value: Any) -> Any:
        if isinstance(value, list):
            return [decode_array(element) for element in value]
        return None if value is None else careful(value)

    return decode_array


def _typed(value: tuple[str, str | None]) -> Any:
    """Read the value of an expression: the name of its type, and the value as JSON."""
    kind, text = value
    if text is None:
        return None
    decode = carried(kind.rstrip("[]")).decode
    if decode is None:
        return load_json(text)
    if decode is Decimal:
        return array_decoder(decode)(json.loads(text, parse_int=str, parse_float=str))
    return array_decoder(decode)(orjson.loads(text))


TYPED = Carried("json_build_array(pg_typeof({0})::text, to_json({0})::text)", _typed)
"""A value of a type that only the database knows."""


class Field(NamedTuple):
    """One value of a row: its key, and what is done to it, if anything."""

    name: str
    decode: Decoder | None = None
    empty: bool = False
    """Whether NULL is an empty list: it is a relation."""
    load: Decoder | None = None
    """What loads the text of a relation, where it came as text."""


@lru_cache(maxsize=1024)
def rows_decoder(
    fields: tuple[Field, ...], *, nested: bool = False, careful: bool = False
) -> RowsDecoder:
    """Return the function that makes dictionaries of rows with these fields.

    For ``Field("id"), Field("recorded", datetime.fromisoformat)`` it is::

        def rows(values):
            try:
                return [
                    {"id": a0, "recorded": d1(a1) if a1 is not None else None}
                    for a0, a1 in values
                ]
            except ValueError:
                return careful(values)

    where ``careful`` is the same with decoders that know ``infinity`` too.
    """
    names: dict[str, Any] = {}
    shown = []
    for index, field in enumerate(fields):
        value = f"a{index}"
        if field.decode is not None:
            decode = _CAREFUL.get(field.decode, field.decode) if careful else field.decode
            names[f"d{index}"], names[f"l{index}"] = decode, field.load
            loaded = f"l{index}({value})" if field.load else value
            otherwise = (
                f"if {value} else []" if field.empty else f"if {value} is not None else None"
            )
            value = f"d{index}({loaded}) {otherwise}"
        shown.append(f"{field.name!r}: {value}")
    made = f"{{{', '.join(shown)}}}"
    pattern = "".join(f"a{index}, " for index in range(len(fields)))
    result = f"[{f'nest({made})' if nested else made} for ({pattern}) in values]"
    body = f"return {result}"
    if not careful and any(field.decode in _CAREFUL for field in fields if field.decode):
        names["careful"] = lambda values: rows_decoder(fields, nested=nested, careful=True)(values)
        body = f"try: return {result}\n except ValueError: return careful(values)"
    names["nest"] = make_nested
    exec(f"def rows(values):\n {body}", names)
    rows: RowsDecoder = names["rows"]
    return rows
