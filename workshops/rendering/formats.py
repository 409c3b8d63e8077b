"""A build pack as data, what is stored of it in each format, and the file that comes of that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from workshops.states import StepStatus

from .escaping import heading, inline, prose
from .labels import dump_json
from .output_markdown import output_blocks

FORMAT = "workshops.build-pack"
VERSION = 1

LONGEST_STEM = 80
MOST_BYTES = 200  # file systems take 255 bytes, and a browser may add " (1)"
NO_STEM = "build-pack"

# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPackStep:
    """One step of a workshop as a pack shows it; `order` is the definition's."""

    step_id: str
    name: str
    description: str
    order: int
    status: str
    output: Mapping[str, Any] | None = None
    completed_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        return self.status == StepStatus.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPackDocument:
    """Everything that a pack says, in the state of one moment.

    `title` is the pack's own and may differ from `workshop_title`; `idea` may be empty. Times are
    naive UTC. The steps may come in any order: the renderers use definition order.
    """

    workshop_id: str
    workshop_title: str
    title: str
    idea: str
    generated_at: datetime
    steps: Sequence[BuildPackStep]

    @property
    def ordered_steps(self) -> list[BuildPackStep]:
        return sorted(self.steps, key=lambda step: (step.order, step.step_id))

    @property
    def complete_steps(self) -> list[BuildPackStep]:
        return [step for step in self.ordered_steps if step.is_complete]

    @property
    def open_steps(self) -> list[BuildPackStep]:
        return [step for step in self.ordered_steps if not step.is_complete]


def render_json(document: BuildPackDocument) -> str:
    """The pack as JSON text in the shape of docs/build-pack.schema.json.

    The same document gives the same text: keys of ours stand in a fixed order, an output keeps its
    own. Raises: ValueError for NaN or an infinity, which JSON has not.
    """
    complete = document.complete_steps
    pack = {
        "format": FORMAT,
        "version": VERSION,
        "title": document.title,
        "generated_at": _timestamp(document.generated_at),
        "workshop": {
            "id": document.workshop_id,
            "title": document.workshop_title,
            "idea": document.idea,
        },
        "progress": {"complete": len(complete), "total": len(document.steps)},
        "steps": [
            {
                "id": step.step_id,
                "name": step.name,
                "description": step.description,
                "order": step.order,
                "completed_at": _timestamp(step.completed_at),
                "output": step.output,
            }
            for step in complete
        ],
        "open_steps": [
            {"id": step.step_id, "name": step.name, "order": step.order, "status": step.status}
            for step in document.open_steps
        ],
    }
    return dump_json(pack) + "\n"


def _timestamp(value: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and the Z of UTC."""
    return None if value is None else value.isoformat(timespec="milliseconds") + "Z"


def render_markdown(document: BuildPackDocument) -> str:
    """The pack as CommonMark with GitHub's tables; the same document gives the same text.

    Headings: one `#` with the title; `##` for the idea, each complete step in definition order and
    the open steps; below them what the outputs hold. All text of users is escaped: no heading,
    link, image or HTML of theirs ever becomes one here. Never fails on any JSON object.
    """
    numbers = {step.step_id: number for number, step in enumerate(document.ordered_steps, start=1)}
    complete, open_steps = document.complete_steps, document.open_steps
    blocks = [
        heading(1, inline(document.title)),
        f"*Build pack of the workshop “{inline(document.workshop_title)}”, "
        f"generated {document.generated_at:%Y-%m-%d at %H:%M} UTC.*",
        f"**{_progress(len(complete), len(document.steps))}**",
    ]
    if document.idea.strip():
        blocks += [heading(2, "Idea"), *prose(document.idea)]
    for step in complete:
        blocks += step_blocks(step, numbers[step.step_id])
    if open_steps:
        lines = (
            f"- **{numbers[step.step_id]}. {inline(step.name)}** "
            f"({inline(step.status.replace('_', ' '))})"
            for step in open_steps
        )
        blocks += [heading(2, "Open steps"), "\n".join(lines)]
    return "\n\n".join(blocks) + "\n"


def step_blocks(step: BuildPackStep, number: int) -> list[str]:
    """The blocks of one complete step, to be joined by empty lines."""
    remarks = []
    if step.description.strip():
        remarks.append(f"*{inline(step.description)}*")
    if step.completed_at is not None:
        remarks.append(f"*Completed {step.completed_at:%Y-%m-%d}.*")
    return [
        heading(2, f"{number}. {inline(step.name)}"),
        *([" ".join(remarks)] if remarks else []),
        *output_blocks(step.output),
    ]


def _progress(complete: int, total: int) -> str:
    if total and complete == total:
        return f"All {total} steps are complete."
    return f"{complete} of {total} steps are complete."


def _encoded(content: str, _title: str, _created_at: datetime) -> bytes:
    return content.encode()


def _typeset(content: str, title: str, created_at: datetime) -> bytes:
    # Typst takes a tenth of a second to load, and most processes never make a PDF.
    from .pdf import render_pdf

    return render_pdf(content, title=title, created_at=created_at)


class PackFormat(NamedTuple):
    """One format: `content` makes the stored text, `file` the bytes of a download from it."""

    media_type: str
    extension: str
    content: Callable[[BuildPackDocument], str]
    file: Callable[[str, str, datetime], bytes] = _encoded


FORMATS: Mapping[str, PackFormat] = {
    "markdown": PackFormat("text/markdown; charset=utf-8", "md", render_markdown),
    "pdf": PackFormat("application/pdf", "pdf", render_markdown, _typeset),
    "json": PackFormat("application/json", "json", render_json),
}
"""The formats by name: the names of `FormatType`, which the database checks."""


def render_content(document: BuildPackDocument, format_type: str) -> str:
    """The text that a pack of this format stores: JSON, or the Markdown (also of a PDF)."""
    return FORMATS[format_type].content(document)


def render_file(
    content: str, format_type: str, *, title: str, created_at: datetime
) -> tuple[str, str, bytes]:
    """`(filename, media_type, bytes)` of a stored pack; a PDF is set now, which takes a moment.

    `created_at` is naive UTC and becomes the PDF's date.
    """
    form = FORMATS[format_type]
    name = filename_for(title, format_type)
    return name, form.media_type, form.file(content, title, created_at)


def filename_for(title: str, format_type: str) -> str:
    """A file name of lower-case letters, digits and dashes with the format's extension.

    Latin letters lose their accents, those of other scripts stay ("日本.pdf"): safe in any path,
    but a header needs `filename*=` (RFC 5987). At most 85 characters; a title without a letter or
    digit gives "build-pack".
    """
    letters = map(_in_stem, unicodedata.normalize("NFKC", title.casefold()))
    stem = "-".join("".join(letters).split())[:LONGEST_STEM]
    stem = stem.encode()[:MOST_BYTES].decode(errors="ignore").strip("-") or NO_STEM
    if _RESERVED.fullmatch(stem):
        stem = f"{NO_STEM}-{stem}"
    return f"{stem}.{FORMATS[format_type].extension}"


def _in_stem(character: str) -> str:
    if unicodedata.category(character)[0] not in "LNM":
        return " "
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.isalnum() else character
