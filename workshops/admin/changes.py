"""What a PATCH changes: the request compared with the locked row.

A Save in the admin sends the whole row, as it was when the form was opened. It must not
undo what others have written meanwhile, so a form also says which version it shows:
by ``updated_at``, or, in the tables without one, by a field ``row_version`` that is not a
column. It holds PostgreSQL's ``xmin``, the transaction that wrote the row.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from piccolo.columns import JSONB, Column
from piccolo.table import Table

from workshops.columns import to_stored
from workshops.errors import InvalidInputError
from workshops.statements.workshops import lock_before
from workshops.tables.belongings import BelongsToWorkshop
from workshops.web.rejections import FieldsRejectedError, RejectedError

ROW_VERSION = "row_version"

CHANGED_MEANWHILE = (
    "This row has been changed since you opened it{when}. Nothing was saved, so that the other "
    "change is not undone. Reload the page and make your change again."
)

Values = dict[str, Any]


class AlreadyWrittenError(Exception):
    """A rule has written the row itself, by an operation; there is nothing left to do."""

    def __init__(self, row_id: Any = None) -> None:
        self.row_id = row_id
        super().__init__()


class Change:
    """A PATCH of one row: what is stored, and what differs from it in the request."""

    def __init__(self, table: type[Table], stored: Values, posted: Values) -> None:
        self.table = table
        self.stored = stored
        self.changes = {
            name: value
            for name, value in ((name, stored_value(value)) for name, value in posted.items())
            if name != "updated_at" and not _same(table, name, stored[name], value)
        }

    def check(self, allows: Callable[[str], bool]) -> None:
        """Refuse a change of a field that cannot be changed, or cannot be empty.

        A secret is never sent to the browser, so its field comes back empty: that is not
        a change.
        """
        problems = {}
        for name, value in sorted(self.changes.items()):
            column = self.table._meta.get_column_by_name(name)._meta
            if column.secret and not value:
                del self.changes[name]
            elif not allows(name):
                problems[name] = "cannot be changed here."
            elif value is None and not column.null:
                problems[name] = "must not be empty."
        if problems:
            raise FieldsRejectedError(problems)

    def columns(self) -> dict[Column | str, Any]:
        """Return the changes to be written.

        Raises:
            AlreadyWrittenError: there are none.
        """
        if not self.changes:
            raise AlreadyWrittenError
        return {
            self.table._meta.get_column_by_name(name): value for name, value in self.changes.items()
        }


def _same(table: type[Table], name: str, stored: Any, posted: Any) -> bool:
    if isinstance(table._meta.get_column_by_name(name), JSONB):
        return _canonical(stored) == _canonical(posted)
    return bool(stored == posted)


def _canonical(text: str | None) -> str | None:
    """Return JSON in one spelling; in Python ``True == 1 == 1.0``, in JSON they differ."""
    return None if text is None else json.dumps(parse_json(text), sort_keys=True)


def parse_json(text: str) -> Any:
    """Return the value of the JSON that an operator has typed.

    Raises:
        InvalidInputError: it is not JSON.
    """

    def refuse(constant: str) -> None:
        raise InvalidInputError("output", f"holds {constant}, which JSON does not have")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise InvalidInputError("output", "has too many levels") from None
    except ValueError:
        raise InvalidInputError("output", "is not JSON") from None


async def start_change(
    table: type[Table], row_id: Any, posted: Values, row_version: str | None
) -> Change:
    """Lock the row until the end of the transaction, and what operations lock before it.

    Raises:
        RejectedError: it has been deleted or changed meanwhile.
        FieldsRejectedError: several fields change, and no version is given.
    """
    await lock_before(table, row_id)
    belongs = issubclass(table, BelongsToWorkshop)
    found = await table.raw(_select(table, "workshop_id"), row_id) if belongs else []
    where, values = "", [row_id]  # a distributed database locks only where it knows the workshop
    if found:
        where, values = " AND workshop_id = {}", [row_id, found[0]["workshop_id"]]
    select = _select(table, f"*, xmin::text AS {ROW_VERSION}")
    rows = await table.raw(f"{select}{where} FOR NO KEY UPDATE", *values)
    if not rows:
        raise RejectedError(409, "This row has been deleted meanwhile. Nothing was saved.")
    stored = dict(rows[0])
    _check_version(stored, posted, row_version)
    return Change(table, stored, posted)


def needs_version(table: type[Table]) -> bool:
    """Tell whether the table's rows carry no version of their own."""
    return all(column._meta.name != "updated_at" for column in table._meta.columns)


async def read_version(table: type[Table], row_id: Any) -> str | None:
    """Return the ``row_version`` of a row."""
    rows = await table.raw(_select(table, "xmin::text AS version"), row_id)
    return str(rows[0]["version"]) if rows else None


VERSION_PROPERTY = {
    "anyOf": [{"type": "string"}, {"type": "null"}],
    "default": None,
    "title": "Row version",
    "extra": {
        "help_text": "By this the admin sees that the row was changed meanwhile.",
        "choices": None,
        "secret": False,
        "nullable": True,
        "unique": False,
    },
}
"""The field of the version in a table's JSON schema."""


def _check_version(stored: Values, posted: Values, version: Any) -> None:
    """Refuse a change that was made in a form of another version than the stored one.

    A change of one field needs no version: the bulk update of the admin's lists names a
    field and its new value, and undoes nothing else.
    """
    if "updated_at" in stored:
        shown = posted.get("updated_at")
        if shown is not None:
            if not isinstance(shown, datetime) or stored_value(shown) != stored["updated_at"]:
                when = f", at {stored['updated_at']:%H:%M:%S} UTC on {stored['updated_at']:%d %B}"
                raise RejectedError(409, CHANGED_MEANWHILE.format(when=when))
            return
        name = "updated_at"
    else:
        if version is not None:
            if version != stored[ROW_VERSION]:
                raise RejectedError(409, CHANGED_MEANWHILE.format(when=""))
            return
        name = ROW_VERSION
    if len(posted.keys() - {"updated_at"}) > 1 or "output" in posted:
        raise FieldsRejectedError(
            {name: "is needed when several fields change: it says which version they are based on."}
        )


def _select(table: type[Table], columns: str) -> str:
    key = table._meta.primary_key._meta.db_column_name
    return f'SELECT {columns} FROM {table._meta.get_formatted_tablename()} WHERE "{key}" = {{}}'


def stored_value(value: Any) -> Any:
    """Return a posted value as its column stores it.

    Raises:
        RejectedError: a time with a time zone is out of range in UTC.
    """
    if not isinstance(value, datetime):
        return value
    try:
        return to_stored(value)
    except OverflowError:
        raise RejectedError(422, "A time is out of range.") from None
