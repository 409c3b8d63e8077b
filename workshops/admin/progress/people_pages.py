"""The page about a person: what is held about them, as a file, and its erasure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workshops import operations
from workshops.admin.audit import record_here
from workshops.admin.follow_up import notes_about
from workshops.admin.progress import access, actions
from workshops.admin.progress.people import fetch_person
from workshops.admin.progress.rendering import page
from workshops.admin.tables import AuditAction
from workshops.errors import WorkshopsError
from workshops.statements import validation


async def show_person(request: Request) -> Response:
    """Show what is held about a person."""
    person = request.query_params.get("person", "").strip()
    done = actions.DONE.get(request.query_params.get("done", ""))
    return await _person_page(request, person, done=done)


async def _person_page(
    request: Request, person: str, *, done: str | None = None, error: WorkshopsError | None = None
) -> Response:
    try:
        validation.key("person", person)
    except WorkshopsError as unusable:
        person, error = "", error or unusable
    return page(
        request,
        "people.html",
        status_code=HTTPStatus.OK if error is None else actions.status_of(error),
        person=person,
        workshops=await fetch_person(person) if person else [],
        done=done,
        error=None if error is None else str(error),
    )


async def export(request: Request) -> Response:
    """Send everything held about a person as a JSON file."""
    form = access.read_form(request)
    person = form.get("person", "")
    try:
        data: dict[str, Any] = {**await operations.export_user_data(person)}
        theirs = [workshop["id"] for workshop in data["workshops"]]
        data["operators"] = await notes_about(person, theirs)
        await record_here(AuditAction.exported, summary=f"Everything held about {person}")
    except WorkshopsError as error:
        return await _person_page(request, person, error=error)
    content = json.dumps(data, ensure_ascii=False, indent=2).encode()
    name = quote(f"{person}.json", safe="")
    disposition = f"attachment; filename*=UTF-8''{name}"
    headers = {"Content-Disposition": disposition}
    return Response(content, media_type="application/json", headers=headers)


async def erase(request: Request) -> Response:
    """Delete everything held about a person."""
    form = access.read_form(request)
    try:
        async with actions.undone_on_error():
            await actions.erase(form)
    except WorkshopsError as error:
        return await _person_page(request, form.get("person", ""), error=error)
    base = request.scope.get("root_path", "").rstrip("/")
    return RedirectResponse(f"{base}/people/?done=erased", HTTPStatus.SEE_OTHER)


PEOPLE_ROUTES = (
    Route("/people/", show_person),
    Route("/people/export/", export, methods=["POST"]),
    Route("/people/erase/", erase, methods=["POST"]),
)
