"""What may be changed through the admin's tables, and how: a rule for each table and method.

Where an operation exists it makes the change, so the admin obeys the same state machines
and checks as the application. What is left is written after the rule has checked it. All
of it happens in one transaction, under a lock of the row that is compared.
"""

from __future__ import annotations

from typing import Any

from piccolo.apps.user.tables import BaseUser

from workshops import operations
from workshops.admin.accounts import AdminSession, OperatorAccount
from workshops.admin.audit import logged_whole
from workshops.admin.outputs import reset_step
from workshops.admin.registry import Change
from workshops.admin.saved_views import SavedView
from workshops.columns import utc_now
from workshops.errors import InvalidInputError, SessionClosedError
from workshops.statements import validation
from workshops.states import StepStatus, WorkshopStatus
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)
from workshops.types import WorkshopChanges
from workshops.web.rejections import FieldsRejectedError, RejectedError

CONTENT_LENGTH = 10_000_000
"""The longest content of a build pack, in characters."""

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 20_000
PROMPT_LENGTH = 100_000
"""The longest name, description and prompt of a step definition, in characters."""

# Workshops


async def add_workshop(row: Workshop) -> str:
    """Add a workshop with its owner and its steps."""
    if row.status != WorkshopStatus.draft:
        raise FieldsRejectedError({"status": "must be Draft: a new workshop has no step started."})
    if row.share_token:
        raise FieldsRejectedError({"share_token": "is made when the workshop is shared."})
    values: dict[str, Any] = {}
    for name in WorkshopChanges.__annotations__:
        empty = None if row._meta.get_column_by_name(name)._meta.null else ""
        values[name] = getattr(row, name) or empty
    return (await operations.create_workshop(clerk_user_id=row.clerk_user_id, **values)).id


async def change_workshop(change: Change) -> None:
    """Change a workshop by ``update_workshop`` and ``set_workshop_status``."""
    row_id = change.stored["id"]
    status = change.changes.pop("status", None)
    if change.changes:
        await operations.update_workshop(row_id, **change.changes)
    if status is not None:
        await operations.set_workshop_status(
            row_id, validation.state("status", status, WorkshopStatus).value
        )


async def delete_workshop(row_id: str) -> None:
    """Refuse, and say where it is done: the page shows what goes with it."""
    raise RejectedError(
        409,
        "With a workshop go its steps, members, sessions and build packs. It is deleted on its "
        f"own page, /progress/workshops/{row_id}/, where its title has to be typed.",
    )


# Members


async def add_member(row: WorkshopMember) -> str:
    """Add a member."""
    return (await operations.add_member(row.workshop_id, row.clerk_user_id, role=row.role)).id


async def change_member(change: Change) -> None:
    """Change a member's role; the last owner stays one."""
    member = change.stored
    await operations.set_member_role(
        member["workshop_id"], member["clerk_user_id"], role=change.changes["role"]
    )


async def delete_member(row_id: str) -> None:
    """Remove a member, unless it is the last owner."""
    member = await WorkshopMember.objects().get(WorkshopMember.id == row_id)
    if member is not None:
        await operations.remove_member(member.workshop_id, member.clerk_user_id)


# Steps and their definitions


async def add_step(row: WorkshopStep) -> Any:
    """Add a step row that a workshop lacks: not started and empty, as a new one is."""
    if row.status != StepStatus.not_started or row.output is not None:
        raise FieldsRejectedError({"status": "must be Not Started: a new step is empty."})
    row.started_at = row.completed_at = None
    return _stamped(row)


async def change_step(change: Change) -> None:
    """Change a step by the operation that its new status means; the times follow from it."""
    stored = change.stored
    key = (stored["workshop_id"], stored["step_id"])
    status = change.changes.get("status")
    output = change.changes.get("output")
    if "output" in change.changes and output is None and status != StepStatus.not_started:
        raise FieldsRejectedError(
            {"output": "cannot be emptied alone. Reset the step: set its status to Not Started."}
        )
    content = None if output is None else validation.parse_json("output", output)
    if output is not None and not isinstance(content, dict):
        raise InvalidInputError("output", "must be a JSON object")
    match status:
        case None:
            pass
        case StepStatus.not_started if content is not None:
            raise FieldsRejectedError({"output": "must be empty in a step that is not started."})
        case StepStatus.not_started:
            await reset_step(*key)
        case StepStatus.in_progress:
            reopened = stored["status"] == StepStatus.complete
            await (operations.reopen_step if reopened else operations.start_step)(*key)
        case StepStatus.complete:
            await operations.complete_step(*key, output=content)
            return
        case StepStatus.needs_regeneration:
            await operations.request_regeneration(*key)
        case _:
            validation.state("status", status, StepStatus)
    if content is not None:
        await operations.save_step_output(*key, content)


