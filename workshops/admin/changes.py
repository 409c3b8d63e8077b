"""What a POST, a PATCH or a DELETE does to a table: what its record says.

A Save in the admin sends the whole row, as it was when the form was opened. It must not
undo what others have written meanwhile, so a form also says which version it shows:
by ``updated_at``, or, in the tables without one, by a field ``row_version`` that is not a
column. It holds PostgreSQL's ``xmin``, the transaction that wrote the row.
"""

from __future__ import annotations

from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.table import Table
from pydantic import BaseModel as Model

from workshops.admin.registry import LOOKED_AT_ONLY, AdminTable, Change, Values, stored_value
from workshops.columns import BelongsToWorkshop
from workshops.statements.workshops import lock_before
from workshops.web.rejections import FieldsRejectedError, RejectedError

ROW_VERSION = "row_version"

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

CHANGED_MEANWHILE = (
    "This row has been changed since you opened it{when}. Nothing was saved, so that the other "
    "change is not undone. Reload the page and make your change again."
)


def needs_version(record: AdminTable) -> bool:
    """Tell whether the table's rows can change and carry no version of their own."""
    return record.change is not None and all(
        column._meta.name != "updated_at" for column in record.table._meta.columns
    )


async def read_version(table: type[Table], row_id: Any) -> str | None:
    """Return the ``row_version`` of a row."""
    rows = await table.raw(_select(table, "xmin::text AS version"), row_id)
    return str(rows[0]["version"]) if rows else None


async def add_row(record: AdminTable, model: type[Model], data: Values) -> Any:
    """Add a row and return its key. Where nothing is given, a column has its default."""
    if record.add is None:
        raise RejectedError(405, record.not_added)
    # The form of a new row sends the version too, and there is none yet.
    data.pop(ROW_VERSION, None)
    _check_names(record.table, data)
    defaults = vars(record.table(_ignore_missing=True))
    given = model(**{name: defaults[name] for name in model.model_fields} | data)
    values = given.model_dump()
    record.check({name: value for name, value in values.items() if record.allows_change(name)})
    # A user hashes the password while it is made.
    row = given if issubclass(record.table, BaseUser) else record.table(**values)
    added = await record.add(row)
    if isinstance(added, Table):
        [added] = await added.save()
        return added[record.table._meta.primary_key._meta.name]
    return added


async def change_row(record: AdminTable, model: type[Model], row_id: Any, data: Values) -> bool:
    """Change the fields that are named, as the table's rule decides; tell whether any differs."""
    if record.change is None:
        raise RejectedError(405, LOOKED_AT_ONLY)
    version = data.pop(ROW_VERSION, None)
    _check_names(record.table, data)
    key = record.table._meta.primary_key
    # The library changes a key (upstream: test_key_stays).
    if str(data.pop(key._meta.name, row_id)) != str(row_id):
        raise FieldsRejectedError({key._meta.name: "cannot be changed."})
    given = model(**data)
    posted = {name: getattr(given, name) for name in data}
    change = await _start_change(record, row_id, posted, version)
    change.check()
    if not change.changes:
        return False
    if columns := await record.change(change):
        await record.table.update(columns).where(key == row_id)
    return True


async def delete_row(record: AdminTable, row_id: Any) -> None:
    """Delete a row, if its rule allows it."""
    if record.delete is None:
        raise RejectedError(405, LOOKED_AT_ONLY)
    await record.delete(row_id)
    await record.table.delete().where(record.table._meta.primary_key == row_id)


def _check_names(table: type[Table], data: Values) -> None:
    """Refuse what is not a column: the library would take ``__class__`` for one.

    (upstream: test_attribute_is_no_column)
    """
    names = {column._meta.name for column in table._meta.columns}
    if unknown := sorted(set(data) - names):
        raise FieldsRejectedError(
            {name[:100]: "is not a column of this table." for name in unknown}
        )


async def _start_change(
    record: AdminTable, row_id: Any, posted: Values, row_version: str | None
) -> Change:
    """Lock the row until the end of the transaction, and what operations lock before it.

    Raises:
        RejectedError: it has been deleted or changed meanwhile.
        FieldsRejectedError: several fields change, and no version is given.
    """
    table = record.table
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
    return Change(record, stored, posted)


def _check_version(stored: Values, posted: Values, version: Any) -> None:
    """Refuse a change that was made in a form of another version than the stored one.

    A change of one field needs no version: the bulk update of the admin's lists names a
    field and its new value, and undoes nothing else.
    """
    name, when = ROW_VERSION, ""
    if "updated_at" in stored:
        name, version = "updated_at", stored_value(posted.get("updated_at"))
        when = f", at {stored[name]:%H:%M:%S} UTC on {stored[name]:%d %B}"
    if version is not None:
        if version != stored[name]:
            raise RejectedError(409, CHANGED_MEANWHILE.format(when=when))
    elif len(posted.keys() - {"updated_at"}) > 1 or "output" in posted:
        raise FieldsRejectedError(
            {name: "is needed when several fields change: it says which version they are based on."}
        )


def _select(table: type[Table], columns: str) -> str:
    key = table._meta.primary_key._meta.db_column_name
    return f'SELECT {columns} FROM {table._meta.get_formatted_tablename()} WHERE "{key}" = {{}}'
