"""Rows whose ``updated_at`` tells their versions apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from piccolo.query.methods.update import Update

if TYPE_CHECKING:
    from piccolo.columns import Column
    from piccolo.query.methods.insert import Insert


class _Save(Update[Any]):
    """The UPDATE of ``row.save()``, which tells the row the ``updated_at`` that was stored."""

    row: Any

    async def response_handler(self, response: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for stored in response:
            self.row.updated_at = stored["updated_at"]
        return response


class VersionedRow:
    """A mix-in before ``Table`` for tables with an ``updated_at``.

    ``next_updated_at`` is computed by the database, so Piccolo's ``save`` would
    leave the SQL expression in the attribute instead of a time.
    """

    if TYPE_CHECKING:
        _exists_in_db: bool
        updated_at: Any

    def save(self, columns: Sequence[Column | str] | None = None) -> Insert[Any] | Update[Any]:
        """Insert the row, or update all of its columns (or those named).

        When awaited, ``updated_at`` in memory equals the stored one.
        """
        if not self._exists_in_db:
            return super().save(columns)  # type: ignore[misc, no-any-return]
        updated_at = self.updated_at
        update: Update[Any] = super().save(columns)  # type: ignore[misc]
        self.updated_at = updated_at
        save = _Save(table=update.table)
        save.row = self
        save.values_delegate = update.values_delegate
        save.where_delegate = update.where_delegate
        return save.returning(type(self).updated_at)
