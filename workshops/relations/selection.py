"""One use of a relation in a select: which child rows, in what order, with what columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, cast, final

from piccolo.columns import And, Column
from piccolo.querystring import QueryString, Selectable

from workshops.relations.links import Link, RelationError, label
from workshops.relations.shape import (
    Children,
    Kind,
    Rows,
    Values,
    describe,
    describe_condition,
    describe_items,
    kind_of,
    part_of,
)

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable


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

    __slots__ = (
        "_described",
        "condition",
        "items",
        "link",
        "nested",
        "order",
        "row_limit",
        "row_offset",
    )

    def __init__(self, link: Link) -> None:
        self._alias = None
        self.link = link
        self.items: tuple[Selectable, ...] = ()
        self.condition: Combinable | None = None
        self.order: tuple[tuple[Column | QueryString, bool], ...] = ()
        self.row_limit: int | None = None
        self.row_offset: int | None = None
        self.nested: bool | None = None
        self._described: dict[tuple[bool, bool], Children] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.link.label}>"

    @property
    def name(self) -> str:
        """The key of the child rows in the result: the alias, or the attribute's name."""
        return self._alias or self.link.name

    def columns(self, *columns: Selectable | str | Sequence[Selectable | str]) -> Self:
        """Select these columns too; the first time, instead of all columns."""
        items = list(self.items)
        for column in columns:
            for item in column if isinstance(column, (list, tuple)) else (column,):
                items.append(self._column(item) if isinstance(item, str) else item)
        self.link.check_items(items)
        return self._changed("items", tuple(items))

    def with_items(self, items: Sequence[Any]) -> Self:
        """Return the relation with these items, which are known to be its table's."""
        return self._changed("items", tuple(items))

    def where(self, *where: Combinable | QueryString) -> Self:
        """Keep the child rows for which all of these conditions hold."""
        condition = self.link.condition(where)
        if self.condition is not None:
            condition = And(self.condition, condition)
        return self._changed("condition", condition)

    def order_by(self, *columns: Column | QueryString | str, ascending: bool = True) -> Self:
        """Order the child rows by these columns, after those of earlier calls."""
        if not columns:
            raise self.link.error("order_by needs a column")
        order = list(self.order)
        for column in columns:
            term = self._column(column) if isinstance(column, str) else column
            kind = kind_of(type(term))
            if kind is Kind.column:
                self.link.check_column(cast("Column", term))
            elif kind is not Kind.expression:
                raise self.link.error(f"cannot order by {term!r}")
            order.append((term, bool(ascending)))
        return self._changed("order", tuple(order))

    def limit(self, number: int) -> Self:
        """Take at most this many child rows for each parent row."""
        self.link.check_count("limit", number)
        return self._changed("row_limit", number)

    def offset(self, number: int) -> Self:
        """Leave out this many child rows of each parent row."""
        self.link.check_count("offset", number)
        return self._changed("row_offset", number)

    def output(self, *, nested: bool) -> Self:
        """Say whether joined columns form dictionaries of their own, as in Piccolo's ``output``.

        Without it, the relation does as the select that it stands in.
        """
        return self._changed("nested", bool(nested))

    def as_alias(self, alias: str) -> Self:
        """Put the child rows under another key; any text will do."""
        if not alias or not isinstance(alias, str):
            raise self.link.error("an alias is a text that is not empty")
        return self._changed("_alias", alias)

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

    def describe(self, values: Values, nested: bool, exclude_secrets: bool) -> Children:
        """Describe it within a level, and collect its values; the same again where it has none."""
        how = (nested, exclude_secrets)
        if (known := self._described.get(how)) is not None:
            return known
        child, before = self.link.child, len(values)
        nested = nested if self.nested is None else self.nested
        rows = Rows(
            child._meta.get_formatted_tablename(),
            child._meta.tablename,
            part_of(child._meta.primary_key).sql,
            describe_items(
                self.items or child._meta.columns,
                values,
                nested=nested,
                exclude_secrets=exclude_secrets,
            ),
            describe_condition(self.condition, values),
            tuple([(describe(term, values), ascending) for term, ascending in self.order]),
            self.row_limit,
            None if self.row_offset is None else len(values),
            nested,
        )
        if self.row_offset is not None:
            values.append(self.row_offset)
        link = self.link
        described = Children(self.name, part_of(link.key), part_of(link.foreign_key), rows)
        if len(values) == before and self._is_fixed:
            self._described[how] = described
        return described

    @property
    def _is_fixed(self) -> bool:
        """Whether nothing in it can change: Piccolo's expressions can, its columns cannot."""
        return self.condition is None and all(
            kind_of(type(part)) is Kind.column or (type(part) is RelationSelect and part._is_fixed)
            for part in (*self.items, *(term for term, _ in self.order))
        )

    def _changed(self, attribute: str, value: Any) -> Self:
        changed = type(self)(self.link)
        changed._alias = self._alias
        changed.items = self.items
        changed.condition = self.condition
        changed.order = self.order
        changed.row_limit = self.row_limit
        changed.row_offset = self.row_offset
        changed.nested = self.nested
        setattr(changed, attribute, value)
        return changed

    def _column(self, name: str) -> Column:
        child = self.link.child
        try:
            return child._meta.get_column_by_name(name)
        except ValueError as error:
            raise self.link.error(f"{label(child)} has no column {name!r}") from error
