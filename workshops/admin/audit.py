"""Entries of the audit log that no trigger writes: log-ins, rejections, exports.

Changes are written by triggers, in the transaction of the change, when
``workshops.operator`` is set in it (the migration "Log what operators do").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.types import Scope

from workshops.admin.tables import AuditAction, AuditEntry

SUMMARY_LENGTH = 500
"""The most characters of a rejection that are kept."""

ROW = re.compile(
    r" /(?:admin/api/tables/(?P<table>\w+)/(?:(?P<id>[^/]+)/)?|progress/workshops/(?P<page>[^/]+)/)"
)
"""How a request names a table and a row, or the page of a workshop."""


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
            table_name=row["table"] or "workshops" if row else None,
            row_id=row["id"] or row["page"] if row else None,
            summary=summary[:SUMMARY_LENGTH] if summary else None,
            address=self.address,
            request_line=self.request,
        ).save()


async def record_here(action: AuditAction, *, summary: str | None = None) -> None:
    """Add an entry for the operator whom the current transaction names, if it names one."""
    await AuditEntry.raw(
        "INSERT INTO workshops_admin.admin_audit_log"
        " (operator, operator_id, action, summary, address, request_line)"
        " SELECT current_setting('workshops.operator', true),"
        " NULLIF(current_setting('workshops.operator_id', true), '')::integer, {}, {},"
        " NULLIF(current_setting('workshops.address', true), ''),"
        " NULLIF(current_setting('workshops.request', true), '')"
        " WHERE current_setting('workshops.operator', true) <> ''",
        action.value,
        summary[:SUMMARY_LENGTH] if summary else None,
    )
