"""The steps of a workshop: start, save, converse, complete, reset, and what comes next.

Every change of a step also makes its draft workshop active, and is refused with
``WorkshopNotOpenError`` while the workshop is paused or completed. Changes move
the workshop's ``updated_at``, by which dashboards are sorted, except for a chat
turn: it comes every few seconds, and whoever edits the workshop's title meanwhile
would be told each time that the workshop has changed.

A change takes one round trip, and another one to tell why it was refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from workshops.errors import (
    MessagesNotAListError,
    StaleStepError,
    StepNotFoundError,
    TooLongError,
    WorkshopNotFoundError,
)
from workshops.operations import validation
from workshops.operations.json_values import OUTPUT_BYTES, json_object, json_value
from workshops.operations.step_changes import ACTIVATES_DRAFT, TOUCHES, StepChange
from workshops.operations.transitions import STEP
from workshops.statements.execution import fetch_row
from workshops.statements.records import (
    NOW,
    columns,
    object_maker,
    row_maker,
)
from workshops.states import StepStatus
from workshops.tables import WorkshopStep
from workshops.types import JSONObject, StepWithDefinition

_ANY_STATUS = tuple(StepStatus)

# A step with an output has been started; one that is complete stays so.
_STARTED = (
    f"status = CASE status WHEN '{StepStatus.not_started}' THEN '{StepStatus.in_progress}'"
    f" ELSE status END, started_at = COALESCE(started_at, {NOW})"
)

_START = StepChange(
    "start_step",
    sources=STEP.sources("start_step"),
    assignments=f"status = '{StepStatus.in_progress}', started_at = {NOW}",
)

_SAVE = StepChange(
    "save_step_output",
    sources=_ANY_STATUS,
    assignments=f"output = $3::text::jsonb, {_STARTED}",
    # In ISO 8601, whatever the server's DateStyle.
    problem=(
        "CASE WHEN s.updated_at <> $4::timestamp"
        " THEN to_char(s.updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS') END"
    ),
)

_APPEND = StepChange(
    "append_step_message",
    sources=_ANY_STATUS,
    assignments=(
        "output = jsonb_set(COALESCE(output, '{}'), '{messages}',"
        " COALESCE(output -> 'messages', '[]') || jsonb_build_array($3::text::jsonb)), " + _STARTED
    ),
    workshop=ACTIVATES_DRAFT,
    problem=(
        "CASE WHEN jsonb_typeof(s.output -> 'messages') <> 'array' THEN 'not a list'"
        f" WHEN octet_length(s.output::text) + octet_length($3::text) > {OUTPUT_BYTES}"
        " THEN (octet_length(s.output::text) + octet_length($3::text))::text END"
    ),
)

_COMPLETE = StepChange(
    "complete_step",
    sources=STEP.sources("complete_step"),
    assignments=(
        f"status = '{StepStatus.complete}', started_at = COALESCE(started_at, {NOW}),"
        f" completed_at = {NOW}, output = COALESCE($3::text::jsonb, output)"
    ),
    starts_following=True,
)

_RESET = StepChange(
    "reset_step",
    sources=STEP.sources("reset_step"),
    assignments=(
        f"status = '{StepStatus.not_started}', output = NULL, started_at = NULL,"
        " completed_at = NULL"
    ),
    workshop=TOUCHES,
)


async def start_step(workshop_id: str, step_id: str) -> WorkshopStep:
    """Start a step that is not started; a draft workshop becomes active. One round trip.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        InvalidTransitionError: the step is started, or the workshop paused or completed.
    """
    return _changed(await _START.run(workshop_id, step_id))


async def save_step_output(
    workshop_id: str,
    step_id: str,
    output: JSONObject,
    *,
    expected_updated_at: datetime | None = None,
) -> WorkshopStep:
    """Overwrite the output of a step, whatever its status; one not started is started.

    With ``expected_updated_at``, the ``updated_at`` of the step that the output is
    based on, it overwrites only that version. One round trip.

    The output read back equals the one given, except that -0.0 comes back as 0.0.

    Raises:
        InvalidInputError: the output is not a JSON object, or over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the workshop is paused or completed.
    """
    text = json_object("output", output)
    expected = expected_updated_at
    if expected is not None:
        expected = validation.moment("expected_updated_at", expected)
    step = await _SAVE.run(workshop_id, step_id, text, expected)
    if isinstance(step, str):
        assert expected is not None
        raise StaleStepError(workshop_id, step_id, expected, datetime.fromisoformat(step))
    return step


async def append_step_message(workshop_id: str, step_id: str, message: Any) -> WorkshopStep:
    """Add a message, any JSON value, to the list ``output["messages"]``; make it if there is none.

    Nothing is read and written back: messages of concurrent callers are all kept,
    those of one caller in its order. A step not started is started. One round trip.

    Raises:
        InvalidInputError: the message is not JSON, or the output would be over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        MessagesNotAListError: a ConflictError; ``messages`` is there and not a list.
        InvalidTransitionError: the workshop is paused or completed.
    """
    step = await _APPEND.run(workshop_id, step_id, json_value("message", message))
    match step:
        case "not a list":
            raise MessagesNotAListError(workshop_id, step_id)
        case str() as size:
            raise TooLongError("output", int(size), OUTPUT_BYTES, "bytes")
    return step


async def complete_step(
    workshop_id: str, step_id: str, *, output: JSONObject | None = None
) -> WorkshopStep:
    """Complete a step that is not complete, started or not, and start the next one.

    The next one is the step that follows by definition order; it is started if it
    is not started, and left alone otherwise. Without ``output`` the step keeps what
    it has. The workshop is not completed with its last step: ``set_workshop_status``
    does that. One round trip.

    Raises:
        InvalidInputError: the output is not a JSON object, or over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        InvalidTransitionError: the step is complete, or the workshop paused or completed.
    """
    text = None if output is None else json_object("output", output)
    return _changed(await _COMPLETE.run(workshop_id, step_id, text))


async def reset_step(workshop_id: str, step_id: str) -> WorkshopStep:
    """Make a step not started again, without output and times. One round trip.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        InvalidTransitionError: the step is not started, or the workshop paused or
            completed (make it active first).
    """
    return _changed(await _RESET.run(workshop_id, step_id))


def _changed(step: WorkshopStep | str) -> WorkshopStep:
    assert isinstance(step, WorkshopStep)
    return step


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
