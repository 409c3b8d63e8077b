"""Changing one workshop's row, and the share token that goes with its visibility."""

from __future__ import annotations

import secrets

from workshops.errors import WorkshopNotFoundError
from workshops.statements.execution import fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, columns, object_maker
from workshops.states import Visibility
from workshops.tables import Workshop

TOKEN_BYTES = 24
"""The randomness of a share token: 192 bits, 32 characters."""

make_workshop = object_maker(Workshop)

UNSHARE = f"visibility = '{Visibility.private}', share_token = NULL"


def share(parameter: int) -> str:
    """Return the assignments that share a workshop with the token in a parameter.

    A workshop that is shared keeps the token that it has. One that is private has
    none: what another application may have left there is not made valid again.
    """
    return (
        f"visibility = '{Visibility.shared}', share_token = CASE visibility"
        f" WHEN '{Visibility.shared}' THEN COALESCE(share_token, ${parameter})"
        f" ELSE ${parameter} END"
    )


def new_share_token() -> str:
    """Return a new secret for a share link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


async def change_workshop(workshop_id: str, assignments: str, *arguments: object) -> Workshop:
    """Update a workshop's row; ``$2`` and up are the arguments.

    Raises:
        WorkshopNotFoundError: there is none.
    """
    record = await fetch_row(
        f"UPDATE workshops SET {assignments}, updated_at = {NEXT_UPDATED_AT}"
        f" WHERE id = $1 RETURNING {columns(Workshop)}",
        workshop_id,
        *arguments,
    )
    if record is None:
        raise WorkshopNotFoundError(workshop_id)
    return make_workshop(record)
