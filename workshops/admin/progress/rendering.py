"""What the pages have in common: who asks, the templates, and how a file is sent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from piccolo.apps.user.tables import BaseUser
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from workshops.admin.audit import REFUSAL, AuditAction, Origin
from workshops.admin.crud import harmless
from workshops.admin.progress.actions import form_token, status_of
from workshops.columns import utc_now
from workshops.errors import WorkshopsError
from workshops.statements import validation

_NAMES = {"not_started": "Open", "complete": "Done", "pdf": "PDF", "json": "JSON"}
"""What people call a state or a format that they do not call by its own name."""

STATE_SIGNS = {
    "complete": "✓",
    "needs_regeneration": "↻",
    "in_progress": "▸",
    "not_started": "·",
    None: "–",
}
"""A shape for each state, besides its colour."""

BASE, ADMIN = "/progress", "/admin/"
"""The paths of the pages and of the admin, by which ``workshops.admin.protection`` goes too."""

_DIRECTORY = Path(__file__).parent
STATIC = _DIRECTORY / "static"


_UNITS = {"year": 365 * 86400, "day": 86400, "h": 3600, "min": 60, "s": 1}


def ago(moment: datetime) -> str:
    """Return how long ago a moment was, in the largest fitting unit."""
    seconds = max(0, int((utc_now() - moment).total_seconds()))
    # Days up to a year: a month would hide whether something is stuck for 45 days or for 60.
    return f"{_parts(seconds)[0]} ago" if seconds >= 60 else "just now"


def duration(span: timedelta) -> str:
    """Return a length of time, such as ``25 min``, ``1 day 6 h`` or ``12 days``."""
    parts = _parts(max(0, int(span.total_seconds())))
    # The smaller unit says something as long as there are few of the larger one.
    return " ".join(parts[:2] if parts[0].split()[0] in ("1", "2", "3") else parts[:1])


def _parts(seconds: int) -> list[str]:
    parts = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            plural = "s" if unit in ("year", "day") and count > 1 else ""
            parts.append(f"{count} {unit}{plural}")
        elif parts:
            break
    return parts or ["0 s"]


def moment(value: datetime) -> Markup:
    """Return a ``<time>`` of a moment in UTC."""
    machine = value.replace(tzinfo=UTC).isoformat(timespec="milliseconds")
    # Nothing in it has to be escaped, and a board has a hundred of them.
    return Markup(
        f'<time datetime="{machine}" title="{value:%Y-%m-%d %H:%M:%S} UTC">'
        f"{value:%Y-%m-%d %H:%M}</time>"
    )


def name_of(value: str) -> str:
    """Return what people call a state or a format."""
    return _NAMES.get(value) or value.replace("_", " ").capitalize()


def step_cells(states: Iterable[str | None], names: Iterable[str]) -> Markup:
    """Return a small cell for each step: its state as a colour and a sign."""
    return _step_cells(tuple(states), tuple(names))


# Most workshops of a board are at one of few places.
@lru_cache(maxsize=1024)
def _step_cells(states: tuple[str | None, ...], names: tuple[str, ...]) -> Markup:
    cell = Markup('<span class="cell {}" title="{}. {}: {}">{}</span>')
    return Markup("").join(
        cell.format(
            state or "missing",
            number,
            name,
            name_of(state) if state else "No such step",
            STATE_SIGNS[state],
        )
        for number, (state, name) in enumerate(zip(states, names, strict=True), start=1)
    )


ENVIRONMENT = Environment(
    loader=FileSystemLoader(_DIRECTORY / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters.update(
    ago=ago, duration=duration, moment=moment, name=name_of, number="{:,}".format
)
ENVIRONMENT.globals.update(step_cells=step_cells, base=BASE, admin=ADMIN)


def operator_of(request: Request) -> BaseUser:
    """Return the operator who is logged in; a superuser may change things, and see secrets."""
    user: BaseUser = request.user.user
    return user


def key_of(request: Request, name: str) -> str:
    """Return an identifier of the path; one that cannot be stored belongs to nothing."""
    try:
        return validation.key(name, request.path_params[name])
    except WorkshopsError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def redirect(path: str) -> Response:
    """Lead to another one of the pages."""
    return RedirectResponse(BASE + path, HTTPStatus.SEE_OTHER)


def page(
    request: Request,
    template: str,
    *,
    status_code: int = HTTPStatus.OK,
    live: str | None = None,
    error: WorkshopsError | None = None,
    **values: Any,
) -> HTMLResponse:
    """Return a page for the operator of the request.

    ``done`` is the word for what a form has done that led to the page.

    :param live: The workshop whose changes let the page update itself, or "" for all.
    :param error: Why a form has changed nothing.
    """
    if error:
        request.scope[REFUSAL] = str(error)
    operator = operator_of(request)
    context = {
        "place": request.url.path.removeprefix(BASE),
        "operator": operator,
        "may_change": operator.superuser,
        "csrf_token": form_token(request),
        "settings": request.app.state.settings,
        "now": utc_now(),
        # What answers a form has the form's URL, at which there is no page.
        "live": live if request.method == "GET" else None,
        "done": "" if error else request.query_params.get("done", ""),
        "error": error and str(error),
    }
    html = ENVIRONMENT.get_template(template).render(context | values)
    return HTMLResponse(html, status_code=status_of(error) if error else status_code)


# Files

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

# Excel takes a file without it for text in the code page of the machine.
_BYTE_ORDER_MARK = "\ufeff"


def csv_file(*rows: Iterable[Any]) -> str:
    """Return rows as a CSV file for spreadsheets."""
    return _BYTE_ORDER_MARK + csv_lines(rows)


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as lines of CSV, with times in whole seconds and nothing for None."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case timedelta():
            return value.total_seconds()
    return harmless(value)


def as_json(value: Any, indent: int | None = None) -> str:
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


def attachment(
    content: str | bytes | AsyncIterator[str], media_type: str, filename: str
) -> Response:
    """Return the answer that sends a file of any name."""
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    headers = {"Content-Disposition": disposition}
    if isinstance(content, str | bytes):
        return Response(content, media_type=media_type, headers=headers)
    return StreamingResponse(content, media_type=media_type, headers=headers)


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
    return attachment(content, MEDIA_TYPES[format], filename)


def format_of(request: Request) -> str:
    """Return the format that the path of a request ends with."""
    return request.url.path.rpartition(".")[2]
