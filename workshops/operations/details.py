"""A workshop with all that belongs to it, in one statement."""

from __future__ import annotations

from typing import Any, cast

from workshops.errors import WorkshopNotFoundError
from workshops.operations import validation
from workshops.operations.step_reads import with_definitions
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.statements.execution import fetch_rows
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep
from workshops.types import WorkshopDetail


def select_details() -> ParentSelect[Any]:
    """Return the select of workshops with all that belongs to them."""
    definition = WorkshopStep.step_id
    return Workshop.select(
        *Workshop.all_columns(),
        Workshop.steps(with_definitions()).order_by(definition.order, definition.id),
        Workshop.members().order_by(WorkshopMember.created_at, WorkshopMember.id),
        Workshop.sessions().order_by(Session.started_at, Session.id, ascending=False),
        Workshop.build_packs().order_by(BuildPack.created_at, BuildPack.id, ascending=False),
    )


_WORKSHOP = Prepared(lambda: select_details().where(Workshop.id == Parameter(1)))


async def fetch_details(select: Prepared, *arguments: Any) -> list[WorkshopDetail]:
    """Return the workshops that a prepared ``select_details`` finds. One round trip."""
    return cast("list[WorkshopDetail]", await fetch_rows(select, *arguments))


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
    details = await fetch_details(_WORKSHOP, validation.key("workshop_id", workshop_id))
    if not details:
        raise WorkshopNotFoundError(workshop_id)
    return details[0]
