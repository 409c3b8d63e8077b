"""The one statement of a select with relations.

Each relation is a subquery of the select list whose rows are one JSON array::

    SELECT "band"."name", array_to_json(ARRAY(
        SELECT json_build_array("album"."id", "album"."title") FROM album
        WHERE "album"."band" = "band"."id" ORDER BY "album"."title" ASC LIMIT 3))::text
    FROM band WHERE "band"."name" LIKE $1 ORDER BY "band"."name" ASC LIMIT 50

Where the outer condition says which row it is, ``Band.id == 1``, the relations say so
too, ``"album"."band" = $1``, instead of referring to the outer row: a distributed
database then knows the one shard that has all of it.

PostgreSQL puts off the subqueries of a select list until after a LIMIT, but not
until after an OFFSET: the 20,000 rows before a page would have their relations
computed too. So the rows of the page are found first::

    SELECT "band"."name", array_to_json(ARRAY(... WHERE "album"."band" = "band"."id" ...))::text
    FROM band WHERE "band"."id" = ANY (ARRAY(
        SELECT "band"."id" FROM band ORDER BY "band"."name" ASC LIMIT 50 OFFSET 20000))
    ORDER BY "band"."name" ASC

The rows of DISTINCT, GROUP BY and FOR UPDATE have no such key, or are no rows of the
table; a level of these, or one that could be mistaken for its relation, is an inner select::

    SELECT _p1.c0, array_to_json(ARRAY(... WHERE "album"."band" = _p1.c1 ...))::text
    FROM (SELECT DISTINCT ON ("band"."name") "band"."name", "band"."id" FROM band ORDER BY 1)
         AS _p1(c0, c1)
    ORDER BY _p1.c0

The outer ORDER BY costs nothing, because the inner one has sorted the rows already;
it is there because SQL promises no order without it. Columns are told apart by
position, so neither an alias nor a name of more than 63 bytes, which PostgreSQL would
cut, ever reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import orjson

from workshops.relations.decoding import (
    MOST_ARGUMENTS,
    Carried,
    Field,
    RowsDecoder,
    load_column,
    load_json,
    rows_decoder,
    typed,
)
from workshops.relations.shape import KEY, VALUE, Children, Condition, Part, Rows, Sql


class Outermost(NamedTuple):
    """What only the outermost select can have."""

    loads_json: bool = False
    distinct: bool = False
    distinct_on: Sql | None = None
    group_by: Sql | None = None
    having: Condition | None = None
    lock: str = ""


class Statement(NamedTuple):
    """The SQL of a shape, the slots of its values, and what reads its rows."""

    sql: str
    template: str
    """The same for a ``QueryString``."""
    slots: tuple[int, ...]
    """One for each ``$1`` and so on."""
    template_slots: tuple[int, ...]
    """One for each ``{}``."""
    decode: RowsDecoder


class _Level(NamedTuple):
    """The SELECT of a level, what reads its rows, ..."""

    sql: Sql
    decode: RowsDecoder
    loads_json: bool
    """... whether a value may hold a number that orjson would not read exactly, ..."""
    height: int
    """... and how many levels it has, which tells the names of its pages apart."""


@lru_cache(maxsize=1024)
def compile_shape(rows: Rows, outermost: Outermost) -> Statement:
    """Return the statement of a shape."""
    level = _level(rows, outermost)
    text, slots = level.sql
    first, *pieces = text.split(VALUE)
    template = text.replace("{", "{{").replace("}", "}}").replace(VALUE, "{}")
    unique = tuple(dict.fromkeys(slots))
    numbered = (f"${unique.index(s) + 1}{piece}" for s, piece in zip(slots, pieces, strict=True))
    return Statement(first + "".join(numbered), template, unique, slots, level.decode)


def _level(rows: Rows, outermost: Outermost, link: Children | None = None) -> _Level:
    """Return the SELECT of a level with everything below it."""
    below = [
        _level(item.rows, Outermost(), item) if isinstance(item, Children) else None
        for item in rows.items
    ]
    height = 1 + max((level.height for level in below if level), default=0)
    page = _Page(f"_p{height}") if _needs_page(rows, outermost, link) else None
    known = (
        {}
        if rows.condition is None
        else {name: Sql(VALUE, (slot,)) for name, slot in rows.condition.known}
    )
    if link is not None:
        known[link.foreign_key.sql.text] = Sql(KEY)

    results: list[Sql] = []
    fields: list[Field] = []
    loads_json = False
    for item, level in zip(rows.items, below, strict=True):
        if isinstance(item, Children):
            assert level is not None
            key = known.get(item.key.sql.text)
            if key is None:
                key = page.refer(item.key.sql) if page else item.key.sql
            result, load = _with_key(level.sql, key), None
            loads_json = loads_json or level.loads_json
            if link is None:
                # As text, whatever a codec of the connection's own does to JSON.
                result = _sql(result, "::text")
                load = load_json if level.loads_json else orjson.loads
            fields.append(Field(item.name, level.decode, empty=True, load=load))
        else:
            result, decode = item.sql, None
            if item.key is not None:
                result = _with_key(result, known.get(item.key, Sql(item.key)))
            if page:
                result = page.refer(result)
            if link is not None:
                result, way = _in_json(result, item.carried)
                decode, loads_json = way.decode, loads_json or way.loads_json
            elif outermost.loads_json and item.is_json:
                decode = load_column
            fields.append(Field(item.name or "", decode))
        results.append(result)

    row = _listed(results) if link is None else _json_row(results)
    text = _select(rows, outermost, link, row, page)
    if link is not None:
        text = _sql("array_to_json(ARRAY(", text, "))")
    for number, alias in enumerate(
        dict.fromkeys(a for part in _parts(rows, outermost) for a in part.long_aliases)
    ):
        text = Sql(text.text.replace(f'"{alias}"', f'"_j{height}_{number}"'), text.slots)
    return _Level(text, rows_decoder(tuple(fields), nested=rows.nested), loads_json, height)


def _select(
    rows: Rows, outermost: Outermost, link: Children | None, row: Sql, page: _Page | None
) -> Sql:
    """Return the SELECT of these rows, or of a page of them."""
    conditions: list[Sql] = []
    if link is not None:
        conditions.append(Sql(f"{link.foreign_key.sql.text} = {KEY}"))
    if rows.condition is not None:
        conditions.append(_sql("(", rows.condition.sql, ")"))
    joins = dict.fromkeys(join for part in _parts(rows, outermost) for join in part.joins)
    body: list[str | Sql] = [" FROM ", " ".join((rows.table, *joins))]
    if conditions:
        body += (" WHERE ", _listed(conditions, " AND "))
    if outermost.group_by is not None:
        body.append(outermost.group_by)
    if outermost.having is not None:
        body += (" HAVING ", outermost.having.sql)

    # The limit is a part of the SQL, because plans depend on it, and there are few
    # different ones. The offset is a value: each page would be another statement
    # for the database to prepare.
    sliced = Sql("" if rows.limit is None else f" LIMIT {rows.limit:d}")
    if rows.offset is not None:
        sliced = Sql(f"{sliced.text} OFFSET {VALUE}", (rows.offset,))
    if page is None:
        order = _ordered((_term(part), ascending) for part, ascending in rows.order)
        if rows.offset is None or not any(isinstance(item, Children) for item in rows.items):
            return _sql("SELECT ", row, *body, order, sliced)
        found = _sql("SELECT ", rows.key, *body, order, sliced)
        here = _sql(" WHERE ", rows.key, " = ANY (ARRAY(", found, "))")
        return _sql("SELECT ", row, *body[:2], here, order)

    positions = [(page.position(_term(part)), ascending) for part, ascending in rows.order]
    outside = _ordered((Sql(f"{page.name}.c{n}"), ascending) for n, ascending in positions)
    if outermost.distinct:
        # DISTINCT compares whole rows, relations included, and LIMIT counts what is left.
        row, outside = _sql("DISTINCT ", row), _sql(outside, sliced)
    else:
        body += (_ordered((Sql(str(n + 1)), ascending) for n, ascending in positions), sliced)
    if not page.columns:  # only relations of a known key are selected
        page.position(Sql("1"))
    on = "" if outermost.distinct_on is None else outermost.distinct_on
    inner = _sql("SELECT", on, " ", _listed(page.columns), *body, outermost.lock)
    return _sql("SELECT ", row, " FROM (", inner, f") AS {page.alias}", outside)


def _needs_page(rows: Rows, outermost: Outermost, link: Children | None) -> bool:
    """Whether the rows of a level have to be found by a select of their own."""
    plain = [item for item in rows.items if isinstance(item, Part)]
    if link is not None and any(part.own_alias or part.carried is None for part in plain):
        return True  # a value is named, or asked for its type
    below = [item.rows.tablename for item in rows.items if isinstance(item, Children)]
    # A relation that stands on the same table would mistake its own rows for the outer one.
    return bool(below) and (
        outermost.distinct
        or outermost.distinct_on is not None
        or outermost.group_by is not None
        or bool(outermost.lock)
        or rows.tablename in below
    )


def _parts(rows: Rows, outermost: Outermost) -> list[Part]:
    """Return everything in a level that may need a join."""
    return [
        *(item.key if isinstance(item, Children) else item for item in rows.items),
        *(rows.condition.parts if rows.condition else ()),
        *(outermost.having.parts if outermost.having else ()),
        *(part for part, _ in rows.order),
    ]


def _term(part: Part) -> Sql:
    return part.sql if part.key is None else _with_key(part.sql, Sql(part.key))


_TYPED = Carried(decode=typed)


def _in_json(value: Sql, way: Carried | None) -> tuple[Sql, Carried]:
    """Return a value as it stands in the JSON, and how it is read."""
    if way is None:
        parts = "json_build_array(pg_typeof(", value, ")::text, to_json(", value, ")::text)"
        return _sql(*parts), _TYPED
    return (_sql("(", value, ")", way.cast) if way.cast else value), way


def _json_row(values: Sequence[Sql]) -> Sql:
    """Return a row as a JSON array; a function has at most 100 arguments."""
    if len(values) > MOST_ARGUMENTS:
        split = MOST_ARGUMENTS - 1
        values = [*values[:split], _json_row(values[split:])]
    return _sql("json_build_array(", _listed(values), ")")


def _with_key(level: Sql, key: Sql) -> Sql:
    """Put SQL in the place of the outer row's key."""
    text: list[str] = []
    slots: list[int] = []
    rest = iter(level.slots)
    for number, piece in enumerate(level.text.split(KEY)):
        if number:
            text.append(key.text)
            slots += key.slots
        text.append(piece)
        slots += [next(rest) for _ in range(piece.count(VALUE))]
    return Sql("".join(text), tuple(slots))


