"""Requests of data protection: everything held about a person, and its deletion.

What a person owns alone is deleted. A workshop that somebody else owns too is not
taken from them: the person leaves it, and the other owner takes their place.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from piccolo.querystring import QueryString

from workshops.columns import utc_now
from workshops.operations import validation
from workshops.operations.details import fetch_details, select_details
from workshops.relations import Parameter, Prepared
from workshops.statements.execution import fetch, fetch_rows, in_transaction
from workshops.statements.records import NEXT_UPDATED_AT
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
    in ISO 8601, UTC. Of an unknown person nothing is held: empty lists. Two round
    trips.
    """
    validation.key("clerk_user_id", clerk_user_id)
    workshops = await fetch_details(_OWNED_DETAILS, clerk_user_id)
    memberships = await fetch_rows(_MEMBERSHIPS, clerk_user_id)
    return {
        "clerk_user_id": clerk_user_id,
        "exported_at": _json_ready(utc_now()),
        "workshops": _json_ready(workshops),
        "memberships": _json_ready(memberships),
    }


def _json_ready(value: Any) -> Any:
    match value:
        case datetime():
            return f"{value.isoformat(timespec='milliseconds')}Z"
        case dict():
            return {key: _json_ready(element) for key, element in value.items()}
        case list():
            return [_json_ready(element) for element in value]
    return value


_CONCERNED = "SELECT workshop_id FROM workshop_members WHERE clerk_user_id = $1"

# In the order of all operations, so that nobody waits in a circle: steps, members,
# workshops; and of each of them in one order too.
_LOCKS = (
    f"""SELECT s.id FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id IN {_OWNED}
        ORDER BY s.workshop_id, d."order", d.id FOR UPDATE OF s""",
    f"""SELECT id FROM workshop_members
        WHERE workshop_id IN (SELECT * FROM {_OWNED} AS owned UNION {_CONCERNED})
        ORDER BY workshop_id, id FOR UPDATE""",
    f"""SELECT id FROM workshops
        WHERE id IN {_OWNED} ORDER BY id FOR UPDATE""",
)

_DELETE_WORKSHOPS = f"""
    DELETE FROM workshops w WHERE w.id IN {_OWNED} AND NOT EXISTS (
        SELECT FROM workshop_members m
        WHERE m.workshop_id = w.id AND m.clerk_user_id <> $1 AND m.{_OWNER}
    ) RETURNING w.id"""

_HAND_OVER = f"""
    UPDATE workshops SET clerk_user_id = successor.clerk_user_id, updated_at = {NEXT_UPDATED_AT}
    FROM (
        SELECT DISTINCT ON (m.workshop_id) m.workshop_id, m.clerk_user_id
        FROM workshop_members m JOIN workshops w ON w.id = m.workshop_id
        WHERE w.clerk_user_id = $1 AND m.clerk_user_id <> $1 AND m.{_OWNER}
        ORDER BY m.workshop_id, m.created_at, m.id
    ) AS successor
    WHERE workshops.id = successor.workshop_id AND workshops.clerk_user_id = $1
    RETURNING workshops.id"""

_LEAVE = "DELETE FROM workshop_members WHERE clerk_user_id = $1 RETURNING id"


async def delete_user_data(clerk_user_id: str) -> DeletedUserData:
    """Delete everything held about a person and return how much that was.

    Workshops of which they are the only owner are deleted with all that belongs to
    them. Of workshops with another owner, and of those in which they take part, they
    are a member no longer; where ``clerk_user_id`` named them, it names the other
    owner of longest standing. An unknown person gives zeros. One transaction.
    """
    validation.key("clerk_user_id", clerk_user_id)
    return await in_transaction(partial(_delete, clerk_user_id))


async def _delete(clerk_user_id: str) -> DeletedUserData:
    for lock in _LOCKS:
        await fetch(lock, clerk_user_id)
    deleted = await fetch(_DELETE_WORKSHOPS, clerk_user_id)
    handed_over = await fetch(_HAND_OVER, clerk_user_id)
    left = await fetch(_LEAVE, clerk_user_id)
    return {
        "workshops_deleted": len(deleted),
        "workshops_handed_over": len(handed_over),
        "memberships_deleted": len(left),
    }
