"""What the pages have in common: who asks, what a form sends, and the templates.

Superusers change things, by a form that was shown to their log-in, which is the admin's:
it holds a token of it. What an operation refuses is shown as its sentence, on the page that
the form was on, with a status that makes the transaction around the request roll back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from piccolo.apps.user.tables import BaseUser
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from workshops.admin.log_in import session_token
from workshops.admin.progress.actions import DONE, ConfirmationError, Form
from workshops.admin.progress.definitions import Step
from workshops.columns import utc_now
from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    WorkshopsError,
)
from workshops.statements import validation
from workshops.statements.execution import engine
from workshops.web.bodies import fields_of

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

_DIRECTORY = Path(__file__).parent
STATIC = _DIRECTORY / "static"


_UNITS = (
    (365 * 86400, "year", "years"),
    (86400, "day", "days"),
    (3600, "h", "h"),
    (60, "min", "min"),
    (1, "s", "s"),
)


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
    for size, one, many in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
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


def step_cells(states: Sequence[str | None], definitions: Sequence[Step]) -> Markup:
    """Return a small cell for each step: its state as a colour and a sign."""
    return _step_cells(tuple(states), tuple(definitions))


# Most workshops of a board are at one of few places.
@lru_cache(maxsize=1024)
def _step_cells(states: tuple[str | None, ...], definitions: tuple[Step, ...]) -> Markup:
    cell = Markup('<span class="cell {}" title="{}. {}: {}">{}</span>')
    return Markup("").join(
        cell.format(
            state or "missing",
            number,
            step.name,
            name_of(state) if state else "No such step",
            STATE_SIGNS[state],
        )
        for number, (state, step) in enumerate(zip(states, definitions, strict=True), start=1)
    )


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_DIRECTORY / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    ago=ago, duration=duration, moment=moment, name=name_of, number="{:,}".format
)
_ENVIRONMENT.globals.update(step_cells=step_cells)


def base_of(connection: HTTPConnection) -> str:
    """Return the path of the progress pages."""
    return str(connection.scope.get("root_path", "")).rstrip("/")


def admin_of(connection: HTTPConnection) -> str:
    """Return the path of the admin, which is beside them."""
    return base_of(connection).rpartition("/")[0] + "/admin/"


def operator_of(request: Request) -> BaseUser:
    """Return the operator who is logged in; a superuser may change things, and see secrets."""
    user: BaseUser = request.user.user
    return user


def form_token(request: Request) -> str:
    """Return what a form must send back: only a page shown to this log-in knows it.

    The session's secret is the key, so nothing has to be kept or configured.
    """
    secret = session_token(request.scope).encode()
    return hmac.new(secret, b"progress form", hashlib.sha256).hexdigest()


def read_form(request: Request) -> Form:
    """Return the fields of a form that may change things; of equal names the last.

    Raises:
        HTTPException: 403, it does not hold the token.
    """
    form = Form(str)
    for name, value in fields_of(request.scope).items():
        if isinstance(value, str):
            form[name] = value.replace("\r\n", "\n")
    if not hmac.compare_digest(form.pop("csrf_token", "").encode(), form_token(request).encode()):
        raise HTTPException(
            403, "The form does not belong to this log-in. Open the page again and repeat it."
        )
    return form


def key_of(request: Request, name: str) -> str:
    """Return an identifier of the path; one that cannot be stored belongs to nothing."""
    try:
        return validation.key(name, request.path_params[name])
    except WorkshopsError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


@asynccontextmanager
async def undone_on_error() -> AsyncIterator[None]:
    """Leave nothing of a block that failed, in a transaction that can still be used.

    The request runs in one (``workshops.admin.protection``), and the page with the reason
    is made in it too.
    """
    transaction = engine().current_transaction.get()
    assert transaction is not None
    savepoint = await transaction.savepoint()
    try:
        yield
    except WorkshopsError:
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
        raise


def _status_of(error: WorkshopsError) -> HTTPStatus:
    match error:
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case ConflictError() | InvalidTransitionError():
            return HTTPStatus.CONFLICT
        case InvalidInputError() | ConfirmationError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case DatabaseUnavailableError():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.BAD_REQUEST


def redirect(request: Request, path: str) -> Response:
    """Lead to another one of the pages."""
    return RedirectResponse(base_of(request) + path, HTTPStatus.SEE_OTHER)


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

    ``base`` is the path of the progress pages; ``admin`` that of the admin beside it.
    ``done`` says what a form has done that led to the page.

    :param live: The workshop whose changes let the page update itself, or "" for all.
    :param error: Why a form has changed nothing.
    """
    operator = operator_of(request)
    context = {
        "base": base_of(request),
        "admin": admin_of(request),
        "place": request.url.path.removeprefix(base_of(request)),
        "operator": operator,
        "may_change": operator.superuser,
        "csrf_token": form_token(request),
        "settings": request.app.state.settings,
        "now": utc_now(),
        # What answers a form has the form's URL, at which there is no page.
        "live": live if request.method == "GET" else None,
        "done": None if error else DONE.get(request.query_params.get("done", "")),
        "error": error and str(error),
    }
    html = _ENVIRONMENT.get_template(template).render(context | values)
    return HTMLResponse(html, status_code=_status_of(error) if error else status_code)
