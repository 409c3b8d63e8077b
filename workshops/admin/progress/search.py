"""One search for everything: what was typed or pasted leads to a page of the site.

An identifier is looked up as it is; anything else is a part of a title, or a step's name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workshops.admin.progress.query_string import ParameterReader
from workshops.admin.progress.rendering import STATUS_NAMES, operator_of, page, redirect
from workshops.admin.queries import escape_like
from workshops.projection import catch_up
from workshops.statements.execution import fetch

TITLES_SHOWN = 8

# Each part is a look-up by an index, whatever the identifier looks like.
_EXACT = """
SELECT 'Workshop' AS kind, w.id AS workshop, w.title AS label, NULL AS part
FROM workshops w WHERE w.id = $1
UNION ALL SELECT 'Step', w.id, w.title, s.step_id
FROM workshop_steps s JOIN workshops w ON w.id = s.workshop_id WHERE s.id = $1
UNION ALL SELECT 'Member', w.id, w.title, 'members'
FROM workshop_members m JOIN workshops w ON w.id = m.workshop_id WHERE m.id = $1
UNION ALL SELECT 'Session', w.id, w.title, 'sessions'
FROM sessions s JOIN workshops w ON w.id = s.workshop_id WHERE s.id = $1
UNION ALL SELECT 'Build pack', w.id, w.title, 'packs'
FROM build_packs b JOIN workshops w ON w.id = b.workshop_id WHERE b.id = $1
UNION ALL SELECT 'Share token', w.id, w.title, NULL
FROM workshops w WHERE $2 AND w.share_token = $1
UNION ALL SELECT 'Person', NULL, $1, NULL
WHERE EXISTS (SELECT FROM workshop_members WHERE clerk_user_id = $1)
    OR EXISTS (SELECT FROM workshops WHERE clerk_user_id = $1)
UNION ALL SELECT 'Organisation', NULL, $1, NULL
WHERE EXISTS (SELECT FROM workshops WHERE org_id = $1)
UNION ALL SELECT 'Step, its workshops', NULL, name, id FROM step_definitions WHERE id = $1
"""

_NAMED_STEPS = """
SELECT id, name FROM step_definitions
WHERE id <> $1 AND name ILIKE '%' || $2::text || '%' ORDER BY "order", id
"""

_TITLES = f"""
SELECT w.id, w.title, w.status FROM (
    SELECT s.workshop_id, s.last_activity_at FROM workshops_admin.summaries s
    WHERE s.title LIKE '%' || lower($1::text) || '%'
    ORDER BY s.last_activity_at DESC, s.workshop_id DESC LIMIT {TITLES_SHOWN}
) found JOIN workshops w ON w.id = found.workshop_id
ORDER BY found.last_activity_at DESC, w.id DESC
"""


@dataclass(frozen=True)
class Hit:
    """Something that was found: ``path`` is its page. ``exact``: it has this identifier."""

    kind: str
    label: str
    path: str
    exact: bool = False


async def find(text: str, *, secrets: bool) -> list[Hit]:
    """Return what a text leads to, the exact ones first; ``secrets``: by share tokens too."""
    if not text:
        return []
    await catch_up()
    hits = [
        Hit(row["kind"], row["label"], _path(row["kind"], row["workshop"], row["part"], text), True)
        for row in await fetch(_EXACT, text, secrets)
    ]
    pattern = escape_like(text)
    hits += [
        Hit("Step, its workshops", row["name"], "/?" + urlencode({"step": row["id"]}))
        for row in await fetch(_NAMED_STEPS, text, pattern)
    ]
    hits += [
        Hit(f"Workshop, {STATUS_NAMES[row['status']].lower()}", row["title"], _workshop(row["id"]))
        for row in await fetch(_TITLES, pattern)
    ]
    return hits


def _workshop(workshop_id: str) -> str:
    return f"/workshops/{quote(workshop_id, safe='')}/"


def _path(kind: str, workshop_id: str | None, part: str | None, text: str) -> str:
    match kind:
        case "Person":
            return "/people/?" + urlencode({"person": text})
        case "Organisation":
            return "/?" + urlencode({"organisation": text})
        case "Step, its workshops":
            return "/?" + urlencode({"step": part})
    assert workshop_id is not None
    anchor = f"step-{part}" if kind == "Step" else part
    return _workshop(workshop_id) + (f"#{quote(anchor)}" if anchor else "")


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
    return JSONResponse([asdict(hit) for hit in hits])


SEARCH_ROUTES = (Route("/search/", show_results), Route("/search.json", suggest))
