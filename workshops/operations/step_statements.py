"""The statement of each operation that changes a step: which statuses, what is set.

Citus takes no function in CASE or COALESCE that is not immutable, such as ``now()`` and
``jsonb_build_array``, and reads ``CASE status WHEN`` wrongly: so there is none here.
"""

from __future__ import annotations

from workshops.operations.json_values import OUTPUT_BYTES
from workshops.operations.step_changes import ACTIVATES_DRAFT, TOUCHES, StepChange
from workshops.operations.transitions import STEP
from workshops.states import StepStatus

_ANY_STATUS = tuple(StepStatus)

_STARTED_AT = "started_at = COALESCE(started_at, allowed.moment)"

# A step with an output has been started; whatever else it is, it stays so.
_STARTED = (
    f"status = CASE WHEN status = '{StepStatus.not_started}' THEN '{StepStatus.in_progress}'"
    f" ELSE status END, {_STARTED_AT}"
)

# $4 is the output that is given, $5 whether the messages that are stored stay.
_KEPT = "$5::boolean AND {}output ? 'messages'"
_NEW_OUTPUT = (
    f"CASE WHEN {_KEPT.format('')} THEN"
    " jsonb_set('{}', '{messages}', output -> 'messages') || $4::text::jsonb"
    " ELSE $4::text::jsonb END"
)


def _too_long(condition: str, stored: str) -> str:
    """Return the problem of an output that would grow over its limit: its size."""
    size = f"octet_length(({stored})::text) + octet_length($4::text)"
    return f"WHEN {condition} AND {size} > {OUTPUT_BYTES} THEN ({size})::text"


_KEPT_TOO_LONG = "CASE {} END".format(_too_long(_KEPT.format("s."), "s.output -> 'messages'"))

START = StepChange(
    "start_step",
    sources=STEP.sources("start_step"),
    assignments=f"status = '{StepStatus.in_progress}', {_STARTED_AT}",
)

SAVE = StepChange(
    "save_step_output",
    sources=_ANY_STATUS,
    assignments=f"output = {_NEW_OUTPUT}, {_STARTED}",
    problem=_KEPT_TOO_LONG,
)

MERGE = StepChange(
    "merge_step_output",
    sources=_ANY_STATUS,
    assignments=f"output = COALESCE(output, '{{}}') || $4::text::jsonb, {_STARTED}",
    problem=f"CASE {_too_long('true', 's.output')} END",
)

# $4 is a list of the message, $5 one of an object with its id, if it has one.
_REPEATED = "{}output -> 'messages' @> $5::text::jsonb AND $5::text IS NOT NULL"

APPEND = StepChange(
    "append_step_message",
    sources=_ANY_STATUS,
    assignments=(
        f"output = CASE WHEN {_REPEATED.format('')} THEN output"
        " ELSE jsonb_set(COALESCE(output, '{}'), '{messages}',"
        " COALESCE(output -> 'messages', '[]') || $4::text::jsonb) END, " + _STARTED
    ),
    workshop=ACTIVATES_DRAFT,
    problem=(
        f"CASE WHEN {_REPEATED.format('s.')} THEN NULL"
        " WHEN jsonb_typeof(s.output -> 'messages') <> 'array' THEN 'not a list'"
        f" {_too_long('true', 's.output')} END"
    ),
)

COMPLETE = StepChange(
    "complete_step",
    sources=STEP.sources("complete_step"),
    assignments=(
        f"status = '{StepStatus.complete}', {_STARTED_AT}, completed_at = allowed.moment,"
        f" output = CASE WHEN $4::text IS NULL THEN output ELSE {_NEW_OUTPUT} END"
    ),
    problem=_KEPT_TOO_LONG,
    following=StepStatus.in_progress,
)

_REOPEN_ASSIGNMENTS = f"status = '{StepStatus.in_progress}', completed_at = NULL"
REOPEN = StepChange(
    "reopen_step",
    sources=STEP.sources("reopen_step"),
    assignments=_REOPEN_ASSIGNMENTS,
    workshop=TOUCHES,
)
REOPEN_AND_REGENERATE = StepChange(
    "reopen_step",
    sources=STEP.sources("reopen_step"),
    assignments=_REOPEN_ASSIGNMENTS,
    workshop=TOUCHES,
    following=StepStatus.needs_regeneration,
)

REQUEST_REGENERATION = StepChange(
    "request_regeneration",
    sources=STEP.sources("request_regeneration"),
    assignments=f"status = '{StepStatus.needs_regeneration}', completed_at = NULL",
    workshop=TOUCHES,
)

RESET = StepChange(
    "reset_step",
    sources=STEP.sources("reset_step"),
    assignments=(
        f"status = '{StepStatus.not_started}', output = NULL, started_at = NULL,"
        " completed_at = NULL"
    ),
    workshop=TOUCHES,
)
