"""Tables of an application that hold personal data, for its export and its erasure.

Registered once, where the table is declared::

    class Note(Table):
        author = Varchar()
        text = Text()

    register_personal_data(Note.author, export=[Note.text])

``operations.export_user_data`` then holds the person's notes, and
``operations.delete_user_data`` deletes them, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from piccolo.columns import Column
from piccolo.table import Table


class PersonalData(NamedTuple):
    """What one table holds about a person, and what becomes of it when they are erased."""

    user: Column
    export: tuple[Column, ...]
    erase: dict[Column | str, Any] | None

    @property
    def table(self) -> type[Table]:
        return self.user._meta.table

    async def read(self, clerk_user_id: str) -> list[dict[str, Any]]:
        rows = self.table.select(*self.export).where(self.user == clerk_user_id)
        ordered = rows.order_by(self.table._meta.primary_key)
        return await ordered.output(load_json=True)

    async def keys(self, clerk_user_id: str) -> list[Any]:
        """Return the keys of the rows about a person."""
        key = self.table._meta.primary_key
        return await self.table.select(key).where(self.user == clerk_user_id).output(as_list=True)

    async def forget(self, clerk_user_id: str) -> int:
        """Erase what there is about a person, and return in how many rows."""
        theirs = self.user == clerk_user_id
        key = self.table._meta.primary_key
        if self.erase is None:
            return len(await self.table.delete().where(theirs).returning(key))
        return len(await self.table.update(self.erase).where(theirs).returning(key))


_registered: dict[str, PersonalData] = {}


def register_personal_data(
    user: Column,
    *,
    export: Sequence[Column] | None = None,
    erase: dict[Column | str, Any] | None = None,
) -> None:
    """Let the export and the erasure of a person include a table of the application's own.

    Registering a column again replaces what was said before.

    :param user: The column that holds the person's ``clerk_user_id``.
    :param export: What the export holds of a row; all columns if not given.
    :param erase: What the erasure sets, such as ``{Note.author: ""}``, if the row is to stay;
        it is deleted otherwise.
    """
    table = user._meta.table
    columns = tuple(table.all_columns() if export is None else export)
    data = PersonalData(user, columns, erase)
    _registered[f"{table._meta.get_formatted_tablename()}.{user._meta.name}"] = data


def registered() -> tuple[PersonalData, ...]:
    """Return what is registered, in the order in which it was."""
    return tuple(_registered.values())
