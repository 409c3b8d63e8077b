"""The tables of the admin: one record for each, which says all that holds for it there.

An application shows tables of its own by registering them before the site is built, that
is, before ``workshops.app`` is imported::

    from workshops.admin.registry import AdminTable, register, write

    register(
        AdminTable(
            Invoice,
            columns=(Invoice.number, Invoice.total, Invoice.created_at),
            newest_by=Invoice.created_at,
            menu_group="Billing",
            editable=(Invoice.total,),
            change=write,
        )
    )

What has no rule is refused with a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from piccolo.columns import JSONB, Column, Timestamp
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import OrderBy

from workshops.columns import to_stored
from workshops.errors import InvalidInputError
from workshops.statements.validation import parse_json
from workshops.states import StateMachine
from workshops.web.rejections import FieldsRejectedError

LOOKED_AT_ONLY = "These rows can be looked at only."

Values = dict[str, Any]

Rule = Callable[[Any], Awaitable[Any]]
"""What happens to a row. It raises an error with a sentence, or returns what is to be written:
the new row, the changed columns. One that has written by an operation returns the key of the
new row, or nothing."""

Check = Callable[[str, Any], object]
"""Receives a field and its value; raises an ``InvalidInputError`` if that cannot be stored."""


@dataclass(frozen=True)
class AdminTable:
    """A table in the admin.

    The list shows ``columns``; the first of them links to the row. The primary key must
    not be one, except as that link: beside another one, Piccolo Admin 1.14 draws an empty
    page (upstream: test_key_beside_another_link_is_shown).
    It begins with the newest rows by ``newest_by``, which should have an index and never
    change; ``order_by`` is for lists that are sorted otherwise.
    """

    table: type[Table]
    columns: tuple[Column, ...]
    menu_group: str
    filters: tuple[Column, ...] = ()
    """What the list can be filtered by besides its columns."""
    link: Column | None = None
    newest_by: Column | None = None
    then_by: tuple[Column, ...] = ()
    """What orders rows of the same time; columns of joined tables too."""
    order_by: tuple[Column, ...] = ()
    editable: tuple[Column, ...] = ()
    """The columns that a Save may change."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """What an editable column may hold, by its name; in a new row too."""
    statuses: StateMachine | None = None
    """The machine of its column ``status``: a form offers what may follow."""
    superusers_only: tuple[Column, ...] = ()
    """What a plain admin does not see."""
    add: Rule | None = None
    """Receives the new row."""
    change: Rule | None = None
    """Receives a ``Change``: what differs from the stored row, if anything does."""
    delete: Rule | None = None
    """Receives the key of the row, which is deleted then."""
    not_added: str = LOOKED_AT_ONLY
    """Why nothing is added, where ``add`` is None."""

    @property
    def name(self) -> str:
        """The table's name, as addresses have it."""
        return str(self.table._meta.tablename)

    @property
    def read_only(self) -> bool:
        """Whether nothing of it can be written here."""
        return not (self.add or self.change or self.delete)

    @property
    def next_statuses(self) -> dict[str, list[str]]:
        """Status -> those that may follow it."""
        following: dict[str, list[str]] = {}
        for arrow in self.statuses.transitions if self.statuses else ():
            following.setdefault(arrow.source, []).append(arrow.target)
        return following

    def allows_change(self, name: str) -> bool:
        return any(column._meta.name == name for column in self.editable)

    def check(self, values: Values) -> None:
        """Refuse values that cannot be stored.

        Raises:
            FieldsRejectedError: it names each of them.
        """
        problems = {}
        for name, value in sorted(values.items()):
            try:
                if value is not None and name in self.checks:
                    self.checks[name](name, value)
                elif value is None and not self.table._meta.get_column_by_name(name)._meta.null:
                    problems[name] = "must not be empty."
            except InvalidInputError as error:
                problems[name] = f"{error.problem}."
        if problems:
            raise FieldsRejectedError(problems)

    def order(self) -> list[OrderBy]:
        """Return the order of its list."""
        key = self.table._meta.primary_key
        if self.newest_by is not None:
            return [OrderBy(self.newest_by, ascending=False), OrderBy(key, ascending=False)]
        return [OrderBy(column) for column in (*self.order_by, key)]

    def ordered(self, asked: list[OrderBy] | None) -> list[OrderBy]:
        """Return the order that is asked for, as by a page that knows ``order``, or ``order``.

        The key ends it, so that pages neither repeat nor miss rows that are alike in the rest.
        """
        by, key = asked or self.order(), self.table._meta.primary_key
        if by[-1].column is not key:
            return [*by, OrderBy(key, by[-1].ascending)]
        upwards = not by[0].ascending  # the newest first, and of these the first
        by[-1:-1] = [OrderBy(column, upwards) for column in self.then_by]
        return by

    def config(self) -> TableConfig:
        """Return it as Piccolo Admin takes it.

        Every timestamp has a resolution of a millisecond: with the default of a second a
        Save would cut the stored times.
        """
        return TableConfig(
            self.table,
            visible_columns=list(self.columns),
            visible_filters=[*self.columns, *self.filters],
            link_column=self.link if self.link is not None else self.columns[0],
            order_by=self.order(),
            time_resolution={
                column: 0.001
                for column in self.table._meta.columns
                if isinstance(column, Timestamp)
            },
            menu_group=self.menu_group,
        )


