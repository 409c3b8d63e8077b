"""How rows are added to each table. A rule returns the row for the library to write."""

from __future__ import annotations

from typing import Any

from piccolo.apps.user.tables import BaseUser

from workshops import operations
from workshops.admin.crud import AlreadyWrittenError
from workshops.admin.refusals import FieldsRefusedError
from workshops.admin.rules.texts import CONTENT_LENGTH, check_operator, check_texts
from workshops.columns import utc_now
from workshops.errors import WorkshopNotFoundError
from workshops.operations import validation
from workshops.states import FormatType, StepStatus, Visibility, WorkshopStatus
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)
from workshops.tables.workshops import TITLE_LENGTH


async def add_workshop(row: Workshop) -> Workshop:
    """Add a workshop with its owner and its steps."""
    if (row.status or WorkshopStatus.draft) != WorkshopStatus.draft:
        raise FieldsRefusedError({"status": "must be Draft: a new workshop has no step started."})
    if row.share_token:
        raise FieldsRefusedError({"share_token": "is made when the workshop is shared."})
    workshop = await operations.create_workshop(
        clerk_user_id=row.clerk_user_id,
        title=row.title,
        original_idea=row.original_idea,
        org_id=row.org_id or None,
        template_id=row.template_id or None,
        visibility=row.visibility or Visibility.private,  # type: ignore[arg-type]
    )
    raise AlreadyWrittenError(workshop.id)


async def add_member(row: WorkshopMember) -> WorkshopMember:
    """Add a member."""
    member = await operations.add_member(row.workshop_id, row.clerk_user_id, role=row.role)
    raise AlreadyWrittenError(member.id)


async def add_step(row: WorkshopStep) -> Any:
    """Add a step row that a workshop lacks: not started and empty, as a new one is."""
    await _require_workshop(row.workshop_id)
    await _require_definition(row.step_id)
    row.status = row.status or StepStatus.not_started
    if row.status != StepStatus.not_started or row.output is not None:
        raise FieldsRefusedError({"status": "must be Not Started: a new step is empty."})
    row.started_at = row.completed_at = None
    return _stamped(row)


async def add_session(row: Session) -> Session:
    """Open a session."""
    await _require_workshop(row.workshop_id)
    session = await operations.record_activity(row.workshop_id)
    raise AlreadyWrittenError(session.id)


async def add_build_pack(row: BuildPack) -> Any:
    """Add a build pack that was written by hand."""
    await _require_workshop(row.workshop_id)
    check_texts(
        {"title": row.title, "content": row.content},
        title=TITLE_LENGTH,
        content=CONTENT_LENGTH,
    )
    row.format_type = validation.state(
        "format_type", row.format_type or FormatType.markdown, FormatType
    )
    return _stamped(row)


async def add_operator(row: Any) -> Any:
    """Add an operator. ``row`` holds the fields of the form."""
    check_operator(
        {
            name: getattr(row, name)
            for name in ("username", "email", "password", "active", "admin", "superuser")
        }
    )
    operator = await BaseUser.create_user(**row.model_dump(exclude={"id", "last_login"}))
    raise AlreadyWrittenError(operator.id)


def _stamped(row: Any) -> Any:
    row.created_at = utc_now()
    if hasattr(row, "updated_at"):
        row.updated_at = row.created_at
    return row


async def _require_workshop(workshop_id: str) -> None:
    if not await Workshop.exists().where(Workshop.id == workshop_id):
        raise FieldsRefusedError({"workshop_id": str(WorkshopNotFoundError(workshop_id))})


async def _require_definition(step_id: str) -> None:
    if not await StepDefinition.exists().where(StepDefinition.id == step_id):
        raise FieldsRefusedError({"step_id": f"There is no step definition {step_id}."})
