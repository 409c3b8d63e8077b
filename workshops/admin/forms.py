"""The operators' actions, as forms of the admin's sidebar.

Each runs an operation and shows its errors as sentences. Piccolo Admin 1.14 offers
no choices in a form, so the fields say which words they take. Forms are open to
everybody who is logged in, so each asks for the role itself.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import asyncpg
from piccolo_admin.endpoints import FileResponse, FormConfig, FormResponse
from pydantic import BaseModel, Field
from starlette.requests import Request

from workshops import operations
from workshops.admin.audit import keep_values_out, record_here
from workshops.admin.refusals import READ_ONLY, RefusedError, refusal_of
from workshops.admin.rules.deletions import belongings, count_belongings, plural
from workshops.admin.tables import AuditAction
from workshops.errors import WorkshopsError
from workshops.operations import validation
from workshops.statements.locks import lock_belongings
from workshops.states import FormatType, Visibility, WorkshopStatus
from workshops.tables import Workshop

WORKSHOPS = "Workshops"
STEPS = "Steps"
PEOPLE = "People"

WorkshopId = Annotated[str, Field(title="Workshop (its key ws_..., or its whole title)")]
StepId = Annotated[str, Field(title="Step (its name in code, such as empathize)")]
Person = Annotated[str, Field(title="Person (Clerk user id)")]


class NewWorkshop(BaseModel):
    """What a workshop begins with."""

    clerk_user_id: Annotated[str, Field(title="Owner (Clerk user id)")]
    title: str
    original_idea: Annotated[
        str | None, Field(title="The idea, in the person's own words (may be empty)")
    ] = None
    org_id: Annotated[str | None, Field(title="Organisation (Clerk organisation id), if any")] = (
        None
    )
    template_id: Annotated[str | None, Field(title="Template, if any")] = None


class OneWorkshop(BaseModel):
    """A workshop."""

    workshop_id: WorkshopId


class NewStatus(OneWorkshop):
    """A workshop's status."""

    status: Annotated[str, Field(title="Status (active, paused or completed)")]


class OneStep(OneWorkshop):
    """A step of a workshop."""

    step_id: StepId


class NewBuildPack(OneWorkshop):
    """A build pack to be made."""

    format_type: Annotated[str, Field(title="Format (markdown, pdf or json)")] = "markdown"
    title: Annotated[str | None, Field(title="Title, if not the workshop's")] = None


class NewOwner(OneWorkshop):
    """Who is to own a workshop."""

    to: Annotated[str, Field(title="New owner (Clerk user id of a member)")]


class Deletion(OneWorkshop):
    """A workshop to be deleted, with its title typed."""

    title: Annotated[
        str | None, Field(title="Its title, typed (leave it empty to see what would be deleted)")
    ] = None


class OnePerson(BaseModel):
    """A person."""

    clerk_user_id: Person


class Erasure(OnePerson):
    """A person whose data is to be erased, typed twice."""

    again: Annotated[
        str | None, Field(title="The same, typed again (leave it empty to see what would go)")
    ] = None


async def find_workshop(text: str) -> str:
    """Return the key of the workshop that has this key or, alone, this title.

    Raises:
        ValueError: there is none, or there are several.
    """
    text = validation.key("workshop_id", text.strip())
    rows = (
        await Workshop.select(Workshop.id)
        .where((Workshop.id == text) | (Workshop.title == text))
        .limit(2)
    )
    keys = [row["id"] for row in rows]
    if text in keys:
        return text
    if len(keys) > 1:
        raise ValueError("Several workshops have this title: give the key of the one you mean.")
    if not keys:
        raise ValueError(f"There is no workshop {text}.")
    return str(keys[0])


async def new_workshop(request: Request, data: NewWorkshop) -> str:
    """Create a workshop with its owner and steps."""
    workshop = await operations.create_workshop(
        clerk_user_id=data.clerk_user_id.strip(),
        title=data.title.strip(),
        original_idea=data.original_idea or "",
        org_id=data.org_id or None,
        template_id=data.template_id or None,
    )
    return f"Workshop {workshop.id} was created, with its owner and its steps."


async def change_status(request: Request, data: NewStatus) -> str:
    """Change a workshop's status."""
    status = validation.state("status", data.status.strip().lower(), WorkshopStatus)
    workshop = await operations.set_workshop_status(
        await find_workshop(data.workshop_id), status.value
    )
    return f"“{workshop.title}” is {workshop.status} now."


async def start_step(request: Request, data: OneStep) -> str:
    """Start a step."""
    await operations.start_step(await find_workshop(data.workshop_id), data.step_id.strip())
    return "The step was started."


async def complete_step(request: Request, data: OneStep) -> str:
    """Complete a step and start the next."""
    await operations.complete_step(await find_workshop(data.workshop_id), data.step_id.strip())
    return "The step is complete, and the next one was started if it was not."


async def reset_step(request: Request, data: OneStep) -> str:
    """Make a step not started again."""
    await operations.reset_step(await find_workshop(data.workshop_id), data.step_id.strip())
    return "The step is not started again, and its output is gone."


async def generate_build_pack(request: Request, data: NewBuildPack) -> FileResponse:
    """Generate a build pack and download it."""
    format_type = validation.state("format_type", data.format_type.strip().lower(), FormatType)
    pack = await operations.generate_build_pack(
        await find_workshop(data.workshop_id),
        format_type=format_type.value,
        title=data.title or None,
    )
    name, media_type, content = await operations.render_build_pack(pack.id)
    return FileResponse(io.BytesIO(content), name, media_type)


