"""Working in the steps of a workshop: start, save, converse, complete, reopen, reset.

Every change of a step also makes its draft workshop active, and is refused with
``WorkshopNotOpenError`` while the workshop is paused or completed. Changes move
the workshop's ``updated_at``, by which dashboards are sorted, except for a chat
turn: it comes every few seconds, and a person who edits the workshop's title meanwhile
would be told each time that the workshop has changed.

With ``expected_updated_at``, the ``updated_at`` of the step that a change is based on,
only that version is changed. A change takes one round trip, and another one to tell
why it was refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workshops.errors import InvalidInputError
from workshops.statements import steps as statements
from workshops.statements import validation
from workshops.statements.validation import json_object, json_value
from workshops.tables import WorkshopStep
from workshops.types import JSONObject


async def start_step(workshop_id: str, step_id: str) -> WorkshopStep:
    """Start a step that is not started or needs regeneration. One round trip.

    A draft workshop becomes active. ``started_at`` is when the step was first started.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        InvalidTransitionError: the step is started, or the workshop paused or completed.
    """
    return await statements.START.run(workshop_id, step_id, None)


async def save_step_output(
    workshop_id: str,
    step_id: str,
    output: JSONObject,
    *,
    keep_messages: bool = True,
    expected_updated_at: datetime | None = None,
) -> WorkshopStep:
    """Overwrite the output of a step, whatever its status; one not started is started.

    The ``messages`` that ``append_step_message`` has stored stay, unless ``output`` has
    ``messages`` of its own or ``keep_messages`` is False. One round trip.

    The output read back equals the one given, except that -0.0 comes back as 0.0.

    Raises:
        InvalidInputError: the output is not a JSON object, or over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the workshop is paused or completed.
    """
    return await statements.SAVE.run(
        workshop_id,
        step_id,
        expected_updated_at,
        json_object("output", output),
        bool(keep_messages) and "messages" not in output,
    )


async def merge_step_output(
    workshop_id: str,
    step_id: str,
    changes: JSONObject,
    *,
    expected_updated_at: datetime | None = None,
) -> WorkshopStep:
    """Set single keys of a step's output and keep the others. One round trip.

    Only whole keys of the first level are replaced, not what is inside them. Callers who
    set different keys at the same moment lose nothing. A step not started is started.

    Raises:
        InvalidInputError: the changes are not a JSON object, or the output would be over
            1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the workshop is paused or completed.
    """
    return await statements.MERGE.run(
        workshop_id,
        step_id,
        expected_updated_at,
        json_object("changes", changes),
    )


async def append_step_message(
    workshop_id: str, step_id: str, message: Any, *, idempotency_key: str | None = None
) -> WorkshopStep:
    """Add a message, any JSON value, to the list ``output["messages"]``; make it if there is none.

    Nothing is read and written back: messages of concurrent callers are all kept,
    those of one caller in its order. A step not started is started. One round trip.

    With an ``idempotency_key`` the message is an object, and is stored with the key as its
    ``id``. If the list has a message of that ``id`` already, nothing is added: a call that
    is repeated after an outage, or by two browser tabs, adds one message.

    Raises:
        InvalidInputError: the message is not JSON, or with a key not an object or one with
            another ``id``, or the output would be over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        MessagesNotAListError: a ConflictError; ``messages`` is there and not a list.
        InvalidTransitionError: the workshop is paused or completed.
    """
    key = None
    if idempotency_key is not None:
        validation.identifier("idempotency_key", idempotency_key)
        if not isinstance(message, dict):
            raise InvalidInputError("message", "must be a JSON object if it has a key")
        if message.get("id", idempotency_key) != idempotency_key:
            raise InvalidInputError("message", "has an id that is not its key")
        message = {**message, "id": idempotency_key}
        key = json_value("idempotency_key", [{"id": idempotency_key}])
    text = f"[{json_value('message', message)}]"
    return await statements.APPEND.run(workshop_id, step_id, None, text, key)


async def complete_step(
    workshop_id: str,
    step_id: str,
    *,
    output: JSONObject | None = None,
    keep_messages: bool = True,
    expected_updated_at: datetime | None = None,
) -> WorkshopStep:
    """Complete a step that is not complete, started or not, and start the next one.

    The next one is the step that follows by definition order; it is started if it
    is not started, and left alone otherwise. Without ``output`` the step keeps what
    it has; with one it is saved as ``save_step_output`` does. The workshop is not
    completed with its last step: ``set_workshop_status`` does that. One round trip.

    Raises:
        InvalidInputError: the output is not a JSON object, or over 1 MiB.
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the step is complete, or the workshop paused or completed.
    """
    return await statements.COMPLETE.run(
        workshop_id,
        step_id,
        expected_updated_at,
        None if output is None else json_object("output", output),
        output is not None and bool(keep_messages) and "messages" not in output,
    )


async def reopen_step(
    workshop_id: str,
    step_id: str,
    *,
    regenerate_following: bool = False,
    expected_updated_at: datetime | None = None,
) -> WorkshopStep:
    """Put a complete step in progress again; its output and ``started_at`` stay. One round trip.

    With ``regenerate_following``, every following step that is complete needs
    regeneration: what it was made from will change.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the step is not complete, or the workshop paused or
            completed (make it active first).
    """
    change = statements.REOPEN_AND_REGENERATE if regenerate_following else statements.REOPEN
    return await change.run(workshop_id, step_id, expected_updated_at)


async def request_regeneration(
    workshop_id: str, step_id: str, *, expected_updated_at: datetime | None = None
) -> WorkshopStep:
    """Mark a complete step as one to be worked on again; its output stays. One round trip.

    It is not done any more and can be worked on as a step in progress can.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the step is not complete, or the workshop paused or completed.
    """
    return await statements.REQUEST_REGENERATION.run(workshop_id, step_id, expected_updated_at)


async def reset_step(
    workshop_id: str, step_id: str, *, expected_updated_at: datetime | None = None
) -> WorkshopStep:
    """Make a step not started again, without output and times. One round trip.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
        StaleStepError: a ConflictError; the step is not at ``expected_updated_at``.
        InvalidTransitionError: the step is not started, or the workshop paused or
            completed (make it active first).
    """
    return await statements.RESET.run(workshop_id, step_id, expected_updated_at)
