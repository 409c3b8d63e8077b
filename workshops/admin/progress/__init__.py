"""The progress pages: server-rendered, beside the admin and under its log-in.

Here is the application, and what every page has: the search and the log-out of its header,
and the stream of changes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from workshops.admin.accounts import SESSION_COOKIE, AdminSession, OperatorsBackend, session_token
from workshops.admin.audit import REFUSAL
from workshops.admin.progress.actions import Form, form_route
from workshops.admin.progress.board_pages import BOARD_ROUTES
from workshops.admin.progress.board_statement import page_statement
from workshops.admin.progress.definitions import DEFINITION_ROUTES
from workshops.admin.progress.funnel import FUNNEL_ROUTES
from workshops.admin.progress.people import PEOPLE_ROUTES
from workshops.admin.progress.query_string import BoardView
from workshops.admin.progress.rendering import ADMIN, STATIC, operator_of, page, redirect
from workshops.admin.progress.trends import TRENDS_ROUTES
from workshops.admin.progress.workshop import WORKSHOP_ROUTES
from workshops.admin.settings import AdminSettings
from workshops.projection import catch_up, listening
from workshops.statements.execution import fetch, replicas_hold_it
from workshops.web.headers import FreshFiles

# The search leads from what was typed or pasted to a page of the site.

TITLES_SHOWN = 8

# Each part is a look-up by an index, whatever the identifier looks like.
_NAMED = """
SELECT hit.*, true FROM (
SELECT 'Workshop' AS kind, w.title AS label, w.id AS key, NULL AS anchor
FROM workshops w WHERE w.id = $1
UNION ALL SELECT 'Step', w.title, w.id, 'step-' || s.step_id
FROM workshop_steps s JOIN workshops w ON w.id = s.workshop_id WHERE s.id = $1
UNION ALL SELECT 'Member', w.title, w.id, 'members'
FROM workshop_members m JOIN workshops w ON w.id = m.workshop_id WHERE m.id = $1
UNION ALL SELECT 'Session', w.title, w.id, 'sessions'
FROM sessions s JOIN workshops w ON w.id = s.workshop_id WHERE s.id = $1
UNION ALL SELECT 'Build pack', w.title, w.id, 'packs'
FROM build_packs b JOIN workshops w ON w.id = b.workshop_id WHERE b.id = $1
UNION ALL SELECT 'Share token', w.title, w.id, NULL
FROM workshops w WHERE $2 AND w.share_token = $1
UNION ALL SELECT 'Person', $1, $1, NULL
WHERE EXISTS (SELECT 1 FROM workshop_members WHERE clerk_user_id = $1)
    OR EXISTS (SELECT 1 FROM workshops WHERE clerk_user_id = $1)
UNION ALL SELECT 'Organisation', $1, $1, NULL
WHERE EXISTS (SELECT 1 FROM workshops WHERE org_id = $1)
UNION ALL SELECT 'Step, its workshops', name, id, NULL FROM step_definitions WHERE id = $1
) hit UNION ALL (
    SELECT 'Step, its workshops', name, id, NULL, false FROM step_definitions
    WHERE id <> $1 AND position(lower($1) IN lower(name)) > 0 ORDER BY "order", id
)
"""

_PLACES = {
    "Person": "/people/?person={}",
    "Organisation": "/?organisation={}",
    "Step, its workshops": "/?step={}",
}
"""The page of what was found by its kind; of all others, that of the workshop."""


async def _search(request: Request) -> tuple[str, list[dict[str, Any]]]:
    """Return what is looked for, without the quotes that a log puts around it, and the hits.

    ``exact``: it has this identifier. Superusers find share tokens too.
    """
    text = request.query_params.get("find", "").replace("\0", "")[:255].strip(" \t\r\n\"'`,;")
    if not text:
        return text, []
    await catch_up()
    arguments, page, _, order = page_statement(BoardView(search=text), {}, TITLES_SHOWN)
    titles = (
        f"{page}, w AS MATERIALIZED (SELECT id, title, status FROM workshops"
        " WHERE id = ANY (ARRAY (SELECT workshop_id FROM page)))"
        " SELECT 'Workshop, ' || w.status, w.title, w.id, NULL, false"
        f" FROM page JOIN w ON w.id = page.workshop_id ORDER BY {order}"
    )
    named = await fetch(_NAMED, text, operator_of(request).superuser)
    hits = []
    for kind, label, key, anchor, exact in (*named, *await fetch(titles, *arguments)):
        path = _PLACES.get(kind, "/workshops/{}/").format(quote(key, safe=""))
        path += f"#{quote(anchor)}" if anchor else ""
        hits.append({"kind": kind, "label": label, "path": path, "exact": exact})
    return text, hits


async def show_results(request: Request) -> Response:
    """Lead to the one thing that has an identifier, or show what was found."""
    text, hits = await _search(request)
    exact = [hit for hit in hits if hit["exact"]]
    if len(exact) == 1:
        return redirect(exact[0]["path"])
    return page(request, "search.html", text=text, hits=hits, titles_shown=TITLES_SHOWN)


async def suggest(request: Request) -> Response:
    """Tell what was found as JSON, for the list below the field."""
    _, hits = await _search(request)
    return JSONResponse(hits)


async def show_header(request: Request) -> Response:
    """Show the header alone: the admin puts it above its tables."""
    return page(request, "header.html")


async def log_out(request: Request, form: Form) -> Response:
    """End the log-in and lead to where the next one begins."""
    await AdminSession.remove_session(session_token(request.scope))
    response = RedirectResponse(ADMIN, HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


# The stream that tells a page when to read itself again

LIFETIME = 600.0
"""Seconds after which a stream ends, and the browser asks for a new one, if still logged in."""

PULSE = 15.0
"""Seconds after which a silent stream says that it is alive: proxies end silent ones."""

_PAUSE = 1.0  # seconds between two events


async def show_changes(request: Request) -> StreamingResponse:
    """Send the changes since the page was made, of the workshop that it shows or of all."""
    query = request.query_params
    events = _events(query.getlist("workshop"), _moment(query.get("since", "")))
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _events(workshop_ids: list[str], since: datetime | None) -> AsyncIterator[str]:
    clock = asyncio.get_running_loop().time
    end = clock() + LIFETIME
    yield "retry: 2000\n\n"
    async with listening(*workshop_ids, since=since) as subscription:
        while clock() < end and not subscription.closed:
            try:
                changed = await asyncio.wait_for(subscription.next(), PULSE)
            except TimeoutError:
                yield ": nothing new\n\n"
                continue
            if subscription.closed:
                return
            await replicas_hold_it()  # what the page then reads
            yield f"data: {json.dumps(None if changed is None else sorted(changed))}\n\n"
            await asyncio.sleep(_PAUSE)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else None


# The application


async def show_problem(request: Request, error: Exception) -> Response:
    """Show why a request was not answered, as a page."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    sentence = error.detail if error.detail != status.phrase else status.description
    request.scope[REFUSAL] = sentence
    return page(
        request,
        "message.html",
        status_code=status,
        heading=status.phrase,
        sentence=sentence,
    )


