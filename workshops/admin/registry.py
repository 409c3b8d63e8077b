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

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from piccolo.columns import Column, Timestamp
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import OrderBy

from workshops.admin.changes import Change
from workshops.states import StateMachine

LOOKED_AT_ONLY = "These rows can be looked at only."

Rule = Callable[[Any], Awaitable[Any]]
"""What happens to a row. It raises an error with a sentence, or writes the row by an
operation and raises ``AlreadyWrittenError``, or returns what is to be written."""


async def write(given: Any) -> Any:
    """Let the row be written as it is given, or the fields that may be changed, or deleted."""
    return given.columns() if isinstance(given, Change) else given


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
    statuses: StateMachine | None = None
    """The machine of its column ``status``: a form offers what may follow."""
    superusers_only: tuple[Column, ...] = ()
    """What a plain admin does not see."""
    add: Rule | None = None
    """Receives the new row."""
    change: Rule | None = None
    """Receives a ``Change``: what differs from the stored row."""
    delete: Rule | None = None
    """Receives the key of the row."""
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

    def order(self) -> list[OrderBy]:
        """Return the order of its list.

        The key ends it, so that pages neither repeat nor miss rows of the same time.
        """
        key = self.table._meta.primary_key
        if self.newest_by is not None:
            return [OrderBy(self.newest_by, ascending=False), OrderBy(key, ascending=False)]
        return [OrderBy(column) for column in (*self.order_by, key)]

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
