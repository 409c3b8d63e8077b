"""What a PATCH changes: the request compared with the locked row."""

from __future__ import annotations

import json
from typing import Any

from piccolo.columns import JSONB, Column
from piccolo.table import Table
from starlette.requests import Request

from workshops.admin.crud import AlreadyWrittenError
from workshops.admin.read_only import EDITABLE
from workshops.admin.refusals import FieldsRefusedError
from workshops.admin.versions import check_version, lock_row, stored_value
from workshops.errors import InvalidInputError
from workshops.statements.locks import lock_before

Values = dict[str, Any]


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

    def check_fields(self) -> None:
        """Refuse a change of a field that cannot be changed.

        A secret is never sent to the browser, so its field comes back empty: that is
        no change.
        """
        editable = EDITABLE[self.table._meta.tablename]
        problems = {}
        for name in sorted(self.changes.keys() - set(editable)):
            if self.table._meta.get_column_by_name(name)._meta.secret and not self.changes[name]:
                del self.changes[name]
            else:
                problems[name] = "cannot be changed here."
        if problems:
            raise FieldsRefusedError(problems)

    def columns(self) -> dict[Column | str, Any]:
        """Return the changes for the library to write.

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
    """Return the value of an output.

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


async def start_change(table: type[Table], row_id: Any, posted: Values, request: Request) -> Change:
    """Lock the row (and what comes before it) and compare the versions."""
    await lock_before(table, row_id)
    stored = await lock_row(table, row_id)
    check_version(stored, posted, request.state.row_version)
    change = Change(table, stored, posted)
    change.check_fields()
    return change
