"""The one statement that every change of a step is.

It locks the workshop and then the step (everybody in this order, so nobody waits
in a circle), looks at the states that it has locked, changes all or nothing, and
returns what it saw. Locked rows are read in their latest version, even if that was
committed after the statement began: of two callers at the same moment the second
one sees what the first has done, and knows its error without another query.
"""

from __future__ import annotations

from workshops.errors import (
    StepNotFoundError,
    StepTransitionError,
    WorkshopNotFoundError,
    WorkshopNotOpenError,
)
from workshops.operations import validation
from workshops.operations.execution import fetch_row
from workshops.operations.records import NEXT_UPDATED_AT, NOW, columns, literals, object_maker
from workshops.operations.transitions import OPEN_FOR_WORK
from workshops.states import StepStatus, WorkshopStatus
from workshops.tables import WorkshopStep

ACTIVATE = (
    f"UPDATE workshops SET status = '{WorkshopStatus.active}', updated_at = {NEXT_UPDATED_AT}"
)

# The step that follows in the order of the definitions, if nobody has started it.
_START_NEXT = f"""
    , next AS (
        UPDATE workshop_steps
        SET status = '{StepStatus.in_progress}', started_at = {NOW}, updated_at = {NEXT_UPDATED_AT}
        FROM allowed
        WHERE workshop_steps.status = '{StepStatus.not_started}' AND workshop_steps.id = (
            SELECT following.id
            FROM step_definitions this, workshop_steps following
            JOIN step_definitions d ON d.id = following.step_id
            WHERE this.id = $2 AND following.workshop_id = $1
                AND (d."order", d.id) > (this."order", this.id)
            ORDER BY d."order", d.id LIMIT 1
        )
    )"""

_make_step = object_maker(WorkshopStep)


class StepChange:
    """An operation on one step, as one statement.

    :param operation: Its name, for the error.
    :param sources: The statuses of the step that allow it.
    :param assignments: What it sets in ``workshop_steps``, besides ``updated_at``.
        ``$1`` and ``$2`` are the identifiers, ``$3`` and up the arguments of the call.
    :param workshop: The UPDATE of the workshop that goes with it; its condition may
        use ``allowed.workshop_status``.
    :param problem: An expression over the locked row ``s``: why it cannot be done, or NULL.
    :param starts_next: Whether the following step is started, if it is not.
    """

    def __init__(
        self,
        operation: str,
        *,
        sources: tuple[str, ...],
        assignments: str,
        workshop: str = ACTIVATE,
        workshop_condition: str = "true",
        problem: str = "NULL::text",
        starts_next: bool = False,
    ) -> None:
        self.operation = operation
        self.sources = sources
        self.statement = f"""
    WITH workshop AS (
        SELECT w.id, w.status FROM workshops w WHERE w.id = $1 FOR NO KEY UPDATE
    ), step AS (
        SELECT s.id, s.status, {problem} AS problem
        FROM workshop, workshop_steps s
        WHERE s.workshop_id = workshop.id AND s.step_id = $2
        FOR NO KEY UPDATE OF s
    ), allowed AS (
        SELECT step.id AS step_row, workshop.status AS workshop_status
        FROM workshop, step
        WHERE workshop.status IN {literals(OPEN_FOR_WORK)}
            AND step.status IN {literals(sources)} AND step.problem IS NULL
    ), touched AS (
        {workshop} FROM allowed WHERE workshops.id = $1 AND {workshop_condition}
    ), changed AS (
        UPDATE workshop_steps SET {assignments}, updated_at = {NEXT_UPDATED_AT}
        FROM allowed WHERE workshop_steps.id = allowed.step_row
        RETURNING {columns(WorkshopStep)}
    ){_START_NEXT if starts_next else ""}
    SELECT changed.*, workshop.status AS workshop_status, step.status AS step_status, step.problem
    FROM (SELECT) AS one
    LEFT JOIN workshop ON true LEFT JOIN step ON true LEFT JOIN changed ON true"""

    async def run(self, workshop_id: str, step_id: str, *arguments: object) -> WorkshopStep | str:
        """Make the change and return the step, or the ``problem`` because of which nothing changed.

        Raises:
            NotFoundError: there is no such workshop, or no such step in it.
            WorkshopNotOpenError: the workshop is paused or completed.
            StepTransitionError: the step's status does not allow the operation.
        """
        validation.key("workshop_id", workshop_id)
        validation.key("step_id", step_id)
        record = await fetch_row(self.statement, workshop_id, step_id, *arguments)
        assert record is not None
        if record["id"] is not None:
            return _make_step(record)
        workshop_status, step_status = record["workshop_status"], record["step_status"]
        if workshop_status is None:
            raise WorkshopNotFoundError(workshop_id)
        if step_status is None:
            raise StepNotFoundError(workshop_id, step_id)
        if workshop_status not in OPEN_FOR_WORK:
            raise WorkshopNotOpenError(workshop_id, workshop_status)
        if step_status not in self.sources:
            raise StepTransitionError(workshop_id, step_id, step_status, self.operation)
        problem = record["problem"]
        assert isinstance(problem, str)
        return problem
