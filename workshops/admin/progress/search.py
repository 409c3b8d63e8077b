"""One search for everything: what was typed or pasted leads to a page of the site.

An identifier is looked up as it is; anything else is a part of a title, or a step's name.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workshops.admin.progress.board_statement import page_statement
from workshops.admin.progress.query_string import BoardView, ParameterReader
from workshops.admin.progress.rendering import operator_of, page, redirect
from workshops.projection import catch_up
from workshops.statements.execution import fetch

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
    arguments, page, _, order = page_statement(BoardView(search=text), [], TITLES_SHOWN)
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


def _text(request: Request) -> str:
    """Return what is looked for, without the quotes that a log puts around it."""
    return ParameterReader(request.query_params).text("find").strip(" \t\r\n\"'`,;")


async def show_results(request: Request) -> Response:
    """Lead to the one thing that has an identifier, or show what was found."""
    text = _text(request)
    hits = await find(text, secrets=operator_of(request).superuser)
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1:
        return redirect(request, exact[0].path)
    return page(request, "search.html", text=text, hits=hits, titles_shown=TITLES_SHOWN)


async def suggest(request: Request) -> Response:
    """Tell what was found as JSON, for the list below the field."""
    hits = await find(_text(request), secrets=operator_of(request).superuser)
    return JSONResponse([hit._asdict() for hit in hits])


SEARCH_ROUTES = (Route("/search/", show_results), Route("/search.json", suggest))
