"""What is deleted from each table, and what is not. A rule that returns lets the library delete."""

from __future__ import annotations

from typing import Any

from piccolo.apps.user.tables import BaseUser

from workshops import operations
from workshops.admin.crud import AlreadyWrittenError
from workshops.admin.refusals import RefusedError
from workshops.tables import (
    StepDefinition,
    WorkshopMember,
    WorkshopStep,
)


async def delete_workshop(row_id: str) -> None:
    """Refuse, and say where it is done: the page shows what goes with it."""
    raise RefusedError(
        409,
        "With a workshop go its steps, members, sessions and build packs. It is deleted on its "
        f"own page, /progress/workshops/{row_id}/, where its title has to be typed.",
    )


async def delete_member(row_id: str) -> None:
    """Remove a member, unless it is the last owner."""
    member = await WorkshopMember.objects().get(WorkshopMember.id == row_id)
    if member is not None:
        await operations.remove_member(member.workshop_id, member.clerk_user_id)
    raise AlreadyWrittenError


async def delete_step(row_id: str) -> None:
    """Refuse: a workshop has every step."""
    raise RefusedError(
        409, "A workshop keeps a row for each step. To empty one, set its status to Not Started."
    )


async def delete_definition(row_id: str) -> None:
    """Refuse while workshops have this step: their work would go with it."""
    # The lock keeps new steps from referring to it until the deletion is decided.
    await StepDefinition.raw("SELECT FROM step_definitions WHERE id = {} FOR UPDATE", row_id)
    if used := await WorkshopStep.count().where(WorkshopStep.step_id == row_id):
        raise RefusedError(
            409,
            f"{used:,} {'workshop has' if used == 1 else 'workshops have'} this step, and their "
            "work in it would go too. It cannot be deleted.",
        )


async def delete_operator(row_id: int) -> None:
    """Delete an operator and their log-ins, but not the last superuser."""
    await keep_a_superuser(row_id)


async def allow(row_id: Any) -> None:
    """Let the library delete the row."""


async def keep_a_superuser(but: int) -> None:
    """Refuse to take access from the last superuser; others wait until we have decided."""
    rows = await BaseUser.raw(
        "SELECT id FROM piccolo_user WHERE active AND admin AND superuser ORDER BY id FOR UPDATE"
    )
    if [row["id"] for row in rows] == [but]:
        raise RefusedError(409, "This is the last superuser; nobody could change anything.")
