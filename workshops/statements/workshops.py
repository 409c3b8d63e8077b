"""Changing one workshop's row, and the share token that goes with its visibility."""

from __future__ import annotations

import secrets
from datetime import datetime

from workshops.errors import StaleWorkshopError, WorkshopNotFoundError
from workshops.statements import validation
from workshops.statements.execution import fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, columns, object_maker
from workshops.states import Visibility
from workshops.tables import Workshop

TOKEN_BYTES = 24
"""The randomness of a share token: 192 bits, 32 characters."""

make_workshop = object_maker(Workshop)

UNSHARE = f"visibility = '{Visibility.private}', share_token = NULL"


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
