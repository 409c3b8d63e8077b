"""Which version of a row a form was filled from.

A Save in the admin sends the whole row, as it was when the form was opened. It
must not undo what somebody else has written meanwhile, so a form also says which
version it shows: by ``updated_at``, or, in the tables without one, by a field
``row_version`` that is no column. It holds PostgreSQL's ``xmin``, the transaction
that wrote the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from piccolo.table import Table

from workshops.admin.read_only import READ_ONLY_TABLES
from workshops.admin.refusals import FieldsRefusedError, RefusedError
from workshops.columns import to_stored

ROW_VERSION = "row_version"

CHANGED_MEANWHILE = (
    "This row has been changed since you opened it{when}. Nothing was saved, so that the other "
    "change is not undone. Reload the page and make your change again."
)


def needs_version(table: type[Table]) -> bool:
    """Tell whether the table's rows can be changed, and carry no version of their own."""
    return table._meta.tablename not in READ_ONLY_TABLES and not any(
        column._meta.name == "updated_at" for column in table._meta.columns
    )


def version_property(table: type[Table]) -> dict[str, Any]:
    """Return the field of the version for a table's JSON schema, if it needs one."""
    if not needs_version(table):
        return {}
    return {
        ROW_VERSION: {
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
    }


async def read_version(table: type[Table], row_id: Any) -> str | None:
    """Return the ``row_version`` of a row; None if it needs none."""
    if not needs_version(table):
        return None
    rows = await table.raw(_select(table, "xmin::text AS version"), row_id)
    return str(rows[0]["version"]) if rows else None


async def lock_row(table: type[Table], row_id: Any) -> dict[str, Any]:
    """Lock a row until the end of the transaction and return it, with its ``row_version``.

    Raises:
        RefusedError: it has been deleted meanwhile.
    """
    statement = _select(table, f"*, xmin::text AS {ROW_VERSION}") + " FOR NO KEY UPDATE"
    rows = await table.raw(statement, row_id)
    if not rows:
        raise RefusedError(409, "This row has been deleted meanwhile. Nothing was saved.")
    return dict(rows[0])


def check_version(stored: dict[str, Any], posted: dict[str, Any], version: Any) -> None:
    """Refuse a change that was made in a form of another version than the stored one.

    A change of one field needs no version: the bulk update of the admin's lists
    names a field and its new value, and undoes nothing else.

    Raises:
        RefusedError: the row was changed meanwhile.
        FieldsRefusedError: several fields change, and no version is given.
    """
    if "updated_at" in stored:
        shown = posted.get("updated_at")
        if shown is not None:
            if not isinstance(shown, datetime) or stored_value(shown) != stored["updated_at"]:
                when = f", at {stored['updated_at']:%H:%M:%S} UTC on {stored['updated_at']:%d %B}"
                raise RefusedError(409, CHANGED_MEANWHILE.format(when=when))
            return
        name = "updated_at"
    else:
        if version is not None:
            if version != stored[ROW_VERSION]:
                raise RefusedError(409, CHANGED_MEANWHILE.format(when=""))
            return
        name = ROW_VERSION
    if len(posted.keys() - {"updated_at"}) > 1 or "output" in posted:
        raise FieldsRefusedError(
            {name: "is needed when several fields change: it says which version they are based on."}
        )


def _select(table: type[Table], columns: str) -> str:
    key = table._meta.primary_key._meta.db_column_name
    return f'SELECT {columns} FROM {table._meta.tablename} WHERE "{key}" = {{}}'


def stored_value(value: Any) -> Any:
    """Return a posted value as its column stores it.

    Raises:
        RefusedError: a time with a time zone is out of range in UTC.
    """
    if not isinstance(value, datetime):
        return value
    try:
        return to_stored(value)
    except OverflowError:
        raise RefusedError(422, "A time is out of range.") from None
