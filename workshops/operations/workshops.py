"""The life of a workshop: create, change, share, complete, delete."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Unpack

from workshops.errors import (
    InvalidInputError,
    NoStepDefinitionsError,
    OpenStepsError,
    StaleWorkshopError,
    WorkshopNotFoundError,
    WorkshopTransitionError,
)
from workshops.ids import create_prefixed_id, derive_prefixed_id
from workshops.statements import validation
from workshops.statements.execution import fetch_row
from workshops.statements.records import NEXT_UPDATED_AT, columns
from workshops.statements.workshops import (
    AS_EXPECTED,
    BELONGINGS,
    make_workshop,
    new_share_token,
)
from workshops.states import WORKSHOP, MemberRole, StepStatus, Visibility, WorkshopStatus
from workshops.tables import Workshop
from workshops.types import VisibilityName, WorkshopChanges, WorkshopStatusName

if TYPE_CHECKING:
    from collections.abc import Callable

# For how many steps to bring identifiers. A database may hold more or fewer
# definitions than the catalogue's ten: the statement then says how many there are.
_step_count = 10


def _create(on_conflict: str = "") -> str:
    return f"""
    WITH definitions AS (
        SELECT id, row_number() OVER (ORDER BY "order", id) AS position FROM step_definitions
    ), workshop AS (
        INSERT INTO workshops
            (id, clerk_user_id, title, original_idea, org_id, template_id, visibility, share_token)
        SELECT $1, $3, $4, $5, $6, $7, $8, $9
        WHERE (SELECT count(*) FROM definitions) BETWEEN 1 AND cardinality($10::text[])
        {on_conflict} RETURNING {columns(Workshop)}
    ), owner AS (
        INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role)
        SELECT $2, workshop.id, workshop.clerk_user_id, '{MemberRole.owner}' FROM workshop
    ), steps AS (
        INSERT INTO workshop_steps (id, workshop_id, step_id)
        SELECT ($10::text[])[definitions.position], workshop.id, definitions.id
        FROM workshop, definitions
    )
    SELECT workshop.*, (SELECT count(*) FROM definitions) AS step_count
    FROM (SELECT) AS one LEFT JOIN workshop ON true"""


_CREATE = _create()
_CREATE_ONCE = _create("ON CONFLICT (id) DO NOTHING")
_SELECT = f"SELECT {columns(Workshop)} FROM workshops WHERE id = $1"


async def create_workshop(
    *,
    clerk_user_id: str,
    title: str,
    original_idea: str,
    org_id: str | None = None,
    template_id: str | None = None,
    visibility: Visibility | VisibilityName = "private",
    idempotency_key: str | None = None,
) -> Workshop:
    """Create a draft workshop, its owner and one step row for each definition, all or nothing.

    A shared one gets its share token at once. One round trip.

    With an ``idempotency_key``, a text of the caller's such as a random UUID, a second call
    of the same person with the same key creates nothing and returns the first one's
    workshop as it is now, in one more round trip. The workshop's id follows from person
    and key, so a key that can be guessed makes an id that can; and once the workshop is
    deleted, the key creates another one.

    Raises:
        InvalidInputError: the title is empty or over 200 characters, the idea over
            20,000, an identifier blank or over 255, a text that is one line is not, the
            visibility is unknown.
        NoStepDefinitionsError: a ConflictError; a workshop would have no steps.
    """
    global _step_count
    shown = validation.state("visibility", visibility, Visibility)
    statement = _CREATE
    workshop_id = create_prefixed_id("ws")
    owner = validation.identifier("clerk_user_id", clerk_user_id)
    if idempotency_key is not None:
        statement = _CREATE_ONCE
        key = validation.identifier("idempotency_key", idempotency_key)
        workshop_id = derive_prefixed_id("ws", owner, key)
    arguments = (
        workshop_id,
        create_prefixed_id("wm"),
        owner,
        validation.title(title),
        validation.idea(original_idea),
        validation.optional_identifier("org_id", org_id),
        validation.optional_identifier("template_id", template_id),
        shown,
        new_share_token() if shown is Visibility.shared else None,
    )
    while True:
        step_ids = [create_prefixed_id("wst") for _ in range(_step_count)]
        record = await fetch_row(statement, *arguments, step_ids)
        assert record is not None
        if record["id"] is None and 0 < record["step_count"] <= len(step_ids):
            record = await fetch_row(_SELECT, workshop_id)  # the key was used before
            if record is not None:
                return make_workshop(record)
            continue  # and its workshop has been deleted meanwhile
        if not record["step_count"]:
            raise NoStepDefinitionsError
        _step_count = record["step_count"]
        if record["id"] is not None:
            return make_workshop(record)


_CHANGEABLE: dict[str, Callable[[object], str | None]] = {
    "title": validation.title,
    "original_idea": validation.idea,
    "org_id": partial(validation.optional_identifier, "org_id"),
    "template_id": partial(validation.optional_identifier, "template_id"),
    "visibility": lambda value: validation.state("visibility", value, Visibility),
}

# A workshop that is shared keeps the token that it has. One that is private has none: what
# another application may have left there is not made valid again.
_SHARE_TOKEN = (
    f"share_token = CASE WHEN ${{0}} = '{Visibility.private}' THEN NULL"
    f" WHEN visibility = '{Visibility.shared}' THEN COALESCE(share_token, ${{1}}) ELSE ${{1}} END"
)


async def update_workshop(
    workshop_id: str,
    *,
    expected_updated_at: datetime | None = None,
    **fields: Unpack[WorkshopChanges],
) -> Workshop:
    """Change the title, idea, organisation, template or visibility of a workshop.

    ``visibility`` does what ``share_workshop`` and ``unshare_workshop`` do. The
    status is changed by ``set_workshop_status``, the owner by
    ``transfer_ownership``. With ``expected_updated_at``, the ``updated_at`` of the
    workshop that the change is based on, only that version is changed. One round trip.

    Raises:
        InvalidInputError: a field cannot be changed here, or its value cannot be
            used, or none is given.
        NotFoundError: there is no such workshop.
        StaleWorkshopError: a ConflictError; it is not at ``expected_updated_at``.
    """
    if not fields or fields.keys() - _CHANGEABLE.keys():
        raise InvalidInputError(
            "update_workshop", f"changes one or more of {', '.join(_CHANGEABLE)}, nothing else"
        )
    validation.key("workshop_id", workshop_id)
    expected = validation.expected_updated_at(expected_updated_at)
    assignments: list[str] = []
    arguments: list[object] = [workshop_id, expected]
    for name, value in fields.items():
        arguments.append(_CHANGEABLE[name](value))
        assignments.append(f"{name} = ${len(arguments)}")
        if name == "visibility":
            arguments.append(new_share_token())
            assignments.append(_SHARE_TOKEN.format(len(arguments) - 1, len(arguments)))
    record = await fetch_row(
        f"UPDATE workshops SET {', '.join(assignments)}, updated_at = {NEXT_UPDATED_AT}"
        f" WHERE id = $1 AND {AS_EXPECTED.format(2)} RETURNING {columns(Workshop)}",
        *arguments,
    )
    if record is not None:
        return make_workshop(record)
    stored = await fetch_row("SELECT updated_at FROM workshops WHERE id = $1", workshop_id)
    if stored is None or expected is None:
        raise WorkshopNotFoundError(workshop_id)
    raise StaleWorkshopError(workshop_id, expected, stored["updated_at"])


async def share_workshop(workshop_id: str) -> str:
    """Make a workshop shared and return its token; the same one while it stays shared.

    The token is 192 random bits in 32 characters that need no escaping in a URL.
    One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    workshop = await update_workshop(workshop_id, visibility="shared")
    assert workshop.share_token is not None
    return workshop.share_token


