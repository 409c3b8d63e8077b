"""What the forms of the pages do: each runs one operation, then leads to a page that says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from workshops import operations
from workshops.admin import follow_up
from workshops.admin.progress.outputs import forget_outputs, reset_step, restore_output
from workshops.errors import WorkshopsError
from workshops.statements.workshops import lock_belongings
from workshops.tables import Workshop

Form = defaultdict[str, Any]
"""The texts of a form by their fields; "" for what it does not have."""


class ConfirmationError(WorkshopsError):
    """What had to be typed was not."""


class Action(NamedTuple):
    """What a form does to a workshop, and what the page says then."""

    done: str
    run: Callable[[str, Form], Awaitable[object]]


async def _delete(workshop_id: str, form: Form) -> None:
    """Delete the workshop, if its title was typed."""
    await lock_belongings(workshop_id)
    workshop = await Workshop.objects().where(Workshop.id == workshop_id).lock_rows().first()
    if workshop is not None and form["title"].strip() != workshop.title.strip():
        raise ConfirmationError("The title that was typed is not the title of this workshop.")
    await operations.delete_workshop(workshop_id)
    await forget_outputs()
    await follow_up.forget()


ACTIONS = {
    "status": Action(
        "The status was changed.",
        lambda key, form: operations.set_workshop_status(key, form["status"]),
    ),
    "start": Action(
        "The step was started.", lambda key, form: operations.start_step(key, form["step"])
    ),
    "complete": Action(
        "The step was completed.", lambda key, form: operations.complete_step(key, form["step"])
    ),
    "reset": Action(
        "The step was reset: it is open again. Its output can be put back for 30 days.",
        lambda key, form: reset_step(key, form["step"]),
    ),
    "reopen": Action(
        "The step is in progress again, with the output that it had.",
        lambda key, form: operations.reopen_step(
            key, form["step"], regenerate_following=bool(form["following"])
        ),
    ),
    "restore": Action(
        "The output is back, and the step in progress.",
        lambda key, form: restore_output(key, form["step"]),
    ),
    "generate": Action(
        "The build pack was generated. It is the first in the list below.",
        lambda key, form: operations.generate_build_pack(
            key, format_type=form["format"], title=form["title"].strip() or None
        ),
    ),
    "share": Action(
        "The workshop is shared now: those who have its token may read it.",
        lambda key, form: operations.share_workshop(key),
    ),
    "unshare": Action(
        "The workshop is private again, and its token is gone.",
        lambda key, form: operations.unshare_workshop(key),
    ),
    "transfer": Action(
        "The ownership was transferred.",
        lambda key, form: operations.transfer_ownership(key, to=form["to"].strip()),
    ),
    "add-member": Action(
        "The person is a member now.",
        lambda key, form: operations.add_member(
            key, form["person"].strip(), role=form["role"].strip()
        ),
    ),
    "set-role": Action(
        "The role was changed.",
        lambda key, form: operations.set_member_role(
            key, form["person"], role=form["role"].strip()
        ),
    ),
    "remove-member": Action(
        "The person is no longer a member.",
        lambda key, form: operations.remove_member(key, form["person"]),
    ),
    "delete": Action("The workshop was deleted, with all that belonged to it.", _delete),
    "note": Action(
        "The note was added.",
        lambda key, form: follow_up.add_note(key, form["text"], key=form["key"]),
    ),
    "delete-note": Action(
        "The note was deleted.", lambda key, form: follow_up.delete_note(key, form["note"])
    ),
    "assign": Action(
        "It was written down who looks after this workshop.",
        lambda key, form: follow_up.assign(key, form["to"], seen=form["seen"]),
    ),
    "contacted": Action(
        "The day of the contact was written down.",
        lambda key, form: follow_up.set_contacted(key, form["day"]),
    ),
}
"""The actions on a workshop, by the last part of their URL."""

DONE = {name: action.done for name, action in ACTIONS.items()} | {
    "created": "The workshop was created, with its owner and its steps.",
    "view_saved": "The view was saved.",
    "view_replaced": "The view was saved in the place of the one of this name.",
    "view_renamed": "The view was renamed.",
    "view_deleted": "The view was deleted.",
    "defined": "Saved. Workshops show it from now on, and build packs that are made from now on.",
    "unchanged": "The texts are what they were: there was nothing to save.",
    "erased": "All that was held about this person was deleted; the audit log has a pseudonym.",
}
"""What a page says after a form, by the word in its URL: never a text from the URL."""
