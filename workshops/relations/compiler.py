"""The one statement of a select with relations.

Each relation is a subquery of the select list whose rows are one JSON array::

    SELECT "band"."name", (SELECT json_agg(j) FROM (
        SELECT json_build_array("album"."id", "album"."title") AS j FROM album
        WHERE "album"."band" = "band"."id" ORDER BY "album"."title" ASC LIMIT 3) AS q)::text
    FROM band WHERE "band"."name" LIKE $1 ORDER BY "band"."name" ASC LIMIT 50

Where the outer condition says which row it is, ``Band.id == 1``, the relations say so
too, ``"album"."band" = $1``, instead of referring to the outer row: a distributed
database then knows the one shard that has all of it.

PostgreSQL puts off the subqueries of a select list until after a LIMIT, but not
until after an OFFSET: without an inner select, the 20,000 rows before a page would
have their relations computed too. Where that matters, a level is a page::

    SELECT _p1.c0, (SELECT json_agg(j) FROM (... WHERE "album"."band" = _p1.c1 ...) AS q)::text
    FROM (SELECT "band"."name", "band"."id" FROM band ORDER BY 1 LIMIT 50 OFFSET 20000)
         AS _p1(c0, c1)
    ORDER BY _p1.c0

The outer ORDER BY costs nothing, because the inner one has sorted the rows already;
it is there because SQL promises no order without it. Columns are told apart by
position, so neither an alias nor a name of more than 63 bytes, which PostgreSQL would
cut, ever reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from piccolo.columns import JSON, JSONB, And, Array
from piccolo.columns.combination import UNDEFINED, Where
from piccolo.columns.operators.comparison import Equal
from piccolo.columns.readable import Readable
from piccolo.query.functions import Count, Length, Lower, Upper
from piccolo.query.operators.json import JSONQueryString
from piccolo.querystring import QueryString
from piccolo.table import Table

from workshops.relations.conditions import Aggregate
from workshops.relations.decoding import (
    MOST_ARGUMENTS,
    Carried,
    Field,
    Rows,
    carried,
    load_column,
    load_json,
    rows_decoder,
    typed,
)
from workshops.relations.links import (
    Link,
    columns_of,
    columns_of_condition,
    has_own_alias,
    output_name,
)
from workshops.relations.selection import RelationSelect
from workshops.relations.sql import (
    KEY,
    VALUE,
    Kind,
    Page,
    Sql,
    kind_of,
    listed,
    ordered,
    part_of,
    source,
    sql,
    written,
    written_condition,
)


@dataclass(slots=True)
class Level:
    """What one SELECT of the statement consists of, in Piccolo's terms."""

    table: type[Table]
    items: Sequence[Any]
    condition: Any = None
    order: Sequence[tuple[Any, bool]] = ()
    row_limit: int | None = None
    row_offset: int | None = None
    nested: bool = False
    exclude_secrets: bool = False
    link: Link | None = None
    """What ties its rows to the outer row; the outermost level has none."""
    # Of the outermost level only:
    loads_json: bool = False
    distinct: bool = False
    distinct_on: QueryString | None = None
    group_by: QueryString | None = None
    having: Any = None
    lock: QueryString | None = None


class Fragment(NamedTuple):
    """The SELECT of a level: its text with its values, and what reads its rows."""

    sql: Sql
    rows: Rows
    loads_json: bool
    """Whether a value may hold a number that orjson would not read exactly."""
    height: int
    """How many levels it has; tells the names of its pages apart."""


def compile_level(level: Level) -> Fragment:
    """Return the SELECT of a level with everything below it."""
    in_json = level.link is not None
    items = level.items or level.table._meta.columns
    if level.exclude_secrets:
        items = [i for i in items if not (kind_of(type(i)) is Kind.column and i._meta.secret)]
    below = [_below(i, level) if type(i) is RelationSelect else None for i in items]
    plain = [item for item, fragment in zip(items, below, strict=True) if fragment is None]
    height = 1 + max((fragment.height for fragment in below if fragment), default=0)
    page = Page(f"_p{height}") if _needs_page(level, items, plain) else None
    known = _known(level) if len(plain) < len(items) else {}

    results: list[Sql] = []
    fields: list[Field] = []
    loads_json = False
    for item, fragment in zip(items, below, strict=True):
        if fragment is not None:
            key = written(item.link.key)
            if key.text in known:
                key = known[key.text]
            elif page:
                key = page.refer(key)
            result = fragment.sql.with_key(key)
            loads_json = loads_json or fragment.loads_json
            load = None
            if not in_json:
                # As text, whatever a codec of the connection's own does to JSON.
                result = sql(result, "::text")
                load = load_json if fragment.loads_json else orjson.loads
            field = Field(item.name, fragment.rows, True, load)
        else:
            result = written(item)
            if page:
                result = page.refer(result)
            decode = None
            if in_json:
                result, way = _in_json(result, item)
                decode, loads_json = way.decode, loads_json or way.loads_json
            elif level.loads_json and _holds_json(item):
                decode = load_column
            field = Field(output_name(item), decode)
        results.append(result)
        fields.append(field)

    used = [
        *columns_of(plain),
        *(r.link.key for r in items if type(r) is RelationSelect),
        *columns_of_condition(level.condition),
        *columns_of_condition(level.having),
        *columns_of(column for column, _ in level.order),
    ]
    tables, short = source(level.table, used, height)
    row = sql(_json_row(results), " AS j") if in_json else listed(results)
    text = _statement(level, row, tables, page)
    for alias, name in short.items():
        text = Sql(text.text.replace(alias, name), text.values)
    if in_json:
        text = sql("(SELECT json_agg(j) FROM (", text, ") AS q)")
    return Fragment(text, rows_decoder(tuple(fields), nested=level.nested), loads_json, height)


