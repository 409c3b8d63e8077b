"""Who takes part in a workshop, and who owns it.

A workshop always has an owner. Its ``clerk_user_id`` names one of them, at first the
person who created it; when that one leaves or is demoted, the owner of longest
standing takes their place. Each change locks all members of the workshop and so reads
them in their latest version: two callers cannot remove the last two owners.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workshops.errors import (
    LastOwnerError,
    MemberExistsError,
    MemberNotFoundError,
    WorkshopNotFoundError,
)
from workshops.ids import create_prefixed_id
from workshops.statements import validation
from workshops.statements.execution import fetch, fetch_row, in_transaction
from workshops.statements.records import NEXT_UPDATED_AT, NOW, columns, object_maker
from workshops.statements.workshops import make_workshop, missing
from workshops.states import MemberRole
from workshops.tables import Workshop, WorkshopMember

if TYPE_CHECKING:
    from workshops.statements.execution import Record

_make_member = object_maker(WorkshopMember)

# $1 is the workshop, $2 the person.
_LOCKED = """
    WITH member AS (
        SELECT m.id, m.clerk_user_id, m.role, m.created_at
        FROM workshop_members m WHERE m.workshop_id = $1
        ORDER BY m.id FOR NO KEY UPDATE
    ), person AS (
        SELECT * FROM member
        WHERE member.clerk_user_id = $2 AND (SELECT count(*) FROM member) > 0
    )"""

_OTHER_OWNER = f"""(
    SELECT member.clerk_user_id FROM member
    WHERE member.clerk_user_id <> $2 AND member.role = '{MemberRole.owner}'
    ORDER BY member.created_at, member.id LIMIT 1
)"""


def _losing_owner(change: str, *, condition: str = "true") -> str:
    """Return the statement of a change after which the person may own the workshop no longer.

    The row of the workshop is updated whomever it names: only the UPDATE itself sees
    its latest version, and decides there.

    :param change: The start of an UPDATE or DELETE of ``workshop_members``, up to its FROM.
    :param condition: When it takes an owner's role away.
    """
    return f"""{_LOCKED}, allowed AS (
        SELECT person.id AS member_row, {_OTHER_OWNER} AS other_owner, {NOW} AS moment,
            person.role = '{MemberRole.owner}' AND ({condition}) AS loses
        FROM person
        WHERE person.role <> '{MemberRole.owner}' OR NOT ({condition})
            OR {_OTHER_OWNER} IS NOT NULL
    ), changed AS (
        {change} allowed
        WHERE workshop_members.workshop_id = $1 AND workshop_members.id = allowed.member_row
        RETURNING {columns(WorkshopMember)}
    ), handed_over AS (
        UPDATE workshops
        SET clerk_user_id = CASE WHEN clerk_user_id = $2 THEN other_owner ELSE clerk_user_id END,
            updated_at = CASE WHEN clerk_user_id = $2
                THEN GREATEST(allowed.moment, updated_at + INTERVAL '1 millisecond')
                ELSE updated_at END
        FROM allowed WHERE workshops.id = $1 AND allowed.loses
    )
    SELECT changed.*, (SELECT count(*) FROM person) AS persons
    FROM (SELECT) AS one LEFT JOIN changed ON true"""


# Two who are added in one millisecond, or in one transaction, whose clock stands still,
# joined one after the other: the UPDATE lets one of them through at a time, and each gets
# a later time than the one before. In the database of another application its members'
# times may be equal; those that are compare by their ids.
_ADD = f"""
    WITH workshop AS (
        UPDATE workshops SET updated_at = {NEXT_UPDATED_AT}
        WHERE id = $2 AND NOT EXISTS (
            SELECT FROM workshop_members m WHERE m.workshop_id = $2 AND m.clerk_user_id = $3
        )
        RETURNING id, updated_at
    ), added AS (
        INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role, created_at)
        SELECT $1, workshop.id, $3, $4, GREATEST(workshop.updated_at, (
            SELECT max(m.created_at) + INTERVAL '1 millisecond'
            FROM workshop_members m WHERE m.workshop_id = $2
        ))
        FROM workshop
        ON CONFLICT (workshop_id, clerk_user_id) DO NOTHING
        RETURNING {columns(WorkshopMember)}
    )
    SELECT * FROM added"""


async def add_member(workshop_id: str, clerk_user_id: str, *, role: str) -> WorkshopMember:
    """Add a person to a workshop. One round trip; if it is refused, another one to tell why.

    ``created_at`` is later than that of every member who was added before, and is the
    workshop's ``updated_at``.

    Raises:
        InvalidInputError: the person or the role is blank or over 255 characters.
        NotFoundError: there is no such workshop.
        MemberExistsError: a ConflictError; the person is a member already.
    """
    validation.key("workshop_id", workshop_id)
    validation.identifier("clerk_user_id", clerk_user_id)
    role = validation.role(role)
    record = await fetch_row(_ADD, create_prefixed_id("wm"), workshop_id, clerk_user_id, role)
    if record is None:
        raise await missing(workshop_id, MemberExistsError(workshop_id, clerk_user_id))
    return _make_member(record)


_ROLE = f"""
    SELECT COALESCE(m.role, CASE WHEN w.clerk_user_id = $2 THEN '{MemberRole.owner}' END) AS role
    FROM workshops w
    LEFT JOIN workshop_members m ON m.workshop_id = w.id AND m.clerk_user_id = $2
    WHERE w.id = $1"""


async def member_role(workshop_id: str, clerk_user_id: str) -> str | None:
    """Return a person's role in a workshop, or None if they have none. One round trip.

    Whom the workshop's row names is an owner, also without a membership of their own, as
    in a database that another application made.

    Raises:
        NotFoundError: there is no such workshop.
    """
    record = await fetch_row(_ROLE, *_keys(workshop_id, clerk_user_id))
    if record is None:
        raise WorkshopNotFoundError(workshop_id)
    role: str | None = record["role"]
    return role


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
    record = await fetch_row(_SET_ROLE, *_keys(workshop_id, clerk_user_id), role)
    return await _member(record, workshop_id, clerk_user_id)


_REMOVE = _losing_owner("DELETE FROM workshop_members USING")


async def remove_member(workshop_id: str, clerk_user_id: str) -> None:
    """Remove a person from a workshop. One round trip.

    Raises:
        NotFoundError: there is no such workshop, or the person is not a member of it.
        LastOwnerError: a ConflictError; the person is the last owner.
    """
    record = await fetch_row(_REMOVE, *_keys(workshop_id, clerk_user_id))
    await _member(record, workshop_id, clerk_user_id)


_LOCK_MEMBERS = """
    SELECT id, clerk_user_id FROM workshop_members WHERE workshop_id = $1
    ORDER BY id FOR NO KEY UPDATE"""

# $3 are the members that are locked: one who joined since then is left alone, who
# might be locked by a transaction that waits for us.
_TRANSFER = f"""
    WITH members AS (
        UPDATE workshop_members m SET role = CASE WHEN m.clerk_user_id = $2
            THEN '{MemberRole.owner}' ELSE '{MemberRole.editor}' END
        FROM workshops w
        WHERE w.id = $1 AND m.workshop_id = $1 AND m.id = ANY($3::text[]) AND (
            m.clerk_user_id = $2
            OR m.clerk_user_id = w.clerk_user_id AND m.role = '{MemberRole.owner}'
        )
    )
    UPDATE workshops SET clerk_user_id = $2, updated_at = {NEXT_UPDATED_AT}
    WHERE id = $1 RETURNING {columns(Workshop)}"""


async def transfer_ownership(workshop_id: str, *, to: str) -> Workshop:
    """Make a member the owner instead of the present one, who becomes an editor.

    The present owner is the one that ``clerk_user_id`` of the workshop names; it
    names the new one afterwards. Other owners stay owners. The new owner must be a
    member already: a mistyped identifier would leave the workshop to nobody. One
    transaction of two statements: the second one sees whom the first has waited for.

    Raises:
        NotFoundError: there is no such workshop, or the person is not a member of it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("to", to)
    return await in_transaction(partial(_transfer, workshop_id, to))


async def _transfer(workshop_id: str, to: str) -> Workshop:
    members = await fetch(_LOCK_MEMBERS, workshop_id)
    if to not in (member["clerk_user_id"] for member in members):
        raise await missing(workshop_id, MemberNotFoundError(workshop_id, to))
    ids = [member["id"] for member in members]
    record = await fetch_row(_TRANSFER, workshop_id, to, ids)
    assert record is not None
    return make_workshop(record)


def _keys(workshop_id: str, clerk_user_id: str) -> tuple[str, str]:
    return (
        validation.key("workshop_id", workshop_id),
        validation.key("clerk_user_id", clerk_user_id),
    )


async def _member(record: Record | None, workshop_id: str, clerk_user_id: str) -> WorkshopMember:
    assert record is not None
    if not record["persons"]:
        raise await missing(workshop_id, MemberNotFoundError(workshop_id, clerk_user_id))
    if record["id"] is None:
        raise LastOwnerError(workshop_id, clerk_user_id)
    return _make_member(record)
