"""The one statement of a select with relations.

Each level is a page of rows, and its relations are computed from the page::

    SELECT _p0.c0, ARRAY(SELECT ROW(...) FROM album WHERE album.band = _p0.c1 ORDER BY ...)
    FROM (SELECT band.name, band.id, ... FROM band WHERE ... ORDER BY 3 LIMIT 50 OFFSET 20000)
         AS _p0(c0, c1, c2)
    ORDER BY _p0.c2

PostgreSQL puts off the subqueries of a select list until after a LIMIT, but not
until after an OFFSET: without the inner select, the 20,000 rows before the page
would have their relations computed too. The outer ORDER BY costs nothing, because
the inner one has sorted the rows already; it is there because SQL promises no
order without it.

Columns are told apart by position, inside and outside, so neither an alias nor a
name of more than 63 bytes, which PostgreSQL would cut, ever reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from piccolo.columns import Array, Column
from piccolo.querystring import QueryString, Selectable

from workshops.relations.decoding import Field, json_decoder, rows_decoder
from workshops.relations.fragments import (
    Page,
    columns_of,
    columns_of_condition,
    concatenated,
    expression,
    from_clause,
    listed,
    needs_witness,
    ordered,
    sliced,
    witness,
)
from workshops.relations.naming import has_own_alias, output_name
from workshops.relations.selection import RelationSelect

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.table import Table


@dataclass(slots=True)
class Level:
    """What one SELECT of the statement consists of, in Piccolo's terms."""

    table: type[Table]
    items: Sequence[Selectable]
    condition: Combinable | None = None
    order: Sequence[tuple[Column | QueryString, bool]] = ()
    row_limit: int | None = None
    row_offset: int | None = None
    nested: bool = False
    loads_json: bool = True
    # Of the outermost level only:
    distinct: bool = False
    distinct_on: QueryString | None = None
    group_by: QueryString | None = None
    having: Combinable | None = None
    lock: QueryString | None = None


@dataclass(slots=True)
class Build:
    """What the levels of one statement share."""

    exclude_secrets: bool = False
    levels: int = 0
    witnesses: list[QueryString] = field(default_factory=list)
    long_aliases: dict[str, str] = field(default_factory=dict)


class Compiled(NamedTuple):
    """A statement: its SQL, the same as a ``QueryString`` template, its values and its fields."""

    sql: str
    template: str
    values: list[Any]
    fields: list[Field]


def compile_level(level: Level, build: Build) -> Compiled:
    """Return the statement of an outermost level."""
    query, fields = _select(level, build, None)
    _, fragments, values = query.bundle(start_index=1, bundled=[], combined_args=[])
    sql = "".join(f.prefix + ("" if f.no_arg else f"${f.index}") for f in fragments)
    template = "".join(f.prefix + ("" if f.no_arg else "{}") for f in fragments)
    for alias, short in build.long_aliases.items():
        sql = sql.replace(f'"{alias}"', f'"{short}"')
        template = template.replace(f'"{alias}"', f'"{short}"')
    return Compiled(sql, template, values, fields)


def _select(level: Level, build: Build, parent: str | None) -> tuple[QueryString, list[Field]]:
    """Return the SELECT of a level with everything below it, and the fields of its rows.

    ``parent`` is the condition that ties the rows to the parent row; with it, each
    row is one record.
    """
    page = Page(f"_p{build.levels}")
    build.levels += 1
    items = [
        item
        for item in level.items
        if not (build.exclude_secrets and isinstance(item, Column) and item._meta.secret)
    ]
    plain = [item for item in items if not isinstance(item, RelationSelect)]
    source = _source(level, plain, build)
    paged = parent is None or len(plain) < len(items) or any(map(has_own_alias, plain))

    results: list[QueryString] = []
    fields: list[Field] = []
    for item in items:
        if isinstance(item, RelationSelect):
            result, result_field = _relation(item, level, page, build)
            results.append(result)
            fields.append(result_field)
            continue
        value = item.get_select_string("postgres", with_alias=False)
        result = page.reference(page.position(value)) if paged else value
        decoder = json_decoder(item) if level.loads_json else None
        if parent is not None and decoder is not None:
            # asyncpg 0.32 gives a connection's own codec the binary form inside a record, even
            # if it is one for text, as a codec for JSON usually is.
            result = concatenated("(", result, ")::text", "[]" if isinstance(item, Array) else "")
        results.append(result)
        fields.append(Field(output_name(item), decoder))
        if parent is not None and needs_witness(item):
            build.witnesses.append(witness(item, source))

    rows: list[str | QueryString] = [f" FROM {source}", *_clauses(level, parent)]
    order = [(expression(column), ascending) for column, ascending in level.order]
    slice_ = sliced(level.row_limit, level.row_offset)
    if not paged:
        return concatenated(
            "SELECT ROW(", listed(results), ")", *rows, ordered(order), slice_
        ), fields

    positions = [(page.position(column), ascending) for column, ascending in order]
    tail = [ordered((page.reference(position), asc) for position, asc in positions)]
    if level.distinct:
        # DISTINCT compares whole rows, relations included, and LIMIT counts what is left.
        tail.append(slice_)
    else:
        rows += [
            ordered((QueryString(str(position + 1)), asc) for position, asc in positions),
            slice_,
        ]
    if level.lock is not None:
        rows.append(level.lock)
    inner = concatenated("SELECT", level.distinct_on or "", " ", listed(page.columns), *rows)
    if parent is None:
        row = concatenated("DISTINCT " if level.distinct else "", listed(results + build.witnesses))
    else:
        row = concatenated("ROW(", listed(results), ")")
    return concatenated("SELECT ", row, " FROM (", inner, f") AS {page.alias}", *tail), fields


def _relation(
    relation: RelationSelect, level: Level, page: Page, build: Build
) -> tuple[QueryString, Field]:
    """Return the array of a relation's rows, and how it is read."""
    below = Level(
        table=relation.table,
        items=relation.items or relation.table._meta.columns,
        condition=relation.condition,
        order=relation.order,
        row_limit=relation.row_limit,
        row_offset=relation.row_offset,
        nested=level.nested if relation.nested is None else relation.nested,
    )
    foreign_key = relation.relation.foreign_key
    target = foreign_key._foreign_key_meta.resolved_target_column
    parent_key = page.reference(page.position(expression(target)))
    child_key = foreign_key._meta.get_full_name(with_alias=False)
    query, fields = _select(below, build, f"{child_key} = {parent_key.template}")
    return (
        concatenated("ARRAY(", query, ")"),
        Field(relation.name, rows_decoder(fields, nested=below.nested)),
    )


def _source(level: Level, plain: Sequence[Selectable], build: Build) -> str:
    """Return the table of a level with its joins."""
    used = [
        *columns_of(plain),
        *columns_of_condition(level.condition),
        *columns_of_condition(level.having),
        *columns_of(column for column, _ in level.order),
    ]
    return from_clause(level.table, used, build.long_aliases)


def _clauses(level: Level, parent: str | None) -> list[QueryString]:
    """Return everything between FROM and ORDER BY."""
    conditions = [] if parent is None else [QueryString(parent)]
    if level.condition is not None:
        conditions.append(concatenated("(", level.condition.querystring, ")"))
    clauses = [concatenated(" WHERE ", listed(conditions, " AND "))] if conditions else []
    if level.group_by is not None:
        clauses.append(level.group_by)
    if level.having is not None:
        clauses.append(concatenated(" HAVING ", level.having.querystring))
    return clauses
