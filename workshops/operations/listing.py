"""A person's dashboard: the workshops that they own or take part in, with progress."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import cast

from workshops.errors import InvalidInputError
from workshops.operations import validation
from workshops.statements.execution import fetch, shares_database
from workshops.statements.records import DELETED_AT, columns
from workshops.states import MemberRole, StepStatus, WorkshopStatus
from workshops.tables import Workshop
from workshops.types import Page, WorkshopListItem, WorkshopStatusName

LARGEST_PAGE = 100
"""The most workshops on a page."""


# Progress and role are computed for the rows of the page only, and from narrow columns
# only: a dashboard that read every output ran its database out of memory. The owner
# that an adopted workshop names need not be a member of it. As an array, the person's
# memberships join the owner's index in one bitmap: for somebody with 5,000 workshops
# that takes half the time of a join.
def _list(condition: str) -> str:
    """Return the statement for pages that meet a condition on ``w``; $1 person, $2 limit."""
    return f"""
    SELECT page.*,
        COALESCE((
            SELECT m.role FROM workshop_members m
            WHERE m.workshop_id = page.id AND m.clerk_user_id = $1
        ), '{MemberRole.owner}') AS role,
        progress.*
    FROM (
        SELECT {columns(Workshop, "w")} FROM workshops w
        WHERE (w.clerk_user_id = $1 OR w.id = ANY (ARRAY(
                SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1
            ))){condition}
        ORDER BY w.updated_at DESC, w.id DESC LIMIT $2
    ) AS page
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.status = '{StepStatus.complete}') AS steps_complete,
            count(*) AS steps_total,
            (array_agg(s.step_id ORDER BY d."order", d.id)
                FILTER (WHERE s.status <> '{StepStatus.complete}'))[1] AS current_step_id
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = page.id
    ) AS progress
    ORDER BY page.updated_at DESC, page.id DESC"""


# By whether a status and a cursor are given, and the database is shared: a condition such
# as "$3 IS NULL OR ..." would be planned anew, and for the worst case, at each call.
_STATEMENTS = {
    (status, cursor, shared): _list(condition + not_deleted)
    for shared, not_deleted in ((False, ""), (True, f" AND {DELETED_AT.format('w')} IS NULL"))
    for status, cursor, condition in (
        (False, False, ""),
        (True, False, " AND w.status = $3"),
        (False, True, " AND (w.updated_at, w.id) < ($3, $4)"),
        (True, True, " AND w.status = $3 AND (w.updated_at, w.id) < ($4, $5)"),
    )
}


async def list_workshops(
    clerk_user_id: str,
    *,
    status: WorkshopStatus | WorkshopStatusName | None = None,
    limit: int = 20,
    after: str | None = None,
) -> Page:
    """Return a page of the workshops that a person owns or is a member of, last updated first.

    Each item holds the workshop's columns and ``role`` (the person's),
    ``steps_complete``, ``steps_total`` and ``current_step_id``. ``after`` takes the
    ``next_cursor`` of the page before. A workshop that is updated between two pages
    moves to the front of the list. In a shared database (``SHARED_DATABASE=1``) those
    that the other application has marked as deleted are left out. One round trip; no
    ``output`` is read.

    Raises:
        InvalidInputError: the status is unknown, the limit not from 1 to 100, or
            ``after`` not a cursor.
    """
    validation.key("clerk_user_id", clerk_user_id)
    if status is not None:
        validation.state("status", status, WorkshopStatus)
    validation.count("limit", limit, least=1, most=LARGEST_PAGE)
    statement = _STATEMENTS[status is not None, after is not None, shares_database()]
    conditions = () if status is None else (status,)
    position = () if after is None else _read_cursor(after)
    records = await fetch(statement, clerk_user_id, limit + 1, *conditions, *position)
    items = [cast("WorkshopListItem", dict(record)) for record in records[:limit]]
    return Page(items, _cursor(items[-1]) if len(records) > limit else None)


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


def _cursor(item: WorkshopListItem) -> str:
    position = f"{(item['updated_at'] - _EPOCH) // _MILLISECOND} {item['id']}"
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _read_cursor(cursor: object) -> tuple[datetime, str]:
    text = validation.text("after", cursor, limit=4 * validation.IDENTIFIER_LENGTH)
    try:
        position = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        moment, _, workshop_id = position.decode().partition(" ")
        updated_at = _EPOCH + int(moment) * _MILLISECOND
    except (binascii.Error, ValueError, OverflowError):
        raise InvalidInputError("after", "is not a cursor of this list") from None
    return updated_at, validation.key("after", workshop_id)