def _send_to_login(connection: HTTPConnection, error: Exception) -> Response:
    """Lead to the admin's log-in, and from there back; a form is not sent again."""
    if connection.scope["method"] in ("GET", "HEAD"):
        url = connection.url
        wanted = quote(url.path + (f"?{url.query}" if url.query else ""), safe="/")
        return RedirectResponse(f"{ADMIN}?next={wanted}", HTTPStatus.SEE_OTHER)
    return PlainTextResponse(
        f"You are not logged in, so nothing was changed. Log in at {ADMIN} and repeat it.",
        HTTPStatus.UNAUTHORIZED,
    )


def create_pages(settings: AdminSettings) -> ASGIApp:
    """Return the progress pages as an ASGI application, to be mounted at ``/progress``.

    They share the log-in of the admin, which is expected beside them at ``/admin``, and
    like it they have to be behind ``workshops.admin.protection.protect``.
    """
    pages = Starlette(
        routes=[
            *BOARD_ROUTES,
            *FUNNEL_ROUTES,
            *TRENDS_ROUTES,
            *WORKSHOP_ROUTES,
            *PEOPLE_ROUTES,
            *DEFINITION_ROUTES,
            Route("/header/", show_header),
            Route("/search/", show_results),
            Route("/search.json", suggest),
            form_route("/log-out/", log_out),
            Route("/live/", show_changes),
        ],
        middleware=[
            Middleware(
                AuthenticationMiddleware,
                backend=OperatorsBackend(),
                on_error=_send_to_login,
            )
        ],
        exception_handlers={HTTPException: show_problem},
    )
    pages.state.settings = settings
    # What pages are made of is not secret, and must not cost a look-up of the log-in.
    static = FreshFiles(directory=STATIC)
    return Starlette(routes=[Mount("/static", static), Mount("/", pages)])
