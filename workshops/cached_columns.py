"""A foreign key that remembers the columns joined through it, and knows the relations there.

General: imports only Piccolo, and serves any table. A query names its columns anew
each time that it is built, ``WorkshopStep.step_id.name``, and Piccolo 1.38 makes copies
at each step; for a query of one row that costs more than the database does (upstream:
test_joined_column_is_made_once).

The same object is returned each time. That is safe because Piccolo never changes a
column in place: ``as_alias``, ``join_on`` and an index on an array return copies, and
what is remembered is not of a copy.
"""

from __future__ import annotations

import inspect
from typing import Any

from piccolo.columns import Column, ForeignKey
from piccolo.columns.base import ReferencedTable


class CachedForeignKey(ForeignKey[ReferencedTable]):
    """A ``ForeignKey`` whose joined columns (``Band.manager.name``) are made once.

    Piccolo builds a joined column anew at every access, and looks through
    ``dir(self)`` for every name that has no leading underscore, methods included:
    0.1 to 0.8 ms for each join of each query. Here the first access is Piccolo's own
    and its result is kept, so everything about it is Piccolo's: the call chain, the
    table alias, the limit on its length.

    Relations of the table that it refers to (``workshops.relations``) are attributes too:
    ``Concert.band.albums`` are the albums of the band of a concert.
    """

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        attributes = object.__getattribute__(self, "__dict__")
        owner, joined = attributes.get("_joined_columns", (None, {}))
        if owner is self and name in joined:
            return joined[name]
        if name not in attributes and hasattr(type(self), name):
            # A method or property: Piccolo returns it unchanged, after a dir().
            return object.__getattribute__(self, name)
        value = super().__getattribute__(name)
        return self._remembered(name, value) if isinstance(value, Column) else value

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            table = self._foreign_key_meta.resolved_references
            relation = inspect.getattr_static(table, name, None)
            if through := getattr(relation, "through", None):
                return self._remembered(name, through(self))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _remembered(self, name: str, value: Any) -> Any:
        owner, joined = self.__dict__.get("_joined_columns", (None, {}))
        if owner is not self:  # it is of what this is a copy of
            joined = {}
            self.__dict__["_joined_columns"] = (self, joined)
        joined[name] = value
        return value
