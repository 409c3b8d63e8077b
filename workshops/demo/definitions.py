"""The step definitions that the demo is made for: those of the database."""

from __future__ import annotations

from typing import NamedTuple

from workshops.tables import StepDefinition


class Definition(NamedTuple):
    """What the demo has to know of a step definition."""

    id: str
    order: int
    name: str
    description: str


async def read_definitions() -> list[Definition]:
    """Return the step definitions in order."""
    columns = (
        StepDefinition.id,
        StepDefinition.order,
        StepDefinition.name,
        StepDefinition.description,
    )
    rows = await StepDefinition.select(*columns).order_by(StepDefinition.order, StepDefinition.id)
    return [Definition(**row) for row in rows]
