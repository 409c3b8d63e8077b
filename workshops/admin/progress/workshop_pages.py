"""The pages of one workshop: what there is to see, the files, and the actions."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workshops import operations
from workshops.admin.erasure import removed_outputs
from workshops.admin.follow_up import NOTE_LENGTH, fetch_follow_up, operators
from workshops.admin.progress import access, actions
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.rendering import page
from workshops.admin.progress.workshop import TRACES_SHOWN, fetch_workshop, timeline
from workshops.errors import NotFoundError, WorkshopsError
from workshops.ids import create_id
from workshops.rendering import FORMATS
from workshops.statements import validation
from workshops.statements.execution import fetch_row
from workshops.states import MemberRole


async def show_workshop(request: Request) -> Response:
    """Show one workshop."""
    return await _workshop_page(request)


async def act(request: Request) -> Response:
    """Run an action on a workshop, and lead to what came of it."""
    workshop_id = _key(request, "workshop_id")
    action = actions.ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    form = access.read_form(request)
    try:
        async with actions.undone_on_error():
            done = await action(workshop_id, form)
    except WorkshopsError as error:
        return await _workshop_page(request, error=error)
    base = request.scope.get("root_path", "").rstrip("/")
    place = "/" if done == "deleted" else f"/workshops/{quote(workshop_id, safe='')}/"
    return RedirectResponse(f"{base}{place}?done={done}", HTTPStatus.SEE_OTHER)


async def _workshop_page(request: Request, *, error: WorkshopsError | None = None) -> Response:
    facts = await fetch_workshop(_key(request, "workshop_id"))
    if facts is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such workshop.")
    states = {step.step_id: step.status for step in facts.steps}
    definitions = await step_definitions()
    return page(
        request,
        "workshop.html",
        live=facts.row["id"],
        status_code=HTTPStatus.OK if error is None else actions.status_of(error),
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
        done=actions.DONE.get(request.query_params.get("done", "")) if error is None else None,
        error=None if error is None else str(error),
    )


async def download_build_pack(request: Request) -> Response:
    """Send a build pack as a file."""
    workshop_id, build_pack_id = _key(request, "workshop_id"), _key(request, "build_pack_id")
    belongs = await fetch_row(
        "SELECT FROM build_packs WHERE id = $1 AND workshop_id = $2", build_pack_id, workshop_id
    )
    if belongs is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such build pack.")
    try:
        filename, media_type, content = await operations.render_build_pack(build_pack_id)
    except NotFoundError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
    return _file(content, media_type, filename)


async def download_output(request: Request) -> Response:
    """Send a step's output as a JSON file."""
    workshop_id, step_id = _key(request, "workshop_id"), _key(request, "step_id")
    row = await fetch_row(
        "SELECT output::text FROM workshop_steps"
        " WHERE workshop_id = $1 AND step_id = $2 AND output IS NOT NULL",
        workshop_id,
        step_id,
    )
    if row is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This step has no output.")
    return _file(row[0].encode(), "application/json", f"{workshop_id}-{step_id}.json")


def _file(content: bytes, media_type: str, filename: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


def _key(request: Request, name: str) -> str:
    """Return an identifier of the path; one that cannot be stored belongs to nothing."""
    try:
        return validation.key(name, request.path_params[name])
    except WorkshopsError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


async def show_new(request: Request) -> Response:
    """Show the form for a new workshop."""
    return page(request, "new.html", form={}, error=None)


async def create(request: Request) -> Response:
    """Create a workshop and lead to its page."""
    form = access.read_form(request)
    try:
        async with actions.undone_on_error():
            workshop = await actions.create(form)
    except WorkshopsError as error:
        status = actions.status_of(error)
        return page(request, "new.html", status_code=status, form=form, error=str(error))
    base = request.scope.get("root_path", "").rstrip("/")
    return RedirectResponse(f"{base}/workshops/{workshop.id}/?done=created", HTTPStatus.SEE_OTHER)


WORKSHOP_ROUTES = (
    Route("/new/", show_new),
    Route("/new/", create, methods=["POST"]),
    Route("/workshops/{workshop_id}/", show_workshop),
    Route("/workshops/{workshop_id}/build-packs/{build_pack_id}/", download_build_pack),
    Route("/workshops/{workshop_id}/steps/{step_id}/output.json", download_output),
    Route("/workshops/{workshop_id}/{action}/", act, methods=["POST"]),
)
