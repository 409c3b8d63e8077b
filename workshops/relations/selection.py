"""One use of a relation in a select: which child rows, in what order, with what columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from piccolo.columns import And, Column
from piccolo.columns.combination import Or, Where, WhereRaw
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.readable import Readable
from piccolo.querystring import QueryString, Selectable

from workshops.relations.errors import RelationError, label, same_table
from workshops.relations.naming import is_raw, output_name

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.table import Table

    from workshops.relations.declaration import OneToMany

_LARGEST = 2**63 - 1


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

    Every method returns a new object, so that a relation can be kept and refined.
    """

    __slots__ = (
        "_shape",
        "condition",
        "items",
        "nested",
        "order",
        "relation",
        "row_limit",
        "row_offset",
    )

    def __init__(self, relation: OneToMany) -> None:
        self._alias = None
        self._shape: tuple[tuple[Any, ...], list[Any], list[Any]] | None = None
        self.relation = relation
        self.items: tuple[Selectable, ...] | None = None
        self.condition: Combinable | None = None
        self.order: tuple[tuple[Column | QueryString, bool], ...] = ()
        self.row_limit: int | None = None
        self.row_offset: int | None = None
        self.nested: bool | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.relation!r}>"

    @property
    def table(self) -> type[Table]:
        """The child table."""
        return self.relation.child

    @property
    def name(self) -> str:
        """The key of the child rows in the result: the alias, or the attribute's name."""
        return self._alias or self.relation.name

    def columns(self, *columns: Selectable | str | Sequence[Selectable | str]) -> Self:
        """Select these columns too; the first time, instead of all columns."""
        items = list(self.items or ())
        for column in columns:
            if isinstance(column, (str, Selectable)) or not isinstance(column, Sequence):
                items.append(self._item(column))
            else:
                items.extend(self._item(element) for element in column)
        names: set[str] = set()
        for item in items:
            name = output_name(item)
            if name in names:
                raise RelationError(f"{self.relation!r}: two columns are named {name!r}")
            names.add(name)
        return self._changed("items", tuple(items))

    def where(self, *where: Combinable | QueryString) -> Self:
        """Keep the child rows for which all of these conditions hold."""
        condition = self.condition
        for argument in where:
            if isinstance(argument, bool):
                raise RelationError(
                    f"{self.relation!r}: a boolean is no condition; for NULL, use "
                    "column.is_null() instead of `column is None`"
                )
            if isinstance(argument, QueryString):
                argument = WhereRaw(argument.template, *argument.args)
            self._check_condition(argument)
            condition = argument if condition is None else And(condition, argument)
        return self._changed("condition", condition)

    def order_by(self, *columns: Column | QueryString | str, ascending: bool = True) -> Self:
        """Order the child rows by these columns, after those of earlier calls."""
        if not columns:
            raise RelationError(f"{self.relation!r}: order_by needs a column")
        order = list(self.order)
        for column in columns:
            if isinstance(column, str):
                column = self._named(column)
            if isinstance(column, Column):
                self._check_column(column)
            elif not isinstance(column, QueryString):
                raise RelationError(f"{self.relation!r}: cannot order by {column!r}")
            order.append((column, bool(ascending)))
        return self._changed("order", tuple(order))

    def limit(self, number: int) -> Self:
        """Take at most this many child rows for each parent row."""
        return self._changed("row_limit", self._count("limit", number))

    def offset(self, number: int) -> Self:
        """Leave out this many child rows of each parent row."""
        return self._changed("row_offset", self._count("offset", number))

    def output(self, *, nested: bool) -> Self:
        """Say whether joined columns form dictionaries of their own, as in Piccolo's ``output``.

        Without it, the relation does as the select that it stands in.
        """
        return self._changed("nested", bool(nested))

    def as_alias(self, alias: str) -> Self:
        """Put the child rows under another key; any text will do."""
        if not alias or not isinstance(alias, str):
            raise RelationError(f"{self.relation!r}: an alias is a text that is not empty")
        return self._changed("_alias", alias)

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:
        """Refuse: a relation is a part of the statement that only its parent's select builds.

        Raises:
            RelationError: always.
        """
        parent = self.relation.parent
        if engine_type != "postgres":
            raise RelationError(f"{self.relation!r}: relations need PostgreSQL, not {engine_type}")
        raise RelationError(
            f"{self.relation!r} can only be selected by {label(parent)}.select(), and "
            "that class must inherit HasRelations"
        )

    def _changed(self, attribute: str, value: Any) -> Self:
        changed = type(self)(self.relation)
        changed._alias = self._alias
        changed.items = self.items
        changed.condition = self.condition
        changed.order = self.order
        changed.row_limit = self.row_limit
        changed.row_offset = self.row_offset
        changed.nested = self.nested
        setattr(changed, attribute, value)
        return changed

    def _count(self, clause: str, number: int) -> int:
        if isinstance(number, bool) or not isinstance(number, int):
            raise RelationError(f"{self.relation!r}: {clause} is an integer, not {number!r}")
        if not 0 <= number <= _LARGEST:
            raise RelationError(f"{self.relation!r}: {clause} cannot be {number}")
        return number

    def _named(self, name: str) -> Column:
        try:
            return self.table._meta.get_column_by_name(name)
        except ValueError as error:
            raise RelationError(
                f"{self.relation!r}: {label(self.table)} has no column {name!r}"
            ) from error

    def _item(self, item: Selectable | str) -> Selectable:
        if isinstance(item, str):
            return self._named(item)
        if isinstance(item, Column):
            self._check_column(item)
        elif isinstance(item, RelationSelect):
            if not same_table(item.relation.parent, self.table):
                raise RelationError(
                    f"{self.relation!r} selects from {label(self.table)}; "
                    f"{item.relation!r} is a relation of {label(item.relation.parent)}"
                )
        elif isinstance(item, Readable) or (isinstance(item, QueryString) and not is_raw(item)):
            for column in item.columns:
                self._check_column(column)
        elif isinstance(item, M2MSelect):
            # Piccolo fills it with a second query, which needs its row at the top level.
            raise RelationError(f"{self.relation!r}: a many-to-many select cannot stand in it")
        elif not isinstance(item, Selectable):
            raise RelationError(
                f"{self.relation!r}: cannot select {item!r}"
                + ("; call it" if callable(item) else "")
            )
        return item

    def _check_column(self, column: Column) -> None:
        meta = column._meta
        table = meta.call_chain[0]._meta.table if meta.call_chain else meta.table
        if not same_table(table, self.table):
            raise RelationError(
                f"{self.relation!r} selects from {label(self.table)}; "
                f"{meta.name!r} is a column of {label(table)}"
            )

    def _check_condition(self, condition: Combinable) -> None:
        if isinstance(condition, (And, Or)):
            self._check_condition(condition.first)
            self._check_condition(condition.second)
        elif isinstance(condition, Where):
            self._check_column(condition.column)
            if isinstance(condition.value, Column):
                self._check_column(condition.value)
        elif not isinstance(condition, WhereRaw):
            raise RelationError(f"{self.relation!r}: {condition!r} is no condition")
