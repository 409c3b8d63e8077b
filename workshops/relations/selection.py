"""One use of a relation in a select: which child rows, in what order, with what columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

from piccolo.columns import And, Column, ForeignKey
from piccolo.columns.combination import Where, WhereRaw
from piccolo.columns.m2m import M2MSelect
from piccolo.query.methods.select import SelectRaw
from piccolo.querystring import QueryString, Selectable, Unquoted
from piccolo.table import Table

from workshops.relations.compiler import Level, Rows, write_level
from workshops.relations.expressions import kind_of, leaves, output_name, part_of

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable

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
        table = part_of(column).root
        if table is not self.child and not same_table(table, self.child):
            raise self.foreign(f"{column._meta.name!r} is a column", table)

    def foreign(self, what: str, table: type[Table]) -> RelationError:
        """Return the error that something belongs to another table than the child."""
        return RelationError(
            f"{self.label} selects from {label(self.child)}; {what} of {label(table)}"
        )

    def condition(self, conditions: Iterable[Any]) -> Any:
        """Put conditions on the child together, refusing those on another table."""
        whole = None
        for condition in conditions:
            if isinstance(condition, QueryString):
                condition = WhereRaw(condition.template, *condition.args)
            for leaf in leaves(condition):
                if isinstance(leaf, Where):
                    self.check_column(leaf.column)
                    if isinstance(leaf.value, Column):
                        self.check_column(leaf.value)
                elif not isinstance(leaf, WhereRaw):
                    raise self.error(f"{leaf!r} is not a condition")
            whole = condition if whole is None else And(whole, condition)
        return whole


@final
class RelationSelect(Selectable):
    """The child rows of each row of a select, as a list of dictionaries.

    Made by calling a ``OneToMany``, and passed to the parent table's ``select``,
    or to another relation, like a column::

        await Band.select(
            Band.name,
            Band.albums(Album.title, Album.label.name.as_alias("label"))
            .where(Album.released > date(2020, 1, 1))
            .order_by(Album.released, ascending=False)
            .limit(3),
        )
        [{"name": "Pythonistas", "albums": [{"title": "Awesome album 1", "label": "Good"}]}]

    The value is ``[]`` where there are no child rows. Values have the Python types
    that Piccolo gives them in a select of the child table, except that JSON is
    always loaded. Without ``order_by`` the order is the database's.

    Every method returns a new object, so that a relation can be kept and refined,
    and raises ``RelationError`` for what cannot work, such as a column of another
    table. One that is kept, and has no conditions, is put into SQL once.
    """

    __slots__ = ("_written", "link", "rows")

    def __init__(self, link: Link, rows: Rows | None = None, alias: str | None = None) -> None:
        self.link = link
        self.rows = rows or Rows(link.child)
        self._alias = alias
        self._written: dict[tuple[Any, ...], Level] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.link.label}>"

    @property
    def name(self) -> str:
        """The key of the child rows in the result: the alias, or the attribute's name."""
        return self._alias or self.link.name

    def columns(self, *columns: Selectable | str | Sequence[Selectable | str]) -> Self:
        """Select these columns too; the first time, instead of all columns."""
        items = list(self.rows.items)
        for column in columns:
            for item in column if isinstance(column, (list, tuple)) else (column,):
                items.append(self._column(item) if isinstance(item, str) else item)
        names: set[str] = set()
        for item in items:
            self._check_item(item)
            if (name := named(item)) in names:
                raise self.link.error(f"two columns are named {name!r}: use as_alias()")
            names.add(name)
        return self.with_items(items)

    def with_items(self, items: Sequence[Any]) -> Self:
        """Return the relation with these items, which are known to be its table's."""
        return self._changed(items=tuple(items))

    def where(self, *where: Combinable | QueryString) -> Self:
        """Keep the child rows for which all of these conditions hold."""
        condition, before = self.link.condition(where), self.rows.where
        return self._changed(where=condition if before is None else And(before, condition))

    def order_by(self, *columns: Column | QueryString | str, ascending: bool = True) -> Self:
        """Order the child rows by these columns, after those of earlier calls."""
        if not columns:
            raise self.link.error("order_by needs a column")
        order = list(self.rows.order)
        for column in columns:
            term: Any = self._column(column) if isinstance(column, str) else column
            kind = kind_of(type(term))
            if kind is Column:
                self.link.check_column(term)
            elif kind is not QueryString:
                raise self.link.error(f"cannot order by {term!r}")
            order.append((term, bool(ascending)))
        return self._changed(order=tuple(order))

    def limit(self, number: int) -> Self:
        """Take at most this many child rows for each parent row."""
        return self._changed(limit=self._count("limit", number))

    def offset(self, number: int) -> Self:
        """Leave out this many child rows of each parent row."""
        return self._changed(offset=self._count("offset", number))

    def output(self, *, nested: bool) -> Self:
        """Say whether joined columns form dictionaries of their own, as in Piccolo's ``output``.

        Without it, the relation does as the select that it stands in.
        """
        return self._changed(nested=bool(nested))

    def as_alias(self, alias: str) -> Self:
        """Put the child rows under another key; any text will do."""
        if not alias or not isinstance(alias, str):
            raise self.link.error("an alias is a text that is not empty")
        return type(self)(self.link, self.rows, alias)

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:
        """Refuse: only the select of the parent table builds the statement of a relation.

        Raises:
            RelationError: always.
        """
        if engine_type != "postgres":
            raise self.link.error(f"relations need PostgreSQL, not {engine_type}")
        raise RelationError(
            f"{self.link.label} can only be selected by {label(self.link.root)}.select(), "
            "and that class must inherit HasRelations"
        )

    def level(self, values: list[Any], secrets: bool, key: str, nested: bool, depth: int) -> Level:
        """Put it into SQL, and collect its values; the same again where it has none."""
        how, before = (secrets, key, nested, depth), len(values)
        level = self._written.get(how)
        if level is None:
            level = write_level(self.rows, values, secrets, self.link, key, nested, depth)
            if len(values) == before and self._is_fixed:
                self._written[how] = level
        return level

    @property
    def _is_fixed(self) -> bool:
        """Whether nothing in it can change: Piccolo's expressions can, its columns cannot."""
        return self.rows.where is None and all(
            kind_of(type(part)) is Column or (type(part) is RelationSelect and part._is_fixed)
            for part in (*self.rows.items, *(term for term, _ in self.rows.order))
        )

    def _changed(self, **changes: Any) -> Self:
        return type(self)(self.link, self.rows._replace(**changes), self._alias)

    def _column(self, name: str) -> Column:
        child = self.link.child
        try:
            return child._meta.get_column_by_name(name)
        except ValueError as error:
            raise self.link.error(f"{label(child)} has no column {name!r}") from error

    def _count(self, clause: str, number: int) -> int:
        """Refuse what is not a number of rows."""
        if isinstance(number, bool) or not isinstance(number, int):
            raise self.link.error(f"{clause} is an integer, not {number!r}")
        if not 0 <= number <= LARGEST_COUNT:
            raise self.link.error(f"{clause} cannot be {number}")
        return number

    def _check_item(self, item: Any) -> None:
        """Refuse what the child's rows cannot be selected with."""
        kind = kind_of(type(item))
        if kind is Column:
            self.link.check_column(item)
        elif kind is M2MSelect:
            # Piccolo fills it with a second query, which needs its rows at the top level.
            raise self.link.error("a many-to-many select cannot stand in a relation")
        elif kind is object:
            call = "; call it" if callable(item) else ""
            raise self.link.error(f"cannot select {item!r}{call}")
        elif isinstance(link := getattr(item, "link", None), Link):
            if not same_table(link.root, self.link.child):
                raise self.link.foreign(f"{link.label} is a relation", link.root)
        elif type(item) not in _CALLERS_OWN:
            for column in item.columns:
                self.link.check_column(column)


def same_table(first: type[Table], second: type[Table]) -> bool:
    """Whether two classes stand for the same table of the database."""
    return first is second or (
        first._meta.tablename == second._meta.tablename
        and first._meta.schema == second._meta.schema
    )


def label(table: type[Table]) -> str:
    """Name a table for a message: its class, and its name in the database."""
    return f"{table.__name__} ({table._meta.get_formatted_tablename(quoted=False)})"


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
