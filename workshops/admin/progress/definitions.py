"""The step definitions: a page of all, and one of each with its form, its use and its history."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin import rules
from workshops.admin.audit import CHANGED_NOTHING
from workshops.admin.progress.actions import Form, form_route
from workshops.admin.progress.log import CHANGES_SHOWN, LABELS, fetch_history
from workshops.admin.progress.rendering import key_of, page, redirect
from workshops.admin.progress.texts import differences, markdown_html
from workshops.admin.registry import Change, find
from workshops.columns import utc_now
from workshops.errors import ConflictError, WorkshopsError
from workshops.projection import catch_up
from workshops.rendering import BuildPackStep, step_blocks
from workshops.statements.execution import Record, fetch, fetch_row
from workshops.states import StepStatus
from workshops.tables import StepDefinition
from workshops.web.rejections import FieldsRejectedError

LIMITS = {
    "name": rules.NAME_LENGTH,
    "description": rules.DESCRIPTION_LENGTH,
    "prompt_template": rules.PROMPT_LENGTH,
}
"""The columns that are edited here, and how many characters each may have."""

EXAMPLE = {"summary": "What this step produced stands here."}
"""The output in the preview of a build pack."""

SAMPLE_SIZE = 5_000
"""Of more workshops than this, the statuses of a step are estimated from so many of them."""


class ChangedMeanwhileError(
    ConflictError,
    says="Somebody else has changed this definition since you opened it. Below is what you wrote, "
    "beside what is stored now. Save again to store it as it stands in the fields.",
):
    """Texts are not those that the form was opened with any more."""


async def step_definitions() -> dict[str, str]:
    """Return the name of each step definition by its key, in their order."""
    return dict(await fetch('SELECT id, name FROM step_definitions ORDER BY "order", id'))


_DEFINITIONS = """
SELECT *, row_number() OVER (ORDER BY "order", id) AS number, count(*) OVER () AS count
FROM step_definitions
"""


def _wording(definition: Record) -> dict[str, str]:
    """Return the texts that are edited here. A box in a browser has one kind of line break."""
    return {field: re.sub("\r\n?", "\n", definition[field] or "") for field in LIMITS}


def _digest(text: str) -> str:
    """Return what a form tells a text by, to see whether it is another one meanwhile."""
    return hashlib.sha256(text.encode()).hexdigest()


# Identifiers are random, so the first ones in their order are a fair sample.
_USE = """
WITH sample AS MATERIALIZED (
    SELECT workshop_id FROM workshops_admin.summaries ORDER BY workshop_id LIMIT $2
), statuses AS MATERIALIZED (
    SELECT status FROM workshop_steps
    WHERE workshop_id = ANY (ARRAY (SELECT workshop_id FROM sample)) AND step_id = $1
)
SELECT count(*) AS workshops, count(*) FILTER (WHERE current_step_id = $1) AS at,
    ARRAY (
        SELECT json_build_array(status, count(*)) FROM statuses GROUP BY status
    ) AS statuses
