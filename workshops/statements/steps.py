"""The one statement that every change of a step is.

It locks the step, looks at the state that it has locked, and changes workshop and step
or neither; then a second one tells why. A locked row is read in its latest version, even
if that was committed after the statement began; so is the row of an UPDATE, whose
condition is tested again. Of two callers at the same moment the second one therefore
acts on what the first has done.

Rows are locked in the order of ``statements.workshops``. PostgreSQL reads a CTE only as
far as it needs to; counting its rows makes it lock them all before it goes on.

A row of ``workshops`` is never locked and then updated in one statement: foreign keys
refer to it, and PostgreSQL (18) may then wait on its old version for a transaction that
waits for us. Rows of the other tables may be.

Citus takes no function in CASE or COALESCE that is not immutable, such as ``now()`` and
``jsonb_build_array``, and reads ``CASE status WHEN`` wrongly: so there is none here.
"""

from __future__ import annotations

from datetime import datetime

from workshops.errors import (
    MessagesNotAListError,
    StaleStepError,
    StepNotFoundError,
    StepTransitionError,
    TooLongError,
    WorkshopNotFoundError,
    WorkshopNotOpenError,
)
from workshops.statements import validation
from workshops.statements.execution import fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, NOW, columns, object_maker
from workshops.statements.validation import OUTPUT_BYTES
from workshops.states import OPEN_FOR_WORK, STEP, StepStatus, WorkshopStatus, one_of
from workshops.tables import WorkshopStep

_OPEN = f"workshops.id = $1 AND {one_of('workshops.status', OPEN_FOR_WORK)}"
_RETURNING = "RETURNING workshops.id AS open_workshop"

ACTIVATES = f"""workshop AS (
        UPDATE workshops
        SET status = '{WorkshopStatus.active}', updated_at = {NEXT_UPDATED_AT}
        FROM locked WHERE {_OPEN} AND {{allowed}} {_RETURNING}
    )"""
"""The workshop becomes active, and its ``updated_at`` moves."""

TOUCHES = f"""workshop AS (
        UPDATE workshops SET updated_at = {NEXT_UPDATED_AT}
        FROM locked WHERE {_OPEN} AND {{allowed}} {_RETURNING}
    )"""
"""The ``updated_at`` of the workshop moves."""

ACTIVATES_DRAFT = f"""workshop AS (
        SELECT workshops.id AS open_workshop FROM workshops, locked WHERE {_OPEN} AND {{allowed}}
    ), activated AS (
        UPDATE workshops
        SET status = '{WorkshopStatus.active}', updated_at = {NEXT_UPDATED_AT}
        FROM workshop WHERE workshops.id = $1 AND workshops.status = '{WorkshopStatus.draft}'
    )"""
"""A draft workshop becomes active; any other row is only read."""

_THIS = """
        FROM workshop_steps s WHERE s.workshop_id = $1 AND s.step_id = $2
        FOR NO KEY UPDATE"""


# The definitions are sorted first: so of the steps only as many are read as the limit says.
def _this_and_following(limit: str) -> str:
    return f"""
        FROM (
            SELECT d.id, d."order" FROM step_definitions this
            JOIN step_definitions d ON (d."order", d.id) >= (this."order", this.id)
            WHERE this.id = $2 ORDER BY d."order", d.id
        ) d JOIN workshop_steps s ON s.workshop_id = $1 AND s.step_id = d.id
        ORDER BY d."order", d.id {limit}
        FOR NO KEY UPDATE OF s"""


# By the status in which following steps change too: only the next one, or all of them.
_LOCKED = {
    None: _THIS,
    StepStatus.not_started: _this_and_following("LIMIT 2"),
    StepStatus.complete: _this_and_following(""),
}


# In one UPDATE: two would open the table, its indexes, checks and triggers twice, which is
# a tenth of the time.
def _this_or_following(this: str, following: str) -> str:
    """Return the value that this step is given, and the one that following steps are."""
    return f"CASE WHEN workshop_steps.step_id = $2 THEN {this} ELSE {following} END"


_NOT_A_LIST = "not a list"

make_step = object_maker(WorkshopStep)


