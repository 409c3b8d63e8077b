"""Reading the steps of a workshop: one of them, the current one, those before."""

from __future__ import annotations

from typing import Any, cast

from piccolo.columns import Column
from piccolo.querystring import QueryString

from workshops.errors import StepNotFoundError, WorkshopNotFoundError
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.statements import validation
from workshops.statements.execution import fetch_row, fetch_rows
from workshops.statements.records import columns, object_maker
from workshops.states import StepStatus
from workshops.tables import Workshop, WorkshopStep
from workshops.types import StepWithDefinition

_make_step = object_maker(WorkshopStep)

_CURRENT = f"""
    SELECT current.*
    FROM workshops w LEFT JOIN LATERAL (
        SELECT {columns(WorkshopStep, "s")}
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 AND s.status <> '{StepStatus.complete}'
        ORDER BY d."order", d.id LIMIT 1
    ) AS current ON true
    WHERE w.id = $1"""


async def current_step(workshop_id: str) -> WorkshopStep | None:
    """Return the first step by definition order that is not complete, or None. One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    validation.key("workshop_id", workshop_id)
    record = await fetch_row(_CURRENT, workshop_id)
    if record is None:
        raise WorkshopNotFoundError(workshop_id)
    return _make_step(record) if record["id"] is not None else None


_STEP = f"""
    SELECT {columns(WorkshopStep, "s")} FROM workshop_steps s
    WHERE s.workshop_id = $1 AND s.step_id = $2"""


async def get_step(workshop_id: str, step_id: str) -> WorkshopStep:
    """Return one step of a workshop. One round trip; if there is none, another one to tell why.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("step_id", step_id)
    record = await fetch_row(_STEP, workshop_id, step_id)
    if record is not None:
        return _make_step(record)
    if await fetch_row("SELECT id FROM workshops WHERE id = $1", workshop_id) is None:
        raise WorkshopNotFoundError(workshop_id)
    raise StepNotFoundError(workshop_id, step_id)


def with_definitions(*, output: bool = True) -> list[Column]:
    """Return the columns of a step with the name and the order of its definition."""
    definition = WorkshopStep.step_id
    return [
        *(c for c in WorkshopStep.all_columns() if output or c is not WorkshopStep.output),
        definition.name.as_alias("name"),
        definition.order.as_alias("order"),
    ]


def select_context() -> ParentSelect[Any]:
    """Return the select of ``step_context``: $1 is the workshop, $2 the step."""
    step, definition = WorkshopStep, WorkshopStep.step_id
    earlier = QueryString(
        '({}, {}) < (SELECT d."order", d.id FROM step_definitions d WHERE d.id = {})',
        definition.order,
        definition.id,
        Parameter(2),
    )
    return Workshop.select(
        Workshop.steps.count(step.step_id == Parameter(2)).as_alias("this"),
        Workshop.steps(with_definitions())
        .where(earlier)
        .order_by(definition.order, definition.id)
        .as_alias("earlier"),
    ).where(Workshop.id == Parameter(1))


_CONTEXT = Prepared(select_context)


async def step_context(workshop_id: str, step_id: str) -> list[StepWithDefinition]:
    """Return all steps before this one in definition order, with their outputs. One round trip.

    Each row holds the step's columns, and ``name`` and ``order`` of its definition,
    whatever its status; the first step has no context: ``[]``.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("step_id", step_id)
    rows = await fetch_rows(_CONTEXT, workshop_id, step_id)
    if not rows:
        raise WorkshopNotFoundError(workshop_id)
    if not rows[0]["this"]:
        raise StepNotFoundError(workshop_id, step_id)
    return cast("list[StepWithDefinition]", rows[0]["earlier"])
