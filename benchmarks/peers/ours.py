"""Ours, through the public names only."""

from __future__ import annotations

from typing import Any

from piccolo.table import Table

from workshops import Workshop, WorkshopMember, WorkshopStep, operations
from workshops.database.migrations import project_engine

get_workshop = operations.get_workshop
append_step_message = operations.append_step_message


async def open() -> None:
    """Start the project's own pool."""
    await project_engine().start_connection_pool()


def plain(value: Table) -> dict[str, Any]:
    """Return a row as a dictionary."""
    return {column._meta.name: getattr(value, column._meta.name) for column in value._meta.columns}


async def list_workshops(person: str) -> list[Any]:
    """Return the first page of a person's dashboard."""
    return (await operations.list_workshops(person)).items


async def create_workshop(person: str, title: str, idea: str) -> Workshop:
    """Create a workshop."""
    return await operations.create_workshop(clerk_user_id=person, title=title, original_idea=idea)


async def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Complete a step with an output."""
    return await operations.complete_step(workshop_id, step_id, output=output)


async def save_step_output(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Replace an output, its conversation included."""
    return await operations.save_step_output(workshop_id, step_id, output, keep_messages=False)


async def page_of_workshops(after: str) -> list[dict[str, Any]]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    return (
        await Workshop.select(
            *Workshop.all_columns(),
            Workshop.steps(*WorkshopStep.all_columns(exclude=[WorkshopStep.output])).order_by(
                WorkshopStep.step_id.order
            ),
            Workshop.members().order_by(WorkshopMember.created_at, WorkshopMember.id),
        )
        .where(Workshop.id > after)
        .order_by(Workshop.id)
        .limit(50)
    )
