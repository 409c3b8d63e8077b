"""The pieces that a statement with relations is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from piccolo.columns import And, Array, Column
from piccolo.columns.combination import Or, Where, WhereRaw
from piccolo.columns.readable import Readable
from piccolo.query.functions import Avg, Count, Length, Lower, Sum, Upper
from piccolo.query.methods.select import Select
from piccolo.query.operators.json import JSONQueryString
from piccolo.querystring import QueryString, Selectable

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.table import Table

_LONGEST_IDENTIFIER = 63  # bytes; PostgreSQL cuts the rest off

# What asyncpg decodes inside a record without having asked the database about its type.
_KNOWN_EXPRESSIONS = (Avg, Count, JSONQueryString, Length, Lower, Sum, Upper)
_KNOWN_TYPES = {
    *("BIGINT", "BIGSERIAL", "BOOLEAN", "BYTEA", "CHAR", "DATE", "DECIMAL", "DOUBLE PRECISION"),
    *("FLOAT", "INTEGER", "INTERVAL", "JSON", "JSONB", "NUMERIC", "REAL", "SERIAL", "SMALLINT"),
    *("TEXT", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "UUID", "VARCHAR"),
}


class Page:
    """The columns of an inner select, told apart by position."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: list[QueryString] = []
        self._positions: dict[str, int] = {}

    def position(self, column: QueryString) -> int:
        """Return the position of a column, which is added unless it is there already."""
        position = len(self.columns)
        if not column.args:
            position = self._positions.setdefault(column.template, position)
        if position == len(self.columns):
            self.columns.append(column)
        return position

    def reference(self, position: int) -> QueryString:
        """Return the SQL that refers to a column from outside."""
        return QueryString(f"{self.name}.c{position}")

    @property
    def alias(self) -> str:
        """The SQL that names the select and its columns."""
        return f"{self.name}({', '.join(f'c{i}' for i in range(len(self.columns)))})"


def concatenated(*parts: str | QueryString) -> QueryString:
    """Put SQL together."""
    return QueryString(
        "".join(part if isinstance(part, str) else "{}" for part in parts),
        *(part for part in parts if isinstance(part, QueryString)),
    )


def listed(parts: Sequence[QueryString], separator: str = ", ") -> QueryString:
    """Put SQL together with something in between."""
    return QueryString(separator.join("{}" for _ in parts), *parts)


def ordered(terms: Iterable[tuple[QueryString, bool]]) -> QueryString:
    """Return the ORDER BY for expressions and whether each is ascending, if there are any."""
    order = [concatenated(term, " ASC" if ascending else " DESC") for term, ascending in terms]
    return concatenated(" ORDER BY ", listed(order)) if order else QueryString("")


def sliced(limit: int | None, offset: int | None) -> QueryString:
    """Return the LIMIT and OFFSET.

    The limit is a part of the SQL, because plans depend on it, and there are few
    different ones. The offset is a value: each page would be another statement
    for the database to prepare.
    """
    sql = "" if limit is None else f" LIMIT {limit:d}"
    return QueryString(sql) if offset is None else QueryString(sql + " OFFSET {}", offset)


def expression(column: Column | QueryString) -> QueryString:
    """Return the SQL of something to order by."""
    return column.get_select_string("postgres", with_alias=False)


def from_clause(table: type[Table], used: Sequence[Column], aliases: dict[str, str]) -> str:
    """Return the table with the joins that these columns need.

    A chain of foreign keys can make Piccolo's alias for a joined table so long that
    PostgreSQL cuts it to that of another one. Such an alias goes into ``aliases``
    with a short one to put in its place.
    """
    source = " ".join(
        [table._meta.get_formatted_tablename(), *Select(table)._get_joins(used)],
    )
    for alias in dict.fromkeys(
        key.table_alias for column in used for key in column._meta.call_chain
    ):
        # Piccolo 1.38 does not quote the left side of a join from a joined table.
        source = source.replace(f"({alias}.", f'("{alias}".')
        if len(alias.encode()) > _LONGEST_IDENTIFIER:
            aliases.setdefault(alias, f"_j{len(aliases)}")
    return source


def columns_of(items: Iterable[Selectable]) -> Iterator[Column]:
    """Yield the columns that parts of a select refer to."""
    for item in items:
        if isinstance(item, Column):
            yield item
        elif isinstance(item, (QueryString, Readable)):
            yield from item.columns


def columns_of_condition(condition: Combinable | None) -> Iterator[Column]:
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


def needs_witness(item: Selectable) -> bool:
    """Whether asyncpg has to be shown the item's type before it meets it inside a record.

    asyncpg 0.32 asks the database about a type, such as ``integer[]``, only when a
    column of the statement has it; inside an anonymous record it fails with "no
    decoder for composite type element".
    """
    if isinstance(item, Column):
        return isinstance(item, Array) or item.column_type.split("(")[0] not in _KNOWN_TYPES
    return isinstance(item, QueryString) and not isinstance(item, _KNOWN_EXPRESSIONS)


def witness(item: Selectable, source: str) -> QueryString:
    """Return an expression of the item's type that the database never evaluates."""
    if isinstance(item, Column):
        table = item._meta.table._meta.get_formatted_tablename()
        return QueryString(f'(SELECT "{item._meta.db_column_name}" FROM {table} LIMIT 0)')
    return concatenated(
        "(SELECT ", item.get_select_string("postgres", False), f" FROM {source} LIMIT 0)"
    )
