"""Build packs: the finished specification, as it stands at one moment."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from workshops.columns import utc_now
from workshops.errors import (
    BuildPackEmptyError,
    BuildPackNotFoundError,
    DuplicateValueError,
    WorkshopNotFoundError,
)
from workshops.ids import create_prefixed_id, derive_prefixed_id
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.statements import validation
from workshops.statements.execution import fetch_row, fetch_rows
from workshops.statements.records import NOW, columns, object_maker
from workshops.statements.workshops import missing
from workshops.states import FormatType
from workshops.tables import BuildPack, Workshop, WorkshopStep
from workshops.types import FormatTypeName

_make_build_pack = object_maker(BuildPack)


def select_outputs() -> ParentSelect[Any]:
    """Return the select of what a pack is made from: $1 is the workshop."""
    definition = WorkshopStep.step_id
    return Workshop.select(
        Workshop.title,
        Workshop.original_idea,
        Workshop.steps(
            WorkshopStep.all_columns(),
            definition.name.as_alias("name"),
            definition.description.as_alias("description"),
            definition.order.as_alias("order"),
        ),
    ).where(Workshop.id == Parameter(1))


_OUTPUTS = Prepared(select_outputs)

# Later than the pack before, so that packs of one millisecond stay in their order. The
# workshop is the stored one's, which tells a distributed database where the pack goes.
_INSERT = f"""
    INSERT INTO build_packs (id, workshop_id, title, format_type, content, created_at, updated_at)
    SELECT $1, w.id, $3, $4, $5, made.at, made.at FROM workshops w, (
        SELECT GREATEST({NOW}, max(b.created_at) + INTERVAL '1 millisecond') AS at
        FROM build_packs b WHERE b.workshop_id = $2
    ) AS made WHERE w.id = $2
    ON CONFLICT DO NOTHING RETURNING {columns(BuildPack)}"""

_SELECT = f"SELECT {columns(BuildPack)} FROM build_packs WHERE id = $1"
_SELECT_OF_WORKSHOP = f"{_SELECT} AND workshop_id = $2"


async def generate_build_pack(
    workshop_id: str,
    *,
    format_type: FormatType | FormatTypeName = "markdown",
    title: str | None = None,
    idempotency_key: str | None = None,
) -> BuildPack:
    """Assemble a build pack from the outputs of this moment and store it.

    ``title`` is the workshop's title unless given. Steps that are not complete are
    listed as open. The content is Markdown, for ``pdf`` too, or for ``json`` the
    document of docs/build-pack.schema.json. Two round trips; the outputs are read
    in one statement, and the text is made in a thread.

    With an ``idempotency_key``, a text of the caller's, a second call for the workshop with
    the same key makes nothing and returns the first one's pack, whatever else it asks for.

    Raises:
        InvalidInputError: the format is unknown, the title blank or over 200 characters.
        NotFoundError: there is no such workshop.
        DuplicateValueError: a ConflictError; the key's pack was given to another workshop.
    """
    validation.key("workshop_id", workshop_id)
    form = validation.state("format_type", format_type, FormatType)
    if title is not None:
        title = validation.title(title)
    pack_id = create_prefixed_id("bp")
    if idempotency_key is not None:
        key = validation.identifier("idempotency_key", idempotency_key)
        pack_id = derive_prefixed_id("bp", workshop_id, key)
        if record := await fetch_row(_SELECT_OF_WORKSHOP, pack_id, workshop_id):
            return _make_build_pack(record)
    rows = await fetch_rows(_OUTPUTS, workshop_id)
    if not rows:
        raise WorkshopNotFoundError(workshop_id)
    workshop = rows[0]
    # Loaded when used: an application that makes no packs starts without it.
    from workshops.rendering import BuildPackDocument, BuildPackStep, render_content

    document = BuildPackDocument(
        workshop_id=workshop_id,
        workshop_title=workshop["title"],
        title=workshop["title"] if title is None else title,
        idea=workshop["original_idea"],
        generated_at=utc_now(),
        steps=[
            BuildPackStep(**{name: step[name] for name in BuildPackStep.__dataclass_fields__})
            for step in workshop["steps"]
        ],
    )
    content = await asyncio.to_thread(render_content, document, form)
    record = await fetch_row(_INSERT, pack_id, workshop_id, document.title, form, content)
    # Of two calls with one key at the same moment the second has waited for the first.
    record = record or await fetch_row(_SELECT_OF_WORKSHOP, pack_id, workshop_id)
    if record is None:
        raise await missing(workshop_id, DuplicateValueError("build_packs", "id"))
    return _make_build_pack(record)


class RenderedBuildPack(NamedTuple):
    """A build pack as a file to download."""

    filename: str
    media_type: str
    content: bytes


async def render_build_pack(build_pack_id: str) -> RenderedBuildPack:
    """Return a build pack as ``(filename, media_type, bytes)``; a real PDF for ``pdf``.

    The file name is made from the title and safe in any path; it keeps the letters of
    other scripts, so a header names it as ``filename*=UTF-8''...`` (RFC 5987).
    One round trip; the file is made in a thread, and always the same for one pack.

    Raises:
        NotFoundError: there is no such build pack, or it has no content.
    """
    validation.key("build_pack_id", build_pack_id)
    record = await fetch_row(_SELECT, build_pack_id)
    if record is None:
        raise BuildPackNotFoundError(build_pack_id)
    pack = _make_build_pack(record)
    if pack.content is None:
        raise BuildPackEmptyError(build_pack_id)
    from workshops.rendering import render_file

    file = await asyncio.to_thread(
        render_file,
        pack.content,
        pack.format_type,
        title=pack.title,
        created_at=pack.created_at,
    )
    return RenderedBuildPack(*file)
