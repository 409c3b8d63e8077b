"""Sharing a workshop by a link that holds a secret token."""

from __future__ import annotations

from workshops.errors import SharedWorkshopNotFoundError
from workshops.operations.details import fetch_details, select_details
from workshops.relations import Parameter, Prepared
from workshops.statements import validation
from workshops.statements.workshops import UNSHARE, change_workshop, new_share_token, share
from workshops.states import Visibility
from workshops.tables import Workshop
from workshops.types import WorkshopDetail

_SHARE = share(3)


async def share_workshop(workshop_id: str) -> str:
    """Make a workshop shared and return its token; the same one while it stays shared.

    The token is 192 random bits in 32 characters that need no escaping in a URL.
    One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    workshop = await change_workshop(workshop_id, _SHARE, new_share_token())
    token = workshop.share_token
    assert token is not None
    return token


async def unshare_workshop(workshop_id: str) -> Workshop:
    """Make a workshop private; its token is gone for good. One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    return await change_workshop(workshop_id, UNSHARE)


_SHARED = Prepared(
    lambda: select_details(token=False).where(
        Workshop.share_token == Parameter(1), Workshop.visibility == Visibility.shared
    )
)


async def get_shared_workshop(token: str) -> WorkshopDetail:
    """Return the shared workshop that has this token, as ``get_workshop`` does. One round trip.

    Raises:
        NotFoundError: no shared workshop has it. A private one is never found.
    """
    validation.key("token", token)
    details = await fetch_details(_SHARED, token)
    if not details:
        raise SharedWorkshopNotFoundError
    return details[0]
