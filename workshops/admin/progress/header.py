"""What every page has: the search and the log-out of its header, and the stream of changes.

The search leads from what was typed or pasted to a page of the site. An identifier is looked
up as it is; anything else is a part of a title, or a step's name.

The stream tells a page when to read itself again. It says which workshops changed, or null
for "any may have", at most once a second. What a page shows then, with its filters and for
its operator, it gets by its own URL.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from workshops.admin.accounts import AdminSession
from workshops.admin.log_in import SESSION_COOKIE, session_token
from workshops.admin.progress import query_string
from workshops.admin.progress.actions import read_form
from workshops.admin.progress.board_statement import page_statement
from workshops.admin.progress.query_string import BoardView, View, parameter
from workshops.admin.progress.rendering import admin_of, operator_of, page, redirect
from workshops.projection import catch_up, listening
from workshops.statements.execution import fetch, replicas_hold_it

TITLES_SHOWN = 8

# Each part is a look-up by an index, whatever the identifier looks like.
_EXACT = """
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
"""

_NAMED_STEPS = """
SELECT 'Step, its workshops', name, id, NULL FROM step_definitions
WHERE id <> $1 AND position(lower($1) IN lower(name)) > 0 ORDER BY "order", id
"""

_PLACES = {
    "Person": "/people/?person={}",
    "Organisation": "/?organisation={}",
    "Step, its workshops": "/?step={}",
}
"""The page of what was found by its kind; of all others, that of the workshop."""


@dataclass(frozen=True)
class Search(View):
    """What is looked for."""

    find: str = field(default="", metadata=parameter("find", query_string.text))


class Hit(NamedTuple):
    """Something that was found: ``path`` is its page. ``exact``: it has this identifier."""

    kind: str
    label: str
    path: str
    exact: bool


async def find(text: str, *, secrets: bool) -> list[Hit]:
    """Return what a text leads to, the exact ones first; ``secrets``: by share tokens too."""
    if not text:
        return []
    await catch_up()
    arguments, page, _, order = page_statement(BoardView(search=text), {}, TITLES_SHOWN)
    titles = (
        f"{page}, w AS MATERIALIZED (SELECT id, title, status FROM workshops"
        " WHERE id = ANY (ARRAY (SELECT workshop_id FROM page)))"
        " SELECT 'Workshop, ' || w.status, w.title, w.id, NULL"
        f" FROM page JOIN w ON w.id = page.workshop_id ORDER BY {order}"
    )
    hits = []
    for statement, *values in (
        (_EXACT, text, secrets),
        (_NAMED_STEPS, text),
        (titles, *arguments),
    ):
        for kind, label, key, anchor in await fetch(statement, *values):
            path = _PLACES.get(kind, "/workshops/{}/").format(quote(key, safe=""))
            path += f"#{quote(anchor)}" if anchor else ""
            hits.append(Hit(kind, label, path, exact=statement is _EXACT))
    return hits


async def _search(request: Request) -> tuple[str, list[Hit]]:
    """Return what is looked for, without the quotes that a log puts around it, and the hits."""
    text = Search.read(request.query_params).find.strip(" \t\r\n\"'`,;")
    return text, await find(text, secrets=operator_of(request).superuser)


async def show_results(request: Request) -> Response:
    """Lead to the one thing that has an identifier, or show what was found."""
    text, hits = await _search(request)
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1:
        return redirect(request, exact[0].path)
    return page(request, "search.html", text=text, hits=hits, titles_shown=TITLES_SHOWN)


async def suggest(request: Request) -> Response:
    """Tell what was found as JSON, for the list below the field."""
    _, hits = await _search(request)
    return JSONResponse([hit._asdict() for hit in hits])


async def show_header(request: Request) -> Response:
    """Show the header alone: the admin puts it above its tables."""
    return page(request, "header.html")


async def log_out(request: Request) -> Response:
    """End the log-in and lead to where the next one begins."""
    read_form(request)
    await AdminSession.remove_session(session_token(request.scope))
    response = RedirectResponse(admin_of(request), HTTPStatus.SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


# The stream of changes

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


HEADER_ROUTES = (
    Route("/header/", show_header),
    Route("/search/", show_results),
    Route("/search.json", suggest),
    Route("/log-out/", log_out, methods=["POST"]),
    Route("/live/", show_changes),
)