def _statement(level: Level, row: Sql, tables: str, page: Page | None) -> Sql:
    """Return the SELECT of these rows, or of a page of them."""
    conditions: list[str | Sql] = []
    if level.link is not None:
        conditions.append(f"{part_of(level.link.foreign_key).sql.text} = {KEY}")
    if level.condition is not None:
        conditions.append(sql("(", written_condition(level.condition), ")"))
    rows: list[str | Sql] = [f" FROM {tables}"]
    if conditions:
        rows += (" WHERE ", listed(conditions, " AND "))
    if level.group_by is not None:
        rows.append(written(level.group_by))
    if level.having is not None:
        rows += (" HAVING ", written_condition(level.having))

    # The limit is a part of the SQL, because plans depend on it, and there are few
    # different ones. The offset is a value: each page would be another statement
    # for the database to prepare.
    sliced = Sql("" if level.row_limit is None else f" LIMIT {level.row_limit:d}")
    if level.row_offset is not None:
        sliced = sql(sliced, Sql(f" OFFSET {VALUE}", [level.row_offset]))
    terms = [(written(term), ascending) for term, ascending in level.order]
    if page is None:
        return sql("SELECT ", row, *rows, ordered(terms), sliced)

    positions = [(page.position(term), ascending) for term, ascending in terms]
    outside = ordered((f"{page.name}.c{position}", ascending) for position, ascending in positions)
    if level.distinct:
        # DISTINCT compares whole rows, relations included, and LIMIT counts what is left.
        row, outside = sql("DISTINCT ", row), sql(outside, sliced)
    else:
        inside = ordered((str(position + 1), ascending) for position, ascending in positions)
        rows += (inside, sliced)
    if level.lock is not None:
        rows.append(written(level.lock))
    on = "" if level.distinct_on is None else written(level.distinct_on)
    inner = sql("SELECT", on, " ", listed(page.columns), *rows)
    return sql("SELECT ", row, " FROM (", inner, f") AS {page.alias}", outside)


def _below(relation: RelationSelect, level: Level) -> Fragment:
    """Return the JSON array of a relation's rows, in which the outer row's key is open."""
    nested = level.nested if relation.nested is None else relation.nested
    how = (nested, level.exclude_secrets)
    if (fragment := relation.compiled.get(how)) is not None:
        return fragment  # type: ignore[no-any-return]
    fragment = compile_level(
        Level(
            relation.link.child,
            relation.items,
            relation.condition,
            relation.order,
            relation.row_limit,
            relation.row_offset,
            nested,
            level.exclude_secrets,
            relation.link,
        )
    )
    if relation.is_fixed:
        relation.compiled[how] = fragment
    return fragment


def _needs_page(level: Level, items: Sequence[Any], plain: Sequence[Any]) -> bool:
    """Whether the rows of a level have to be found by a select of their own."""
    if level.link is not None and any(has_own_alias(i) or _way(i) is None for i in plain):
        return True  # a value is named, or asked for its type
    if len(plain) == len(items):
        return False
    if level.row_offset is not None or level.distinct or level.lock or level.distinct_on:
        return True
    # A relation that stands on the same table would mistake its own rows for the outer one.
    name = level.table._meta.tablename
    return level.group_by is not None or any(
        type(i) is RelationSelect and i.link.child._meta.tablename == name for i in items
    )


def _known(level: Level) -> dict[str, Sql]:
    """Return the columns of which the condition says what they are equal to."""
    known: dict[str, Sql] = {}
    if level.link is not None:
        known[part_of(level.link.foreign_key).sql.text] = Sql(KEY)
    conditions = [level.condition]
    for condition in conditions:
        if isinstance(condition, And):
            conditions += (condition.first, condition.second)
        elif isinstance(condition, Where) and condition.operator is Equal:
            value = condition.value
            if value is not UNDEFINED and kind_of(type(value)) is Kind.other:
                known[part_of(condition.column).sql.text] = Sql(VALUE, [value])
    return known


_JSON, _PLAIN = carried("JSON"), carried("TEXT")
_TYPED = Carried(decode=typed)


def _way(item: Any) -> Carried | None:
    """Return how the values of an item travel; None if their type is not known."""
    if kind_of(type(item)) is Kind.column:
        return part_of(item).carried
    if isinstance(item, JSONQueryString):
        return _JSON
    if isinstance(item, Aggregate):
        return _PLAIN if item.function == "count" else None
    return _PLAIN if isinstance(item, (Count, Length, Lower, Upper, Readable)) else None


def _in_json(value: Sql, item: Any) -> tuple[Sql, Carried]:
    """Return a value as it stands in the JSON, and how it is read."""
    way = _way(item)
    if way is None:
        return sql(
            "json_build_array(pg_typeof(", value, ")::text, to_json(", value, ")::text)"
        ), _TYPED
    return (sql("(", value, ")", way.cast) if way.cast else value), way


def _holds_json(item: Any) -> bool:
    inner = item._get_inner_column() if isinstance(item, Array) else item
    return isinstance(inner, (JSON, JSONB, JSONQueryString))


def _json_row(values: list[Sql]) -> Sql:
    """Return a row as a JSON array; a function has at most 100 arguments."""
    if len(values) > MOST_ARGUMENTS:
        split = MOST_ARGUMENTS - 1
        values = [*values[:split], _json_row(values[split:])]
    return sql("json_build_array(", listed(values), ")")
