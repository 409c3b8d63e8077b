"""Who takes part in a workshop, and who owns it.

A workshop always has an owner. Its ``clerk_user_id`` names one of them, at first the
person who created it; when that one leaves or is demoted, the owner of longest
standing takes their place. Each change locks the workshop first and then reads its
members in their latest version, so two callers cannot remove the last two owners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workshops.errors import (
    LastOwnerError,
    MemberExistsError,
    MemberNotFoundError,
    WorkshopNotFoundError,
)
from workshops.ids import create_prefixed_id
from workshops.operations import validation
from workshops.operations.execution import fetch_row
from workshops.operations.records import NEXT_UPDATED_AT, columns, object_maker
from workshops.operations.workshop_changes import make_workshop
from workshops.states import MemberRole
from workshops.tables import Workshop, WorkshopMember

if TYPE_CHECKING:
    from workshops.operations.execution import Record

_make_member = object_maker(WorkshopMember)

# $1 is the workshop, $2 the person.
_LOCKED = """
    WITH workshop AS (
        SELECT w.id, w.clerk_user_id FROM workshops w WHERE w.id = $1 FOR NO KEY UPDATE
    ), member AS (
        SELECT m.id, m.clerk_user_id, m.role, m.created_at
        FROM workshop, workshop_members m WHERE m.workshop_id = workshop.id
        FOR NO KEY UPDATE OF m
    ), person AS (
        SELECT * FROM member WHERE member.clerk_user_id = $2
    )"""

_OTHER_OWNER = f"""(
    SELECT member.clerk_user_id FROM member
    WHERE member.clerk_user_id <> $2 AND member.role = '{MemberRole.owner}'
    ORDER BY member.created_at, member.id LIMIT 1
)"""


def _losing_owner(change: str, *, condition: str = "true") -> str:
    """Return the statement of a change after which the person may own the workshop no longer.

    :param change: The start of an UPDATE or DELETE of ``workshop_members``, up to its FROM.
    :param condition: When it takes an owner's role away.
    """
    return f"""{_LOCKED}, allowed AS (
        SELECT person.id AS member_row, {_OTHER_OWNER} AS other_owner,
            {condition} AS loses
        FROM person
        WHERE person.role <> '{MemberRole.owner}' OR NOT ({condition})
            OR {_OTHER_OWNER} IS NOT NULL
    ), handed_over AS (
        UPDATE workshops SET clerk_user_id = allowed.other_owner, updated_at = {NEXT_UPDATED_AT}
        FROM allowed
        WHERE workshops.id = $1 AND workshops.clerk_user_id = $2
            AND allowed.loses AND allowed.other_owner IS NOT NULL
    ), changed AS (
        {change} allowed WHERE workshop_members.id = allowed.member_row
        RETURNING {columns(WorkshopMember)}
    )
    SELECT changed.*, (SELECT count(*) FROM workshop) AS workshops,
        (SELECT count(*) FROM person) AS persons
    FROM (SELECT) AS one LEFT JOIN changed ON true"""


_ADD = f"""
    WITH workshop AS (
        SELECT w.id FROM workshops w WHERE w.id = $2
    ), added AS (
        INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role)
        SELECT $1, workshop.id, $3, $4 FROM workshop
        ON CONFLICT (workshop_id, clerk_user_id) DO NOTHING
        RETURNING {columns(WorkshopMember)}
    )
    SELECT added.*, (SELECT count(*) FROM workshop) AS workshops
    FROM (SELECT) AS one LEFT JOIN added ON true"""


async def add_member(workshop_id: str, clerk_user_id: str, *, role: str) -> WorkshopMember:
    """Add a person to a workshop. One round trip.

    Raises:
        InvalidInputError: the person or the role is blank or over 255 characters.
        NotFoundError: there is no such workshop.
        MemberExistsError: a ConflictError; the person is a member already.
    """
    validation.key("workshop_id", workshop_id)
    validation.identifier("clerk_user_id", clerk_user_id)
    role = validation.role(role)
    record = await fetch_row(_ADD, create_prefixed_id("wm"), workshop_id, clerk_user_id, role)
    assert record is not None
    if not record["workshops"]:
        raise WorkshopNotFoundError(workshop_id)
    if record["id"] is None:
        raise MemberExistsError(workshop_id, clerk_user_id)
    return _make_member(record)


_SET_ROLE = _losing_owner(
    "UPDATE workshop_members SET role = $3 FROM", condition=f"$3 <> '{MemberRole.owner}'"
)


async def set_member_role(workshop_id: str, clerk_user_id: str, *, role: str) -> WorkshopMember:
    """Give a member another role. One round trip.

    Raises:
        InvalidInputError: the role is blank or over 255 characters.
        NotFoundError: there is no such workshop, or the person is not a member of it.
        LastOwnerError: a ConflictError; the last owner would be demoted.
    """
    role = validation.role(role)
    return _member(
        await fetch_row(_SET_ROLE, *_keys(workshop_id, clerk_user_id), role),
        workshop_id,
        clerk_user_id,
    )


_REMOVE = _losing_owner("DELETE FROM workshop_members USING")


async def remove_member(workshop_id: str, clerk_user_id: str) -> None:
    """Remove a person from a workshop. One round trip.

    Raises:
        NotFoundError: there is no such workshop, or the person is not a member of it.
        LastOwnerError: a ConflictError; the person is the last owner.
    """
    record = await fetch_row(_REMOVE, *_keys(workshop_id, clerk_user_id))
    _member(record, workshop_id, clerk_user_id)


_TRANSFER = f"""{_LOCKED}, new_owner AS (
        UPDATE workshop_members SET role = '{MemberRole.owner}'
        FROM person WHERE workshop_members.id = person.id
    ), old_owner AS (
        UPDATE workshop_members SET role = '{MemberRole.editor}'
        FROM workshop, member, person
        WHERE workshop_members.id = member.id AND member.role = '{MemberRole.owner}'
            AND member.clerk_user_id = workshop.clerk_user_id AND member.id <> person.id
    ), changed AS (
        UPDATE workshops SET clerk_user_id = $2, updated_at = {NEXT_UPDATED_AT}
        FROM person WHERE workshops.id = $1
        RETURNING {columns(Workshop)}
    )
    SELECT changed.*, (SELECT count(*) FROM workshop) AS workshops,
        (SELECT count(*) FROM person) AS persons
    FROM (SELECT) AS one LEFT JOIN changed ON true"""


async def transfer_ownership(workshop_id: str, *, to: str) -> Workshop:
    """Make a member the owner instead of the present one, who becomes an editor. One round trip.

    The present owner is the one that ``clerk_user_id`` of the workshop names; it
    names the new one afterwards. Other owners stay owners. The new owner must be a
    member already: a mistyped identifier would leave the workshop to nobody.

    Raises:
        NotFoundError: there is no such workshop, or the person is not a member of it.
    """
    validation.key("workshop_id", workshop_id)
    record = await fetch_row(_TRANSFER, workshop_id, validation.key("to", to))
    return make_workshop(_found(record, workshop_id, to))


def _keys(workshop_id: str, clerk_user_id: str) -> tuple[str, str]:
    return (
        validation.key("workshop_id", workshop_id),
        validation.key("clerk_user_id", clerk_user_id),
    )


def _found(record: Record | None, workshop_id: str, clerk_user_id: str) -> Record:
    assert record is not None
    if not record["workshops"]:
        raise WorkshopNotFoundError(workshop_id)
    if not record["persons"]:
        raise MemberNotFoundError(workshop_id, clerk_user_id)
    return record


def _member(record: Record | None, workshop_id: str, clerk_user_id: str) -> WorkshopMember:
    record = _found(record, workshop_id, clerk_user_id)
    if record["id"] is None:
        raise LastOwnerError(workshop_id, clerk_user_id)
    return _make_member(record)
