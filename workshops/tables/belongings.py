"""Rows that belong to a workshop are found by it, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workshops.columns import key_of

if TYPE_CHECKING:
    from piccolo.columns import Column
    from piccolo.query.methods.delete import Delete
    from piccolo.query.methods.insert import Insert
    from piccolo.query.methods.update import Update


class BelongsToWorkshop:
    """A mix-in before ``Table`` for the tables whose rows belong to a workshop.

    Piccolo's ``save`` sets every column, and finds the row by its key alone. A distributed
    database has all rows of a workshop in one place: told the workshop, it goes there and
    nowhere else, and it sets no ``workshop_id``, not even to the same. Only a row that was
    given to another workshop is saved as Piccolo does, which one PostgreSQL allows.
    """

    if TYPE_CHECKING:
        _exists_in_db: bool
        workshop_id: Any

    def save(self, columns: Sequence[Column | str] | None = None) -> Insert[Any] | Update[Any]:
        """Insert the row, or update all of its columns (or those named)."""
        stays = self._stays
        query: Any = super().save(columns)  # type: ignore[misc]
        if stays:
            table: Any = type(self)
            values = query.values_delegate._values
            if len(values) > 1:
                values.pop(table.workshop_id, None)
            query = query.where(table.workshop_id == key_of(self.workshop_id))
        return query  # type: ignore[no-any-return]

    def remove(self) -> Delete:
        """Delete the row."""
        stays = self._stays
        query: Any = super().remove()  # type: ignore[misc]
        if stays:
            table: Any = type(self)
            query = query.where(table.workshop_id == key_of(self.workshop_id))
        return query  # type: ignore[no-any-return]

    @property
    def _stays(self) -> bool:
        return self._exists_in_db and "_workshop_id_changed" not in self.__dict__
