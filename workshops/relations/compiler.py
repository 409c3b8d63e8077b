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

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from piccolo.columns import Column
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.decoding import (
    Field,
    RowsDecoder,
    load_column,
    load_json,
    rows_decoder,
)
from workshops.relations.expressions import MARK, Part, Scope, kind_of, part_of


class Rows(NamedTuple):
    """The rows of one level: those of a relation, or the outermost ones."""

    table: type[Table]
    items: Sequence[Any] = ()
    """Columns, expressions and relations; all columns, if there are none."""
    where: Any = None
    order: tuple[tuple[Any, bool], ...] = ()
    """Columns and expressions, and whether each is ascending."""
    limit: int | None = None
    offset: int | None = None
    nested: bool | None = None
    """Whether joined columns form dictionaries; None, if as in the level outside."""

    # What only the outermost rows can have:
    load_json: bool = False
    distinct: bool = False
    distinct_on: QueryString | None = None
    group_by: QueryString | None = None
    having: Any = None
    lock: str = ""


class Statement(QueryString):
    """A select as SQL with its values, as Piccolo's engine runs it, and what reads its rows."""

    __slots__ = ("_marked", "decode", "sql", "values")

    def __init__(self, marked: str, values: list[Any], decode: RowsDecoder) -> None:
        super().__init__("")
        pieces = marked.split(MARK)
        pieces[1::2] = [f"${place}" for place in pieces[1::2]]
        self.sql, self.values, self.decode = "".join(pieces), values, decode
        self._frozen_compiled_strings = (self.sql, values)
        self._marked = marked

    def bundle(self, *arguments: Any, **settings: Any) -> Any:
        """Tell the text from the values, as another text that it stands in needs it."""
        pieces = self._marked.split(MARK)
        texts = (text.replace("{", "{{").replace("}", "}}") for text in pieces[::2])
        self.template = "{}".join(texts)
        self.args = [self.values[int(place) - 1] for place in pieces[1::2]]
        return super().bundle(*arguments, **settings)


class Level(NamedTuple):
    """The SELECT of a level with everything below it, what reads its rows, ..."""

    sql: str
    decode: RowsDecoder
    loads_json: bool
    """... and whether a value may hold a number that orjson would not read exactly."""


def compile_select(rows: Rows, *, secrets: bool) -> Statement:
    """Return the statement of a select."""
    values: list[Any] = []
    level = write_level(rows, values, secrets)
    return Statement(level.sql, values, level.decode)


def write_level(
    rows: Rows,
    values: list[Any],
    secrets: bool,
    link: Any = None,
    key: str = "",
    nested: bool = False,
    depth: int = 1,
) -> Level:
    """Return the SELECT of a level: of the outermost, or of the relation that ``link`` stands for.

    :param secrets: Whether secret columns are there.
    :param key: The SQL of what the relation's foreign key refers to.
    """
    scope, where = Scope(values), []
    if rows.where is not None:
        where.append(f"({scope.condition(rows.where)})")
    if link is not None:
        foreign_key = part_of(link.foreign_key).sql
        where.insert(0, f"{foreign_key} = {key}")
        scope.known[foreign_key] = key
    nested = nested if rows.nested is None else rows.nested
    parts: list[Any] = []
    # Those of the outermost rows are not rows of the table then, or have no key.
    needs_page = bool(rows.distinct or rows.distinct_on or rows.group_by or rows.lock)
    items: Sequence[Any] = rows.items or rows.table._meta.columns
    for item in items:
        kind = kind_of(type(item))
        if kind is Column:
            if secrets or not item._meta.secret:
                parts.append(scope.column(item))
        elif kind is Selectable:
            parts.append(item)
            # It would mistake its own rows for the outer one, if they are of the same table.
            needs_page |= item.link.child._meta.tablename == rows.table._meta.tablename
        else:
            parts.append(part := scope.part(item))
            needs_page |= link is not None and part.needs_page
    page = _Page(f"_p{depth}") if needs_page else None

    results: list[str] = []
    fields: list[Field] = []
    loads_json = False
    for part in parts:
        if type(part) is Part:
            if link is None:
                result, field = part.sql, part.plain
                if rows.load_json and part.is_json:
                    field = field._replace(decode=load_column)
            else:
                result, field = part.json, part.field
                loads_json |= part.way.loads_json
            if page is not None:
                column = page.refer(part.sql)
                result = column if link is None else part.way.template.format(column)
        else:
            key = scope.column(part.link.key).sql
            outer = scope.known.get(key) or (page.refer(key) if page else key)
            inner = part.level(values, secrets, outer, nested, depth + 1)
            result, load = inner.sql, None
            loads_json |= inner.loads_json
            if link is None:
                # As text, whatever a codec of the connection's own does to JSON.
                result = f"{result}::text"
                load = load_json if inner.loads_json else orjson.loads
            field = Field(part.name, inner.decode, True, load)
        results.append(result)
        fields.append(field)

    row = ", ".join(results) if link is None else _json_row(results)
    text = _select(rows, scope, where, row, page)
    if link is not None:
        text = f"array_to_json(ARRAY({text}))"
    for number, alias in enumerate(scope.joins):
        if len(alias.encode()) > 63:
            # PostgreSQL would cut Piccolo's alias of a long chain to that of another one.
            text = text.replace(f'"{alias}"', f'"_j{depth}_{number}"')
    return Level(text, rows_decoder(tuple(fields), nested=nested), loads_json)


