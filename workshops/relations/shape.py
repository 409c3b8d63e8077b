"""What a select with relations consists of, apart from its values: its shape.

A shape is made of texts, numbers and classes, and can be compared. ``describe`` makes it
of Piccolo's columns, expressions and conditions, and puts their values into a list; in
the shape, a value is a number: its place, or slot, in that list. ``compiler`` makes SQL of
a shape, once for all selects that have it::

    values = []
    describe_condition(Band.name == "Pythonistas", values)
    Condition(sql=Sql(text='"band"."name" = \\0', slots=(0,)), ...)     values: ["Pythonistas"]

In the text of a piece of SQL ``\\0`` is a value, in the order of its slots, and ``\\1`` the
key of the outer row, which a relation refers to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, NamedTuple

from piccolo.columns import JSON, JSONB, And, Array, Column
from piccolo.columns.combination import UNDEFINED, Or, Where, WhereRaw
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.operators.comparison import Equal
from piccolo.columns.readable import Readable
from piccolo.query.functions import Count, Length, Lower, Upper
from piccolo.query.methods.select import Select
from piccolo.query.operators.json import JSONQueryString
from piccolo.querystring import QueryString, Selectable

from workshops.relations.decoding import Carried, carried

VALUE, KEY = "\0", "\1"

Values = list[Any]

_TRAILING_ALIAS = re.compile(r'\sAS\s+(?:"([^"]+)"|(\w+))\s*\Z', re.IGNORECASE)


class Kind(Enum):
    """What a part of a select is; ``isinstance`` is slow with Piccolo's abstract classes."""

    column = auto()
    readable = auto()
    many_to_many = auto()
    expression = auto()
    selectable = auto()  # anything else that Piccolo selects: a relation
    other = auto()


_KINDS = {
    Column: Kind.column,
    Readable: Kind.readable,
    M2MSelect: Kind.many_to_many,
    QueryString: Kind.expression,
    Selectable: Kind.selectable,
}


kind_of: Callable[[Any], Kind] = cache(
    lambda cls: next((kind for base, kind in _KINDS.items() if issubclass(cls, base)), Kind.other)
)
"""Return what the objects of a class are."""


class Sql(NamedTuple):
    """A text, and the slots of its values in the order of the text."""

    text: str
    slots: tuple[int, ...] = ()


@dataclass(eq=True)
class Part:
    """A value that is selected, ordered by or compared; its hash is computed once."""

    sql: Sql
    name: str | None = None  # its key in a row
    carried: Carried | None = None
    """How it travels in JSON; None if its type is not known."""
    joins: tuple[str, ...] = ()  # that it needs
    long_aliases: tuple[str, ...] = ()  # in these joins, which PostgreSQL would cut
    own_alias: bool = False  # its SQL ends in AS name: it can only stand in a select list
    is_json: bool = False
    key: str | None = None
    """The column that stands for the key in its SQL, if it is about the children of a row."""

    def __post_init__(self) -> None:
        self._hash = hash((self.sql, self.name, self.carried))

    def __hash__(self) -> int:
        return self._hash


@dataclass(eq=True)
class Rows:
    """The rows of one level: those of a relation, or the outermost ones."""

    table: str  # as it stands after FROM
    tablename: str
    key: Sql
    """The primary key of ``table``."""
    items: tuple[Part | Children, ...]
    condition: Condition | None
    order: tuple[tuple[Part, bool], ...]
    limit: int | None
    offset: int | None  # its slot
    nested: bool

    def __post_init__(self) -> None:
        self._hash = hash((self.table, self.items, self.condition, self.order, self.limit))

    def __hash__(self) -> int:
        return self._hash


class Children(NamedTuple):
    """A relation among the items of a level."""

    name: str
    key: Part
    """The column of the outer row, or one joined to it, ..."""
    foreign_key: Part
    """... to which this one is equal in each of these:"""
    rows: Rows


class Condition(NamedTuple):
    """A condition, and the columns of which it says what they equal."""

    sql: Sql
    parts: tuple[Part, ...]
    known: tuple[tuple[str, int], ...] = ()


def part_of(column: Column) -> Part:
    """Describe a column, once: Piccolo takes a microsecond for each thing asked of it.

    It is kept with the column, which Piccolo never changes in place. A copy, which takes
    it along, is told by not being the one that was described.
    """
    attributes = object.__getattribute__(column, "__dict__")
    known: tuple[Column, Part] | None = attributes.get("_relations_part")
    if known is not None and known[0] is column:
        return known[1]
    meta, kind, inner = column._meta, column.column_type, column
    text = meta.get_full_name(with_alias=False)
    if isinstance(column, Array):
        inner = column._get_inner_column()
        if column.index is not None:
            kind = inner.column_type
        text = column.get_select_string("postgres", with_alias=False).template
    part = Part(
        Sql(text),
        column._alias or str(meta.get_default_alias()),  # type: ignore[no-untyped-call]
        carried(kind),
        *_joins(column),
        is_json=isinstance(inner, (JSON, JSONB)),
    )
    attributes["_relations_part"] = (column, part)
    return part


