"""The pages of the step definitions: their wording, where it is seen, and its history."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workshops.admin import rules
from workshops.admin.changes import AlreadyWrittenError, Change
from workshops.admin.progress import access, actions
from workshops.admin.progress.definitions import (
    CHANGES_SHOWN,
    LABELS,
    SAMPLE_SIZE,
    WORDING,
    Definition,
    fetch_definition,
    fetch_definitions,
    fetch_history,
    fetch_use,
    texts_before,
)
from workshops.admin.progress.differences import Piece, differences
from workshops.admin.progress.outputs import markdown_html
from workshops.admin.progress.rendering import page
from workshops.columns import utc_now
from workshops.errors import ConflictError, WorkshopsError
from workshops.rendering.document import BuildPackStep, step_blocks
from workshops.statements import validation
from workshops.statements.execution import fetch_row
from workshops.tables import StepDefinition
from workshops.web.rejections import FieldsRejectedError

EXAMPLE = {"summary": "What this step produced stands here."}
"""The output in the preview of a build pack."""


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


@dataclass(frozen=True)
class Preview:
    """A definition as it is seen elsewhere."""

    name: str
    description: str
    pack: Markup
    prompt: Markup


def preview(definition: Definition, texts: dict[str, str]) -> Preview:
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
    return Preview(
        name=texts["name"],
        description=texts["description"],
        pack=markdown_html("\n\n".join(step_blocks(step, definition.number)), lower_by=2),
        prompt=markdown_html(texts["prompt_template"], lower_by=3),
    )


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
    return await _page(request, definition, _fields(definition, texts))


async def save_definition(request: Request) -> Response:
    """Save the texts of a form, or show them as they would be seen (``preview``)."""
    definition = await _definition(request)
    form = access.read_form(request)
    texts = {field: form.get(field, "") for field in WORDING}
    texts["name"] = texts["name"].strip()
    opened_with = {field: form.get(f"opened_with_{field}", "") for field in WORDING}
    if "preview" in form:
        fields = [Field(field, texts[field], opened_with[field]) for field in WORDING]
        return await _page(request, definition, fields, unsaved=True)
    try:
        async with actions.undone_on_error():
            changed = await _save(definition.id, texts, opened_with)
    except FieldsRejectedError as rejection:
        fields = _fields(definition, texts, problems=rejection.problems)
        return await _page(request, definition, fields, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except ChangedMeanwhileError as error:
        stored = await _definition(request)
        fields = _beside(stored, texts, opened_with)
        return await _page(request, stored, fields, status=HTTPStatus.CONFLICT, error=error)
    except WorkshopsError as error:
        fields = [Field(field, texts[field], opened_with[field]) for field in WORDING]
        return await _page(
            request, definition, fields, status=actions.status_of(error), error=error
        )
    base = request.scope.get("root_path", "").rstrip("/")
    done = "defined" if changed else "unchanged"
    place = f"{base}/definitions/{quote(definition.id, safe='')}/?done={done}"
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


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
    wording = definition.wording
    if any(digest(wording[field]) != opened_with[field] for field in WORDING):
        raise ChangedMeanwhileError
    posted: dict[str, str | None] = {
        field: text for field, text in texts.items() if text != wording[field]
    }
    if posted.get("prompt_template") == "":
        posted["prompt_template"] = None
    change = Change(StepDefinition, dict(row), posted)
    with suppress(AlreadyWrittenError):
        await rules.change_definition(change)
    return bool(change.changes)


def digest(text: str) -> str:
    """Return what a form tells a text by, to see whether it is another one meanwhile."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fields(
    definition: Definition, texts: dict[str, str], *, problems: dict[str, str] | None = None
) -> list[Field]:
    wording = definition.wording
    problems = problems or {}
    return [
        Field(
            field,
            texts[field],
            digest(wording[field]),
            problem=f"The {LABELS[field]} {problems[field]}" if field in problems else None,
            note=None if texts[field] == wording[field] else "This is not saved yet.",
        )
        for field in WORDING
    ]


def _beside(stored: Definition, texts: dict[str, str], opened_with: dict[str, str]) -> list[Field]:
    """Return the fields with what was typed, and where nothing was, with what is stored now."""
    fields = []
    for field, now in stored.wording.items():
        typed = texts[field]
        note, pieces = None, None
        if digest(typed) == opened_with[field] and typed != now:
            typed, note = now, "You had not changed this; the new text stands here now."
        elif typed != now:
            if digest(now) == opened_with[field]:
                note = "This is not saved yet."
            else:
                note = "Both of you have changed this. From what is stored now to what you wrote:"
                pieces = differences(now, typed)
        fields.append(Field(field, typed, digest(now), note=note, pieces=pieces))
    return fields


async def _definition(request: Request) -> Definition:
    try:
        step_id = validation.key("step_id", request.path_params["step_id"])
    except WorkshopsError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
    definition = await fetch_definition(step_id)
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
        unsaved=unsaved or status >= 400 or texts != definition.wording,
        shown=preview(definition, texts),
        use=await fetch_use(definition.id),
        sample_size=SAMPLE_SIZE,
        history=await fetch_history(definition.id),
        changes_shown=CHANGES_SHOWN,
        done=actions.DONE.get(request.query_params.get("done", "")) if status < 400 else None,
        error=None if error is None else str(error),
    )


DEFINITION_ROUTES = (
    Route("/definitions/", show_definitions),
    Route("/definitions/{step_id}/", show_definition),
    Route("/definitions/{step_id}/", save_definition, methods=["POST"]),
)