def _select(rows: Rows, scope: Scope, where: list[str], row: str, page: _Page | None) -> str:
    """Return the SELECT of these rows, or of a page of them."""
    order = [(scope.part(term).sql, " ASC" if up else " DESC") for term, up in rows.order]
    group = "" if rows.group_by is None else scope.written(rows.group_by)
    if rows.having is not None:
        group += f" HAVING {scope.condition(rows.having)}"
    # The limit is a part of the SQL, because plans depend on it, and there are few
    # different ones. The offset is a value: each page would be another statement
    # for the database to prepare.
    sliced = "" if rows.limit is None else f" LIMIT {rows.limit:d}"
    if rows.offset is not None:
        sliced += f" OFFSET {scope.value(rows.offset)}"
    source = " ".join((rows.table._meta.get_formatted_tablename(), *scope.joins.values()))
    conditions = " WHERE " + " AND ".join(where) if where else ""

    if page is None:
        ordered = _ordered([term + direction for term, direction in order])
        if rows.offset is not None and any(kind_of(type(i)) is Selectable for i in rows.items):
            key = part_of(rows.table._meta.primary_key).sql
            found = f"SELECT {key} FROM {source}{conditions}{group}{ordered}{sliced}"
            return f"SELECT {row} FROM {source} WHERE {key} = ANY (ARRAY({found})){ordered}"
        return f"SELECT {row} FROM {source}{conditions}{group}{ordered}{sliced}"

    outside = _ordered([page.refer(term) + direction for term, direction in order])
    inside = _ordered([f"{page.columns[term] + 1}{direction}" for term, direction in order])
    if rows.distinct:
        # DISTINCT compares whole rows, relations included, and LIMIT counts what is left.
        row, inside, outside = f"DISTINCT {row}", "", outside + sliced
    else:
        inside += sliced
    if not page.columns:  # only relations of a known key are selected
        page.refer("1")
    on = "" if rows.distinct_on is None else scope.written(rows.distinct_on)
    columns = ", ".join(page.columns)
    inner = f"SELECT{on} {columns} FROM {source}{conditions}{group}{inside}{rows.lock}"
    names = ", ".join(f"c{position}" for position in page.columns.values())
    return f"SELECT {row} FROM ({inner}) AS {page.name}({names}){outside}"


def _json_row(values: Sequence[str]) -> str:
    """Return a row as a JSON array; a function has at most 100 arguments."""
    if len(values) > 100:
        return f"array_to_json(ARRAY[{', '.join(f'to_json({value})' for value in values)}])"
    return f"json_build_array({', '.join(values)})"


def _ordered(terms: Sequence[str]) -> str:
    return f" ORDER BY {', '.join(terms)}" if terms else ""


class _Page:
    """An inner select, whose columns are told apart by position."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: dict[str, int] = {}

    def refer(self, column: str) -> str:
        """Return the SQL that refers to a column from outside; it is added unless it is there."""
        return f"{self.name}.c{self.columns.setdefault(column, len(self.columns))}"
