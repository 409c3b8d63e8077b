"""The pages of one workshop: what there is to see, the files, and the actions."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops import operations
from workshops.admin.follow_up import NOTE_LENGTH, fetch_follow_up, operators
from workshops.admin.progress.actions import ACTIONS
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.exports import attachment
from workshops.admin.progress.outputs import removed_outputs
from workshops.admin.progress.rendering import key_of, page, read_form, redirect, undone_on_error
from workshops.admin.progress.workshop import TRACES_SHOWN, fetch_workshop, timeline
from workshops.errors import NotFoundError, WorkshopsError
from workshops.ids import create_id
from workshops.rendering import FORMATS
from workshops.statements.execution import fetch_row
from workshops.states import MemberRole


async def show_workshop(request: Request, error: WorkshopsError | None = None) -> Response:
    """Show one workshop, and why an action was refused."""
    facts = await fetch_workshop(key_of(request, "workshop_id"))
    if facts is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such workshop.")
    states = {step.step_id: step.status for step in facts.steps}
    definitions = await step_definitions()
    return page(
        request,
        "workshop.html",
        live=facts.row["id"],
        error=error,
        facts=facts,
        line=timeline(facts),
        removed=await removed_outputs(facts.row["id"]),
        follow_up=await fetch_follow_up(facts.row["id"]),
        operators=await operators(),
        note_key=create_id(),
        note_length=NOTE_LENGTH,
        definitions=definitions,
        states=[states.get(step.id) for step in definitions],
        current=facts.open_steps[0] if facts.open_steps else None,
        roles=list(MemberRole),
        formats=list(FORMATS),
        traces_shown=TRACES_SHOWN,
        unfolded=bool(request.query_params.get("unfolded")),
    )


async def act(request: Request) -> Response:
    """Run an action on a workshop, and lead to what came of it."""
    workshop_id, name = key_of(request, "workshop_id"), request.path_params["action"]
    if name not in ACTIONS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    form = read_form(request)
    try:
        async with undone_on_error():
            await ACTIONS[name].run(workshop_id, form)
    except WorkshopsError as error:
        return await show_workshop(request, error)
    place = "/" if name == "delete" else f"/workshops/{quote(workshop_id, safe='')}/"
    return redirect(request, f"{place}?done={name}")


async def download_build_pack(request: Request) -> Response:
    """Send a build pack as a file."""
    workshop_id, build_pack_id = key_of(request, "workshop_id"), key_of(request, "build_pack_id")
    belongs = await fetch_row(
        "SELECT FROM build_packs WHERE id = $1 AND workshop_id = $2", build_pack_id, workshop_id
    )
    if belongs is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such build pack.")
    try:
        filename, media_type, content = await operations.render_build_pack(build_pack_id)
    except NotFoundError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
    return attachment(content, media_type, filename)


async def download_output(request: Request) -> Response:
    """Send a step's output as a JSON file."""
    workshop_id, step_id = key_of(request, "workshop_id"), key_of(request, "step_id")
    row = await fetch_row(
        "SELECT output::text FROM workshop_steps"
        " WHERE workshop_id = $1 AND step_id = $2 AND output IS NOT NULL",
        workshop_id,
        step_id,
    )
    if row is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This step has no output.")
    return attachment(row[0], "application/json", f"{workshop_id}-{step_id}.json")


async def show_new(request: Request) -> Response:
    """Show the form for a new workshop."""
    return page(request, "new.html", form={})


async def create(request: Request) -> Response:
    """Create a workshop and lead to its page."""
    form = read_form(request)
    try:
        async with undone_on_error():
            workshop = await operations.create_workshop(
                clerk_user_id=form["owner"].strip(),
                title=form["title"].strip(),
                original_idea=form["idea"],
                org_id=form["organisation"].strip() or None,
                template_id=form["template"].strip() or None,
            )
    except WorkshopsError as error:
        return page(request, "new.html", error=error, form=form)
    return redirect(request, f"/workshops/{workshop.id}/?done=created")


WORKSHOP_ROUTES = (
    Route("/new/", show_new),
    Route("/new/", create, methods=["POST"]),
    Route("/workshops/{workshop_id}/", show_workshop),
    Route("/workshops/{workshop_id}/build-packs/{build_pack_id}/", download_build_pack),
    Route("/workshops/{workshop_id}/steps/{step_id}/output.json", download_output),
    Route("/workshops/{workshop_id}/{action}/", act, methods=["POST"]),
)
