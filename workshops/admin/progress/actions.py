"""The forms of the pages: each runs one operation, then leads to a page that says so.

What an operation refuses is shown as its sentence, on the page that the form was on,
with a status that makes the transaction around the request roll back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

from workshops import operations
from workshops.admin import follow_up
from workshops.admin.erasure import erase_person, forget_outputs, restore_output
from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    WorkshopsError,
)
from workshops.statements.execution import engine
from workshops.statements.locks import lock_belongings
from workshops.tables import Workshop

DONE = {
    "created": "The workshop was created, with its owner and its steps.",
    "status": "The status was changed.",
    "started": "The step was started.",
    "completed": "The step was completed.",
    "reset": "The step was reset: it is open again. Its output can be put back for 30 days.",
    "restored": "The output is back, and the step in progress.",
    "reopened": "The step is in progress again, with the output that it had.",
    "generated": "The build pack was generated. It is the first in the list below.",
    "shared": "The workshop is shared now: those who have its token may read it.",
    "unshared": "The workshop is private again, and its token is gone.",
    "transferred": "The ownership was transferred.",
    "added": "The person is a member now.",
    "role": "The role was changed.",
    "removed": "The person is no longer a member.",
    "noted": "The note was added.",
    "note_deleted": "The note was deleted.",
    "assigned": "It was written down who looks after this workshop.",
    "contacted": "The day of the contact was written down.",
    "view_saved": "The view was saved.",
    "view_replaced": "The view was saved in the place of the one of this name.",
    "view_renamed": "The view was renamed.",
    "view_deleted": "The view was deleted.",
    "deleted": "The workshop was deleted, with all that belonged to it.",
    "defined": "Saved. Workshops show it from now on, and build packs that are made from now on.",
    "unchanged": "The texts are what they were: there was nothing to save.",
    "erased": "All that was held about this person was deleted; the audit log has a pseudonym.",
}
"""What a page says after an action, by the word in its URL: never a text from the URL."""

Form = dict[str, str]


class ConfirmationError(WorkshopsError):
    """What had to be typed was not."""


def status_of(error: WorkshopsError) -> HTTPStatus:
    """Return the HTTP status for an error."""
    match error:
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case ConflictError() | InvalidTransitionError():
            return HTTPStatus.CONFLICT
        case InvalidInputError() | ConfirmationError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case DatabaseUnavailableError():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.BAD_REQUEST


@asynccontextmanager
async def undone_on_error() -> AsyncIterator[None]:
    """Leave nothing of a block that failed, in a transaction that can still be used.

    The request runs in one (``workshops.admin.protection``), and the page with the reason
    is made in it too.
    """
    transaction = engine().current_transaction.get()
    assert transaction is not None
    savepoint = await transaction.savepoint()
    try:
        yield
    except WorkshopsError:
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
        raise


async def set_status(workshop_id: str, form: Form) -> str:
    """Change the status of the workshop."""
    await operations.set_workshop_status(workshop_id, cast("Any", form.get("status", "")))
    return "status"


async def start_step(workshop_id: str, form: Form) -> str:
    """Start a step."""
    await operations.start_step(workshop_id, form.get("step", ""))
    return "started"


async def complete_step(workshop_id: str, form: Form) -> str:
    """Complete a step with the output that it has."""
    await operations.complete_step(workshop_id, form.get("step", ""))
    return "completed"


async def reset_step(workshop_id: str, form: Form) -> str:
    """Make a step open again, without its output."""
    await operations.reset_step(workshop_id, form.get("step", ""))
    return "reset"


async def reopen_step(workshop_id: str, form: Form) -> str:
    """Put a complete step in progress again, with its output."""
    await operations.reopen_step(
        workshop_id, form.get("step", ""), regenerate_following=bool(form.get("following"))
    )
    return "reopened"


async def restore_step(workshop_id: str, form: Form) -> str:
    """Put back the output that a reset took away."""
    await restore_output(workshop_id, form.get("step", ""))
    return "restored"


async def generate(workshop_id: str, form: Form) -> str:
    """Generate a build pack."""
    await operations.generate_build_pack(
        workshop_id,
        format_type=cast("Any", form.get("format", "")),
        title=form.get("title", "").strip() or None,
    )
    return "generated"


async def share(workshop_id: str, form: Form) -> str:
    """Share the workshop."""
    await operations.share_workshop(workshop_id)
    return "shared"


async def unshare(workshop_id: str, form: Form) -> str:
    """Make the workshop private."""
    await operations.unshare_workshop(workshop_id)
    return "unshared"


async def transfer(workshop_id: str, form: Form) -> str:
    """Make another member the owner."""
    await operations.transfer_ownership(workshop_id, to=form.get("to", "").strip())
    return "transferred"


async def add_member(workshop_id: str, form: Form) -> str:
    """Add a person."""
    person, role = form.get("person", "").strip(), form.get("role", "").strip()
    await operations.add_member(workshop_id, person, role=role)
    return "added"


async def set_role(workshop_id: str, form: Form) -> str:
    """Give a member another role."""
    role = form.get("role", "").strip()
    await operations.set_member_role(workshop_id, form.get("person", ""), role=role)
    return "role"


async def remove_member(workshop_id: str, form: Form) -> str:
    """Remove a member."""
    await operations.remove_member(workshop_id, form.get("person", ""))
    return "removed"


async def delete(workshop_id: str, form: Form) -> str:
    """Delete the workshop, if its title was typed."""
    await lock_belongings(workshop_id)
    workshop = await Workshop.objects().where(Workshop.id == workshop_id).lock_rows().first()
    if workshop is not None and form.get("title", "").strip() != workshop.title.strip():
        raise ConfirmationError("The title that was typed is not the title of this workshop.")
    await operations.delete_workshop(workshop_id)
    await forget_outputs()
    await follow_up.forget()
    return "deleted"


async def note(workshop_id: str, form: Form) -> str:
    """Note something about the workshop."""
    await follow_up.add_note(workshop_id, form.get("text", ""), key=form.get("key", ""))
    return "noted"


async def delete_note(workshop_id: str, form: Form) -> str:
    """Delete a note about the workshop."""
    await follow_up.delete_note(workshop_id, form.get("note", ""))
    return "note_deleted"


async def assign(workshop_id: str, form: Form) -> str:
    """Assign the workshop to an operator, or to nobody."""
    await follow_up.assign(workshop_id, form.get("to", ""), seen=form.get("seen", ""))
    return "assigned"


async def contacted(workshop_id: str, form: Form) -> str:
    """Say on which day its people were contacted."""
    await follow_up.set_contacted(workshop_id, form.get("day", ""))
    return "contacted"


ACTIONS: dict[str, Callable[[str, Form], Awaitable[str]]] = {
    "status": set_status,
    "start": start_step,
    "complete": complete_step,
    "reset": reset_step,
    "reopen": reopen_step,
    "restore": restore_step,
    "generate": generate,
    "share": share,
    "unshare": unshare,
    "transfer": transfer,
    "add-member": add_member,
    "set-role": set_role,
    "remove-member": remove_member,
    "delete": delete,
    "note": note,
    "delete-note": delete_note,
    "assign": assign,
    "contacted": contacted,
}
"""The actions on a workshop, by the last part of their URL; each returns a word of DONE."""


async def create(form: Form) -> Workshop:
    """Create a workshop."""
    return await operations.create_workshop(
        clerk_user_id=form.get("owner", "").strip(),
        title=form.get("title", "").strip(),
        original_idea=form.get("idea", ""),
        org_id=form.get("organisation", "").strip() or None,
        template_id=form.get("template", "").strip() or None,
    )


async def erase(form: Form) -> None:
    """Delete everything held about a person, if their identifier was typed twice."""
    person = form.get("person", "")
    if not person.strip() or form.get("typed", "").strip() != person.strip():
        raise ConfirmationError("The identifier that was typed is not the one of this person.")
    await erase_person(person)
