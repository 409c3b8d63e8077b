"""What ties two tables together, and what can be wrong with it, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from piccolo.columns import And, Column, ForeignKey
from piccolo.columns.combination import Or, Where, WhereRaw
from piccolo.query.methods.select import SelectRaw
from piccolo.querystring import QueryString, Unquoted
from piccolo.table import Table

from workshops.relations.shape import Kind, kind_of, output_name

LARGEST_COUNT = 2**63 - 1
"""The largest LIMIT or OFFSET of PostgreSQL."""

# SQL of the caller's own, so that nothing is known of what it refers to.
_CALLERS_OWN = (QueryString, SelectRaw, Unquoted)


class RelationError(ValueError):
    """A relation is declared or used in a way that cannot work; the message names the tables."""


class NotLoadedError(RelationError, AttributeError):
    """A row was not asked for with this relation."""


@dataclass(frozen=True, eq=False)
class Link:
    """A relation that is resolved: the rows of ``child`` that belong to a row of a select.

    ``Band.albums`` is ``Link("Band.albums", "albums", Band, Band.id, Album, Album.band)``;
    of a joined row, ``Concert.band.albums``, it begins with ``Concert.band`` instead.
    """

    label: str
    name: str
    root: type[Table]
    """The table that is selected from."""
    key: Column
    """The column of ``root``, or one joined to it, that ``foreign_key`` refers to."""
    child: type[Table]
    foreign_key: ForeignKey[Any]

    def error(self, problem: str) -> RelationError:
        """Return the error that says what is wrong with it."""
        return RelationError(f"{self.label}: {problem}")

    def check_column(self, column: Column) -> None:
        """Refuse a column that is not the child's, nor joined to it."""
        table = root_table(column)
        if not same_table(table, self.child):
            raise RelationError(
                f"{self.label} selects from {label(self.child)}; {column._meta.name!r} is a "
                f"column of {label(table)}"
            )

    def condition(self, conditions: Iterable[Any]) -> Any:
        """Put conditions on the child together, refusing those on another table."""
        whole = None
        for condition in conditions:
            if isinstance(condition, QueryString):
                condition = WhereRaw(condition.template, *condition.args)
            self._check_condition(condition)
            whole = condition if whole is None else And(whole, condition)
        return whole

    def _check_condition(self, condition: Any) -> None:
        if isinstance(condition, Where):
            self.check_column(condition.column)
            if isinstance(condition.value, Column):
                self.check_column(condition.value)
        elif isinstance(condition, (And, Or)):
            self._check_condition(condition.first)
            self._check_condition(condition.second)
        elif not isinstance(condition, WhereRaw):
            raise self.error(f"{condition!r} is not a condition")

    def check_count(self, clause: str, number: int) -> None:
        """Refuse what is not a number of rows."""
        if isinstance(number, bool) or not isinstance(number, int):
            raise self.error(f"{clause} is an integer, not {number!r}")
        if not 0 <= number <= LARGEST_COUNT:
            raise self.error(f"{clause} cannot be {number}")

    def check_items(self, items: Iterable[Any]) -> None:
        """Refuse what the child's rows cannot be selected with."""
        names: set[str] = set()
        for item in items:
            kind = kind_of(type(item))
            if kind is Kind.column:
                self.check_column(item)
            elif kind is Kind.many_to_many:
                # Piccolo fills it with a second query, which needs its rows at the top level.
                raise self.error("a many-to-many select cannot stand in a relation")
            elif kind is Kind.other:
                call = "; call it" if callable(item) else ""
                raise self.error(f"cannot select {item!r}{call}")
            elif isinstance(link := getattr(item, "link", None), Link):
                if not same_table(link.root, self.child):
                    raise RelationError(
                        f"{self.label} selects from {label(self.child)}; {link.label} is a "
                        f"relation of {label(link.root)}"
                    )
            elif type(item) not in _CALLERS_OWN:
                for column in item.columns:
                    self.check_column(column)
            if (name := named(item)) in names:
                raise self.error(f"two columns are named {name!r}: use as_alias()")
            names.add(name)


def same_table(first: type[Table], second: type[Table]) -> bool:
    """Whether two classes stand for the same table of the database."""
    return first is second or (
        first._meta.tablename == second._meta.tablename
        and first._meta.schema == second._meta.schema
    )


def label(table: type[Table]) -> str:
    """Name a table for a message: its class, and its name in the database."""
    return f"{table.__name__} ({table._meta.get_formatted_tablename(quoted=False)})"


def root_table(column: Column) -> type[Table]:
    """Return the table from which a column is reached: its own, or that of the first join."""
    meta = column._meta
    table: type[Table] = meta.call_chain[0]._meta.table if meta.call_chain else meta.table
    return table


def named(item: Any) -> str:
    """Return the key that something gets in a row.

    Raises:
        RelationError: it has none, such as ``QueryString("1 + 1")``.
    """
    name = output_name(item)
    if name is None:
        what = getattr(item, "template", item)
        raise RelationError(f"{what!r} needs a name beside a relation: use as_alias()")
    return name