class StepChange:
    """An operation on one step, as one statement.

    :param operation: Its name, for the error.
    :param any_status: Whether a step of any status takes it, or those of its arrows.
    :param assignments: What it sets in ``workshop_steps``, besides ``updated_at``.
        ``$1`` and ``$2`` are the identifiers, ``$4`` and up the arguments of the call;
        ``locked.moment`` is the time, which Citus takes only from there inside COALESCE.
    :param workshop: What happens to the workshop, if it is open: one of those above.
    :param problem: An expression over the locked row ``s``: why it cannot be done, or NULL.
        That is the size of an output that would be too long, or that messages are no list.
    :param following: The status in which following steps change too: the next one if it is
        not started, or all that are complete. The assignments are for them as well.
    """

    def __init__(
        self,
        operation: str,
        *,
        assignments: str,
        any_status: bool = False,
        workshop: str = ACTIVATES,
        problem: str = "NULL::text",
        following: StepStatus | None = None,
    ) -> None:
        self.operation = operation
        self.sources = tuple(StepStatus) if any_status else STEP.sources(operation)
        allowed = f"""locked.step_id = $2 AND {one_of("locked.status", self.sources)}
            AND ($3::timestamp IS NULL OR locked.version = $3) AND locked.problem IS NULL"""
        also = ""
        if following:
            allowed += " AND (SELECT count(*) FROM locked) > 0"
            also = f" OR locked.status = '{following}'"
        self.statement = f"""
    WITH locked AS (
        SELECT s.id, s.step_id, s.status, s.updated_at AS version, {NOW} AS moment,
            {problem} AS problem
        {_LOCKED[following]}
    ), {workshop.format(allowed=allowed)}, changed AS (
        UPDATE workshop_steps SET {assignments}, updated_at = {NEXT_UPDATED_AT}
        FROM locked, workshop
        WHERE workshop_steps.workshop_id = $1 AND workshop_steps.id = locked.id
            AND (locked.step_id = $2{also})
        RETURNING {columns(WorkshopStep)}
    )
    SELECT * FROM changed WHERE step_id = $2"""
        # It takes the same arguments.
        self.reason = f"""
    SELECT w.status AS workshop_status, s.status, s.updated_at AS version,
        s.updated_at <> $3::timestamp AS stale, {problem} AS problem
    FROM workshops w LEFT JOIN workshop_steps s ON s.workshop_id = w.id AND s.step_id = $2
    WHERE w.id = $1"""

    async def run(
        self,
        workshop_id: str,
        step_id: str,
        expected_updated_at: datetime | None,
        *arguments: object,
    ) -> WorkshopStep:
        """Make the change and return the step.

        One round trip; if nothing changed, another one to tell why.

        Raises:
            NotFoundError: there is no such workshop, or no such step in it.
            WorkshopNotOpenError: the workshop is paused or completed.
            StepTransitionError: the step's status does not allow the operation.
            StaleStepError: the step is not at ``expected_updated_at``.
            MessagesNotAListError, TooLongError: there is a ``problem``.
        """
        validation.key("workshop_id", workshop_id)
        validation.key("step_id", step_id)
        expected = validation.expected_updated_at(expected_updated_at)
        values = (workshop_id, step_id, expected, *arguments)
        while True:
            record = await fetch_row(self.statement, *values)
            if record is not None:
                return make_step(record)
            found = await fetch_row(self.reason, *values)
            if found is None:
                raise WorkshopNotFoundError(workshop_id)
            if found["status"] is None:
                raise StepNotFoundError(workshop_id, step_id)
            if found["workshop_status"] not in OPEN_FOR_WORK:
                raise WorkshopNotOpenError(workshop_id, found["workshop_status"])
            if found["status"] not in self.sources:
                raise StepTransitionError(workshop_id, step_id, found["status"], self.operation)
            if expected is not None and found["stale"]:
                raise StaleStepError(workshop_id, step_id, expected, found["version"])
            if found["problem"] == _NOT_A_LIST:
                raise MessagesNotAListError(workshop_id, step_id)
            if found["problem"] is not None:
                raise TooLongError("output", int(found["problem"]), OUTPUT_BYTES, "bytes")
            # What stood in the way went between the two statements.


