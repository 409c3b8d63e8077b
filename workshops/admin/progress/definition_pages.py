"""The pages of the step definitions: their wording, where it is seen, and its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops.admin import rules
from workshops.admin.progress.actions import read_form, undone_on_error
from workshops.admin.progress.definitions import (
    CHANGES_SHOWN,
    LABELS,
    WORDING,
    Definition,
    Piece,
    differences,
    digest,
    fetch_definition,
    fetch_definitions,
    fetch_history,
    texts_before,
)
from workshops.admin.progress.outputs import markdown_html
from workshops.admin.progress.rendering import key_of, page, redirect
from workshops.admin.registry import Change, find
from workshops.columns import utc_now
from workshops.errors import ConflictError, WorkshopsError
from workshops.projection import catch_up
from workshops.rendering import BuildPackStep, step_blocks
from workshops.statements.execution import fetch, fetch_row
from workshops.states import StepStatus
from workshops.tables import StepDefinition
from workshops.web.rejections import FieldsRejectedError

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


@dataclass(frozen=True)
class Field:
    """A field of the form: what stands in it, and the text that it was opened with (a digest).

    ``note`` says what became of it, ``pieces`` what it changes in a text that somebody else
    has stored meanwhile.
    """

    name: str
    text: str
    opened_with: str
    problem: str | None = None
    note: str | None = None
    pieces: list[Piece] | None = None

    @property
    def label(self) -> str:
        """What the page calls it."""
        return LABELS[self.name].capitalize()


def preview(definition: Definition, texts: dict[str, str]) -> dict[str, Any]:
    """Return what workshops and build packs show with these texts, and the prompt as Markdown."""
    step = BuildPackStep(
        step_id=definition.id,
        name=texts["name"],
        description=texts["description"],
        order=definition.number,
        status="complete",
        output=EXAMPLE,
        completed_at=utc_now(),
    )
    return {
        "name": texts["name"],
        "description": texts["description"],
        "pack": markdown_html("\n\n".join(step_blocks(step, definition.number)), lower_by=2),
        "prompt": markdown_html(texts["prompt_template"], lower_by=3),
    }


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
    return page(request, "definitions.html", definitions=await fetch_definitions())


async def show_definition(request: Request) -> Response:
    """Show one definition, with the form for it; ``before``: with texts of an older state."""
    definition = await _definition(request)
    texts = dict(definition.wording)
    entry = request.query_params.get("before", "")
    if entry.isascii() and entry.isdecimal() and len(entry) < 18:
        texts |= await texts_before(definition.id, int(entry))
    return await _page(request, definition, _beside(definition, texts, definition.digests))


async def save_definition(request: Request) -> Response:
    """Save the texts of a form, or show them as they would be seen (``preview``)."""
    definition = await _definition(request)
    form = read_form(request)
    texts = {field: form[field] for field in WORDING}
    texts["name"] = texts["name"].strip()
    opened_with = {field: form[f"opened_with_{field}"] for field in WORDING}
    fields = [Field(field, texts[field], opened_with[field]) for field in WORDING]
    if "preview" in form:
        return await _page(request, definition, fields, unsaved=True)
    try:
        async with undone_on_error():
            changed = await _save(definition.id, texts, opened_with)
    except FieldsRejectedError as rejection:
        fields = _beside(definition, texts, opened_with, problems=rejection.problems)
        return await _page(request, definition, fields, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except ChangedMeanwhileError as error:
        stored = await _definition(request)
        return await _page(request, stored, _beside(stored, texts, opened_with), error=error)
    except WorkshopsError as error:
        return await _page(request, definition, fields, error=error)
    done = "defined" if changed else "unchanged"
    return redirect(request, f"/definitions/{quote(definition.id, safe='')}/?done={done}")


async def _save(step_id: str, texts: dict[str, str], opened_with: dict[str, str]) -> bool:
    """Save what differs from what is stored; tell whether anything does.

    Raises:
        ChangedMeanwhileError: what is stored is not what the form was opened with.
        FieldsRejectedError: a text cannot be stored.
    """
    row = await fetch_row("SELECT * FROM step_definitions WHERE id = $1 FOR NO KEY UPDATE", step_id)
    definition = await fetch_definition(step_id)
    if row is None or definition is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if definition.digests != opened_with:
        raise ChangedMeanwhileError
    posted: dict[str, str | None] = {
        field: text for field, text in texts.items() if text != definition.wording[field]
    }
    if posted.get("prompt_template") == "":
        posted["prompt_template"] = None
    change = Change(find(StepDefinition), dict(row), posted)
    change.check()
    if change.changes:
        await rules.change_definition(change)
    return bool(change.changes)


def _beside(
    stored: Definition,
    texts: dict[str, str],
    opened_with: dict[str, str],
    *,
    problems: Mapping[str, str] = MappingProxyType({}),
) -> list[Field]:
    """Return the fields with what was typed, and where nothing was, with what is stored now."""
    fields = []
    for name, now in stored.wording.items():
        typed, problem, note, pieces = texts[name], None, None, None
        if typed != now:
            note = "This is not saved yet."
            if digest(typed) == opened_with[name]:
                typed, note = now, "You had not changed this; the new text stands here now."
            elif digest(now) != opened_with[name]:
                note = "Both of you have changed this. From what is stored now to what you wrote:"
                pieces = differences(now, typed)
        if name in problems:
            problem = f"The {LABELS[name]} {problems[name]}"
        fields.append(Field(name, typed, digest(now), problem, note, pieces))
    return fields


async def _definition(request: Request) -> Definition:
    definition = await fetch_definition(key_of(request, "step_id"))
    if definition is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such step definition.")
    return definition


async def _page(
    request: Request,
    definition: Definition,
    fields: list[Field],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    unsaved: bool = False,
    error: WorkshopsError | None = None,
) -> Response:
    texts = {field.name: field.text for field in fields}
    limits = (rules.NAME_LENGTH, rules.DESCRIPTION_LENGTH, rules.PROMPT_LENGTH)
    return page(
        request,
        "definition.html",
        status_code=status,
        definition=definition,
        fields=fields,
        limits=dict(zip(WORDING, limits, strict=True)),
        error=error,
        unsaved=unsaved or error or status >= 400 or texts != definition.wording,
        shown=preview(definition, texts),
        use=await fetch_use(definition.id),
        sample_size=SAMPLE_SIZE,
        history=await fetch_history(definition.id),
        changes_shown=CHANGES_SHOWN,
    )


DEFINITION_ROUTES = (
    Route("/definitions/", show_definitions),
    Route("/definitions/{step_id}/", show_definition),
    Route("/definitions/{step_id}/", save_definition, methods=["POST"]),
)
