"""A workshop with all that belongs to it, in one statement.

Child rows come as arrays of records, not as JSON: their values keep their types.
"""

from __future__ import annotations

from typing import cast

from workshops.errors import WorkshopNotFoundError
from workshops.operations import validation
from workshops.statements.execution import fetch
from workshops.statements.records import columns, names, row_maker
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep
from workshops.types import WorkshopDetail

_DETAIL = f"""
    SELECT {columns(Workshop, "w")},
        ARRAY(
            SELECT ROW({columns(WorkshopStep, "s")}, d.name, d."order")
            FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
            WHERE s.workshop_id = w.id ORDER BY d."order", d.id
        ) AS steps,
        ARRAY(
            SELECT ROW({columns(WorkshopMember, "m")}) FROM workshop_members m
            WHERE m.workshop_id = w.id ORDER BY m.created_at, m.id
        ) AS members,
        ARRAY(
            SELECT ROW({columns(Session, "s")}) FROM sessions s
            WHERE s.workshop_id = w.id ORDER BY s.started_at DESC, s.id DESC
        ) AS sessions,
        ARRAY(
            SELECT ROW({columns(BuildPack, "b")}) FROM build_packs b
            WHERE b.workshop_id = w.id ORDER BY b.created_at DESC, b.id DESC
        ) AS build_packs
    FROM workshops w"""

_WORKSHOP = names(Workshop)
_CHILDREN = (
    ("steps", row_maker(WorkshopStep, "name", "order")),
    ("members", row_maker(WorkshopMember)),
    ("sessions", row_maker(Session)),
    ("build_packs", row_maker(BuildPack)),
)


async def fetch_details(condition: str, *arguments: object) -> list[WorkshopDetail]:
    """Return the workshops ``w`` for which an SQL condition holds. One round trip."""
    records = await fetch(f"{_DETAIL} WHERE {condition}", *arguments)
    details = []
    for record in records:
        detail = dict(zip(_WORKSHOP, record, strict=False))
        for name, make in _CHILDREN:
            detail[name] = make(record[name])
        details.append(cast("WorkshopDetail", detail))
    return details


async def get_workshop(workshop_id: str) -> WorkshopDetail:
    """Return a workshop with its steps, members, sessions and build packs. One round trip.

    A dictionary of the workshop's columns and::

        steps        in definition order: the columns of each, and name and order
                     of its definition
        members      oldest first
        sessions     newest first
        build_packs  newest first

    Raises:
        NotFoundError: there is no such workshop.
    """
    details = await fetch_details("w.id = $1", validation.key("workshop_id", workshop_id))
    if not details:
        raise WorkshopNotFoundError(workshop_id)
    return details[0]
