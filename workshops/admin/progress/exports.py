"""The board and the funnel as files: CSV for spreadsheets, JSON for programs.

They hold what the page shows whose query string they are asked for with, and each is an
entry in the audit log. The board is sent while it is read, so it takes no more memory
for 200,000 workshops than for 500.
"""

from __future__ import annotations

import csv
import io
import json
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from workshops.admin.audit import AuditAction, Origin
from workshops.admin.crud import harmless
from workshops.admin.progress.board import BoardRow, all_rows
from workshops.admin.progress.definitions import Step, step_definitions
from workshops.admin.progress.funnel import Funnel, fetch_funnel, read_funnel
from workshops.admin.progress.query_string import read_board
from workshops.admin.progress.rendering import operator_of
from workshops.columns import utc_now
from workshops.projection import catch_up

MOST_AT_ONCE = 2
"""How many boards a process sends at the same time: each holds a connection and a snapshot."""

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

# Excel takes a file without it for text in the code page of the machine.
_BYTE_ORDER_MARK = "\ufeff"


class _Place:
    """What a board that is being sent holds; it is free again when nothing refers to it."""


_taken: weakref.WeakSet[_Place] = weakref.WeakSet()


def csv_file(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as a CSV file, with times in whole seconds and nothing for None."""
    return _BYTE_ORDER_MARK + _csv_lines(rows)


def _csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return harmless(value)


def _as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, with times in UTC and lengths of time in seconds."""
    return json.dumps(value, ensure_ascii=False, default=_plain, indent=indent)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
    raise TypeError(f"JSON has no {type(value).__name__}.")


def attachment(content: str | bytes, media_type: str, filename: str) -> Response:
    """Return the answer that sends a file of any name."""
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


async def send(
    request: Request, name: str, content: str | AsyncIterator[str], query: str
) -> Response:
    """Return the answer that sends a file, and note it in the audit log."""
    format = format_of(request)
    filters = "" if query == "?" else f" {query}"
    await Origin.of(request.scope, operator_of(request)).record(
        AuditAction.exported, summary=f"The {name} as {format.upper()}{filters}"
    )
    filename = f"{name}-{utc_now():%Y-%m-%d}.{format}"
    parts = iter((content,)) if isinstance(content, str) else content
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(parts, media_type=MEDIA_TYPES[format], headers=headers)


def format_of(request: Request) -> str:
    """Return the format that the path of a request ends with."""
    return request.url.path.rpartition(".")[2]


async def export_board(request: Request) -> Response:
    """Send the workshops of the board that the URL asks for, on all of its pages."""
    if len(_taken) >= MOST_AT_ONCE:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{MOST_AT_ONCE} files of the board are being sent already. Try again in a minute.",
        )
    place = _Place()
    _taken.add(place)
    definitions = await step_definitions()
    view = read_board(request.query_params, [step.id for step in definitions])
    await catch_up()
    rows = all_rows(view, definitions, me=operator_of(request).id)
    parts = board_parts(format_of(request), rows, definitions)
    return await send(request, "board", _holding(place, parts), view.url())


async def _holding(place: _Place, parts: AsyncGenerator[str]) -> AsyncIterator[str]:
    async with aclosing(parts):
        async for part in parts:
            yield part


async def board_parts(
    format: str, rows: AsyncGenerator[list[BoardRow]], definitions: list[Step]
) -> AsyncGenerator[str]:
    """Yield the parts of a file with these rows of the board."""
    *names, _ = (field.name for field in fields(BoardRow))
    titles = [f"{name} (UTC)" if name.endswith("_at") else name for name in names]
    separator = "[\n"
    if format == "csv":
        yield csv_file([[*titles, *(step.id for step in definitions)]])
    async with aclosing(rows):
        async for some in rows:
            records = [_record(row) for row in some]
            if format == "csv":
                yield _csv_lines(
                    [*(record[name] for name in names), *record["steps"].values()]
                    for record in records
                )
            elif records:
                yield separator + ",\n".join(map(_as_json, records))
                separator = ",\n"
    if format == "json":
        yield "[]\n" if separator == "[\n" else "\n]\n"


def _record(row: BoardRow) -> dict[str, Any]:
    """Return what a file says about a workshop."""
    current, assigned = row.current_step, row.assigned_to
    return vars(row) | {
        "current_step": current and current.id,
        "assigned_to": assigned and assigned.username,
    }


async def _funnel(request: Request) -> tuple[Funnel, str]:
    view = read_funnel(request.query_params)
    return await fetch_funnel(view, await step_definitions()), view.url()


async def export_funnel(request: Request) -> Response:
    """Send the steps of the funnel that the URL asks for; JSON holds the weeks too."""
    funnel, query = await _funnel(request)
    if format_of(request) == "json":
        return await send(request, "funnel", _as_json(_funnel_record(funnel), 2), query)
    names = ("step", "name", "before", "at", "past", "stuck", "median_seconds", "ninetieth_seconds")
    rows: list[tuple[Any, ...]] = [names]
    for step in funnel.steps:
        times = (each and each.total_seconds() for each in (step.median, step.ninetieth))
        counts = (step.before, step.at, step.past, step.stuck)
        rows.append((step.step.id, step.step.name, *counts, *times))
    waiting = funnel.with_steps - funnel.finished
    rows.append(("", "All steps done", waiting, funnel.finished, "", funnel.finished_stuck, "", ""))
    return await send(request, "funnel", csv_file(rows), query)


async def export_weeks(request: Request) -> Response:
    """Send the weeks of the funnel that the URL asks for."""
    funnel, query = await _funnel(request)
    names = ("week_of", "created", "through_all_steps", "average_progress")
    rows = ((week.monday, week.created, week.done, week.progress) for week in funnel.weeks)
    return await send(request, "weeks", csv_file([names, *rows]), query)


def _funnel_record(funnel: Funnel) -> dict[str, Any]:
    record = {**asdict(funnel), "as_of": funnel.freshness.as_of}
    del record["freshness"]
    for step in record["steps"]:
        step["step"] = step["step"]["id"]
        for name in ("median", "ninetieth"):
            step[f"{name}_seconds"] = step.pop(name)
    return record


EXPORT_ROUTES = (
    *(Route(f"/board.{format}", export_board) for format in MEDIA_TYPES),
    *(Route(f"/steps.{format}", export_funnel) for format in MEDIA_TYPES),
    Route("/weeks.csv", export_weeks),
)
