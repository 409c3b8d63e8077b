"""A stored pack as a file: name, media type, bytes."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from .document import BuildPackDocument
from .json_document import render_json
from .markdown import render_markdown

EXTENSIONS = {"markdown": "md", "json": "json", "pdf": "pdf"}
MEDIA_TYPES = {
    "markdown": "text/markdown; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}
LONGEST_STEM = 80
NO_STEM = "build-pack"

_NOT_IN_STEM = re.compile(r"[^a-z0-9]+")
# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


def render_content(document: BuildPackDocument, format_type: str) -> str:
    """The text that a pack of this format stores: JSON, or the Markdown (also of a PDF).

    Raises: ValueError for an unknown format.
    """
    _check(format_type)
    return render_json(document) if format_type == "json" else render_markdown(document)


def render_file(
    content: str, format_type: str, *, title: str, created_at: datetime
) -> tuple[str, str, bytes]:
    """`(filename, media_type, bytes)` of a stored pack; a PDF is set now, which takes a moment.

    `created_at` is naive UTC and becomes the PDF's date. Raises: ValueError for an unknown format.
    """
    _check(format_type)
    name = filename_for(title, format_type)
    if format_type == "pdf":
        # Typst takes a tenth of a second to load, and most processes never make a PDF.
        from .pdf import render_pdf

        body = render_pdf(content, title=title, created_at=created_at)
    else:
        body = content.encode("utf-8", "replace")
    return name, MEDIA_TYPES[format_type], body


def filename_for(title: str, format_type: str) -> str:
    """A file name of a-z, 0-9 and dashes with the format's extension: safe in any header or path.

    At most 85 characters. Accents are dropped; a title without a Latin letter gives "build-pack".
    """
    _check(format_type)
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    stem = _NOT_IN_STEM.sub("-", plain).strip("-")[:LONGEST_STEM].strip("-") or NO_STEM
    if _RESERVED.fullmatch(stem):
        stem = f"{NO_STEM}-{stem}"
    return f"{stem}.{EXTENSIONS[format_type]}"


def _check(format_type: str) -> None:
    if format_type not in EXTENSIONS:
        raise ValueError(f"unknown format {format_type!r}: expected one of {', '.join(EXTENSIONS)}")
