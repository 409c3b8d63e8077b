"""One use of a relation in a select: which child rows, in what order, with what columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, cast, final

from piccolo.columns import And, Column
from piccolo.columns.combination import WhereRaw
from piccolo.querystring import QueryString, Selectable

from workshops.relations.checking import (
    check_column,
    check_condition,
    check_count,
    check_items,
)
from workshops.relations.errors import RelationError, label
from workshops.relations.shape import (
    Items,
    Shape,
    Shaped,
    ShapelessError,
    Values,
    condition_shape,
    describe,
    is_known,
    order_shape,
    remember,
)

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.table import Table

    from workshops.relations.declaration import OneToMany

_ALL_COLUMNS = Items("all columns", [], [], [], paged=False, fixed=True)

# How many different relations are kept that were made from one by the same method.
_KEPT = 64


@final
class RelationSelect(Shaped):
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
    table.
    """

    __slots__ = (
        "_described",
        "_made",
        "_made_of",
        "condition",
        "items",
        "nested",
        "order",
        "relation",
        "row_limit",
        "row_offset",
        "stable",
    )

    def __init__(self, relation: OneToMany) -> None:
        self._alias = None
        self._described: Items | None = _ALL_COLUMNS
        self._made: dict[Shape, Self] = {}
        # By the identity of columns, which are kept, so that no other gets their id.
        self._made_of: dict[Shape, tuple[Self, Sequence[Any]]] = {}
        self.stable = True
        self.relation = relation
        self.items: tuple[Selectable, ...] = ()
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
        identity = ("columns", *map(id, columns))
        if (known := self._made_of.get(identity)) is not None:
            return known[0]
        items = list(self.items)
        for column in columns:
            if isinstance(column, str):
                items.append(self._column(column))
            elif isinstance(column, (list, tuple)):
                items += [self._column(item) if isinstance(item, str) else item for item in column]
            else:
                items.append(cast("Selectable", column))
        if not items:
            return self
        described = self._describe(items)
        if described is None or not described.valueless:
            changed = self._changed("items", tuple(items))
            changed._described = described
            return changed
        made = self._once("items", described.token, tuple(items))
        made._described = described
        if made.stable and all(map(is_known, columns)):
            remember(self._made_of, identity, (made, columns), _KEPT)
        return made

    def where(self, *where: Combinable | QueryString) -> Self:
        """Keep the child rows for which all of these conditions hold."""
        condition = self.condition
        for argument in where:
            if isinstance(argument, QueryString):
                argument = WhereRaw(argument.template, *argument.args)
            check_condition(self.relation, argument)
            condition = argument if condition is None else And(condition, argument)
        return self._changed("condition", condition)

    def order_by(self, *columns: Column | QueryString | str, ascending: bool = True) -> Self:
        """Order the child rows by these columns, after those of earlier calls."""
        if not columns:
            raise RelationError(f"{self.relation!r}: order_by needs a column")
        identity = (bool(ascending), *map(id, columns))
        if (known := self._made_of.get(identity)) is not None:
            return known[0]
        order = list(self.order)
        for column in columns:
            term = self._column(column) if isinstance(column, str) else column
            if isinstance(term, Column):
                check_column(self.relation, term)
            elif not isinstance(term, QueryString):
                raise RelationError(f"{self.relation!r}: cannot order by {term!r}")
            order.append((term, bool(ascending)))
        if any(isinstance(term, QueryString) for term, _ in order):
            return self._changed("order", tuple(order))
        made = self._once("order", order_shape(order, []), tuple(order))
        if made.stable and all(map(is_known, columns)):
            remember(self._made_of, identity, (made, columns), _KEPT)
        return made

    def limit(self, number: int) -> Self:
        """Take at most this many child rows for each parent row."""
        check_count(self.relation, "limit", number)
        return self._once("row_limit", number, number)

    def offset(self, number: int) -> Self:
        """Leave out this many child rows of each parent row."""
        check_count(self.relation, "offset", number)
        return self._changed("row_offset", number)

    def output(self, *, nested: bool) -> Self:
        """Say whether joined columns form dictionaries of their own, as in Piccolo's ``output``.

        Without it, the relation does as the select that it stands in.
        """
        return self._once("nested", bool(nested), bool(nested))

    def as_alias(self, alias: str) -> Self:
        """Put the child rows under another key; any text will do."""
        if not alias or not isinstance(alias, str):
            raise RelationError(f"{self.relation!r}: an alias is a text that is not empty")
        return self._once("_alias", alias, alias)

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:
        """Refuse: only the select of the parent table builds the statement of a relation.

        Raises:
            RelationError: always.
        """
        if engine_type != "postgres":
            raise RelationError(f"{self.relation!r}: relations need PostgreSQL, not {engine_type}")
        raise RelationError(
            f"{self.relation!r} can only be selected by {label(self.relation.parent)}.select(), "
            "and that class must inherit HasRelations"
        )

    def shape(self) -> tuple[Shape, Values, Values]:
        """Return what decides its SQL, its values, and those of its witnesses.

        Raises:
            ShapelessError: there is a part that cannot be described.
        """
        if self.stable:
            return self, [], []
        items = self._described
        if items is None or not items.fixed:
            items = describe(self.relation, self.items, self._check)
        where_values: Values = []
        where = condition_shape(self.condition, where_values)
        order_values: Values = []
        order = order_shape(self.order, order_values)
        # In an inner select, what it is ordered by is one of its columns.
        later = [order_values, where_values] if items.paged else [where_values, order_values]
        values = [*items.relation_values, *items.own_values, *later[0], *later[1]]
        if self.row_offset is not None:
            values.append(self.row_offset)
        shape = (
            self.relation,
            self._alias,
            self.nested,
            items.token,
            where,
            order,
            self.row_limit,
            self.row_offset is None,
        )
        return shape, values, items.witness_values

    def _once(self, attribute: str, shape: Shape, value: Any) -> Self:
        """Return the relation that differs in this attribute, the same one each time.

        What it is then selected in need not look into it again.
        """
        if not self.stable:
            return self._changed(attribute, value)
        key = (attribute, shape)
        made = self._made.get(key)
        if made is None:
            made = self._changed(attribute, value)
            made.stable = True
            remember(self._made, key, made, _KEPT)
        return made

    def _changed(self, attribute: str, value: Any) -> Self:
        changed = type(self)(self.relation)
        changed._alias = self._alias
        changed._described = self._described
        changed.stable = False
        changed.items = self.items
        changed.condition = self.condition
        changed.order = self.order
        changed.row_limit = self.row_limit
        changed.row_offset = self.row_offset
        changed.nested = self.nested
        setattr(changed, attribute, value)
        return changed

    def _describe(self, items: Sequence[Selectable]) -> Items | None:
        try:
            return describe(self.relation, items, self._check)
        except ShapelessError:
            return None

    def _check(self, items: Sequence[Selectable]) -> None:
        check_items(self.relation, items)

    def _column(self, name: str) -> Column:
        try:
            return self.table._meta.get_column_by_name(name)
        except ValueError as error:
            raise RelationError(
                f"{self.relation!r}: {label(self.table)} has no column {name!r}"
            ) from error
