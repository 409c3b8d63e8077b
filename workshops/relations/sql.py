"""SQL text together with its values, and the pieces that a statement is put together from.

Until a statement is complete, a value is ``\\0`` in the text, and the key of the outer
row, which a relation refers to, is ``\\1``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from piccolo.columns import And, Array, Column
from piccolo.columns.combination import UNDEFINED, Or, Where
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.readable import Readable
from piccolo.query.methods.select import Select
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.decoding import Carried, carried

_LONGEST_IDENTIFIER = 63  # bytes; PostgreSQL cuts the rest off

VALUE, KEY = "\0", "\1"


class Parameter:
    """A value of a prepared select, by its position in the call, from 1."""

    def __init__(self, position: int) -> None:
        self.position = position


class Sql(NamedTuple):
    """A text and its values, in the order of the text."""

    text: str
    values: Sequence[Any] = ()

    def with_key(self, key: Sql) -> Sql:
        """Put SQL in the place of the outer row's key."""
        if not key.values:
            return Sql(self.text.replace(KEY, key.text), self.values)
        text: list[str] = []
        values: list[Any] = []
        rest = iter(self.values)
        for number, piece in enumerate(self.text.split(KEY)):
            if number:
                text.append(key.text)
                values += key.values
            text.append(piece)
            values += [next(rest) for _ in range(piece.count(VALUE))]
        return Sql("".join(text), values)

    def numbered(self) -> tuple[str, list[Any]]:
        """Return the text with ``$1`` and so on, and the values that are no parameters."""
        pieces = iter(self.text.split(VALUE))
        text, constants = [next(pieces)], []
        numbers = count(
            1 + max((v.position for v in self.values if type(v) is Parameter), default=0)
        )
        for value, piece in zip(self.values, pieces, strict=True):
            if type(value) is Parameter:
                text += (f"${value.position}", piece)
            else:
                text += (f"${next(numbers)}", piece)
                constants.append(value)
        return "".join(text), constants


def sql(*parts: str | Sql) -> Sql:
    """Put SQL together."""
    texts: list[str] = []
    values: list[Any] = []
    for part in parts:
        if type(part) is str:
            texts.append(part)
        else:
            texts.append(part.text)  # type: ignore[union-attr]
            values += part.values  # type: ignore[union-attr]
    return Sql("".join(texts), values)


def listed(parts: Iterable[str | Sql], separator: str = ", ") -> Sql:
    """Put SQL together with something in between."""
    between: list[str | Sql] = []
    for part in parts:
        between += (separator, part)
    return sql(*between[1:])


def ordered(terms: Iterable[tuple[str | Sql, bool]]) -> Sql:
    """Return the ORDER BY for expressions and whether each is ascending, if there are any."""
    order = [sql(term, " ASC" if ascending else " DESC") for term, ascending in terms]
    return sql(" ORDER BY ", listed(order)) if order else Sql("")


class Kind(Enum):
    """What a part of a select is; ``isinstance`` is slow with Piccolo's abstract classes."""

    column = auto()
    readable = auto()
    many_to_many = auto()
    expression = auto()
    selectable = auto()
    """Anything else that Piccolo selects: a relation."""
    other = auto()


_KINDS = {
    Column: Kind.column,
    Readable: Kind.readable,
    M2MSelect: Kind.many_to_many,
    QueryString: Kind.expression,
    Selectable: Kind.selectable,
}


def _kind_of(cls: Any) -> Kind:
    return next((kind for base, kind in _KINDS.items() if issubclass(cls, base)), Kind.other)


kind_of: Callable[[Any], Kind] = cache(_kind_of)
"""Return what the objects of a class are."""


class ColumnPart(NamedTuple):
    """What a statement needs to know of a column."""

    column: Column
    sql: Sql
    name: str
    """Its key in a row."""
    carried: Carried
    is_joined: bool


def part_of(column: Column) -> ColumnPart:
    """Describe a column, once: Piccolo takes a microsecond for each thing asked of it.

    It is kept with the column, which Piccolo never changes in place. A copy, which takes
    it along, is told by not being the one that was described.
    """
    attributes = object.__getattribute__(column, "__dict__")
    part: ColumnPart | None = attributes.get("_relations_part")
    if part is not None and part.column is column:
        return part
    meta, kind = column._meta, column.column_type
    if isinstance(column, Array):
        if column.index is not None:
            kind = column._get_inner_column().column_type
        text = column.get_select_string("postgres", with_alias=False).template
    else:
        text = meta.get_full_name(with_alias=False)
    name = column._alias or str(meta.get_default_alias())  # type: ignore[no-untyped-call]
    part = ColumnPart(column, Sql(text), name, carried(kind), bool(meta.call_chain))
    attributes["_relations_part"] = part
    return part


def written(item: Any) -> Sql:
    """Return the SQL of a column, an expression or a condition of Piccolo's."""
    kind = kind_of(type(item))
    if kind is Kind.column:
        return part_of(item).sql
    if kind is not Kind.expression:
        item = item.get_select_string("postgres", with_alias=False)
    if "{" not in item.template and "}" not in item.template:
        return Sql(item.template)
    _, fragments, values = item.bundle(start_index=1, bundled=[], combined_args=[])
    return Sql("".join(f.prefix + ("" if f.no_arg else VALUE) for f in fragments), values)


def written_condition(condition: Any) -> Sql:
    """Return the SQL of a condition; the plain one without Piccolo's detours."""
    kind = type(condition)
    if kind in (And, Or):
        first, second = written_condition(condition.first), written_condition(condition.second)
        return sql("(", first, f" {condition.operator} ", second, ")")
    if (
        kind is Where
        and condition.values is UNDEFINED
        and condition.value is not UNDEFINED
        and kind_of(type(condition.value)) is Kind.other
    ):
        name = part_of(condition.column).sql.text
        return Sql(condition.operator.template.format(name=name, value=VALUE), [condition.value])
    return written(condition.querystring)


def source(
    table: type[Table], used: Iterable[Column], height: int = 0
) -> tuple[str, dict[str, str]]:
    """Return a table with the joins that these columns need, and short names for long aliases.

    A chain of foreign keys can make Piccolo's alias for a joined table so long that
    PostgreSQL cuts it to that of another one. ``height`` tells levels apart.
    """
    name = table._meta.get_formatted_tablename()
    joined = [column for column in used if part_of(column).is_joined]
    if not joined:
        return name, {}
    text = " ".join((name, *Select._get_joins(None, joined)))  # type: ignore[arg-type]
    short: dict[str, str] = {}
    for alias in dict.fromkeys(key.table_alias for c in joined for key in c._meta.call_chain):
        # Piccolo 1.38 does not quote the left side of a join from a joined table.
        text = text.replace(f"({alias}.", f'("{alias}".')
        if len(alias.encode()) > _LONGEST_IDENTIFIER:
            short[f'"{alias}"'] = f'"_j{height}_{len(short)}"'
    return text, short


class Page:
    """An inner select, whose columns are told apart by position."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: list[Sql] = []
        self._positions: dict[str, int] = {}

    def position(self, column: Sql) -> int:
        """Return the position of a column, which is added unless it is there already."""
        position = len(self.columns)
        if not column.values:
            position = self._positions.setdefault(column.text, position)
        if position == len(self.columns):
            self.columns.append(column)
        return position

    def refer(self, column: Sql) -> Sql:
        """Return the SQL that refers to a column from outside."""
        return Sql(f"{self.name}.c{self.position(column)}")

    @property
    def alias(self) -> str:
        """The SQL that names the select and its columns."""
        return f"{self.name}({', '.join(f'c{i}' for i in range(len(self.columns)))})"