def _joins(column: Column) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the joins of a column, and the names in them that are too long.

    PostgreSQL cuts Piccolo's alias of a long chain, at 63 bytes, to that of another one.
    """
    if not (chain := column._meta.call_chain):
        return (), ()
    joins = Select._get_joins(None, [column])  # type: ignore[arg-type]
    aliases = [key.table_alias for key in chain]
    # Piccolo 1.38 leaves the left side unquoted (upstream: test_left_side_of_a_join_is_quoted).
    for alias in aliases:
        joins = [join.replace(f"({alias}.", f'("{alias}".') for join in joins]
    return tuple(joins), tuple(alias for alias in aliases if len(alias.encode()) > 63)


def describe(item: Any, values: Values) -> Part:
    """Describe a column or an expression, and collect its values."""
    kind = kind_of(type(item))
    if kind is Kind.column:
        return part_of(item)
    name = output_name(item)
    if kind is Kind.expression:
        own_alias = _TRAILING_ALIAS.search(item.template) is not None
        way: Carried | None = getattr(item, "carried", None)
        if isinstance(item, JSONQueryString):
            way = carried("JSON")
        elif isinstance(item, (Count, Length, Lower, Upper)):
            way = carried("TEXT")
        columns = item.columns
    else:
        own_alias, way = True, carried("TEXT")
        columns = item.columns if kind is Kind.readable else ()
        item = item.get_select_string("postgres", with_alias=False)
    joined = [part_of(column) for column in columns]
    keyed: QueryString | None = getattr(item, "keyed", None)
    return Part(
        written(keyed or item, values),
        name,
        way,
        tuple(join for part in joined for join in part.joins),
        tuple(alias for part in joined for alias in part.long_aliases),
        own_alias,
        isinstance(item, JSONQueryString),
        part_of(item.link.key).sql.text if keyed else None,
    )


def describe_items(
    items: Iterable[Any], values: Values, *, nested: bool, exclude_secrets: bool
) -> tuple[Part | Children, ...]:
    """Describe what a level selects."""
    described: list[Part | Children] = []
    for item in items:
        kind = kind_of(type(item))
        if kind is Kind.column:
            if not (exclude_secrets and item._meta.secret):
                described.append(part_of(item))
        elif kind is Kind.selectable:
            described.append(item.describe(values, nested, exclude_secrets))
        else:
            described.append(describe(item, values))
    return tuple(described)


def describe_condition(condition: Any, values: Values) -> Condition | None:
    """Describe a condition."""
    if condition is None:
        return None
    parts = tuple([part_of(column) for column in columns_of_condition(condition)])
    known: list[tuple[str, int]] = []
    return Condition(_condition(condition, values, known), parts, tuple(known))


def _condition(condition: Any, values: Values, known: list[tuple[str, int]] | None) -> Sql:
    kind = type(condition)
    if kind in (And, Or):
        inner = known if kind is And else None
        first = _condition(condition.first, values, inner)
        second = _condition(condition.second, values, inner)
        text = f"({first.text} {condition.operator} {second.text})"
        return Sql(text, first.slots + second.slots)
    if (
        kind is Where
        and condition.values is UNDEFINED
        and condition.value is not UNDEFINED
        and kind_of(type(condition.value)) is Kind.other
    ):
        # As Piccolo does it, without the detours.
        name, slot = part_of(condition.column).sql.text, len(values)
        values.append(condition.value)
        if known is not None and condition.operator is Equal:
            known.append((name, slot))
        return Sql(condition.operator.template.format(name=name, value=VALUE), (slot,))
    return written(condition.querystring, values)


def written(query: QueryString, values: Values) -> Sql:
    """Return the SQL of an expression, and collect its values."""
    if "{" not in query.template and "}" not in query.template:
        return Sql(query.template)
    _, fragments, more = query.bundle(start_index=1, bundled=[], combined_args=[])
    first = len(values)
    values += more
    text = "".join(f.prefix + ("" if f.no_arg else VALUE) for f in fragments)
    return Sql(text, tuple(range(first, len(values))))


def columns_of_condition(condition: Any) -> Iterator[Column]:
    """Yield the columns that a condition refers to, those it compares with included."""
    if isinstance(condition, (And, Or)):
        yield from columns_of_condition(condition.first)
        yield from columns_of_condition(condition.second)
    elif isinstance(condition, WhereRaw):
        yield from condition.querystring.columns
    elif isinstance(condition, Where):
        yield condition.column
        if isinstance(condition.value, Column):
            yield condition.value


def output_name(item: Any) -> str | None:
    """Return the key that Piccolo gives to this part of a select; None if it has none."""
    kind = kind_of(type(item))
    if kind is Kind.column:
        return part_of(item).name
    if kind is Kind.readable:
        return str(item.output_name)
    if kind is Kind.many_to_many:
        return str(item.m2m._meta.name)
    name: str | None = item._alias or getattr(item, "name", None)
    if not name and kind is Kind.expression and (m := _TRAILING_ALIAS.search(item.template)):
        return m[1] or m[2].lower()
    return name
