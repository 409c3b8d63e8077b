"""Entries of the audit log that no trigger writes: log-ins, rejections, exports.

Changes are written by triggers, in the transaction of the change, when
``workshops.operator`` is set in it (the migration "Log what operators do"). They shorten
long texts; what is to be kept whole is written here (``logged_whole``).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from starlette.types import Scope

from workshops.admin.tables import AuditAction, AuditEntry

SUMMARY_LENGTH = 500
"""The most characters of a rejection that are kept."""

ROW = re.compile(
    r" /(?:admin/api/tables/(?P<table>\w+)/(?:(?P<id>[^/]+)/)?"
    r"|progress/(?P<pages>workshops|definitions)/(?P<page>[^/]+)/)"
)
"""How a request names a table and a row, or the page of a workshop or of a definition."""

_TABLES = {"workshops": "workshops", "definitions": "step_definitions"}


@dataclass(frozen=True)
class Origin:
    """Who asks, from where, by which request. ``operator_id`` is None for a stranger."""

    operator: str
    operator_id: int | None
    address: str
    request: str

    @classmethod
    def of(cls, scope: Scope, operator: str, operator_id: int | None) -> Origin:
        """Return whom a request comes from, and how."""
        client = scope.get("client")
        return cls(
            operator=operator,
            operator_id=operator_id,
            address=client[0] if client else "",
            request=f"{scope['method']} {scope['path']}"[:255],
        )

    async def name(self) -> None:
        """Name the operator in the current transaction: from here on triggers log its writes.

        It also keeps a request from waiting for long behind a lock that another one
        holds, with a connection of the pool in its hand.
        """
        await AuditEntry.raw(
            "SELECT set_config('workshops.operator', {}, true),"
            " set_config('workshops.operator_id', {}, true),"
            " set_config('workshops.address', {}, true),"
            " set_config('workshops.request', {}, true),"
            " set_config('lock_timeout', '3s', true),"
            " set_config('statement_timeout', '60s', true)",
            self.operator,
            str(self.operator_id or ""),
            self.address,
            self.request,
        )

    async def record(self, action: AuditAction, *, summary: str | None = None) -> None:
        """Add an entry, about the row that the request names, if it names one."""
        row = ROW.search(self.request)
        await AuditEntry(
            operator=self.operator,
            operator_id=self.operator_id,
            action=action,
            table_name=row["table"] or _TABLES[row["pages"]] if row else None,
            row_id=row["id"] or row["page"] if row else None,
            summary=summary[:SUMMARY_LENGTH] if summary else None,
            address=self.address,
            request_line=self.request,
        ).save()


async def record_here(
    action: AuditAction,
    *,
    summary: str | None = None,
    table_name: str | None = None,
    row_id: str | None = None,
    changes: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> None:
    """Add an entry for the operator whom the current transaction names, if it names one."""
    await AuditEntry.raw(
        "INSERT INTO workshops_admin.admin_audit_log"
        " (operator, operator_id, action, summary, table_name, row_id, changes,"
        " address, request_line)"
        " SELECT current_setting('workshops.operator', true),"
        " NULLIF(current_setting('workshops.operator_id', true), '')::integer,"
        " {}, {}, {}, {}, {}::jsonb,"
        " NULLIF(current_setting('workshops.address', true), ''),"
        " NULLIF(current_setting('workshops.request', true), '')"
        " WHERE current_setting('workshops.operator', true) <> ''",
        action.value,
        summary[:SUMMARY_LENGTH] if summary else None,
        table_name,
        row_id,
        None if changes is None else json.dumps(changes),
    )


@asynccontextmanager
async def logged_whole(
    table_name: str, row_id: str, changes: Mapping[str, tuple[object, object]]
) -> AsyncIterator[None]:
    """Log what a block changes in a row with its texts whole, and the trigger says nothing.

    :param changes: Field -> old and new value.
    """
    texts = {
        field: tuple(None if value is None else str(value) for value in pair)
        for field, pair in sorted(changes.items())
    }
    told = (
        f"{field}: " + " → ".join("NULL" if text is None else text[:60] for text in pair)
        for field, pair in texts.items()
    )
    await AuditEntry.raw("SELECT set_config('workshops.audit_values', 'off', true)")
    yield
    await AuditEntry.raw("SELECT set_config('workshops.audit_values', '', true)")
    await record_here(
        AuditAction.changed,
        summary="; ".join(told),
        table_name=table_name,
        row_id=row_id,
        changes=cast(Any, texts),
    )
