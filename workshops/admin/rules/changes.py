"""How the rows of each table are changed. A rule returns what the library is to write."""

from __future__ import annotations

from typing import Any

from piccolo.columns import Column

from workshops import operations
from workshops.admin.crud import AlreadyWrittenError
from workshops.admin.refusals import FieldsRefusedError
from workshops.admin.rules.comparison import Change, parse_json
from workshops.admin.rules.deletions import keep_a_superuser
from workshops.admin.rules.texts import CONTENT_LENGTH, check_operator, check_texts
from workshops.admin.tables import AdminSession
from workshops.errors import InvalidInputError, SessionClosedError
from workshops.operations import validation
from workshops.states import FormatType, StepStatus, WorkshopStatus
from workshops.tables.workshops import TITLE_LENGTH


async def change_workshop(change: Change) -> dict[Column | str, Any]:
    """Change a workshop by ``update_workshop`` and ``set_workshop_status``."""
    row_id = change.stored["id"]
    status = change.changes.pop("status", None)
    if change.changes:
        await operations.update_workshop(row_id, **change.changes)
    if status is not None:
        await operations.set_workshop_status(
            row_id, validation.state("status", status, WorkshopStatus).value
        )
    raise AlreadyWrittenError


async def change_step(change: Change) -> dict[Column | str, Any]:
    """Change a step by the operation that its new status means; the times follow from it."""
    stored = change.stored
    key = (stored["workshop_id"], stored["step_id"])
    status = change.changes.get("status")
    output = change.changes.get("output")
    if "output" in change.changes and output is None and status != StepStatus.not_started:
        raise FieldsRefusedError(
            {"output": "cannot be emptied alone. Reset the step: set its status to Not Started."}
        )
    content = None if output is None else parse_json(output)
    if output is not None and not isinstance(content, dict):
        raise InvalidInputError("output", "must be a JSON object")
    match status:
        case None if content is not None:
            await operations.save_step_output(*key, content)
        case None:
            pass
        case StepStatus.not_started if content is not None:
            raise FieldsRefusedError({"output": "must be empty in a step that is not started."})
        case StepStatus.not_started:
            await operations.reset_step(*key)
        case StepStatus.in_progress:
            await operations.start_step(*key)
            if content is not None:
                await operations.save_step_output(*key, content)
        case StepStatus.complete:
            await operations.complete_step(*key, output=content)
        case _:
            validation.state("status", status, StepStatus)
    raise AlreadyWrittenError


async def change_member(change: Change) -> dict[Column | str, Any]:
    """Change a member's role; the last owner stays one."""
    if "role" in change.changes:
        await operations.set_member_role(
            change.stored["workshop_id"],
            change.stored["clerk_user_id"],
            role=change.changes["role"],
        )
    raise AlreadyWrittenError


async def change_session(change: Change) -> dict[Column | str, Any]:
    """Close an open session, once; nothing else of it changes."""
    ended_at = change.stored["ended_at"]
    if change.changes and ended_at is not None:
        raise SessionClosedError(change.stored["id"], ended_at)
    if change.changes and change.changes["ended_at"] < change.stored["started_at"]:
        raise FieldsRefusedError({"ended_at": "must not be before started_at."})
    return change.columns()


async def change_definition(change: Change) -> dict[Column | str, Any]:
    """Change what a step is called and how it is explained."""
    check_texts(change.changes, name=100, description=20_000, prompt_template=CONTENT_LENGTH)
    if "order" in change.changes:
        validation.count("order", change.changes["order"], least=1, most=10_000)
    return change.columns()


async def change_build_pack(change: Change) -> dict[Column | str, Any]:
    """Correct a build pack."""
    check_texts(change.changes, title=TITLE_LENGTH, content=CONTENT_LENGTH)
    if "format_type" in change.changes:
        validation.state("format_type", change.changes["format_type"], FormatType)
    return change.columns()


async def change_operator(change: Change) -> dict[Column | str, Any]:
    """Change an operator; whoever loses access, or gets a new password, is logged out."""
    changes = change.changes
    if not changes.get("password"):
        changes.pop("password", None)
    check_operator(changes)
    if not all(changes.get(name, True) for name in ("active", "admin", "superuser")):
        await keep_a_superuser(change.stored["id"])
    if "password" in changes or not all(changes.get(name, True) for name in ("active", "admin")):
        await AdminSession.delete().where(AdminSession.user_id == change.stored["id"])
    return change.columns()
