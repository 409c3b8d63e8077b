"""From Piccolo's columns, expressions and conditions to SQL, apart from its values.

A ``Scope`` is one SELECT while it is written. It puts the values into the list of the
whole statement; in the text stands the place of each, between two marks::

    scope = Scope(values := [])
    scope.condition(Band.name == "Pythonistas")     '"band"."name" = \\x001\\x00'
    values                                          ["Pythonistas"]

So the text is the same for selects that differ in their values only, and a value can
stand in several places of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from piccolo.columns import JSON, JSONB, And, Array, Column
from piccolo.columns.combination import UNDEFINED, Or, Where, WhereRaw
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.operators.comparison import Equal
from piccolo.columns.readable import Readable
from piccolo.query.functions import Count, Length, Lower, Upper
from piccolo.query.methods.select import Select
from piccolo.query.operators.json import JSONQueryString
from piccolo.querystring import QueryString, Selectable

from workshops.relations.decoding import TYPED, Carried, Field, carried

MARK = "\0"
"""Stands before and behind the place of a value in the list of values, which begins with 1."""

_KINDS = (Column, Readable, M2MSelect, QueryString, Selectable)
_TRAILING_ALIAS = re.compile(r'\sAS\s+(?:"([^"]+)"|(\w+))\s*\Z', re.IGNORECASE)

kind_of: Callable[[Any], Any] = cache(
    lambda cls: next((kind for kind in _KINDS if issubclass(cls, kind)), object)
)
"""Return which of Piccolo's abstract classes a class is of, with which ``isinstance`` is slow.

