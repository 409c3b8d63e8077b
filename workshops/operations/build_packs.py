"""Build packs: the finished specification, as it stands at one moment."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from typing import NamedTuple

from workshops.columns import utc_now
from workshops.errors import BuildPackEmptyError, BuildPackNotFoundError, WorkshopNotFoundError
from workshops.ids import create_prefixed_id
from workshops.operations import validation
from workshops.operations.execution import fetch_row
from workshops.operations.records import columns, object_maker, row_maker
from workshops.rendering import (
    BuildPackDocument,
    BuildPackStep,
    render_json,
    render_markdown,
    render_pdf,
)
from workshops.states import FormatType
from workshops.tables import BuildPack, WorkshopStep
from workshops.types import FormatTypeName

_make_build_pack = object_maker(BuildPack)
_make_steps = row_maker(WorkshopStep, "name", "description", "order")

_OUTPUTS = f"""
    SELECT w.title, w.original_idea, ARRAY(
        SELECT ROW({columns(WorkshopStep, "s")}, d.name, d.description, d."order")
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id
    ) AS steps
    FROM workshops w WHERE w.id = $1"""

_INSERT = f"""
    INSERT INTO build_packs (id, workshop_id, title, format_type, content)
    VALUES ($1, $2, $3, $4, $5) RETURNING {columns(BuildPack)}"""


async def generate_build_pack(
    workshop_id: str, *, format_type: FormatTypeName = "markdown", title: str | None = None
) -> BuildPack:
    """Assemble a build pack from the outputs of this moment and store it.

    ``title`` is the workshop's title unless given. Steps that are not complete are
    listed as open. The content is Markdown, for ``pdf`` too, or for ``json`` the
    document of docs/build-pack.schema.json. Two round trips; the outputs are read
    in one statement, and the text is made in a thread.

    Raises:
        InvalidInputError: the format is unknown, the title blank or over 200 characters.
        NotFoundError: there is no such workshop.
    """
    validation.key("workshop_id", workshop_id)
    form = validation.state("format_type", format_type, FormatType)
    if title is not None:
        title = validation.title(title)
    workshop = await fetch_row(_OUTPUTS, workshop_id)
    if workshop is None:
        raise WorkshopNotFoundError(workshop_id)
    document = BuildPackDocument(
        workshop_id=workshop_id,
        workshop_title=workshop["title"],
        title=workshop["title"] if title is None else title,
        idea=workshop["original_idea"],
        generated_at=utc_now(),
        steps=[
            BuildPackStep(**{name: step[name] for name in BuildPackStep.__dataclass_fields__})
            for step in _make_steps(workshop["steps"])
        ],
    )
    render = render_json if form is FormatType.json else render_markdown
    content = await asyncio.to_thread(render, document)
    record = await fetch_row(
        _INSERT, create_prefixed_id("bp"), workshop_id, document.title, form, content
    )
    assert record is not None
    return _make_build_pack(record)


class RenderedBuildPack(NamedTuple):
    """A build pack as a file to download."""

    filename: str
    media_type: str
    content: bytes


async def render_build_pack(build_pack_id: str) -> RenderedBuildPack:
    """Return a build pack as ``(filename, media_type, bytes)``; a real PDF for ``pdf``.

    The file name is made from the title and the identifier, in ASCII without white
    space. One round trip; a PDF is set in a thread and the same pack always gives
    the same bytes.

    Raises:
        NotFoundError: there is no such build pack, or it has no content.
    """
    validation.key("build_pack_id", build_pack_id)
    record = await fetch_row(
        f"SELECT {columns(BuildPack)} FROM build_packs WHERE id = $1", build_pack_id
    )
    if record is None:
        raise BuildPackNotFoundError(build_pack_id)
    pack = _make_build_pack(record)
    if pack.content is None:
        raise BuildPackEmptyError(build_pack_id)
    name = f"{_slug(pack.title)}{pack.id}"
    match pack.format_type:
        case FormatType.json:
            return RenderedBuildPack(f"{name}.json", "application/json", pack.content.encode())
        case FormatType.pdf:
            pdf = await asyncio.to_thread(
                render_pdf, pack.content, title=pack.title, created_at=pack.created_at
            )
            return RenderedBuildPack(f"{name}.pdf", "application/pdf", pdf)
    return RenderedBuildPack(f"{name}.md", "text/markdown; charset=utf-8", pack.content.encode())


def _slug(title: str) -> str:
    """Return the words of a title for a file name, with a hyphen after them if there are any."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", ascii_title))[:60].strip("-")
    return f"{words}-" if words else ""
