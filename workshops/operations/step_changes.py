"""The one statement that every change of a step is.

It locks the step, looks at the state that it has locked, changes workshop and step or
neither, and returns what it saw. A locked row is read in its latest version, even if
that was committed after the statement began; so is the row of an UPDATE, whose
condition is tested again. Of two callers at the same moment the second one therefore
acts on what the first has done.

Rows are locked in the order of ``statements.locks``. PostgreSQL reads a CTE only as
far as it needs to; counting its rows makes it lock them all before it goes on.

A row of ``workshops`` is never locked and then updated in one statement: foreign keys
refer to it, and PostgreSQL (18) may then wait on its old version for somebody who
waits for us. Rows of the other tables may be.
"""

from __future__ import annotations

from workshops.errors import (
    StepNotFoundError,
    StepTransitionError,
    WorkshopNotFoundError,
    WorkshopNotOpenError,
)
from workshops.operations import validation
from workshops.operations.transitions import OPEN_FOR_WORK
from workshops.statements.execution import fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, NOW, columns, literals, object_maker
from workshops.states import StepStatus, WorkshopStatus
from workshops.tables import WorkshopStep

_OPEN = f"workshops.id = $1 AND workshops.status IN {literals(OPEN_FOR_WORK)}"
_RETURNING = "RETURNING workshops.id AS open_workshop"

ACTIVATES = f"""workshop AS (
        UPDATE workshops
        SET status = '{WorkshopStatus.active}', updated_at = {NEXT_UPDATED_AT}
        FROM allowed WHERE {_OPEN} {_RETURNING}
    )"""
"""The workshop becomes active, and its ``updated_at`` moves."""

TOUCHES = f"""workshop AS (
        UPDATE workshops SET updated_at = {NEXT_UPDATED_AT}
        FROM allowed WHERE {_OPEN} {_RETURNING}
    )"""
"""The ``updated_at`` of the workshop moves."""

ACTIVATES_DRAFT = f"""workshop AS (
        SELECT workshops.id AS open_workshop FROM workshops, allowed WHERE {_OPEN}
    ), activated AS (
        UPDATE workshops
        SET status = '{WorkshopStatus.active}', updated_at = {NEXT_UPDATED_AT}
        FROM allowed WHERE workshops.id = $1 AND workshops.status = '{WorkshopStatus.draft}'
    )"""
"""A draft workshop becomes active; any other row is only read."""

_THIS = """
        FROM workshop_steps s WHERE s.workshop_id = $1 AND s.step_id = $2
        FOR NO KEY UPDATE"""

_THIS_AND_FOLLOWING = """
        FROM step_definitions this
        JOIN step_definitions d ON (d."order", d.id) >= (this."order", this.id)
        JOIN workshop_steps s ON s.workshop_id = $1 AND s.step_id = d.id
        WHERE this.id = $2 ORDER BY d."order", d.id LIMIT 2
        FOR NO KEY UPDATE OF s"""

_START_FOLLOWING = f""", started AS (
        UPDATE workshop_steps
        SET status = '{StepStatus.in_progress}', started_at = {NOW}, updated_at = {NEXT_UPDATED_AT}
        FROM locked, workshop
        WHERE workshop_steps.id = locked.id AND locked.step_id <> $2
            AND locked.status = '{StepStatus.not_started}'
    )"""

_make_step = object_maker(WorkshopStep)


class StepChange:
    """An operation on one step, as one statement.

    :param operation: Its name, for the error.
    :param sources: The statuses of the step that allow it.
    :param assignments: What it sets in ``workshop_steps``, besides ``updated_at``.
        ``$1`` and ``$2`` are the identifiers, ``$3`` and up the arguments of the call.
    :param workshop: What happens to the workshop, if it is open: one of those above.
    :param problem: An expression over the locked row ``s``: why it cannot be done, or NULL.
    :param starts_following: Whether the following step is started, if it is not.
    """

    def __init__(
        self,
        operation: str,
        *,
        sources: tuple[str, ...],
        assignments: str,
        workshop: str = ACTIVATES,
        problem: str = "NULL::text",
        starts_following: bool = False,
    ) -> None:
        self.operation = operation
        self.sources = sources
        self.statement = f"""
    WITH locked AS (
        SELECT s.id, s.step_id, s.status, {problem} AS problem
        {_THIS_AND_FOLLOWING if starts_following else _THIS}
    ), allowed AS (
        SELECT locked.id AS step_row FROM locked
        WHERE locked.step_id = $2 AND locked.status IN {literals(sources)}
            AND locked.problem IS NULL AND (SELECT count(*) FROM locked) > 0
    ), {workshop}, changed AS (
        UPDATE workshop_steps SET {assignments}, updated_at = {NEXT_UPDATED_AT}
        FROM allowed, workshop WHERE workshop_steps.id = allowed.step_row
        RETURNING {columns(WorkshopStep)}
    ){_START_FOLLOWING if starts_following else ""}
    SELECT changed.*, step.status AS step_status, step.problem
    FROM (SELECT) AS one
    LEFT JOIN (SELECT * FROM locked WHERE locked.step_id = $2) AS step ON true
    LEFT JOIN changed ON true"""

    async def run(self, workshop_id: str, step_id: str, *arguments: object) -> WorkshopStep | str:
        """Make the change and return the step, or the ``problem`` because of which nothing changed.

        One round trip; if nothing changed, another one to tell why.

        Raises:
            NotFoundError: there is no such workshop, or no such step in it.
            WorkshopNotOpenError: the workshop is paused or completed.
            StepTransitionError: the step's status does not allow the operation.
        """
        validation.key("workshop_id", workshop_id)
        validation.key("step_id", step_id)
        while True:
            record = await fetch_row(self.statement, workshop_id, step_id, *arguments)
            assert record is not None
            if record["id"] is not None:
                return _make_step(record)
            workshop = await fetch_row("SELECT status FROM workshops WHERE id = $1", workshop_id)
            if workshop is None:
                raise WorkshopNotFoundError(workshop_id)
            status = record["step_status"]
            if status is None:
                raise StepNotFoundError(workshop_id, step_id)
            if workshop["status"] not in OPEN_FOR_WORK:
                raise WorkshopNotOpenError(workshop_id, workshop["status"])
            if status not in self.sources:
                raise StepTransitionError(workshop_id, step_id, status, self.operation)
            if record["problem"] is not None:
                return str(record["problem"])
            # The workshop was opened between the two statements.
