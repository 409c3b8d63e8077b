"""The board, its views with a name, and what is done to several workshops at once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops import operations
from workshops.admin import follow_up, saved_views
from workshops.admin.progress import exports, query_string
from workshops.admin.progress.actions import ACTIONS, Action, Form
from workshops.admin.progress.board import all_rows, fetch_board
from workshops.admin.progress.board_statement import MOST_SORTED
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.funnel import STUCK_AFTER_DAYS
from workshops.admin.progress.query_string import (
    NO_OPEN_STEP,
    BoardView,
    ParameterReader,
    read_board,
)
from workshops.admin.progress.rendering import (
    operator_of,
    page,
    read_form,
    redirect,
    undone_on_error,
)
from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    WorkshopNotFoundError,
    WorkshopsError,
)
from workshops.ids import create_id
from workshops.statements.execution import fetch, fetch_row
from workshops.statements.workshops import lock_belongings
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
    operator = operator_of(request)
    count = ParameterReader(request.query_params).number("count", _MOST_CHOSEN)
    work = request.query_params.get("done", "")
    done: dict[str, Any] = {"done": outcome(work, count)} if work in WORK and count else {}
    return page(
        request,
        "board.html",
        live="",
        view=view,
        board=await fetch_board(view, definitions, me=operator.id),
        most_sorted=MOST_SORTED,
        definitions=definitions,
        choices=query_string,
        quick_views=QUICK_VIEWS,
        named_views=await saved_views.fetch_views(operator),
        operators=await follow_up.operators(),
        statuses=list(WorkshopStatus),
        all_picked=request.query_params.get("picked") == "all",
        note_key=create_id(),
        note_length=follow_up.NOTE_LENGTH,
        **done,
    )


def _to_board(request: Request, query: str, **parameters: object) -> Response:
    joined = "" if query == "?" else "&"
    return redirect(request, f"/{query}{joined}{urlencode(parameters)}")


async def _posted_view(form: Form) -> BoardView:
    """Return the view of the board that a form was shown on."""
    steps = [step.id for step in await step_definitions()]
    return read_board(QueryParams(form["view"].removeprefix("?")), steps)


# Views with a name


async def change_views(request: Request) -> Response:
    """Keep the view of the board under a name, or rename or delete one that has one."""
    form = read_form(request)
    operator, view = operator_of(request), (await _posted_view(form)).url()
    view_id, name = request.path_params.get("view_id", ""), form["name"]
    try:
        match request.path_params.get("change"):
            case None:
                shared = bool(form["shared"])
                new = await saved_views.save_view(operator, name, view, shared=shared)
                done = "view_saved" if new else "view_replaced"
            case "rename":
                await saved_views.rename_view(operator, view_id, name)
                done = "view_renamed"
            case "delete":
                await saved_views.delete_view(operator, view_id)
                done = "view_deleted"
            case _:
                raise HTTPException(HTTPStatus.NOT_FOUND)
    except WorkshopsError as error:
        return page(
            request,
            "message.html",
            error=error,
            heading="Nothing was changed",
            sentence=str(error),
        )
    return _to_board(request, view, done=done)


# Several workshops at once


class NotPausedError(ConflictError, says="It is not paused."):
    """The workshop is not paused, so it cannot be resumed."""


async def _resume(workshop_id: str, form: Form) -> None:
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


WORK = {
    "note": Action("Note added", ACTIONS["note"].run),
    "assign": Action("Assigned", ACTIONS["assign"].run),
    "contacted": Action("Contact written down", ACTIONS["contacted"].run),
    "pause": Action("Paused", lambda key, form: operations.set_workshop_status(key, "paused")),
    "resume": Action("Resumed", _resume),
}
"""What can be done to several workshops, each by itself."""


def outcome(work: str, count: int) -> str:
    """Return the sentence about what was done to so many workshops."""
    return f"{WORK[work].done}: {'one workshop' if count == 1 else f'{count} workshops'}."


async def change_chosen(request: Request) -> Response:
    """Do something to the chosen workshops, in the transaction of the request.

    What one of them refuses is undone for that one, and told with its reason; the others
    are done. All that is said to be done is committed, or nothing is. They are locked in
    the order of their keys, each for half a second at most, so that nobody waits in a
    circle or for long.
    """
    form = read_form(request)
    work = form["do"]
    if work not in WORK:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Press the button of what is to be done."
        )
    chosen = _chosen(form)
    await fetch("SELECT set_config('lock_timeout', '500ms', true)")
    refused: dict[str, list[str]] = {}
    for workshop_id, seen in chosen.items():
        try:
            async with undone_on_error():
                await WORK[work].run(workshop_id, Form(str, {**form, "seen": seen}))
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
        titles=dict(await fetch("SELECT id, title FROM workshops WHERE id = ANY ($1)", [*chosen])),
        back=back,
    )


def _chosen(form: Form) -> dict[str, str]:
    """Return the workshops whose boxes are ticked, each with whom it was shown as assigned to."""
    chosen = {
        name.removeprefix("pick-"): seen
        for name, seen in sorted(form.items())
        if name.startswith("pick-")
    }
    if not chosen:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "No workshop was selected.")
    return chosen


async def export_chosen(request: Request) -> Response:
    """Send the chosen workshops as a file, in the order of the board."""
    form = read_form(request)
    chosen = _chosen(form)
    definitions = await step_definitions()
    rows = all_rows(await _posted_view(form), definitions, chosen=list(chosen))
    parts = exports.board_parts(exports.format_of(request), rows, definitions)
    return await exports.send(request, "chosen", parts, f"{len(chosen)} workshops")


BOARD_ROUTES = (
    Route("/", show_board),
    Route("/views/", change_views, methods=["POST"]),
    Route("/views/{view_id}/{change}/", change_views, methods=["POST"]),
    Route("/chosen/", change_chosen, methods=["POST"]),
    *(
        Route(f"/chosen.{format}", export_chosen, methods=["POST"])
        for format in exports.MEDIA_TYPES
    ),
)