_TABLES: dict[str, AdminTable] = {}


def register(*tables: AdminTable) -> None:
    """Show tables in the admin; a second record of a table takes the place of the first."""
    _TABLES.update({table.name: table for table in tables})


def registered() -> list[AdminTable]:
    """Return all tables, in the order of their registration."""
    return list(_TABLES.values())


def find(table: type[Table]) -> AdminTable:
    """Return the record of a table."""
    return _TABLES[table._meta.tablename]


class Change:
    """A PATCH of one row: what is stored, and what differs from it in the request."""

    def __init__(self, record: AdminTable, stored: Values, posted: Values) -> None:
        self.record = record
        self.stored = stored
        self.changes = {
            name: value
            for name, value in ((name, stored_value(value)) for name, value in posted.items())
            if name != "updated_at" and not self._is_stored(name, value)
        }

    def _is_stored(self, name: str, value: Any) -> bool:
        if isinstance(self.record.table._meta.get_column_by_name(name), JSONB):
            return _canonical(name, self.stored[name]) == _canonical(name, value)
        return bool(self.stored[name] == value)

    def check(self) -> None:
        """Refuse what the record does not allow.

        A secret is never sent to the browser, so its field comes back empty: that is not
        a change.
        """
        for secret in self.record.table._meta.secret_columns:
            if not self.changes.get(secret._meta.name, True):
                del self.changes[secret._meta.name]
        if fixed := [name for name in self.changes if not self.record.allows_change(name)]:
            raise FieldsRejectedError(dict.fromkeys(sorted(fixed), "cannot be changed here."))
        self.record.check(self.changes)

    def columns(self) -> dict[Column | str, Any]:
        """Return the changes to be written."""
        column = self.record.table._meta.get_column_by_name
        return {column(name): value for name, value in self.changes.items()}


async def write(given: Any) -> Any:
    """Let the row be written as it is given, or the fields that may be changed, or deleted."""
    return given.columns() if isinstance(given, Change) else given


def stored_value(value: Any) -> Any:
    """Return a posted value as its column stores it.

    Raises:
        OverflowError: a time with a time zone is out of range in UTC.
    """
    return to_stored(value) if isinstance(value, datetime) else value


def _canonical(name: str, text: str | None) -> str | None:
    """Return JSON in one spelling; in Python ``True == 1 == 1.0``, in JSON they differ."""
    return None if text is None else json.dumps(parse_json(name, text), sort_keys=True)
