"""Rows for tests, made by the tables themselves."""

from __future__ import annotations

from typing import Any

from workshops.tables import StepDefinition, Workshop, WorkshopMember, WorkshopStep


async def make_workshop(**columns: Any) -> Workshop:
    """Return a new workshop with its owner and one step row for each definition."""
    workshop = Workshop(
        **{
            "clerk_user_id": "user_ada",
            "title": "A bakery without waste",
            "original_idea": "Sell yesterday's bread before it is thrown away.",
            **columns,
        }
    )
    await workshop.save()
    await WorkshopMember(
        workshop_id=workshop.id, clerk_user_id=workshop.clerk_user_id, role="owner"
    ).save()
    definitions = await StepDefinition.select(StepDefinition.id).order_by(StepDefinition.order)
    if definitions:
        await WorkshopStep.insert(
            *(WorkshopStep(workshop_id=workshop.id, step_id=row["id"]) for row in definitions)
        )
    return workshop


async def step_of(workshop: Workshop, step_id: str) -> WorkshopStep:
    """Return one step row of a workshop."""
    step = await WorkshopStep.objects().get(
        (WorkshopStep.workshop_id == workshop.id) & (WorkshopStep.step_id == step_id)
    )
    assert step is not None
    return step
