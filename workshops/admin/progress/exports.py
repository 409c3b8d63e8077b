"""The board and the funnel as files: CSV for spreadsheets, JSON for programs.

They hold what the page shows whose query string they are asked for with, and each is an
entry in the audit log. The board is sent while it is read, so it takes no more memory
for 200,000 workshops than for 500.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from workshops.admin.progress import access
from workshops.admin.progress.board import BoardRow, all_rows
from workshops.admin.progress.definitions import Step, step_definitions
from workshops.admin.progress.funnel import Funnel, fetch_funnel, read_funnel
from workshops.admin.progress.query_string import read_board
from workshops.admin.spreadsheets import BYTE_ORDER_MARK, csv_lines
from workshops.admin.tables import AuditAction
from workshops.columns import utc_now
from workshops.projection import catch_up

MOST_AT_ONCE = 2
"""How many boards a process sends at the same time: each holds a connection and a snapshot."""

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_under_way: set[object] = set()


async def export_board(request: Request) -> Response:
    """Send the workshops of the board that the URL asks for, on all of its pages."""
    if len(_under_way) >= MOST_AT_ONCE:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{MOST_AT_ONCE} files of the board are being sent already. Try again in a minute.",
        )
    definitions = await step_definitions()
    view = read_board(request.query_params, [step.id for step in definitions])
    await catch_up()
    rows = all_rows(view, definitions, me=access.operator(request).id)
    parts = board_parts(format_of(request), rows, definitions)
    return await send(request, "board", _counted(parts), view.url())


async def _counted(parts: AsyncGenerator[str]) -> AsyncIterator[str]:
    token = object()
    _under_way.add(token)
    try:
        async with aclosing(parts):
            async for part in parts:
                yield part
    finally:
        _under_way.discard(token)


def format_of(request: Request) -> str:
    """Return the format that the path of a request ends with."""
    return request.url.path.rpartition(".")[2]


async def board_parts(
    format: str, rows: AsyncGenerator[list[BoardRow]], definitions: list[Step]
) -> AsyncGenerator[str]:
    """Yield the parts of a file with these rows of the board."""
    if format == "csv":
        yield BYTE_ORDER_MARK
        columns = [name for name in _record(None, definitions) if name != "steps"]
        titles = [f"{name} (UTC)" if name.endswith("_at") else name for name in columns]
        yield csv_lines([[*titles, *(step.id for step in definitions)]])
        async with aclosing(rows):
            async for some in rows:
                records = (_record(row, definitions) for row in some)
                yield csv_lines(
                    [*(record[name] for name in columns), *record["steps"].values()]
                    for record in records
                )
        return
    separator = "[\n"
    async with aclosing(rows):
        async for some in rows:
            if some:
                yield separator + ",\n".join(as_json(_record(row, definitions)) for row in some)
                separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _record(row: BoardRow | None, definitions: list[Step]) -> dict[str, Any]:
    """Return what a file says about a workshop; of None, the names alone."""

    def of(name: str) -> Any:
        return None if row is None else getattr(row, name)

    current, assigned = of("current_step"), of("assigned_to")
    return {
        "id": of("workshop_id"),
        "title": of("title"),
        "owner": of("owner"),
        "organisation": of("organisation"),
        "status": of("status"),
        "created_at": of("created_at"),
        "last_activity_at": of("last_activity_at"),
        "steps_complete": of("steps_complete"),
        "steps_total": of("steps_total"),
        "progress": of("progress"),
        "current_step": current and current.id,
        "assigned_to": assigned and assigned.username,
        "contacted_on": of("contacted_on"),
        "notes": of("notes"),
        "steps": dict(
            zip((step.id for step in definitions), of("states") or (), strict=row is not None)
        ),
    }


async def export_funnel(request: Request) -> Response:
    """Send the funnel that the URL asks for: JSON holds the weeks too."""
    view = read_funnel(request.query_params)
    funnel = await fetch_funnel(view, await step_definitions())
    format = format_of(request)
    content = as_json(_funnel_record(funnel), indent=2) if format == "json" else _steps_csv(funnel)
    return await send(request, "funnel", at_once(content), view.url())


async def export_weeks(request: Request) -> Response:
    """Send the weeks of the funnel that the URL asks for."""
    view = read_funnel(request.query_params)
    funnel = await fetch_funnel(view, await step_definitions())
    names = ("week_of", "created", "through_all_steps", "average_progress")
    rows = ((week.monday, week.created, week.done, week.progress) for week in funnel.weeks)
    content = BYTE_ORDER_MARK + csv_lines([names, *rows])
    return await send(request, "weeks", at_once(content), view.url())


def _steps_csv(funnel: Funnel) -> str:
    names = ("step", "name", "before", "at", "past", "stuck", "median_seconds", "ninetieth_seconds")

    def rows() -> Iterator[Sequence[Any]]:
        for step in funnel.steps:
            times = (each and each.total_seconds() for each in (step.median, step.ninetieth))
            counts = (step.before, step.at, step.past, step.stuck)
            yield step.step.id, step.step.name, *counts, *times
        waiting = funnel.with_steps - funnel.finished
        yield "", "All steps done", waiting, funnel.finished, "", funnel.finished_stuck, "", ""

    return BYTE_ORDER_MARK + csv_lines([names, *rows()])


def _funnel_record(funnel: Funnel) -> dict[str, Any]:
    record = {**asdict(funnel), "as_of": funnel.freshness.as_of}
    del record["freshness"]
    for step in record["steps"]:
        step["step"] = step["step"]["id"]
        for name in ("median", "ninetieth"):
            step[f"{name}_seconds"] = step.pop(name)
    return record


def as_json(value: Any, **options: Any) -> str:
    """Return a value as JSON, with times in UTC and lengths of time in seconds."""
    return json.dumps(value, ensure_ascii=False, default=_plain, **options)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
    raise TypeError(f"JSON has no {type(value).__name__}.")


async def at_once(content: str) -> AsyncIterator[str]:
    """Yield a file that is small as one part."""
    yield content


async def send(request: Request, name: str, parts: AsyncIterator[str], query: str) -> Response:
    """Return the answer that sends a file, and note it in the audit log."""
    format = format_of(request)
    filters = "" if query == "?" else f" {query}"
    await access.record(request, AuditAction.exported, f"The {name} as {format.upper()}{filters}")
    filename = f"{name}-{utc_now():%Y-%m-%d}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(parts, media_type=MEDIA_TYPES[format], headers=headers)


EXPORT_ROUTES = (
    *(Route(f"/board.{format}", export_board) for format in MEDIA_TYPES),
    *(Route(f"/steps.{format}", export_funnel) for format in MEDIA_TYPES),
    Route("/weeks.csv", export_weeks),
)
