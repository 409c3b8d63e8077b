"""The audit log, and its entries that no trigger writes: log-ins, rejections, exports.

Changes are written by triggers, in the transaction of the change, when
``workshops.operator`` is set in it (the migration "Log what operators do"). They shorten
long texts; what is to be kept whole is written here (``logged_whole``).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import JSONB, BigSerial, Integer, Text
from piccolo.columns.readable import Readable
from piccolo.table import Table
from starlette.types import Scope

from workshops.columns import SingleLineText, UTCTimestamp
from workshops.database.distribution import is_distributed
from workshops.database.migrations import project_engine

SCHEMA = "workshops_admin"
"""The PostgreSQL schema of all that is not the product's."""

UNKNOWN_NAME = "(unknown name)"
"""Who failed to log in, where no operator has the name."""

NOT_SAID = "on a cluster the log does not say what"
"""The summary of a change that no trigger has logged."""

SUMMARY_LENGTH = 500
"""The most characters of a rejection that are kept."""

REFUSAL = "workshops.refusal"
"""Where a page that refuses something keeps its sentence for the log: in the request's scope."""

CHANGED_NOTHING = "workshops.changed_nothing"
"""Set in the scope of a request that could have changed something and did not."""

ROW = re.compile(
    r" /(?:admin/api/tables/(?P<table>\w+)/(?:(?P<id>[^/]+)/)?"
    r"|progress/(?P<pages>workshops|definitions)/(?P<page>[^/]+)/)"
)
"""How a request names a table and a row, or the page of a workshop or of a definition."""

_TABLES = {"workshops": "workshops", "definitions": "step_definitions"}


class AuditAction(StrEnum):
    """What an entry of the audit log is about."""

    added = "added"
    changed = "changed"
    deleted = "deleted"
    logged_in = "logged_in"
    login_failed = "login_failed"
    logged_out = "logged_out"
    refused = "refused"
    exported = "exported"
    erased = "erased"


class AuditEntry(
    Table,
    tablename="admin_audit_log",
    schema=SCHEMA,
    help_text="Who did what, to which row, when and from where. Nobody can change it.",
):
    """One change of one row by an operator, or a log-in, or a rejection.

    Triggers write the changes, in the transaction of the change, whenever an
    operator is named (``workshops.admin.protection``). A trigger refuses UPDATE,
    DELETE and TRUNCATE. It refers to no other row: it outlives them all.
    """

    id = BigSerial(primary_key=True)
    created_at = UTCTimestamp(index=True, help_text="When (UTC).")
    operator = SingleLineText(
        default=None,
        null=True,
        index=True,
        help_text="Who: the username, as it was then, or as it was tried.",
    )
    operator_id = Integer(default=None, null=True, help_text="The operator's key at that time.")
    action = SingleLineText(
        default=None, required=True, choices=AuditAction, help_text="What was done."
    )
    table_name = SingleLineText(default=None, null=True, help_text="In which table.")
    row_id = SingleLineText(default=None, null=True, index=True, help_text="To which row.")
    summary = Text(default=None, null=True, help_text="The changed fields, or why it was refused.")
    changes = JSONB(
        default=None,
        null=True,
        help_text="Field -> [old value, new value]; long texts shortened, secrets hidden.",
    )
    address = SingleLineText(default=None, null=True, help_text="From which network address.")
    request_line = SingleLineText(default=None, null=True, help_text="By which request.")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(
            template="%s %s %s %s", columns=[cls.operator, cls.action, cls.table_name, cls.row_id]
        )


@dataclass(frozen=True)
class Origin:
    """Who asks, from where, by which request. ``operator_id`` is None for a stranger."""

    operator: str
    operator_id: int | None
    address: str
    request: str

    @classmethod
    def of(cls, scope: Scope, operator: BaseUser | None) -> Origin:
        """Return whom a request comes from, and how."""
        client = scope.get("client")
        return cls(
            operator=operator.username if operator else UNKNOWN_NAME,
            operator_id=operator.id if operator else None,
            address=client[0] if client else "",
            request=f"{scope['method']} {scope['path']}"[:255],
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Write in one transaction, whose changes the log keeps as the operator's."""
        async with project_engine().transaction():
            await self.name()
            yield

    async def name(self) -> None:
        """Name the operator in the current transaction: from here on triggers log its writes.

        It also keeps a request from waiting for long behind a lock that another one
        holds, with a connection of the pool in its hand.
        """
        [row] = await AuditEntry.raw(
            "SELECT to_regclass('pg_dist_partition') IS NOT NULL AS citus,"
            " set_config('workshops.operator', {}, true),"
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
        _HAS_CITUS.set(row["citus"])

    async def record(
        self, action: AuditAction, *, summary: str | None = None, changes: object = None
    ) -> None:
        """Add an entry, about the row that the request names, if it names one."""
        row = ROW.search(self.request)
        await AuditEntry(
            operator=self.operator,
            operator_id=self.operator_id,
            action=action,
            table_name=row["table"] or _TABLES[row["pages"]] if row else None,
            row_id=row["id"] or row["page"] if row else None,
            summary=summary[:SUMMARY_LENGTH] if summary else None,
            changes=changes,
            address=self.address,
            request_line=self.request,
        ).save()

    async def record_change(self, scope: Scope) -> None:
        """Add an entry for the current transaction where nothing else has.

        The product's tables have no triggers on a cluster: there the log says by which
        request a row was changed, but not how.
        """
        if CHANGED_NOTHING in scope or not _HAS_CITUS.get() or not await is_distributed():
            return
        logged = await AuditEntry.raw(
            "SELECT FROM workshops_admin.admin_audit_log"
            " WHERE created_at >= (now() AT TIME ZONE 'utc')::timestamp(3) AND request_line = {}",
            self.request,
        )
        if not logged:
            await self.record(AuditAction.changed, summary=NOT_SAID)


_HAS_CITUS: ContextVar[bool] = ContextVar("has_citus")
"""Whether the database may be a cluster: known with the operator's name, at no further query."""

COMMAND_LINE = Origin("(command line)", None, "", "piccolo workshops operator")

ORIGIN: ContextVar[Origin] = ContextVar("origin", default=COMMAND_LINE)
"""Where a request comes from that may write."""


@asynccontextmanager
async def logged_whole(changes: Mapping[str, tuple[object, object]]) -> AsyncIterator[None]:
    """Log what a block changes in the request's row with its texts whole.

    The trigger says nothing then.

    :param changes: Field -> old and new value.
    """
    texts = {
        field: [None if value is None else str(value) for value in pair]
        for field, pair in sorted(changes.items())
    }
    told = (
        f"{field}: " + " → ".join("NULL" if text is None else text[:60] for text in pair)
        for field, pair in texts.items()
    )
    await AuditEntry.raw("SELECT set_config('workshops.audit_values', 'off', true)")
    yield
    await AuditEntry.raw("SELECT set_config('workshops.audit_values', '', true)")
    await ORIGIN.get().record(AuditAction.changed, summary="; ".join(told), changes=texts)
