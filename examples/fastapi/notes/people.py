"""Who is calling, and what they may do in a workshop."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, HTTPException

from notes.errors import NotAllowedError
from workshops import MemberRole, operations
from workshops.errors import WorkshopNotFoundError


async def caller(authorization: Annotated[str | None, Header()] = None) -> str:
    """Return the person's id.

    A stand-in: the token is the id. A product verifies a token of its identity provider here.
    """
    scheme, _, person = (authorization or "").partition(" ")
    if scheme != "Bearer" or not person:
        raise HTTPException(401, "Send Authorization: Bearer <your id>.")
    return person


Person = Annotated[str, Depends(caller)]


async def member(workshop_id: str, person: Person) -> str:
    """Let members pass, and return the person; to others the workshop does not exist."""
    await _role(workshop_id, person)
    return person


async def editor(workshop_id: str, person: Person) -> str:
    """Let those pass who may change the workshop, and return the person."""
    if await _role(workshop_id, person) not in (MemberRole.owner, MemberRole.editor):
        raise NotAllowedError("You may look at this workshop and not change it.")
    return person


async def _role(workshop_id: str, person: str) -> str:
    role = await operations.member_role(workshop_id, person)
    if role is None:
        raise WorkshopNotFoundError(workshop_id)
    return role


Member = Annotated[str, Depends(member)]
Editor = Annotated[str, Depends(editor)]
