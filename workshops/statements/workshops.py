"""Changing one workshop's row, and what is locked before it.

Rows are locked in one order, so that nobody waits in a circle: steps come first, by
definition order, then members by key, then the workshop. Every statement that locks more
than one row keeps to it: ``statements.steps`` locks a step, then the workshop; a
transaction that will lock a workshop, or one of its members or steps, and call an
operation after that, locks all of them before.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from piccolo.table import Table

from workshops.errors import StaleWorkshopError, WorkshopNotFoundError, WorkshopsError
from workshops.statements import validation
from workshops.statements.execution import fetch, fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, columns, object_maker
from workshops.states import Visibility
from workshops.tables import Workshop, WorkshopMember, WorkshopStep

TOKEN_BYTES = 24
"""The randomness of a share token: 192 bits, 32 characters."""

make_workshop = object_maker(Workshop)

UNSHARE = f"visibility = '{Visibility.private}', share_token = NULL"

BELONGINGS = """step AS (
        SELECT s.id FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 ORDER BY d."order", d.id FOR UPDATE OF s
    ), member AS (
        SELECT m.id FROM workshop_members m
        WHERE m.workshop_id = $1 AND (SELECT count(*) FROM step) >= 0
        ORDER BY m.id FOR UPDATE
    )"""
"""CTEs that lock the steps and the members of a workshop, as soon as ``member`` is counted."""

AS_EXPECTED = "(${0}::timestamp IS NULL OR workshops.updated_at = ${0})"
"""The condition that a workshop is at the version in a parameter, if one is given."""


def share(parameter: int) -> str:
    """Return the assignments that share a workshop with the token in a parameter.

    A workshop that is shared keeps the token that it has. One that is private has
    none: what another application may have left there is not made valid again.
    """
    return (
        f"visibility = '{Visibility.shared}', share_token = CASE"
        f" WHEN visibility = '{Visibility.shared}' THEN COALESCE(share_token, ${parameter})"
        f" ELSE ${parameter} END"
    )


def new_share_token() -> str:
    """Return a new secret for a share link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


async def change_workshop(
    workshop_id: str,
    assignments: str,
    *arguments: object,
    expected_updated_at: datetime | None = None,
) -> Workshop:
    """Update a workshop's row; ``$3`` and up are the arguments.

    Raises:
        WorkshopNotFoundError: there is none.
        StaleWorkshopError: it is not at ``expected_updated_at``.
    """
    validation.key("workshop_id", workshop_id)
    expected = validation.expected_updated_at(expected_updated_at)
    record = await fetch_row(
        f"UPDATE workshops SET {assignments}, updated_at = {NEXT_UPDATED_AT}"
        f" WHERE id = $1 AND {AS_EXPECTED.format(2)} RETURNING {columns(Workshop)}",
        workshop_id,
        expected,
        *arguments,
    )
    if record is not None:
        return make_workshop(record)
    stored = await fetch_row("SELECT updated_at FROM workshops WHERE id = $1", workshop_id)
    if stored is None or expected is None:
        raise WorkshopNotFoundError(workshop_id)
    raise StaleWorkshopError(workshop_id, expected, stored["updated_at"])


async def missing(workshop_id: str, otherwise: WorkshopsError) -> WorkshopsError:
    """Return why a statement found nothing: there is no such workshop, or ``otherwise``."""
    if await fetch_row("SELECT id FROM workshops WHERE id = $1", workshop_id) is None:
        return WorkshopNotFoundError(workshop_id)
    return otherwise


async def lock_belongings(workshop_id: str) -> None:
    """Lock the steps and the members of a workshop until the end of the transaction."""
    await fetch(f"WITH {BELONGINGS} SELECT count(*) FROM member", workshop_id)


async def lock_before(table: type[Table], row_id: Any) -> None:
    """Lock what operations lock before a row, if it is one that they lock."""
    if table is Workshop:
        await lock_belongings(row_id)
    elif table in (WorkshopMember, WorkshopStep):
        name = table._meta.tablename
        row = await fetch_row(f"SELECT workshop_id FROM {name} WHERE id = $1", row_id)
        if row is not None:
            await lock_belongings(row["workshop_id"])
