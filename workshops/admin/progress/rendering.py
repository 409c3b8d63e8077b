"""The templates, and how values are written in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from workshops.admin.progress import access
from workshops.admin.progress.definitions import Step
from workshops.columns import utc_now

STATUS_NAMES = {
    "draft": "Draft",
    "active": "Active",
    "paused": "Paused",
    "completed": "Completed",
    "not_started": "Open",
    "in_progress": "In progress",
    "complete": "Done",
    "needs_regeneration": "Needs regeneration",
    "private": "Private",
    "shared": "Shared",
    "markdown": "Markdown",
    "pdf": "PDF",
    "json": "JSON",
}

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
            STATUS_NAMES[state] if state else "No such step",
            STATE_SIGNS[state],
        )
        for number, (state, step) in enumerate(zip(states, definitions, strict=True), start=1)
    )


def number(value: float) -> str:
    """Return a number with thousands separated."""
    return f"{value:,}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_DIRECTORY / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ago=ago, duration=duration, moment=moment, number=number)
    environment.globals.update(status_names=STATUS_NAMES, step_cells=step_cells)
    return environment


_ENVIRONMENT = _environment()


def page(
    request: Request,
    template: str,
    *,
    status_code: int = HTTPStatus.OK,
    live: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """Return a page for the operator of the request.

    ``base`` is the path of the progress pages; ``admin`` that of the admin beside it.

    :param live: The workshop whose changes let the page update itself, or "" for all.
    """
    base = request.scope.get("root_path", "").rstrip("/")
    html = _ENVIRONMENT.get_template(template).render(
        base=base,
        admin=base.rpartition("/")[0] + "/admin/",
        place=request.url.path.removeprefix(base),
        operator=access.operator(request),
        may_change=access.may_change(request),
        csrf_token=access.form_token(request),
        settings=request.app.state.settings,
        now=utc_now(),
        # What answers a form has the form's URL, at which there is no page.
        live=live if request.method == "GET" else None,
        **values,
    )
    return HTMLResponse(html, status_code=status_code)