FROM workshops_admin.summaries
"""


async def fetch_use(step_id: str, *, sample_size: int = SAMPLE_SIZE) -> dict[str, Any]:
    """Return how many workshops there are, how many are at a step, and its status in how many.

    ``sampled``: ``statuses`` are estimated.
    """
    await catch_up()
    (row,) = await fetch(_USE, step_id, sample_size)
    workshops = row["workshops"]
    found = dict(map(json.loads, row["statuses"]))
    statuses = {
        status.value: round(found[status] * max(1, workshops / sample_size))
        for status in StepStatus
        if status in found
    }
    return {**row, "statuses": statuses, "sampled": workshops > sample_size}


async def show_definitions(request: Request) -> Response:
    """Show all definitions."""
    definitions = await fetch(f"{_DEFINITIONS} ORDER BY number")
    return page(request, "definitions.html", definitions=definitions)


async def show_definition(
    request: Request, error: WorkshopsError | None = None, form: Form | None = None
) -> Response:
    """Show one definition, with the form for it, and why nothing was saved."""
    if form:
        return await _page(request, _texts(form), _opened_with(form), error=error)
    return await _page(request)


def _texts(form: Form) -> dict[str, str]:
    return {field: form[field].strip() if field == "name" else form[field] for field in LIMITS}


def _opened_with(form: Form) -> dict[str, str]:
    return {field: form[f"opened_with_{field}"] for field in LIMITS}


async def save_definition(request: Request, form: Form) -> Response:
    """Save the texts of a form, or show them as they would be seen (``preview``)."""
    step_id, texts, opened_with = key_of(request, "step_id"), _texts(form), _opened_with(form)
    if "preview" in form:
        request.scope[CHANGED_NOTHING] = True
        return await _page(request, texts, opened_with)
    try:
        changed = await _save(step_id, texts, opened_with)
    except FieldsRejectedError as rejection:
        return await _page(request, texts, opened_with, problems=rejection.problems)
    if not changed:
        request.scope[CHANGED_NOTHING] = True
    done = "defined" if changed else "unchanged"
    return redirect(f"/definitions/{quote(step_id, safe='')}/?done={done}")


async def _save(step_id: str, texts: dict[str, str], opened_with: dict[str, str]) -> bool:
    """Save what differs from what is stored; tell whether anything does.

    Raises:
        ChangedMeanwhileError: what is stored is not what the form was opened with.
        FieldsRejectedError: a text cannot be stored.
    """
    row = await fetch_row("SELECT * FROM step_definitions WHERE id = $1 FOR NO KEY UPDATE", step_id)
    if row is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    stored = _wording(row)
    if any(_digest(text) != opened_with[field] for field, text in stored.items()):
        raise ChangedMeanwhileError
    posted: dict[str, str | None] = {
        field: text for field, text in texts.items() if text != stored[field]
    }
    if posted.get("prompt_template") == "":
        posted["prompt_template"] = None
    change = Change(find(StepDefinition), dict(row), posted)
    change.check()
    if change.changes:
        await rules.change_definition(change)
    return bool(change.changes)


async def _page(
    request: Request,
    typed: Mapping[str, str] = {},
    opened_with: Mapping[str, str] = {},
    *,
    problems: Mapping[str, str] = {},
    error: WorkshopsError | None = None,
) -> Response:
    """Show a definition, in its form what was typed, or texts from ``before`` a change.

    :param opened_with: The digests of the texts that the form was opened with.
    :param problems: What is wrong with a field.
    """
    step_id = key_of(request, "step_id")
    definition = await fetch_row(f"SELECT * FROM ({_DEFINITIONS}) d WHERE id = $1", step_id)
    if definition is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such step definition.")
    stored = _wording(definition)
    history = await fetch_history(step_id)
    before = {str(entry["id"]): entry["before"] for entry in history}
    typed = typed or before.get(request.query_params.get("before", ""), {})
    fields = [
        {
            "name": name,
            "label": LABELS[name].capitalize(),
            "limit": LIMITS[name],
            "opened_with": _digest(now),
            "problem": f"The {LABELS[name]} {problems[name]}" if name in problems else None,
            **_beside(now, typed.get(name, now), opened_with.get(name, _digest(now))),
        }
        for name, now in stored.items()
    ]
    texts = {field["name"]: field["text"] for field in fields}
    return page(
        request,
        "definition.html",
        status_code=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        definition=definition,
        fields=fields,
        error=error,
        unsaved=texts != stored,
        shown=_preview(definition, texts),
        use=await fetch_use(step_id),
        sample_size=SAMPLE_SIZE,
        history=history,
        changes_shown=CHANGES_SHOWN,
    )


def _beside(now: str, typed: str, opened_with: str) -> dict[str, Any]:
    """Return what stands in a field, with a note where that is not what is stored now.

    It is what was typed, or what is stored where nothing was typed. ``pieces`` has what was
    typed beside what somebody else has stored meanwhile.
    """
    if typed == now:
        note, pieces = None, None
    elif _digest(typed) == opened_with:
        typed, note, pieces = now, "You had not changed this; the new text stands here now.", None
    elif _digest(now) == opened_with:
        note, pieces = "This is not saved yet.", None
    else:
        note = "Both of you have changed this. From what is stored now to what you wrote:"
        pieces = differences(now, typed)
    return {"text": typed, "note": note, "pieces": pieces}


def _preview(definition: Record, texts: dict[str, str]) -> dict[str, Any]:
    """Return what workshops and build packs show with these texts, and the prompt as Markdown."""
    number = definition["number"]
    step = BuildPackStep(
        step_id=definition["id"],
        name=texts["name"],
        description=texts["description"],
        order=number,
        status="complete",
        output=EXAMPLE,
        completed_at=utc_now(),
    )
    return texts | {
        "pack": markdown_html("\n\n".join(step_blocks(step, number)), lower_by=2),
        "prompt": markdown_html(texts["prompt_template"], lower_by=3),
    }


DEFINITION_ROUTES = (
    Route("/definitions/", show_definitions),
    Route("/definitions/{step_id}/", show_definition),
    form_route("/definitions/{step_id}/", save_definition, show_definition),
)
