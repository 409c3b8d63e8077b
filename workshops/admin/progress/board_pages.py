"""The board, its views with a name, and what is done to several workshops at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workshops import operations
from workshops.admin import follow_up, saved_views
from workshops.admin.progress import access, actions, exports
from workshops.admin.progress.board import all_rows, fetch_board
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.funnel import STUCK_AFTER_DAYS
from workshops.admin.progress.query_string import (
    ASSIGNED,
    COLUMNS,
    CONTACT,
    NO_OPEN_STEP,
    NOTED,
    PLACES,
    SORTS,
    BoardView,
    ParameterReader,
    read_board,
)
from workshops.admin.progress.rendering import page
from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    WorkshopNotFoundError,
    WorkshopsError,
)
from workshops.ids import create_id
from workshops.statements.execution import fetch, fetch_row
from workshops.statements.locks import lock_belongings
from workshops.states import OPEN_FOR_WORK, WorkshopStatus

QUICK_VIEWS = {
    "All": BoardView(),
    f"Stuck for {STUCK_AFTER_DAYS} days": BoardView(
        statuses=OPEN_FOR_WORK, idle_days=STUCK_AFTER_DAYS, descending=False
    ),
    "All steps done, not completed": BoardView(statuses=("active",), step=NO_OPEN_STEP),
    "Paused": BoardView(statuses=("paused",)),
    "Assigned to me": BoardView(assigned="me"),
}
"""The views that operators ask for most, above the board."""

_MOST_CHOSEN = 100


async def show_board(request: Request) -> Response:
    """Show the board that the URL asks for."""
    definitions = await step_definitions()
    view = read_board(request.query_params, [step.id for step in definitions])
    operator = access.operator(request)
    return page(
        request,
        "board.html",
        live="",
        view=view,
        done=_done(request.query_params),
        board=await fetch_board(view, definitions, me=operator.id),
        definitions=definitions,
        places=PLACES,
        quick_views=QUICK_VIEWS,
        named_views=await saved_views.fetch_views(operator),
        operators=await follow_up.operators(),
        sorts=SORTS,
        columns=COLUMNS,
        statuses=list(WorkshopStatus),
        assigned=ASSIGNED,
        contacts=CONTACT,
        noted=NOTED,
        all_picked=request.query_params.get("picked") == "all",
        note_key=create_id(),
        note_length=follow_up.NOTE_LENGTH,
    )


def _done(query: QueryParams) -> str | None:
    word = query.get("done", "")
    count = ParameterReader(query).number("count", _MOST_CHOSEN)
    if word in WORK and count:
        return outcome(word, count)
    return actions.DONE.get(word)


def _to_board(request: Request, query: str, **parameters: object) -> Response:
    base = request.scope.get("root_path", "").rstrip("/")
    joined = "" if query == "?" else "&"
    return RedirectResponse(f"{base}/{query}{joined}{urlencode(parameters)}", HTTPStatus.SEE_OTHER)


async def _posted_view(form: actions.Form) -> BoardView:
    """Return the view of the board that a form was shown on."""
    steps = [step.id for step in await step_definitions()]
    return read_board(QueryParams(form.get("view", "").removeprefix("?")), steps)


# Views with a name


async def save_view(request: Request) -> Response:
    """Keep the view of the board under a name."""
    form = access.read_form(request)
    view = await _posted_view(form)
    try:
        new = await saved_views.save_view(
            access.operator(request),
            form.get("name", ""),
            view.url(),
            shared=bool(form.get("shared")),
        )
    except WorkshopsError as error:
        return _refusal(request, error)
    return _to_board(request, view.url(), done="view_saved" if new else "view_replaced")


async def rename_view(request: Request) -> Response:
    """Give a view another name."""
    form = access.read_form(request)
    view_id = request.path_params["view_id"]
    try:
        await saved_views.rename_view(access.operator(request), view_id, form.get("name", ""))
    except WorkshopsError as error:
        return _refusal(request, error)
    return _to_board(request, (await _posted_view(form)).url(), done="view_renamed")


async def delete_view(request: Request) -> Response:
    """Delete a view."""
    form = access.read_form(request)
    try:
        await saved_views.delete_view(access.operator(request), request.path_params["view_id"])
    except WorkshopsError as error:
        return _refusal(request, error)
    return _to_board(request, (await _posted_view(form)).url(), done="view_deleted")


def _refusal(request: Request, error: WorkshopsError) -> Response:
    return page(
        request,
        "message.html",
        status_code=actions.status_of(error),
        heading="Nothing was changed",
        sentence=str(error),
    )


# Several workshops at once


class NotPausedError(ConflictError, says="It is not paused."):
    """The workshop is not paused, so it cannot be resumed."""


async def _pause(workshop_id: str, form: actions.Form) -> str:
    await operations.set_workshop_status(workshop_id, "paused")
    return "pause"


async def _resume(workshop_id: str, form: actions.Form) -> str:
    """Make a paused workshop active; a completed one, which could be active again, stays."""
    await lock_belongings(workshop_id)
    row = await fetch_row(
        "SELECT status FROM workshops WHERE id = $1 FOR NO KEY UPDATE", workshop_id
    )
    if row is None:
        raise WorkshopNotFoundError(workshop_id)
    if row["status"] != WorkshopStatus.paused:
        raise NotPausedError
    await operations.set_workshop_status(workshop_id, "active")
    return "resume"


WORK: dict[str, tuple[str, Callable[[str, actions.Form], Awaitable[str]]]] = {
    "note": ("Note added", actions.note),
    "assign": ("Assigned", actions.assign),
    "contacted": ("Contact written down", actions.contacted),
    "pause": ("Paused", _pause),
    "resume": ("Resumed", _resume),
}
"""What can be done to several workshops: what is said of it, and what is run for each."""


def outcome(work: str, count: int) -> str:
    """Return the sentence about what was done to so many workshops."""
    return f"{WORK[work][0]}: {'one workshop' if count == 1 else f'{count} workshops'}."


async def change_chosen(request: Request) -> Response:
    """Do something to the chosen workshops, in the transaction of the request.

    What one of them refuses is undone for that one, and told with its reason; the others
    are done. All that is said to be done is committed, or nothing is. They are locked in
    the order of their keys, each for half a second at most, so that nobody waits in a
    circle or for long.
    """
    form = access.read_form(request)
    chosen = _chosen(form)
    work = form.get("do", "")
    if work not in WORK:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Press the button of what is to be done."
        )
    if not chosen:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "No workshop was selected.")
    await fetch("SELECT set_config('lock_timeout', '500ms', true)")
    refused: dict[str, list[str]] = {}
    for workshop_id, seen in chosen.items():
        try:
            async with actions.undone_on_error():
                await WORK[work][1](workshop_id, {**form, "seen": seen})
        except DatabaseUnavailableError:
            raise
        except WorkshopsError as error:
            refused.setdefault(str(error), []).append(workshop_id)
    done = len(chosen) - sum(map(len, refused.values()))
    view = await _posted_view(form)
    back = view.url(cursor=view.cursor)
    if not refused:
        return _to_board(request, back, done=work, count=done)
    return page(
        request,
        "chosen.html",
        status_code=HTTPStatus.OK if done else HTTPStatus.CONFLICT,
        done=outcome(work, done) if done else None,
        refused=refused,
        titles=dict(
            await fetch("SELECT id, title FROM workshops WHERE id = ANY ($1)", list(chosen))
        ),
        back=back,
    )


def _chosen(form: actions.Form) -> dict[str, str]:
    """Return the workshops whose boxes are ticked, each with whom it was shown as assigned to."""
    return {
        name.removeprefix("pick-"): seen
        for name, seen in sorted(form.items())
        if name.startswith("pick-")
    }


async def export_chosen(request: Request) -> Response:
    """Send the chosen workshops as a file, in the order of the board."""
    form = access.read_form(request)
    chosen = _chosen(form)
    if not chosen:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "No workshop was selected.")
    definitions = await step_definitions()
    view = replace(await _posted_view(form), cursor=None)
    rows = all_rows(view, definitions, chosen=list(chosen))
    format = exports.format_of(request)
    parts = exports.board_parts(format, rows, definitions)
    return await exports.send(request, "chosen", parts, f"{len(chosen)} workshops")


BOARD_ROUTES = (
    Route("/", show_board),
    Route("/views/", save_view, methods=["POST"]),
    Route("/views/{view_id}/rename/", rename_view, methods=["POST"]),
    Route("/views/{view_id}/delete/", delete_view, methods=["POST"]),
    Route("/chosen/", change_chosen, methods=["POST"]),
    *(
        Route(f"/chosen.{format}", export_chosen, methods=["POST"])
        for format in exports.MEDIA_TYPES
    ),
)
