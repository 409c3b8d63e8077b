"""The mix-in for a table with relations, and selects whose rows are of a class."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
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
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.declaration import OneToMany, offer_relations
from workshops.relations.links import RelationError, label, named
from workshops.relations.objects import ParentObjects
from workshops.relations.query import ParentSelect

if TYPE_CHECKING:
    from piccolo.columns import ForeignKey
    from piccolo.custom_types import Combinable
    from piccolo.query.methods.objects import Objects
    from pydantic import TypeAdapter

    from workshops.relations.selection import RelationSelect

RowType = TypeVar("RowType")


class RowTypeError(RelationError):
    """A row is not what the class of a select says; the message names the field, not its value."""


class TypedSelect(Generic[RowType]):
    """A select whose rows are of a class: a ``TypedDict``, a dataclass or a pydantic model.

    Each row is checked, and made, by pydantic when the query is run.

    Raises:
        RowTypeError: a row is not what the class says.
    """

    def __init__(self, query: ParentSelect[Any], row_type: type[RowType]) -> None:
        self.query = query
        self.row_type = row_type

    def where(self, *where: Combinable | QueryString) -> Self:
        """Keep the rows for which all of these conditions hold."""
        self.query.where(*where)
        return self

    def order_by(self, *columns: Column | QueryString | str, ascending: bool = True) -> Self:
        """Order the rows by these columns, after those of earlier calls."""
        self.query.order_by(*columns, ascending=ascending)
        return self

    def limit(self, number: int) -> Self:
        """Take at most this many rows."""
        self.query.limit(number)
        return self

    def offset(self, number: int) -> Self:
        """Leave out this many rows."""
        self.query.offset(number)
        return self

    async def first(self) -> RowType | None:
        """Return the first row only, or None."""
        rows = await self.limit(1)
        return rows[0] if rows else None

    async def run(self, node: str | None = None, in_pool: bool = True) -> list[RowType]:
        """Run the query; see Piccolo's ``Query.run``."""
        from pydantic import ValidationError

        rows = await self.query.run(node=node, in_pool=in_pool)
        try:
            return cast("list[RowType]", _adapter(cast("Any", self.row_type)).validate_python(rows))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"][1:]))
            name = getattr(self.row_type, "__name__", str(self.row_type))
            raise RowTypeError(f"{name}.{place} of a row: {first['msg']}") from None

    def __await__(self) -> Generator[Any, None, list[RowType]]:
        return self.run().__await__()


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
            inner = get_args(kind)
            if get_origin(kind) is not list or not _has_fields(inner[0]):
                raise part.link.error(f"{row_type.__name__}.{name} must be a list of a row type")
            part = part(_columns_for(part.child, inner[0], ()))
        elif not isinstance(part, Column):
            raise RelationError(
                f"{label(table)} has neither a column nor a relation {name!r}: "
                f"give select_as what {row_type.__name__}.{name} is"
            )
        columns.append(part)
    return columns


def _has_fields(kind: Any) -> bool:
    return (
        hasattr(kind, "model_fields")
        or dataclasses.is_dataclass(kind)
        or hasattr(kind, "__total__")  # a TypedDict
    )


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
    def all_columns(cls, exclude: Sequence[str | Column] | None = None) -> list[Column]:
        """Return the table's columns, without those excluded; see Piccolo's ``all_columns``."""
        if not exclude:
            return [*cast("type[Table]", cls)._meta.columns]
        columns: list[Column] = super().all_columns(exclude)  # type: ignore[misc]
        return columns

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
        query: ParentSelect[Any] = ParentSelect(table, chosen, exclude_secrets=exclude_secrets)
        return TypedSelect(query.output(load_json=True), row_type)

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
