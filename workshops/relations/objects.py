"""Piccolo's ``objects`` with relations, as lists of objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self, cast

from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery
from piccolo.query.methods.objects import Objects
from piccolo.querystring import QueryString
from piccolo.table import Table
from piccolo.utils.objects import make_nested_object

from workshops.relations.declaration import OneToMany
from workshops.relations.decoding import Row
from workshops.relations.links import RelationError, label, same_table
from workshops.relations.query import ParentSelect, StatementQuery
from workshops.relations.selection import RelationSelect


class ParentObjects(Objects[TableInstance]):
    """``Objects`` that takes relations beside foreign keys: as lists of objects, in one statement.

    A relation has its conditions, order and slice as ever. It has all columns, since an
    object is a whole row; in the call it takes relations of the child table alone.
    """

    __slots__ = ("_relations", "_running")

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._relations: list[RelationSelect] = []
        self._running: ParentSelect[TableInstance] | None = None
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
        return select.querystrings

    @property
    def _loads_json(self) -> bool:
        return self.output_delegate._output.load_json

    async def _process_results(self, results: Any) -> Any:
        if not self._relations:
            return await super()._process_results(results)
        query = cast("StatementQuery", self.querystrings[0])
        objects = []
        for row in query.statement.decode(results):
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
    if not relation.items:
        return relation
    if not all(isinstance(item, RelationSelect) for item in relation.items):
        raise relation.link.error("objects have all columns: name none here but relations")
    items = [_whole(cast("RelationSelect", item)) for item in relation.items]
    return relation.with_items([*relation.link.child._meta.columns, *items])


def _attach(row: Table, relations: Iterable[Any], lists: Row) -> None:
    """Put the objects of relations into an object."""
    for relation in relations:
        child, objects = relation.link.child, []
        for values in lists[relation.name]:
            below = {item.name: values.pop(item.name) for item in relation.items}
            objects.append(child(**values, _exists_in_db=True))
            _attach(objects[-1], relation.items, below)
        row.__dict__[relation.name] = objects
