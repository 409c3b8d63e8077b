"""Lists of workshops with their progress: a person's dashboard, an organisation's workshops.

Progress and role are computed for the rows of the page only, and from narrow columns
only: a dashboard that read every output ran its database out of memory.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from workshops.errors import InvalidInputError
from workshops.statements import validation
from workshops.statements.execution import fetch, fetch_row, shares_database
from workshops.statements.records import DELETED_AT, PROGRESS, names
from workshops.states import MemberRole, WorkshopStatus
from workshops.tables import Workshop
from workshops.tables.workshops import TITLE_LENGTH
from workshops.types import (
    OrganisationPage,
    OrganisationWorkshop,
    Page,
    WorkshopListItem,
    WorkshopStatusName,
)

LARGEST_PAGE = 100
"""The most workshops on a page."""

# The share token is a secret: ``get_workshop`` gives it on request.
_COLUMNS = tuple(name for name in names(Workshop) if name != "share_token")

# Two that changed in one millisecond stand in the order of their transactions, as far as
# one server has both of them; ``updated_at`` cannot tell them apart.
_VERSION = "w.xmin::text::bigint"

# As an array, the person's memberships join the owner's index in one bitmap: for a person
# with 5,000 workshops that takes half the time of a join. The owner that an adopted
# workshop names need not be a member of it.
_MINE = "(w.clerk_user_id = {} OR w.id = ANY (ARRAY(SELECT workshop_id FROM mine)))"

_MINE_CTE = """mine AS MATERIALIZED (
        SELECT workshop_id, role FROM workshop_members WHERE clerk_user_id = $1
    )"""


@cache
def _page(person: bool, condition: str, limit: int) -> str:
    """Return the statement of a page, up to the limit in a parameter; $1 is the person, if any."""
    columns = ", ".join(f'w."{name}"' for name in _COLUMNS)
    mine, role, roles = "", "", ""
    if person:
        mine = f"{_MINE_CTE}, "
        role = f"COALESCE(mine.role, '{MemberRole.owner}') AS role,"
        roles = "LEFT JOIN mine ON mine.workshop_id = page.id"
    return f"""
    WITH {mine}page AS MATERIALIZED (
        SELECT {columns}, {_VERSION} AS version FROM workshops w WHERE {condition}
        ORDER BY w.updated_at DESC, version DESC, w.id DESC LIMIT ${limit}
    ), progress AS (
        SELECT s.workshop_id, {PROGRESS}
        WHERE s.workshop_id = ANY (ARRAY(SELECT id FROM page)) GROUP BY s.workshop_id
    )
    SELECT {", ".join(f'page."{name}"' for name in _COLUMNS)}, {role}
        COALESCE(steps_complete, 0) AS steps_complete, COALESCE(steps_total, 0) AS steps_total,
        current_step_id, version
    FROM page LEFT JOIN progress ON progress.workshop_id = page.id {roles}
    ORDER BY page.updated_at DESC, version DESC, page.id DESC"""


async def list_workshops(
    clerk_user_id: str,
    *,
    status: WorkshopStatus | WorkshopStatusName | None = None,
    org_id: str | None = None,
    title: str | None = None,
    limit: int = 20,
    after: str | None = None,
    with_total: bool = False,
) -> Page:
    """Return a page of the workshops that a person owns or is a member of, last updated first.

    Each item holds the workshop's columns but the share token, and ``role`` (the person's),
    ``steps_complete``, ``steps_total`` and ``current_step_id``. ``title`` is a part of the
    title, whatever its case. ``after`` takes the ``next_cursor`` of the page before. A
    workshop that is updated between two pages moves to the front of the list. In a shared
    database (``SHARED_DATABASE=1``) those that the other application has marked as deleted
    are left out. One round trip; no ``output`` is read. ``with_total`` counts the workshops
    of all pages, in another one.

    Raises:
        InvalidInputError: the status is unknown, the limit not from 1 to 100, or
            ``after`` not a cursor.
    """
    validation.key("clerk_user_id", clerk_user_id)
    records, next_cursor, total = await _list(
        clerk_user_id, org_id, status, title, limit, after, with_total
    )
    return Page(cast("list[WorkshopListItem]", records), next_cursor, total)


async def list_organisation_workshops(
    org_id: str,
    *,
    status: WorkshopStatus | WorkshopStatusName | None = None,
    title: str | None = None,
    limit: int = 20,
    after: str | None = None,
    with_total: bool = False,
) -> OrganisationPage:
    """Return a page of the workshops of an organisation, last updated first.

    It does not depend on who is a member: who may see this list is for the application to decide.
    As ``list_workshops`` otherwise, without ``role``. One round trip.

    Raises:
        InvalidInputError: the organisation is missing, the status is unknown, the limit not
            from 1 to 100, or ``after`` not a cursor.
    """
    validation.key("org_id", org_id)
    records, next_cursor, total = await _list(None, org_id, status, title, limit, after, with_total)
    return OrganisationPage(cast("list[OrganisationWorkshop]", records), next_cursor, total)


async def _list(
    person: str | None,
    org_id: str | None,
    status: str | None,
    title: str | None,
    limit: int,
    after: str | None,
    with_total: bool,
) -> tuple[list[dict[str, Any]], str | None, int | None]:
    validation.count("limit", limit, least=1, most=LARGEST_PAGE)
    conditions: list[str] = []
    arguments: list[object] = []

    # Each is there only where it is asked for: a condition such as "$3 IS NULL OR ..." would be
    # planned anew, and for the worst case, at each call.
    def where(condition: str, *values: object) -> None:
        numbers = range(len(arguments) + 1, len(arguments) + 1 + len(values))
        conditions.append(condition.format(*(f"${number}" for number in numbers)))
        arguments.extend(values)

    if person is not None:
        where(_MINE, person)
    if org_id is not None:
        where("w.org_id = {}", validation.key("org_id", org_id))
    if status is not None:
        where("w.status = {}", validation.state("status", status, WorkshopStatus))
    if title is not None:
        part = validation.text("title", title, limit=TITLE_LENGTH, blank=True)
        where("position(lower({}::text) IN lower(w.title)) > 0", part)
    if shares_database():
        where(f"{DELETED_AT.format('w')} IS NULL")
    all_pages, of_all_pages = " AND ".join(conditions), tuple(arguments)
    if after is not None:
        where(f"(w.updated_at, {_VERSION}, w.id) < ({{}}, {{}}, {{}})", *_read_cursor(after))
    statement = _page(person is not None, " AND ".join(conditions), len(arguments) + 1)
    records = await fetch(statement, *arguments, limit + 1)
    total = None
    if with_total:
        mine = "" if person is None else f"WITH {_MINE_CTE} "
        statement = f"{mine}SELECT count(*) AS total FROM workshops w WHERE {all_pages}"
        counted = await fetch_row(statement, *of_all_pages)
        total = counted["total"] if counted else 0
    items = [dict(record) for record in records[:limit]]
    versions = [item.pop("version") for item in items]
    more = len(records) > limit
    return items, _cursor(items[-1], versions[-1]) if more else None, total


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


def _cursor(item: dict[str, Any], version: int) -> str:
    position = f"{(item['updated_at'] - _EPOCH) // _MILLISECOND} {version} {item['id']}"
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _read_cursor(cursor: object) -> tuple[datetime, int, str]:
    text = validation.text("after", cursor, limit=4 * validation.IDENTIFIER_LENGTH)
    try:
        position = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        moment, version, workshop_id = position.decode().split(" ", 2)
        updated_at = _EPOCH + int(moment) * _MILLISECOND
        transaction = int(version)
        if not 0 <= transaction < 2**32:
            raise OverflowError
    except (binascii.Error, ValueError, OverflowError):
        raise InvalidInputError("after", "is not a cursor of this list") from None
    return updated_at, transaction, validation.key("after", workshop_id)
