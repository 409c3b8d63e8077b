"""The times at which people work on a workshop."""

from __future__ import annotations

from datetime import timedelta

from workshops.errors import (
    SessionClosedError,
    SessionNotFoundError,
    SharedDatabaseError,
    WorkshopNotFoundError,
)
from workshops.ids import create_prefixed_id
from workshops.statements import validation
from workshops.statements.execution import fetch_row, shares_database
from workshops.statements.records import NOW, columns, object_maker
from workshops.states import StepStatus
from workshops.tables import Session

_make_session = object_maker(Session)

# An open session is only read, so that the common case writes nothing. The partial
# unique index decides between callers who see none at the same moment: the assignment
# changes nothing, but makes RETURNING give the row that the other one has inserted.
_RECORD = f"""
    WITH open AS (
        SELECT {columns(Session)} FROM sessions WHERE workshop_id = $2 AND ended_at IS NULL
    ), opened AS (
        INSERT INTO sessions (id, workshop_id)
        SELECT $1, w.id FROM workshops w WHERE w.id = $2 AND NOT EXISTS (SELECT FROM open)
        ON CONFLICT (workshop_id) WHERE ended_at IS NULL DO UPDATE SET ended_at = NULL
        RETURNING {columns(Session)}
    )
    SELECT * FROM open UNION ALL SELECT * FROM opened"""


async def record_activity(workshop_id: str) -> Session:
    """Return the workshop's open session; the first activity opens one. One round trip.

    There is never more than one open session, whatever the concurrency.

    Raises:
        NotFoundError: there is no such workshop.
    """
    validation.key("workshop_id", workshop_id)
    record = await fetch_row(_RECORD, create_prefixed_id("ses"), workshop_id)
    if record is None:
        raise WorkshopNotFoundError(workshop_id)
    return _make_session(record)


_CLOSE = f"""
    UPDATE sessions SET ended_at = GREATEST(started_at, {NOW})
    WHERE id = $1 AND ended_at IS NULL RETURNING {columns(Session)}"""


async def close_session(session_id: str) -> Session:
    """Close an open session, once. One round trip, one more to tell why it cannot be closed.

    Raises:
        NotFoundError: there is no such session.
        SessionClosedError: an InvalidTransitionError; it was closed before.
    """
    validation.key("session_id", session_id)
    record = await fetch_row(_CLOSE, session_id)
    if record is None:
        closed = await fetch_row("SELECT ended_at FROM sessions WHERE id = $1", session_id)
        if closed is None:
            raise SessionNotFoundError(session_id)
        raise SessionClosedError(session_id, closed["ended_at"])
    return _make_session(record)


_CLOSE_IDLE = f"""
    WITH idle AS (
        SELECT open.id, activity.last_at
        FROM sessions open CROSS JOIN LATERAL (
            SELECT GREATEST(open.started_at, max(s.updated_at)) AS last_at
            FROM workshop_steps s
            WHERE s.workshop_id = open.workshop_id AND s.status <> '{StepStatus.not_started}'
        ) AS activity
        WHERE open.ended_at IS NULL AND activity.last_at <= {NOW} - $1::interval
    ), closed AS (
        UPDATE sessions SET ended_at = idle.last_at FROM idle
        WHERE sessions.id = idle.id AND sessions.ended_at IS NULL RETURNING sessions.id
    )
    SELECT count(*) AS closed FROM closed"""


async def close_idle_sessions(*, idle_for: timedelta) -> int:
    """Close every session without activity for at least ``idle_for``; return how many.

    The last activity is the start of the session or the last change of a step of
    its workshop, whichever is later; that is when the session has ended. One round
    trip; to be called every few minutes.

    Raises:
        InvalidInputError: ``idle_for`` is not a timedelta, or negative.
        SharedDatabaseError: a ConflictError; ``SHARED_DATABASE=1`` is set.
    """
    if shares_database():
        raise SharedDatabaseError
    record = await fetch_row(_CLOSE_IDLE, validation.duration("idle_for", idle_for))
    assert record is not None
    closed: int = record["closed"]
    return closed