``Selectable`` is what is none of the others: a relation. ``object`` cannot be selected.
"""


class Part:
    """A value that is selected, ordered by or compared."""

    __slots__ = ("field", "is_json", "joins", "json", "needs_page", "plain", "root", "sql", "way")

    def __init__(
        self,
        sql: str,
        name: str | None,
        way: Carried,
        *,
        is_json: bool,
        own_alias: bool = False,
        joins: Iterable[tuple[str, str]] = (),
        root: Any = None,
    ) -> None:
        self.sql = sql
        self.way = way
        self.is_json = is_json
        self.joins = dict(joins)
        """The aliases and the texts of the joins that it needs."""
        self.root = root
        """The table from which a column is reached: its own, or that of the first join."""
        self.json = way.template.format(sql)
        """What a relation selects, ..."""
        self.field = Field(name or "", way.decode)
        """... and what reads it; ..."""
        self.plain = Field(name or "")
        """... and what reads it where it is not in a relation."""
        self.needs_page = own_alias or way is TYPED
        """Whether a relation needs it in an inner select: it is named there, or stands twice."""


def part_of(column: Column) -> Part:
    """Describe a column, once: Piccolo takes a microsecond for each thing asked of it.

    It is kept with the column, which Piccolo never changes in place. A copy, which takes
    it along, is told by not being the one that was described.
    """
    attributes: dict[str, Any] = object.__getattribute__(column, "__dict__")
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
    name = column._alias or str(meta.get_default_alias())  # type: ignore[no-untyped-call]
    is_json = isinstance(inner, (JSON, JSONB))
    root = meta.call_chain[0]._meta.table if meta.call_chain else meta.table
    joins = _joins(column)
    part = Part(text, name, carried(kind), is_json=is_json, joins=joins, root=root)
    attributes["_relations_part"] = (column, part)
    return part


def _joins(column: Column) -> Iterator[tuple[str, str]]:
    if chain := column._meta.call_chain:
        joins = Select._get_joins(None, [column])  # type: ignore[arg-type]
        aliases = [key.table_alias for key in chain]
        for alias, join in zip(aliases, joins, strict=True):
            for left in aliases:
                # Piccolo 1.38 leaves it unquoted (upstream: test_left_side_of_a_join_is_quoted).
                join = join.replace(f"({left}.", f'("{left}".')
            yield alias, join


def leaves(condition: Any) -> Iterator[Any]:
    """Yield the conditions that AND and OR put together."""
    if isinstance(condition, (And, Or)):
        yield from leaves(condition.first)
        yield from leaves(condition.second)
    else:
        yield condition


def columns_of(condition: Any) -> Iterator[Column]:
    """Yield the columns that a condition refers to, those it compares with included."""
    for leaf in leaves(condition):
        if isinstance(leaf, WhereRaw):
            yield from leaf.querystring.columns
        elif isinstance(leaf, Where):
            yield leaf.column
            if isinstance(leaf.value, Column):
                yield leaf.value


def output_name(item: Any) -> str | None:
    """Return the key that Piccolo gives to this part of a select; None if it has none."""
    kind = kind_of(type(item))
    if kind is Column:
        return part_of(item).field.name
    if kind is Readable:
        return str(item.output_name)
    if kind is M2MSelect:
        return str(item.m2m._meta.name)
    name: str | None = item._alias or getattr(item, "name", None)
    if not name and kind is QueryString and (m := _TRAILING_ALIAS.search(item.template)):
        return m[1] or m[2].lower()
    return name


class Scope:
    """One SELECT while it is written."""

    __slots__ = ("joins", "known", "values")

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.joins: dict[str, str] = {}
        self.known: dict[str, str] = {}
        """Columns of which the conditions say what they equal, and the SQL of that."""

    def value(self, value: Any) -> str:
        """Return the SQL of a value."""
        self.values.append(value)
        return f"{MARK}{len(self.values)}{MARK}"

    def column(self, column: Column) -> Part:
        """Describe a column, and join the tables that it needs."""
        part = part_of(column)
        if part.joins:
            self.joins.update(part.joins)
        return part

    def part(self, item: Any) -> Part:
        """Describe a column or an expression, and collect its values."""
        kind = kind_of(type(item))
        if kind is Column:
            return self.column(item)
        name = output_name(item)
        if kind is QueryString:
            own_alias = _TRAILING_ALIAS.search(item.template) is not None
            way: Carried = getattr(item, "carried", TYPED)
            if isinstance(item, JSONQueryString):
                way = carried("JSON")
            elif isinstance(item, (Count, Length, Lower, Upper)):
                way = carried("TEXT")
            columns = item.columns
            if with_key := getattr(item, "with_key", None):
                item = with_key(self.known)
        else:
            own_alias, way = True, carried("TEXT")
            columns = item.columns if kind is Readable else ()
            item = item.get_select_string("postgres", with_alias=False)
        for column in columns:
            self.column(column)
        is_json = isinstance(item, JSONQueryString)
        return Part(self.written(item), name, way, is_json=is_json, own_alias=own_alias)

    def condition(self, condition: Any, *, certain: bool = True) -> str:
        """Return the SQL of a condition; a certain one holds for every row."""
        kind = type(condition)
        if kind in (And, Or):
            certain = certain and kind is And
            first = self.condition(condition.first, certain=certain)
            second = self.condition(condition.second, certain=certain)
            return f"({first} {condition.operator} {second})"
        if (
            kind is Where
            and condition.values is UNDEFINED
            and condition.value is not UNDEFINED
            and kind_of(type(condition.value)) is object
        ):
            # As Piccolo does it, without the detours.
            name, value = self.column(condition.column).sql, self.value(condition.value)
            if certain and condition.operator is Equal:
                self.known[name] = value
            return str(condition.operator.template.format(name=name, value=value))
        for column in columns_of(condition):
            self.column(column)
        return self.written(condition.querystring)

    def written(self, query: QueryString) -> str:
        """Return the SQL of an expression, whose tables are joined."""
        if "{" not in query.template and "}" not in query.template:
            return query.template
        _, fragments, values = query.bundle(start_index=1, bundled=[], combined_args=[])
        rest = iter(values)
        return "".join(f.prefix + ("" if f.no_arg else self.value(next(rest))) for f in fragments)
