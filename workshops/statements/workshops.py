"""A workshop's row, and what is locked before it.

Rows are locked in one order, so that nobody waits in a circle: steps come first, by
definition order, then members by key, then the workshop. Every statement that locks more
than one row keeps to it: ``statements.steps`` locks a step, then the workshop; a
transaction that will lock a workshop, or one of its members or steps, and call an
operation after that, locks all of them before.
"""

from __future__ import annotations

import secrets
from typing import Any

from piccolo.table import Table

from workshops.errors import WorkshopNotFoundError, WorkshopsError
from workshops.statements.execution import fetch, fetch_row
from workshops.statements.records import object_maker
from workshops.tables import Workshop, WorkshopMember, WorkshopStep

TOKEN_BYTES = 24
"""The randomness of a share token: 192 bits, 32 characters."""

make_workshop = object_maker(Workshop)

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


def new_share_token() -> str:
    """Return a new secret for a share link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


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
