"""Requests of data protection: everything held about a person, and its deletion.

What a person owns alone is deleted. A workshop that has another owner too is not
taken from them: the person leaves it, and the other owner takes their place.
"""

from __future__ import annotations

import base64
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from piccolo.querystring import QueryString

from workshops.columns import to_stored, utc_now
from workshops.operations.reading import fetch_details, select_details
from workshops.personal_data import registered
from workshops.relations import Parameter, Prepared
from workshops.statements import validation
from workshops.statements.execution import fetch, fetch_rows, in_transaction
from workshops.statements.records import NEXT_UPDATED_AT
from workshops.statements.workshops import lock_belongings
from workshops.states import MemberRole
from workshops.tables import Workshop, WorkshopMember
from workshops.types import DeletedUserData, UserDataExport

_OWNER = f"role = '{MemberRole.owner}'"

# The workshops that a person $1 owns. The owner that an adopted workshop names need
# not be a member of it.
_OWNED = f"""(
    SELECT id FROM workshops WHERE clerk_user_id = $1
    UNION SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1 AND {_OWNER}
)"""

_OWNED_DETAILS = Prepared(
    lambda: (
        select_details()
        .where(QueryString("{} IN " + _OWNED.replace("$1", "{}"), Workshop.id, *[Parameter(1)] * 2))
        .order_by(Workshop.created_at, Workshop.id)
    )
)

_MEMBERSHIPS = Prepared(
    lambda: (
        WorkshopMember.select(
            *WorkshopMember.all_columns(),
            WorkshopMember.workshop_id.title.as_alias("workshop_title"),
        )
        .where(WorkshopMember.clerk_user_id == Parameter(1))
        .order_by(WorkshopMember.created_at, WorkshopMember.id)
    )
)


async def export_user_data(clerk_user_id: str) -> UserDataExport:
    """Return everything held about a person, ready for ``json.dumps``.

    The workshops that they own are there whole, and all memberships, with the title
    of the workshop; the contents of other people's workshops are not. Times are text
    in ISO 8601, UTC. Of an unknown person nothing is held: empty lists. What
    ``workshops.personal_data`` has registered is there by table, under ``application``.
    Two round trips, and one for each table of the application.
    """
    validation.key("clerk_user_id", clerk_user_id)
    workshops = await fetch_details(_OWNED_DETAILS, clerk_user_id)
    memberships = await fetch_rows(_MEMBERSHIPS, clerk_user_id)
    export: UserDataExport = {
        "clerk_user_id": clerk_user_id,
        "exported_at": _json_ready(utc_now()),
        "workshops": _json_ready(workshops),
        "memberships": _json_ready(memberships),
    }
    if own := registered():
        tables: dict[str, list[dict[str, Any]]] = {}
        for data in own:
            rows = tables.setdefault(data.table._meta.tablename, [])
            rows += _json_ready(await data.read(clerk_user_id))
        export["application"] = tables
    return export


def _json_ready(value: Any) -> Any:
    match value:
        case datetime():
            return f"{to_stored(value).isoformat(timespec='milliseconds')}Z"
        case dict():
            return {key: _json_ready(element) for key, element in value.items()}
        case list():
            return [_json_ready(element) for element in value]
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal() | UUID():
            return str(value)
    return value


_CONCERNED = """
    SELECT id FROM workshops WHERE clerk_user_id = $1
    UNION SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1 ORDER BY 1"""

# $1 is the workshop, $2 the person.
_ERASE = f"""
    WITH facts AS (
        SELECT (
            SELECT m.clerk_user_id FROM workshop_members m
            WHERE m.workshop_id = $1 AND m.clerk_user_id <> $2 AND m.{_OWNER}
            ORDER BY m.created_at, m.id LIMIT 1
        ) AS successor
    ), deleted AS (
        DELETE FROM workshops USING facts
        WHERE workshops.id = $1 AND workshops.clerk_user_id = $2 AND facts.successor IS NULL
        RETURNING workshops.id
    ), handed_over AS (
        UPDATE workshops SET clerk_user_id = facts.successor, updated_at = {NEXT_UPDATED_AT}
        FROM facts
        WHERE workshops.id = $1 AND workshops.clerk_user_id = $2 AND facts.successor IS NOT NULL
        RETURNING workshops.id
    ), departed AS (
        DELETE FROM workshop_members
        WHERE workshop_id = $1 AND clerk_user_id = $2 AND (SELECT count(*) FROM deleted) = 0
        RETURNING id
    )
    SELECT (SELECT count(*) FROM deleted) AS workshops_deleted,
        (SELECT count(*) FROM handed_over) AS workshops_handed_over,
        (SELECT count(*) FROM departed) AS memberships_deleted"""


async def delete_user_data(clerk_user_id: str) -> DeletedUserData:
    """Delete everything held about a person and return how much that was.

    Workshops of which they are the only owner are deleted with all that belongs to
    them. Of workshops with another owner, and of those in which they take part, they
    are a member no longer; where ``clerk_user_id`` named them, it names the other
    owner of longest standing. Whom an adopted workshop names owns it without a membership
    too. An unknown person gives zeros. What ``workshops.personal_data`` has registered is
    erased first, and counted by table under ``application``. One transaction, with two
    statements for each of their workshops.
    """
    validation.key("clerk_user_id", clerk_user_id)
    return await in_transaction(partial(_delete, clerk_user_id))


async def _delete(clerk_user_id: str) -> DeletedUserData:
    tables: dict[str, int] = {}
    for data in registered():
        name = data.table._meta.tablename
        tables[name] = tables.get(name, 0) + await data.forget(clerk_user_id)
    counts: DeletedUserData = {
        "workshops_deleted": 0,
        "workshops_handed_over": 0,
        "memberships_deleted": 0,
    }
    for concerned in await fetch(_CONCERNED, clerk_user_id):
        # One workshop after the other, because a distributed PostgreSQL locks rows of one shard
        # at a time. The second statement sees all that the first one waited for.
        await lock_belongings(concerned["id"])
        (done,) = await fetch(_ERASE, concerned["id"], clerk_user_id)
        counts["workshops_deleted"] += done["workshops_deleted"]
        counts["workshops_handed_over"] += done["workshops_handed_over"]
        counts["memberships_deleted"] += done["memberships_deleted"]
    if tables:
        counts["application"] = tables
    return counts