_STARTED_AT = "started_at = COALESCE(started_at, locked.moment)"

# A step with an output has been started; whatever else it is, it stays so.
_STARTED = (
    f"status = CASE WHEN workshop_steps.status = '{StepStatus.not_started}'"
    f" THEN '{StepStatus.in_progress}' ELSE workshop_steps.status END, {_STARTED_AT}"
)

# $4 is the output that is given, $5 whether the messages that are stored stay.
_KEPT = "$5::boolean AND {}output ? 'messages'"
_NEW_OUTPUT = (
    f"CASE WHEN {_KEPT.format('')} THEN"
    " jsonb_set('{}', '{messages}', output -> 'messages') || $4::text::jsonb"
    " ELSE $4::text::jsonb END"
)

_GIVEN_OUTPUT = f"CASE WHEN $4::text IS NULL THEN output ELSE {_NEW_OUTPUT} END"


def _too_long(condition: str, stored: str) -> str:
    """Return the problem of an output that would grow over its limit: its size."""
    size = f"octet_length(({stored})::text) + octet_length($4::text)"
    return f"WHEN {condition} AND {size} > {OUTPUT_BYTES} THEN ({size})::text"


_KEPT_TOO_LONG = "CASE {} END".format(_too_long(_KEPT.format("s."), "s.output -> 'messages'"))

START = StepChange(
    "start_step",
    assignments=f"status = '{StepStatus.in_progress}', {_STARTED_AT}",
)

SAVE = StepChange(
    "save_step_output",
    any_status=True,
    assignments=f"output = {_NEW_OUTPUT}, {_STARTED}",
    problem=_KEPT_TOO_LONG,
)

MERGE = StepChange(
    "merge_step_output",
    any_status=True,
    assignments=f"output = COALESCE(output, '{{}}') || $4::text::jsonb, {_STARTED}",
    problem=f"CASE {_too_long('true', 's.output')} END",
)

# $4 is a list of the message, $5 one of an object with its id, if it has one.
_REPEATED = "{}output -> 'messages' @> $5::text::jsonb AND $5::text IS NOT NULL"

APPEND = StepChange(
    "append_step_message",
    any_status=True,
    assignments=(
        f"output = CASE WHEN {_REPEATED.format('')} THEN output"
        " ELSE jsonb_set(COALESCE(output, '{}'), '{messages}',"
        " COALESCE(output -> 'messages', '[]') || $4::text::jsonb) END, " + _STARTED
    ),
    workshop=ACTIVATES_DRAFT,
    problem=(
        f"CASE WHEN {_REPEATED.format('s.')} THEN NULL"
        f" WHEN jsonb_typeof(s.output -> 'messages') <> 'array' THEN '{_NOT_A_LIST}'"
        f" {_too_long('true', 's.output')} END"
    ),
)

COMPLETE = StepChange(
    "complete_step",
    assignments=f"""
        status = {_this_or_following(f"'{StepStatus.complete}'", f"'{StepStatus.in_progress}'")},
        {_STARTED_AT}, completed_at = {_this_or_following("locked.moment", "completed_at")},
        output = {_this_or_following(_GIVEN_OUTPUT, "output")}""",
    problem=_KEPT_TOO_LONG,
    following=StepStatus.not_started,
)

_REOPENED = f"'{StepStatus.in_progress}'"
_REGENERATED = _this_or_following(_REOPENED, f"'{StepStatus.needs_regeneration}'")
REOPEN, REOPEN_AND_REGENERATE = (
    StepChange(
        "reopen_step",
        assignments=f"status = {status}, completed_at = NULL",
        workshop=TOUCHES,
        following=following,
    )
    for status, following in ((_REOPENED, None), (_REGENERATED, StepStatus.complete))
)

REQUEST_REGENERATION = StepChange(
    "request_regeneration",
    assignments=f"status = '{StepStatus.needs_regeneration}', completed_at = NULL",
    workshop=TOUCHES,
)

RESET = StepChange(
    "reset_step",
    assignments=(
        f"status = '{StepStatus.not_started}', output = NULL, started_at = NULL,"
        " completed_at = NULL"
    ),
    workshop=TOUCHES,
)
