"""Reading the steps of a workshop: one of them, the current one, those before."""

from __future__ import annotations

from typing import cast

from workshops.errors import StepNotFoundError, WorkshopNotFoundError
from workshops.operations import validation
from workshops.statements.execution import fetch_row
from workshops.statements.records import columns, object_maker, row_maker
from workshops.states import StepStatus
from workshops.tables import WorkshopStep
from workshops.types import StepWithDefinition

_make_step = object_maker(WorkshopStep)

_CURRENT = f"""
    SELECT current.*
    FROM workshops w LEFT JOIN LATERAL (
        SELECT {columns(WorkshopStep, "s")}
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id AND s.status <> '{StepStatus.complete}'
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


_make_rows = row_maker(WorkshopStep, "name", "order")

_CONTEXT = f"""
    SELECT (SELECT count(*) FROM workshops w WHERE w.id = $1) AS workshops, this.id, ARRAY(
        SELECT ROW({columns(WorkshopStep, "s")}, d.name, d."order")
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 AND (d."order", d.id) < (this."order", this.id)
        ORDER BY d."order", d.id
    ) AS earlier
    FROM (SELECT) AS one LEFT JOIN (
        SELECT d.id, d."order" FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 AND s.step_id = $2
    ) AS this ON true"""


async def step_context(workshop_id: str, step_id: str) -> list[StepWithDefinition]:
    """Return all steps before this one in definition order, with their outputs. One round trip.

    Each row holds the step's columns, and ``name`` and ``order`` of its definition,
    whatever its status; the first step has no context: ``[]``.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("step_id", step_id)
    record = await fetch_row(_CONTEXT, workshop_id, step_id)
    assert record is not None
    if not record["workshops"]:
        raise WorkshopNotFoundError(workshop_id)
    if record["id"] is None:
        raise StepNotFoundError(workshop_id, step_id)
    return cast("list[StepWithDefinition]", _make_rows(record["earlier"]))
