"""The board, its files, its views with a name, and what is done to several workshops at once."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin import follow_up, saved_views
from workshops.admin.audit import REFUSAL
from workshops.admin.progress import query_string
from workshops.admin.progress.actions import WORK, Form, form_route, undone_on_error
from workshops.admin.progress.board import BoardRow, all_rows, fetch_board
from workshops.admin.progress.board_statement import MOST_SORTED
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.funnel import STUCK_AFTER_DAYS
from workshops.admin.progress.query_string import NO_OPEN_STEP, BoardView, read_board
from workshops.admin.progress.rendering import (
    MEDIA_TYPES,
    as_json,
    csv_file,
    csv_lines,
    format_of,
    operator_of,
    page,
    redirect,
    send,
)
from workshops.errors import DatabaseUnavailableError, WorkshopsError
from workshops.ids import create_id
from workshops.projection import catch_up
from workshops.statements.execution import fetch
from workshops.states import OPEN_FOR_WORK, WorkshopStatus

QUICK_VIEWS = {
    "All": BoardView(),
    f"Stuck for {STUCK_AFTER_DAYS} days": BoardView(
        statuses=OPEN_FOR_WORK, idle_days=STUCK_AFTER_DAYS, order="up"
    ),
    "All steps done, not completed": BoardView(statuses=("active",), step=NO_OPEN_STEP),
    "Paused": BoardView(statuses=("paused",)),
    "Assigned to me": BoardView(assigned="me"),
}
"""The views that operators ask for most, above the board."""


async def show_board(request: Request) -> Response:
    """Show the board that the URL asks for."""
    definitions = await step_definitions()
    view = read_board(request.query_params, definitions)
    operator = operator_of(request)
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
        key=create_id(),
        note_length=follow_up.NOTE_LENGTH,
        count=request.query_params.get("count", ""),
    )


def _to_board(query: str, **parameters: object) -> Response:
    joined = "" if query == "?" else "&"
    return redirect(f"/{query}{joined}{urlencode(parameters)}")


async def _posted_view(form: Form) -> BoardView:
    """Return the view of the board that a form was shown on."""
    query = QueryParams(form["view"].removeprefix("?"))
    return read_board(query, await step_definitions())


# Views with a name


async def change_views(request: Request, form: Form) -> Response:
    """Keep the view of the board under a name, or rename, unshare or delete one that has one."""
    operator, view = operator_of(request), (await _posted_view(form)).url()
    view_id, name = request.path_params.get("view_id", ""), form["name"]
    match request.path_params.get("change"):
        case None:
            shared = bool(form["shared"])
            new = await saved_views.save_view(operator, name, view, shared=shared)
            done = "view_saved" if new else "view_replaced"
        case "rename":
            await saved_views.rename_view(operator, view_id, name)
            done = "view_renamed"
        case "unshare":
            await saved_views.unshare_view(operator, view_id)
            done = "view_unshared"
        case "delete":
            await saved_views.delete_view(operator, view_id)
            done = "view_deleted"
        case _:
            raise HTTPException(HTTPStatus.NOT_FOUND)
    return _to_board(view, done=done)


async def _show_refusal(request: Request, error: WorkshopsError, form: Form) -> Response:
    heading, sentence = "Nothing was changed", str(error)
    return page(request, "message.html", error=error, heading=heading, sentence=sentence)


# Files

MOST_AT_ONCE = 2
"""How many boards a process sends at the same time: each holds a connection and a snapshot."""


_sending: weakref.WeakSet[Request] = weakref.WeakSet()


_FACTS = (
    *("id", "title", "owner", "organisation", "status", "created_at", "last_activity_at"),
    *("steps_complete", "steps_total", "progress", "current_step"),
    *("assigned_to", "contacted_on", "notes"),
)
"""What files have of a workshop, besides its steps."""


async def export_board(request: Request) -> Response:
    """Send the workshops of the board that the URL asks for, on all of its pages."""
    if len(_sending) >= MOST_AT_ONCE:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{MOST_AT_ONCE} files of the board are being sent already. Try again in a minute.",
        )
    _sending.add(request)  # which lives until its answer is sent
    definitions = await step_definitions()
    view = read_board(request.query_params, definitions)
    await catch_up()
    rows = all_rows(view, definitions, me=operator_of(request).id)
    parts = board_parts(format_of(request), rows, definitions)
    return await send(request, "board", parts, view.url())


async def board_parts(
    format: str, rows: AsyncGenerator[list[BoardRow]], definitions: dict[str, str]
) -> AsyncGenerator[str]:
    """Yield the parts of a file with these rows of the board."""
    titles = [f"{name} (UTC)" if name.endswith("_at") else name for name in _FACTS]
    separator = "[\n"
    if format == "csv":
        yield csv_file((*titles, *definitions))
    async with aclosing(rows):
        async for some in rows:
            for row in some:
                row.assigned_to = row.assigned_to and row.assigned_to.username
            records = [{name: getattr(row, name) for name in (*_FACTS, "steps")} for row in some]
            if format == "csv":
                yield csv_lines(
                    (*(record[name] for name in _FACTS), *record["steps"].values())
                    for record in records
                )
            elif records:
                yield separator + ",\n".join(map(as_json, records))
                separator = ",\n"
    if format == "json":
        yield "[]\n" if separator == "[\n" else "\n]\n"


# Several workshops at once


async def change_chosen(request: Request, form: Form) -> Response:
    """Do something to the chosen workshops, in the transaction of the request.

    What one of them refuses is undone for that one, and told with its reason; the others
    are done. All that is said to be done is committed, or nothing is. They are locked in
    the order of their keys, each for half a second at most, so that nobody waits in a
    circle or for long.
    """
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
                await WORK[work](workshop_id, Form(str, {**form, "seen": seen}))
        except DatabaseUnavailableError:
            raise
        except WorkshopsError as error:
            refused.setdefault(str(error), []).append(workshop_id)
    done = len(chosen) - sum(map(len, refused.values()))
    view = await _posted_view(form)
    back = view.here
    if not refused:
        return _to_board(back, done=work, count=done)
    request.scope[REFUSAL] = " ".join(refused)
    return page(
        request,
        "chosen.html",
        status_code=HTTPStatus.OK if done else HTTPStatus.CONFLICT,
        done=work if done else "",
        count=done,
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


async def export_chosen(request: Request, form: Form) -> Response:
    """Send the chosen workshops as a file, in the order of the board."""
    chosen = _chosen(form)
    definitions = await step_definitions()
    rows = all_rows(await _posted_view(form), definitions, chosen=list(chosen))
    parts = board_parts(format_of(request), rows, definitions)
    return await send(request, "chosen", parts, f"{len(chosen)} workshops")


BOARD_ROUTES = (
    Route("/", show_board),
    *(Route(f"/board.{format}", export_board) for format in MEDIA_TYPES),
    form_route("/views/", change_views, _show_refusal),
    form_route("/views/{view_id}/{change}/", change_views, _show_refusal),
    form_route("/chosen/", change_chosen),
    *(form_route(f"/chosen.{format}", export_chosen) for format in MEDIA_TYPES),
)
