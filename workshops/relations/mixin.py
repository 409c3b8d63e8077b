"""The mix-in for a table with relations: its selects, its objects, and rows of a class."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from copy import copy
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Self,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from piccolo.columns import Column
from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery
from piccolo.query.methods.objects import Objects
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table
from piccolo.utils.objects import make_nested_object

from workshops.relations.compiler import Statement
from workshops.relations.declaration import OneToMany, offer_relations
from workshops.relations.decoding import Row
from workshops.relations.query import ParentSelect
from workshops.relations.selection import RelationError, RelationSelect, label, named, same_table

if TYPE_CHECKING:
    from piccolo.columns import ForeignKey
    from pydantic import TypeAdapter

RowType = TypeVar("RowType")


class RowTypeError(RelationError):
    """A row is not what the class of a select says; the message names the field, not its value."""


class ParentObjects(Objects[TableInstance]):
    """``Objects`` that takes relations beside foreign keys: as lists of objects, in one statement.

    A relation has its conditions, order and slice as ever. It has all columns, since an
    object is a whole row; in the call it takes relations of the child table alone.
    """

    __slots__ = ("_relations", "_statement")

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._relations: list[RelationSelect] = []
        self._statement: Statement | None = None
        super().__init__(*arguments, **settings)

    def prefetch(self, *fk_columns: Any) -> Self:
        """Take these foreign keys and relations with each object."""
        self._relations += [item for item in fk_columns if isinstance(item, RelationSelect)]
        others = [item for item in fk_columns if not isinstance(item, RelationSelect)]
        if any(isinstance(item, OneToMany) for item in others):
            raise RelationError(f"A relation of {label(self.table)} is asked for by calling it")
        super().prefetch(*others)
        for relation in self._relations:
            if not same_table(relation.link.root, self.table) or "." in relation.link.name:
                raise relation.link.error(f"not a relation of {label(self.table)} itself")
        return self

    def freeze(self) -> FrozenQuery:
        """Build the SQL once, for a query that is run repeatedly with the same values."""
        frozen = super().freeze()
        query = cast("Self", frozen.query)
        query._statement = self._statement
        query._relations = self._relations
        query.prefetch_delegate = self.prefetch_delegate
        return frozen

    @property
    def default_querystrings(self) -> Sequence[QueryString]:
        """The one statement."""
        if not self._relations:
            return super().default_querystrings
        select: ParentSelect[TableInstance] = ParentSelect(
            self.table, [*self.table._meta.columns, *map(_whole, self._relations)]
        )
        for foreign_key in self.prefetch_delegate.fk_columns:
            for key in (foreign_key, *foreign_key._meta.call_chain):
                select.columns(*key.all_columns())
        for name in ("limit", "where", "offset", "order_by", "lock_rows"):
            setattr(select, f"{name}_delegate", getattr(self, f"{name}_delegate"))
        select.output(nested=bool(self.prefetch_delegate.fk_columns), load_json=self._loads_json)
        self._statement = select.statement()
        return [self._statement]

    @property
    def _loads_json(self) -> bool:
        return self.output_delegate._output.load_json

    async def _process_results(self, results: Any) -> Any:
        if self._statement is None:
            return await super()._process_results(results)
        objects = []
        for row in self._statement.decode(results):
            lists = {relation.name: row.pop(relation.name) for relation in self._relations}
            if self.prefetch_delegate.fk_columns:
                made: Table = make_nested_object(row, self.table, load_json=self._loads_json)
            else:
                made = self.table(**row, _exists_in_db=True)
            _attach(made, self._relations, lists)
            objects.append(made)
        return objects


def _whole(relation: RelationSelect) -> RelationSelect:
    """Return a relation with all columns of its rows, and the relations that it takes."""
    if not relation.rows.items:
        return relation
    if not all(isinstance(item, RelationSelect) for item in relation.rows.items):
        raise relation.link.error("objects have all columns: name none here but relations")
    items = [_whole(cast("RelationSelect", item)) for item in relation.rows.items]
    return relation.with_items([*relation.link.child._meta.columns, *items])


def _attach(row: Table, relations: Iterable[Any], lists: Row) -> None:
    """Put the objects of relations into an object."""
    for relation in relations:
        child, objects = relation.link.child, []
        for values in lists[relation.name]:
            below = {item.name: values.pop(item.name) for item in relation.rows.items}
            objects.append(child(**values, _exists_in_db=True))
            _attach(objects[-1], relation.rows.items, below)
        row.__dict__[relation.name] = objects


class TypedSelect(ParentSelect[Any], Generic[RowType]):
    """A select whose rows are of a class: a ``TypedDict``, a dataclass or a pydantic model.

    Each row is checked, and made, by pydantic when the query is run.

    Raises:
        RowTypeError: a row is not what the class says.
    """

    __slots__ = ("row_type",)
    row_type: type[RowType]

    if TYPE_CHECKING:

        async def first(self) -> RowType | None:  # type: ignore[override]
            """Return the first row only, or None."""

        def __await__(self) -> Generator[Any, None, list[RowType]]:  # type: ignore[override]
            """Run the query."""

    def freeze(self) -> FrozenQuery:
        """Build the SQL once, for a query that is run repeatedly with the same values."""
        frozen = super().freeze()
        query = cast("Self", frozen.query)
        query.row_type = self.row_type
        query.columns_delegate = copy(self.columns_delegate)  # says which columns are JSON
        return frozen

    async def _process_results(self, results: Any) -> Any:
        from pydantic import ValidationError

        rows = await super()._process_results(results)
        try:
            return _adapter(cast("Any", self.row_type)).validate_python(rows)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"][1:]))
            name = getattr(self.row_type, "__name__", str(self.row_type))
            raise RowTypeError(f"{name}.{place} of a row: {first['msg']}") from None


@lru_cache(maxsize=256)
def _adapter(row_type: Any) -> TypeAdapter[Any]:
    # Imported when used: it takes longer than all of this package.
    from pydantic import TypeAdapter

    return TypeAdapter(list[row_type])


def _columns_for(table: type[Table], row_type: Any, given: Sequence[Any]) -> list[Any]:
    """Return the columns and relations that a class has fields for, but for those given."""
    names = {named(item) for item in given}
    columns: list[Any] = []
    for name, kind in get_type_hints(row_type).items():
        if name in names:
            continue
        part = getattr(table, name, None)
        if isinstance(part, OneToMany):
            [row] = get_args(kind) if get_origin(kind) is list else [None]
            if not (isinstance(row, type) and get_type_hints(row)):
                raise part.link.error(f"{row_type.__name__}.{name} must be a list of a row type")
            part = part(_columns_for(part.child, row, ()))
        elif not isinstance(part, Column):
            raise RelationError(
                f"{label(table)} has neither a column nor a relation {name!r}: "
                f"give select_as what {row_type.__name__}.{name} is"
            )
        columns.append(part)
    return columns


class HasRelations:
    """A mix-in before ``Table`` for the parent table of relations.

    Its ``select`` and ``objects`` are Piccolo's, and take ``OneToMany`` relations too.
    Without one they behave, and cost, as ever.
    """

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        for foreign_key in cast("type[Table]", cls)._meta.foreign_key_columns:
            offer_relations(foreign_key)

    @classmethod
    def select(cls, *columns: Selectable | str, exclude_secrets: bool = False) -> ParentSelect[Any]:
        """Get rows as dictionaries; see Piccolo's ``Table.select`` and ``RelationSelect``.

        With ``exclude_secrets``, relations leave out their secret columns too.
        """
        return ParentSelect(
            cast("type[Table]", cls), columns_list=columns, exclude_secrets=exclude_secrets
        )

    @classmethod
    def select_as(
        cls, row_type: type[RowType], *columns: Selectable, exclude_secrets: bool = False
    ) -> TypedSelect[RowType]:
        """Get rows of a class: a ``TypedDict``, a dataclass or a pydantic model.

        What is selected follows from its fields, which are columns of the table and,
        as lists of such classes, relations; ``columns`` are for the fields that are
        something else, such as a relation in some order, and JSON is loaded::

            class Card(TypedDict):
                title: str
                steps_count: int

            cards = await Workshop.select_as(Card, Workshop.steps.count()).limit(10)

        Raises:
            RelationError: a field is neither, and not among ``columns``.
        """
        table = cast("type[Table]", cls)
        chosen = [*_columns_for(table, row_type, columns), *columns]
        query: TypedSelect[RowType] = TypedSelect(table, chosen, exclude_secrets=exclude_secrets)
        query.row_type = row_type
        return query.output(load_json=True)

    @classmethod
    def objects(  # type: ignore[misc]
        cls: type[TableInstance],
        *prefetch: ForeignKey[Any] | list[ForeignKey[Any]] | RelationSelect,
    ) -> Objects[TableInstance]:
        """Get rows as objects; see Piccolo's ``Table.objects``.

        A relation is there as a list of objects: ``Band.objects(Band.albums())`` gives
        each ``band`` its ``band.albums``.
        """
        return ParentObjects[TableInstance](table=cls, prefetch=prefetch)