def _sql(*parts: str | Sql) -> Sql:
    """Put SQL together."""
    pieces = [Sql(part) if isinstance(part, str) else part for part in parts]
    slots = tuple(slot for piece in pieces for slot in piece.slots)
    return Sql("".join(piece.text for piece in pieces), slots)


def _listed(parts: Iterable[Sql], separator: str = ", ") -> Sql:
    """Put SQL together with something in between."""
    between = [piece for part in parts for piece in (separator, part)]
    return _sql(*between[1:])


def _ordered(terms: Iterable[tuple[Sql, bool]]) -> Sql:
    """Return the ORDER BY for expressions and whether each is ascending, if there are any."""
    order = [_sql(term, " ASC" if ascending else " DESC") for term, ascending in terms]
    return _sql(" ORDER BY ", _listed(order)) if order else Sql("")


class _Page:
    """An inner select, whose columns are told apart by position."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: list[Sql] = []

    def position(self, column: Sql) -> int:
        """Return the position of a column, which is added unless it is there already."""
        if column not in self.columns:
            self.columns.append(column)
        return self.columns.index(column)

    def refer(self, column: Sql) -> Sql:
        """Return the SQL that refers to a column from outside."""
        return Sql(f"{self.name}.c{self.position(column)}")

    @property
    def alias(self) -> str:
        """The SQL that names the select and its columns."""
        return f"{self.name}({', '.join(f'c{i}' for i in range(len(self.columns)))})"
