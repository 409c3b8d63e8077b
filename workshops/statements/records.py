"""From the tables to SQL text, and from the database's records to rows.

No statement lists a table's columns: they come from the table, in its order, and
records are read by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from piccolo.columns import JSONB
from piccolo.table import Table

from workshops.columns import next_updated_at
from workshops.relations.decoding import load_json
from workshops.states import StepStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from workshops.statements.execution import Record

Row = TypeVar("Row", bound=Table)

NOW = "date_trunc('milliseconds', now() AT TIME ZONE 'utc')"
"""The moment of the transaction, as the timestamp columns store it."""

NEXT_UPDATED_AT = next_updated_at().template
"""The value of ``updated_at`` in an UPDATE; moves strictly forward."""

PROGRESS = f"""
            count(*) FILTER (WHERE s.status = '{StepStatus.complete}') AS steps_complete,
            count(*) AS steps_total,
            (array_agg(s.step_id ORDER BY d."order", d.id)
                FILTER (WHERE s.status <> '{StepStatus.complete}'))[1] AS current_step_id
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id"""
"""What is selected of the steps ``s`` of a workshop, and from where: how far it is."""

DELETED_AT = "(to_jsonb({}) ->> 'deleted_at')::timestamp"
"""When a row of this alias was marked as deleted, or NULL: also where no such column exists.

Another application that shares the database marks its workshops so; ours are deleted.
It costs 10 microseconds a row, so that it is for shared databases only.
"""


def names(table: type[Table]) -> tuple[str, ...]:
    """Return the names of a table's columns."""
    return tuple(column._meta.name for column in table._meta.columns)


def columns(table: type[Table], alias: str | None = None) -> str:
    """Return the columns of a table for a select list or RETURNING."""
    source = alias or table._meta.tablename
    return ", ".join(f'{source}."{name}"' for name in names(table))


def object_maker(table: type[Row]) -> Callable[[Record], Row]:
    """Return the function that makes a saved row of ``table`` from a record that begins with it.

    ``output`` becomes a dictionary. ``Table.__init__`` of Piccolo takes 12
    microseconds a row, to work out defaults that are not needed here.
    """
    keys = names(table)
    json_keys = tuple(c._meta.name for c in table._meta.columns if isinstance(c, JSONB))

    def make(record: Record) -> Row:
        row = table.__new__(table)
        values = row.__dict__
        values["_exists_in_db"] = True
        values["_was_created"] = None
        values.update(zip(keys, record, strict=False))
        for key in json_keys:
            if values[key] is not None:
                values[key] = load_json(values[key])
        return row

    return make
