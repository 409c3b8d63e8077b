"""What may be changed through the admin's tables, and how: one rule for each table and method.

Where an operation exists it makes the change, so the admin obeys the same state
machines and checks as the application. What is left to the library is written
after the rule has checked it. All of it happens in one transaction, under a lock
of the row that is compared (``workshops.statements.locks``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Column
from piccolo.table import Table
from piccolo_api.crud.hooks import Hook, HookType
from starlette.requests import Request

from workshops.admin.read_only import NOT_WRITTEN
from workshops.admin.refusals import RefusedError
from workshops.admin.rules.additions import (
    add_build_pack,
    add_member,
    add_operator,
    add_session,
    add_step,
    add_workshop,
)
from workshops.admin.rules.changes import (
    change_build_pack,
    change_definition,
    change_member,
    change_operator,
    change_session,
    change_step,
    change_workshop,
)
from workshops.admin.rules.comparison import start_change
from workshops.admin.rules.deletions import (
    allow,
    delete_definition,
    delete_member,
    delete_operator,
    delete_step,
    delete_workshop,
)
from workshops.admin.tables import AdminSession, AuditEntry, WorkshopProgress
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

Rule = Callable[[Any], Awaitable[Any]]

RULES: dict[type[Table], tuple[Rule | None, Rule | None, Rule | None]] = {
    Workshop: (add_workshop, change_workshop, delete_workshop),
    WorkshopMember: (add_member, change_member, delete_member),
    StepDefinition: (None, change_definition, delete_definition),
    WorkshopStep: (add_step, change_step, delete_step),
    Session: (add_session, change_session, allow),
    BuildPack: (add_build_pack, change_build_pack, allow),
    BaseUser: (add_operator, change_operator, delete_operator),
    AdminSession: (None, None, allow),
    AuditEntry: (None, None, None),
    WorkshopProgress: (None, None, None),
}
"""How each table is added to, changed and deleted from; None: not at all."""


def hooks(table: type[Table]) -> list[Hook]:
    """Return a table's rules as hooks of the library."""
    add, change, delete = RULES[table]

    async def before_adding(row: Any) -> Any:
        assert add is not None  # NOT_ADDED
        return await add(row)

    async def before_changing(
        row_id: Any, values: dict[Column, Any], request: Request
    ) -> dict[Column | str, Any]:
        if change is None:
            raise RefusedError(405, NOT_WRITTEN)
        posted = {column._meta.name: value for column, value in values.items()}
        changed: dict[Column | str, Any] = await change(
            await start_change(table, row_id, posted, request)
        )
        return changed

    async def before_deleting(row_id: Any) -> None:
        if delete is None:
            raise RefusedError(405, NOT_WRITTEN)
        await delete(row_id)

    return [
        Hook(HookType.pre_save, before_adding),
        Hook(HookType.pre_patch, before_changing),
        Hook(HookType.pre_delete, before_deleting),
    ]
