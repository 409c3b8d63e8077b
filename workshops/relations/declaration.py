"""The declaration of a relation: in the class body of its parent table, or beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from piccolo.columns import ForeignKey
from piccolo.columns.reference import LazyTableReference
from piccolo.table import Table

from workshops.cached_columns import CachedForeignKey
from workshops.relations.conditions import Aggregate, Exists
from workshops.relations.expressions import part_of
from workshops.relations.selection import (
    Link,
    NotLoadedError,
    RelationError,
    RelationSelect,
    label,
    same_table,
)

if TYPE_CHECKING:
    from piccolo.columns import Column
    from piccolo.custom_types import Combinable
    from piccolo.querystring import QueryString, Selectable

Child = TypeVar("Child", bound=Table)


class Relation(Generic[Child]):
    """What can be asked about the rows of another table that belong to one of this."""

    def __init__(self, resolve: Callable[[], Link]) -> None:
        self._resolve = resolve

    @cached_property
    def link(self) -> Link:
        """What it stands for.

        Raises:
            RelationError: it is declared wrongly.
        """
        return self._resolve()

    @cached_property
    def _everything(self) -> RelationSelect:
        return RelationSelect(self.link)

    def __call__(self, *columns: Selectable | str | Sequence[Selectable | str]) -> RelationSelect:
        """Select these columns of the child rows, or all of its columns.

        A column is whatever Piccolo's ``select`` takes for the child table, joined
        columns, names and functions too, lists of these, and relations of the child.

        Raises:
            RelationError: a column of another table, two of one name, or a wrong
                declaration.
        """
        return self._everything.columns(*columns) if columns else self._everything

    def exists(self, *where: Combinable | QueryString) -> Exists:
        """Whether a row has child rows for which all of these conditions hold: a condition."""
        return Exists(self.link, where)

    def none(self, *where: Combinable | QueryString) -> Exists:
        """Whether a row has no child rows for which all of these conditions hold."""
        return Exists(self.link, where, negative=True)

    def count(self, *where: Combinable | QueryString) -> Aggregate:
        """How many child rows there are for which all of these conditions hold."""
        return Aggregate(self.link, "count", None, where)

    def max(self, column: Column | QueryString, *where: Combinable | QueryString) -> Aggregate:
        """The largest value of a column of those child rows, or NULL."""
        return Aggregate(self.link, "max", column, where)

    def min(self, column: Column | QueryString, *where: Combinable | QueryString) -> Aggregate:
        """The smallest value of a column of those child rows, or NULL."""
        return Aggregate(self.link, "min", column, where)

    def sum(self, column: Column | QueryString, *where: Combinable | QueryString) -> Aggregate:
        """The sum of a column of those child rows; NULL, not 0, if there are none."""
        return Aggregate(self.link, "sum", column, where)

    def avg(self, column: Column | QueryString, *where: Combinable | QueryString) -> Aggregate:
        """The mean of a column of those child rows, or NULL."""
        return Aggregate(self.link, "avg", column, where)


class OneToMany(Relation[Child]):
    """The rows of another table whose foreign key refers to a row of this one.

    Declared in the class body of the parent table::

        class Band(HasRelations, Table):
            name = Varchar()
            albums: OneToMany[Album] = OneToMany("music.tables.Album")

        class Album(Table):
            band = ForeignKey(Band)
            title = Varchar()

    :param references:
        The child table: a class, a ``LazyTableReference``, or its path, or its name
        in the same module. It is looked up when the relation is first used, so that
        the modules of parent and child may import one another.
    :param foreign_key:
        The name of the child's foreign key. Needed only when it has several that
        refer to the parent table.

    It is not a column: columns and migrations are the same with and without it. An
    object has it as a list of objects where that was asked for: ``Band.objects(Band.albums())``.
    """

    @overload
    def __init__(self, references: type[Child], *, foreign_key: str | None = None) -> None: ...
    @overload
    def __init__(
        self: OneToMany[Any],
        references: LazyTableReference | str,
        *,
        foreign_key: str | None = None,
    ) -> None: ...
    def __init__(
        self,
        references: type[Table] | LazyTableReference | str,
        *,
        foreign_key: str | None = None,
    ) -> None:
        super().__init__(self._declared)
        self._references = references
        self._foreign_key = foreign_key
        self._owner: type[Table] | None = None
        self.name = ""

    def __set_name__(self, owner: type[Table], name: str) -> None:
        self._owner = owner
        self.name = name

    @overload
    def __get__(self, row: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, row: Table, owner: Any) -> list[Child]: ...
    def __get__(self, row: Table | None, owner: Any) -> Self | list[Child]:
        if row is None:
            return self
        # Where it was asked for, the row's own attribute of this name is found instead.
        raise NotLoadedError(
            f"{self!r} was not asked for with this row: "
            f"{self.parent.__name__}.objects({self!r}()) does"
        )

    def __repr__(self) -> str:
        return f"{self._owner.__name__ if self._owner else '?'}.{self.name}"

    @property
    def parent(self) -> type[Table]:
        """The table that the relation is declared in."""
        if self._owner is None:
            raise RelationError(
                "A OneToMany must be an attribute of a Table class: declare it there, or use "
                "add_relation()"
            )
        return self._owner

    @cached_property
    def child(self) -> type[Table]:
        """The table whose rows the relation selects."""
        references = self._references
        if isinstance(references, str):
            module_path, _, name = references.rpartition(".")
            references = LazyTableReference(
                table_class_name=name, module_path=module_path or self.parent.__module__
            )
        if not isinstance(references, LazyTableReference):
            return references
        try:
            return references.resolve()
        except (ImportError, ValueError) as error:
            raise RelationError(f"{self!r}: {error}") from error

    @cached_property
    def foreign_key(self) -> ForeignKey[Any]:
        """The child's column that refers to the parent.

        Raises:
            RelationError: the child has none, has several and none is named, or
                the one named is another thing.
        """
        parent, child = self.parent, self.child
        keys = {
            column._meta.name: column
            for column in child._meta.foreign_key_columns
            if same_table(column._foreign_key_meta.resolved_references, parent)
        }
        name, names = self._foreign_key, [*keys]
        if name is None and len(keys) > 1:
            raise RelationError(
                f"{self!r}: {label(child)} has several foreign keys to {label(parent)}: {names}; "
                "name one with foreign_key="
            )
        wanted = name or next(iter(keys), None)
        if wanted not in keys:
            called = f" {name!r}" if name else ""
            raise RelationError(
                f"{self!r}: {label(child)} has no foreign key{called} to {label(parent)}; "
                f"it has {names or 'none'}"
            )
        return keys[wanted]

    def through(self, foreign_key: ForeignKey[Any]) -> Relation[Child]:
        """Return the relation of the row that a foreign key of another table refers to.

        ``Concert.band.albums`` is short for ``Band.albums.through(Concert.band)``.
        """
        return Relation(partial(self._joined, foreign_key))

    def _declared(self) -> Link:
        key = self.foreign_key._foreign_key_meta.resolved_target_column
        return Link(repr(self), self.name, self.parent, key, self.child, self.foreign_key)

    def _joined(self, foreign_key: ForeignKey[Any]) -> Link:
        meta, referred = foreign_key._meta, foreign_key._foreign_key_meta
        parent = referred.resolved_references
        if not same_table(parent, self.parent):
            raise RelationError(
                f"{self!r} belongs to {label(self.parent)}; {meta.name!r} refers to {label(parent)}"
            )
        target = self.link.key._meta.name
        # The foreign key itself is what it refers to, so nothing needs to be joined.
        same = referred.resolved_target_column._meta.name == target
        key = foreign_key if same else getattr(foreign_key, target)
        path = [column._meta.name for column in (*meta.call_chain, foreign_key)]
        name = ".".join((*path, self.name))
        root = part_of(foreign_key).root
        return replace(self.link, label=f"{root.__name__}.{name}", name=name, root=root, key=key)


def offer_relations(foreign_key: ForeignKey[Any]) -> None:
    """Let a foreign key have the relations of the table that it refers to as attributes.

    ``CachedForeignKey`` does so by itself. Where a text names the table, nothing is done.
    """
    table = foreign_key._foreign_key_meta.references
    if isinstance(table, type) and not isinstance(foreign_key, CachedForeignKey):
        for name in dir(table):
            if not name.startswith("_") and isinstance(
                relation := inspect.getattr_static(table, name), OneToMany
            ):
                foreign_key.__dict__.setdefault(name, relation.through(foreign_key))


def add_relation(
    parent: type[Table], name: str, child: type[Child], *, foreign_key: str | None = None
) -> OneToMany[Child]:
    """Give a table of another application a relation to one's own, and return it.

    Once, where the child is declared::

        class Note(HasRelations, Table):
            workshop = ForeignKey(Workshop)
            text = Text()

        workshop_notes = add_relation(Workshop, "notes", Note)

        await Workshop.select(Workshop.title, workshop_notes(Note.text))

    At run time ``Workshop.notes`` is the same; a type checker knows only the returned one.

    Raises:
        RelationError: the parent has an attribute of this name, or the foreign key is
            missing or one of several.
    """
    if not name.isidentifier() or hasattr(parent, name):
        raise RelationError(f"{label(parent)} cannot have a relation {name!r}: the name is taken")
    relation = OneToMany(child, foreign_key=foreign_key)
    relation.__set_name__(parent, name)
    _ = relation.link  # a wrong declaration fails here
    setattr(parent, name, relation)
    for referring in parent._meta._foreign_key_references:
        offer_relations(referring)
    return relation
