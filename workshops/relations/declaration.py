"""The declaration of a relation, in the class body of its parent table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from piccolo.columns.reference import LazyTableReference

from workshops.relations.errors import RelationError, label, same_table
from workshops.relations.selection import RelationSelect

if TYPE_CHECKING:
    from piccolo.columns import ForeignKey
    from piccolo.querystring import Selectable
    from piccolo.table import Table


class OneToMany:
    """The rows of another table whose foreign key refers to a row of this one.

    Declared in the class body of the parent table; calling it makes a
    ``RelationSelect`` for that table's ``select``::

        class Band(HasRelations, Table):
            name = Varchar()
            albums = OneToMany("music.tables.Album")

        class Album(Table):
            band = ForeignKey(Band)
            title = Varchar()

        await Band.select(Band.name, Band.albums(Album.title))
        [{"name": "Pythonistas", "albums": [{"title": "Awesome album 1"}]}]

    :param references:
        The child table: a class, a ``LazyTableReference``, or, as with Piccolo's
        ``ForeignKey``, a string, which is either the full path of the class or
        its name alone when it stands in the same module. It is looked up when the
        relation is first called, so that the modules of parent and child may
        import one another.
    :param foreign_key:
        The name of the child's foreign key. Needed only when it has several that
        refer to the parent table.

    It is not a column: the table's columns, its migrations and its instances are
    the same with and without it.
    """

    def __init__(
        self,
        references: type[Table] | LazyTableReference | str,
        *,
        foreign_key: str | None = None,
    ) -> None:
        self._references = references
        self._foreign_key = foreign_key
        self._owner: type[Table] | None = None
        self.name = ""

    def __set_name__(self, owner: type[Table], name: str) -> None:
        self._owner = owner
        self.name = name

    def __repr__(self) -> str:
        return f"{self._owner.__name__ if self._owner else '?'}.{self.name}"

    @property
    def parent(self) -> type[Table]:
        """The table that the relation is declared in."""
        if self._owner is None:
            raise RelationError("A OneToMany must be an attribute of a Table class")
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
        candidates = [
            column
            for column in child._meta.foreign_key_columns
            if same_table(column._foreign_key_meta.resolved_references, parent)
        ]
        names = [column._meta.name for column in candidates]
        if self._foreign_key is not None:
            if self._foreign_key not in names:
                raise RelationError(
                    f"{self!r}: {label(child)} has no foreign key {self._foreign_key!r} to "
                    f"{label(parent)}; it has {names or 'none'}"
                )
            return candidates[names.index(self._foreign_key)]
        if not candidates:
            raise RelationError(f"{self!r}: {label(child)} has no foreign key to {label(parent)}")
        if len(candidates) > 1:
            raise RelationError(
                f"{self!r}: {label(child)} has several foreign keys to {label(parent)}: {names}; "
                "name one with foreign_key="
            )
        return candidates[0]

    @cached_property
    def _everything(self) -> RelationSelect:
        self.foreign_key  # noqa: B018 - a wrong declaration fails here, not in the statement
        return RelationSelect(self)

    def __call__(self, *columns: Selectable | str | Sequence[Selectable | str]) -> RelationSelect:
        """Select these columns of the child rows, or all of its columns.

        A column is whatever Piccolo's ``select`` takes for the child table: its
        columns, those of tables that its foreign keys refer to
        (``Album.label.name``), names, functions, JSON operators, readables, lists
        of these, and further relations of the child table.

        Raises:
            RelationError: a column of another table, two of one name, or a wrong
                declaration.
        """
        return self._everything.columns(*columns) if columns else self._everything
