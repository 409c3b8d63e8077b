"""The formats of build packs: what is stored for each, and the file that comes of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from .document import BuildPackDocument, render_json, render_markdown

LONGEST_STEM = 80
MOST_BYTES = 200  # file systems take 255 bytes, and a browser may add " (1)"
NO_STEM = "build-pack"

# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


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
    """The text that a pack of this format stores: JSON, or the Markdown (also of a PDF).

    Raises: ValueError for an unknown format.
    """
    return _format(format_type).content(document)


def render_file(
    content: str, format_type: str, *, title: str, created_at: datetime
) -> tuple[str, str, bytes]:
    """`(filename, media_type, bytes)` of a stored pack; a PDF is set now, which takes a moment.

    `created_at` is naive UTC and becomes the PDF's date. Raises: ValueError for an unknown format.
    """
    form = _format(format_type)
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
    return f"{stem}.{_format(format_type).extension}"


def _in_stem(character: str) -> str:
    if unicodedata.category(character)[0] not in "LNM":
        return " "
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.isalnum() else character


def _format(name: str) -> PackFormat:
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}: expected one of {', '.join(FORMATS)}")
    return FORMATS[name]
