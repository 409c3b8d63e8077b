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
MOST_BYTES = 200  # file systems take 255 bytes, and a browser may add " (1)"
NO_STEM = "build-pack"

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
    """A file name of lower-case letters, digits and dashes with the format's extension.

    Latin letters lose their accents, those of other scripts stay ("日本.pdf"): safe in any path,
    but a header needs `filename*=` (RFC 5987). At most 85 characters; a title without a letter or
    digit gives "build-pack".
    """
    _check(format_type)
    letters = map(_in_stem, unicodedata.normalize("NFKC", title.casefold()))
    stem = "-".join("".join(letters).split())[:LONGEST_STEM]
    stem = stem.encode()[:MOST_BYTES].decode(errors="ignore").strip("-") or NO_STEM
    if _RESERVED.fullmatch(stem):
        stem = f"{NO_STEM}-{stem}"
    return f"{stem}.{EXTENSIONS[format_type]}"


def _in_stem(character: str) -> str:
    if unicodedata.category(character)[0] not in "LNM":
        return " "
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.isalnum() else character


def _check(format_type: str) -> None:
    if format_type not in EXTENSIONS:
        raise ValueError(f"unknown format {format_type!r}: expected one of {', '.join(EXTENSIONS)}")