async def unshare_workshop(workshop_id: str) -> Workshop:
    """Make a workshop private; its token is gone for good. One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    return await update_workshop(workshop_id, visibility="private")


_SET_STATUS = f"""
    UPDATE workshops SET status = $2, updated_at = {NEXT_UPDATED_AT}
    WHERE id = $1 AND status = ANY($3::text[]) AND {AS_EXPECTED.format(4)}
    RETURNING {columns(Workshop)}"""

# The steps are locked: so they are read in their latest version, and none can be
# reset before the workshop is completed.
_COMPLETE = f"""
    WITH step AS (
        SELECT s.step_id, s.status
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 ORDER BY d."order", d.id FOR NO KEY UPDATE OF s
    ), open AS (
        SELECT array_agg(d.id ORDER BY d."order", d.id) AS step_ids
        FROM step JOIN step_definitions d ON d.id = step.step_id
        WHERE step.status <> '{StepStatus.complete}'
    ), changed AS (
        UPDATE workshops SET status = $2, updated_at = {NEXT_UPDATED_AT}
        FROM open
        WHERE id = $1 AND status = ANY($3::text[]) AND open.step_ids IS NULL
            AND {AS_EXPECTED.format(4)}
        RETURNING {columns(Workshop)}
    )
    SELECT changed.*, open.step_ids FROM open LEFT JOIN changed ON true"""


async def set_workshop_status(
    workshop_id: str,
    status: WorkshopStatus | WorkshopStatusName,
    *,
    expected_updated_at: datetime | None = None,
) -> Workshop:
    """Move a workshop along draft -> active <-> paused, active <-> completed.

    It is completed only when every step is complete. One round trip; if it is
    refused, another one to tell why.

    Raises:
        InvalidInputError: there is no such status.
        NotFoundError: there is no such workshop.
        OpenStepsError: an InvalidTransitionError; the steps it names are not complete.
        InvalidTransitionError: the workshop's status does not allow it.
        StaleWorkshopError: a ConflictError; it is not at ``expected_updated_at``.
    """
    validation.key("workshop_id", workshop_id)
    expected = validation.expected_updated_at(expected_updated_at)
    wanted = validation.state("status", status, WorkshopStatus)
    sources = WORKSHOP.sources("set_workshop_status", wanted)
    statement = _COMPLETE if wanted is WorkshopStatus.completed else _SET_STATUS
    while True:
        record = await fetch_row(statement, workshop_id, wanted, sources, expected)
        if record is not None and record["id"] is not None:
            return make_workshop(record)
        workshop = await fetch_row(
            "SELECT status, updated_at FROM workshops WHERE id = $1", workshop_id
        )
        if workshop is None:
            raise WorkshopNotFoundError(workshop_id)
        if workshop["status"] not in sources:
            raise WorkshopTransitionError(workshop_id, workshop["status"], wanted)
        if record is not None and record["step_ids"] is not None:
            raise OpenStepsError(workshop_id, tuple(record["step_ids"]))
        if expected is not None and workshop["updated_at"] != expected:
            raise StaleWorkshopError(workshop_id, expected, workshop["updated_at"])
        # The status has changed between the two statements, so that it may now.


# What the foreign keys delete is locked before the workshop, in the order of all the other
# operations, which wait for the workshop with a step in hand.
_DELETE = f"""
    WITH {BELONGINGS}
    DELETE FROM workshops WHERE id = $1 AND (SELECT count(*) FROM member) >= 0 RETURNING id"""


async def delete_workshop(workshop_id: str) -> None:
    """Delete a workshop with its members, steps, sessions and build packs. One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    validation.key("workshop_id", workshop_id)
    if await fetch_row(_DELETE, workshop_id) is None:
        raise WorkshopNotFoundError(workshop_id)
