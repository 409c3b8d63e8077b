"""Piccolo columns that remember what is made of them again and again.

General: imports only Piccolo, and serves any table. A query names its columns anew
each time that it is built, ``WorkshopStep.step_id.name.as_alias("name")``, and
Piccolo 1.38 makes copies at each step (tests/upstream); for a query of one row that costs more than
the database does.

The same object is returned each time. That is safe because Piccolo never changes a
column in place: ``as_alias``, ``join_on`` and an index on an array return copies, and
a copy begins without anything remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from piccolo.columns import Column, ForeignKey
from piccolo.columns.base import ReferencedTable

if TYPE_CHECKING:
    from typing import Self

    _Column = Column
else:
    _Column = object

_JOINED = "_joined_columns"
_ALIASES = "_aliased_columns"
_LASTING = "_lasting_alias"

_MOST_ALIASES = 64  # of one column; an alias may come from a caller


class CachedAliases(_Column):
    """A mix-in before a column class, whose ``as_alias`` makes the column of each alias once."""

    def as_alias(self, name: str) -> Column:
        """Return the column under another name."""
        attributes = object.__getattribute__(self, "__dict__")
        aliases: dict[str, Column] = attributes.setdefault(_ALIASES, {})
        if (column := aliases.get(name)) is not None:
            return column
        column = super().as_alias(name)
        if len(aliases) >= _MOST_ALIASES:
            aliases.pop(next(iter(aliases)), None)
        aliases[name] = column
        column.__dict__[_LASTING] = is_lasting(self)
        return column

    def copy(self) -> Self:
        """Return a copy that has nothing remembered."""
        column = super().copy()
        column.__dict__.pop(_ALIASES, None)
        column.__dict__.pop(_LASTING, None)
        return column


class CachedForeignKey(CachedAliases, ForeignKey[ReferencedTable]):
    """A ``ForeignKey`` whose joined columns (``Band.manager.name``) are made once.

    Piccolo builds a joined column anew at every access, and looks through
    ``dir(self)`` for every name that has no leading underscore, methods included:
    0.1 to 0.8 ms for each join of each query. Here the first access is Piccolo's own
    and its result is kept, so everything about it is Piccolo's: the call chain, the
    table alias, the limit on its length.
    """

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        attributes = object.__getattribute__(self, "__dict__")
        joined = attributes.get(_JOINED)
        if joined is not None and name in joined:
            return joined[name]
        if name not in attributes and hasattr(type(self), name):
            # A method or property: Piccolo returns it unchanged, after a dir().
            return object.__getattribute__(self, name)
        value = super().__getattribute__(name)
        if isinstance(value, Column):
            attributes.setdefault(_JOINED, {})[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The referenced table's columns are set as attributes, some of them late.
        object.__getattribute__(self, "__dict__").pop(_JOINED, None)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__getattribute__(self, "__dict__").pop(_JOINED, None)
        object.__delattr__(self, name)

    def copy(self) -> Self:
        """Return a copy that has nothing remembered."""
        column: Self = super().copy()
        column.__dict__.pop(_JOINED, None)
        return column


def is_lasting(column: Column) -> bool:
    """Whether the column is the very object that is had again in the same way.

    A table's own column is, and what cached columns of a table remember.
    """
    meta = column._meta
    if column._alias is not None:
        return column.__dict__.get(_LASTING, False) is True
    if meta._table is None or meta._name is None:
        return False
    if not meta.call_chain:
        return vars(meta._table).get(meta._name) is column
    key = meta.call_chain[-1]
    joined = vars(key).get(_JOINED)
    return joined is not None and joined.get(meta._name) is column and is_lasting(key)