async def share_workshop(request: Request, data: OneWorkshop) -> str:
    """Share a workshop."""
    token = await operations.share_workshop(await find_workshop(data.workshop_id))
    return f"The workshop is shared. Its share token is {token}"


async def unshare_workshop(request: Request, data: OneWorkshop) -> str:
    """Make a workshop private."""
    workshop = await operations.unshare_workshop(await find_workshop(data.workshop_id))
    assert workshop.visibility == Visibility.private
    return f"“{workshop.title}” is private again; its share token is gone."


async def transfer_ownership(request: Request, data: NewOwner) -> str:
    """Give a workshop to another member."""
    workshop_id, to = await find_workshop(data.workshop_id), data.to.strip()
    await operations.transfer_ownership(workshop_id, to=to)
    return f"{to} owns the workshop now."


async def delete_workshop(request: Request, data: Deletion) -> str:
    """Delete a workshop with all that belongs to it. Without its title, see what would go."""
    workshop_id = await find_workshop(data.workshop_id)
    await lock_belongings(workshop_id)
    workshop = await Workshop.objects().where(Workshop.id == workshop_id).lock_rows().first()
    if workshop is None:
        raise ValueError(f"There is no workshop {workshop_id}.")
    goes = belongings(await count_belongings(workshop_id))
    if not data.title:
        raise ValueError(
            f"Nothing was deleted. With “{workshop.title}” would go {goes}. "
            "To delete it all, type the title."
        )
    if data.title.strip() != workshop.title.strip():
        raise ValueError(f"Nothing was deleted: the title is “{workshop.title}”.")
    await operations.delete_workshop(workshop_id)
    return f"“{workshop.title}” was deleted, and with it {goes}."


async def export_person(request: Request, data: OnePerson) -> FileResponse:
    """Download everything that is held about a person."""
    person = data.clerk_user_id.strip()
    content = await operations.export_user_data(person)
    await record_here(AuditAction.exported, summary=f"Everything held about {person}")
    text = json.dumps(content, ensure_ascii=False, indent=2)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", person)[:100] or "person"
    return FileResponse(io.BytesIO(text.encode()), f"{name}.json", "application/json")


async def erase_person(request: Request, data: Erasure) -> str:
    """Delete everything held about a person. Named only once, see what would go."""
    person = validation.identifier("clerk_user_id", data.clerk_user_id.strip())
    if not data.again:
        held = await operations.export_user_data(person)
        found = (
            f"{plural(len(held['workshops']), 'workshop')} of their own and "
            f"{plural(len(held['memberships']), 'membership')}"
        )
        raise ValueError(
            f"Nothing was deleted. About {person} are held {found}. "
            "To erase it all, type the person's id in both fields. It cannot be undone."
        )
    if data.again.strip() != person:
        raise ValueError("Nothing was deleted: the two fields differ.")
    await keep_values_out()
    deleted = await operations.delete_user_data(person)
    erased = (
        f"{plural(deleted['workshops_deleted'], 'workshop')} deleted, "
        f"{deleted['workshops_handed_over']} handed over to another owner, "
        f"{plural(deleted['memberships_deleted'], 'membership')} ended"
    )
    await record_here(AuditAction.erased, summary=f"Everything held about a person: {erased}")
    return f"Everything held about {person} is gone: {erased}."


Data = TypeVar("Data", bound=BaseModel)
Action = Callable[[Request, Data], Awaitable[FormResponse]]


def _form(name: str, action: Action[Data], model: type[Data], group: str) -> FormConfig:
    async def run(request: Request, data: Data) -> FormResponse:
        """Run the action; Piccolo Admin shows the sentence of a ValueError."""
        if not request.user.user.superuser:
            raise ValueError(READ_ONLY)
        try:
            return await action(request, data)
        except WorkshopsError as error:
            raise ValueError(str(error)) from error
        except RefusedError as error:
            raise ValueError(error.sentence) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ValueError(refusal_of(error).sentence) from error

    return FormConfig(
        name=name,
        pydantic_model=model,
        endpoint=run,
        description=(action.__doc__ or "").strip(),
        form_group=group,
    )


def forms() -> list[FormConfig]:
    """Return every form of the admin."""
    return [
        _form("New workshop", new_workshop, NewWorkshop, WORKSHOPS),
        _form("Change status of a workshop", change_status, NewStatus, WORKSHOPS),
        _form("Generate a build pack", generate_build_pack, NewBuildPack, WORKSHOPS),
        _form("Share a workshop", share_workshop, OneWorkshop, WORKSHOPS),
        _form("Unshare a workshop", unshare_workshop, OneWorkshop, WORKSHOPS),
        _form("Transfer ownership", transfer_ownership, NewOwner, WORKSHOPS),
        _form("Delete a workshop", delete_workshop, Deletion, WORKSHOPS),
        _form("Start a step", start_step, OneStep, STEPS),
        _form("Complete a step", complete_step, OneStep, STEPS),
        _form("Reset a step", reset_step, OneStep, STEPS),
        _form("Export data of a person", export_person, OnePerson, PEOPLE),
        _form("Erase data of a person", erase_person, Erasure, PEOPLE),
    ]