async def delete_step(row_id: str) -> None:
    """Refuse: a workshop has every step."""
    raise RejectedError(
        409, "A workshop keeps a row for each step. To empty one, set its status to Not Started."
    )


async def change_definition(change: Change) -> None:
    """Change what a step is called and how it is explained.

    The log keeps its texts whole: they are reference data, and its history is read there.
    """
    row_id = change.stored["id"]
    pairs = {name: (change.stored[name], value) for name, value in change.changes.items()}
    async with logged_whole(pairs):
        await StepDefinition.update(change.columns()).where(StepDefinition.id == row_id)


async def delete_definition(row_id: str) -> None:
    """Refuse while workshops have this step: their work would go with it."""
    # The lock keeps new steps from referring to it until the deletion is decided.
    await StepDefinition.raw("SELECT FROM step_definitions WHERE id = {} FOR UPDATE", row_id)
    if used := await WorkshopStep.count().where(WorkshopStep.step_id == row_id):
        raise RejectedError(
            409,
            f"{used:,} {'workshop has' if used == 1 else 'workshops have'} this step, and their "
            "work in it would go too. It cannot be deleted.",
        )


# Sessions and build packs


async def add_session(row: Session) -> Any:
    """Open a session, where none is open."""
    if row.ended_at is not None:
        raise FieldsRejectedError({"ended_at": "must be empty: a new session is open."})
    row.created_at = row.started_at = utc_now()
    return row


async def change_session(change: Change) -> Any:
    """Close an open session, once; nothing else of it changes."""
    ended_at = change.stored["ended_at"]
    if ended_at is not None:
        raise SessionClosedError(change.stored["id"], ended_at)
    if change.changes["ended_at"] < change.stored["started_at"]:
        raise FieldsRejectedError({"ended_at": "must not be before started_at."})
    return change.columns()


async def add_build_pack(row: BuildPack) -> Any:
    """Add a build pack that was written by hand."""
    return _stamped(row)


def _stamped(row: Any) -> Any:
    row.created_at = row.updated_at = utc_now()
    return row


# Operators


def check_username(field: str, value: object) -> None:
    """Check a name that an operator shall have in the table.

    Raises:
        InvalidInputError: it cannot be one.
    """
    if not validation.text(field, value, limit=100).isprintable():
        raise InvalidInputError(field, "must have printable characters only")


def check_password(field: str, value: str) -> None:
    """Check a password, as ``check_username`` does a name."""
    try:
        BaseUser._validate_password(value)
    except ValueError as error:
        raise InvalidInputError(field, str(error).removesuffix(".")) from None


async def add_operator(row: Any) -> int:
    """Add an operator. ``row`` holds the fields of the form."""
    fields = row.model_dump(exclude={"id", "last_login"})
    fields["password"] = await OperatorAccount.hash(fields["password"])
    operator = BaseUser(**fields)  # type: ignore[no-untyped-call]
    await operator.save()
    return int(operator.id)


async def change_operator(change: Change) -> Any:
    """Change an operator, who is logged out with a new password or without access."""
    changes = change.changes
    if not all(changes.get(name, True) for name in ("active", "admin", "superuser")):
        await _keep_a_superuser(change.stored["id"])
    if "password" in changes or not all(changes.get(name, True) for name in ("active", "admin")):
        await AdminSession.delete().where(AdminSession.user_id == change.stored["id"])
    if "password" in changes:
        changes["password"] = await OperatorAccount.hash(changes["password"])
    return change.columns()


async def delete_operator(row_id: int) -> None:
    """Delete an operator, their log-ins and their own views, but not the last superuser."""
    await _keep_a_superuser(row_id)
    await SavedView.delete().where(SavedView.owner_id == row_id, SavedView.shared.eq(False))


async def _keep_a_superuser(but: int) -> None:
    """Refuse to take access from the last superuser; others wait until we have decided."""
    rows = await BaseUser.raw(
        "SELECT id FROM piccolo_user WHERE active AND admin AND superuser ORDER BY id FOR UPDATE"
    )
    if [row["id"] for row in rows] == [but]:
        raise RejectedError(409, "This is the last superuser; nobody could change anything.")
