"""Packs as files to download."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given

from workshops.rendering import FORMATS, filename_for, render_content, render_file
from workshops.states import FormatType

from .packs import GENERATED_AT, half_done_pack
from .strategies import texts


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Pantry Share: specification", "pantry-share-specification.pdf"),
        ("Ünïcode Straße", "unicode-strasse.pdf"),
        ("Sørensen & Søn", "sørensen-søn.pdf"),
        ("サーバー", "サーバー.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ('a"; filename="b\r\nX: y', "a-filename-b-x-y.pdf"),
        ("日本", "日本.pdf"),
        ("हिन्दी / ไทย", "हिन्दी-ไทย.pdf"),
        ("🥖 !?", "build-pack.pdf"),
        ("", "build-pack.pdf"),
        ("CON", "build-pack-con.pdf"),
        ("LPT1", "build-pack-lpt1.pdf"),
    ],
)
def test_names_are_readable_and_safe(title: str, name: str) -> None:
    """Only letters, digits and dashes are left of a title, in any script."""
    assert filename_for(title, "pdf") == name


@given(texts)
def test_any_title_gives_a_safe_name(title: str) -> None:
    """No title can leave a directory, break a header or be too long."""
    name = filename_for(title * 10, "markdown")
    assert name == name.casefold()
    assert not re.search(r"[\s\x00-,/:-@\[-`{-\x9f]|--|^-|-\.", name)
    assert name.endswith(".md")
    assert len(name) <= 85
    assert len(name.encode()) <= 210


def test_long_names_end_between_letters() -> None:
    """A name is cut by its bytes too, which file systems count."""
    assert filename_for("🜚日" * 100, "pdf") == "日-" * 39 + "日.pdf"
    assert filename_for("日" * 100, "pdf") == "日" * 66 + ".pdf"


def test_a_format_for_each_that_the_database_knows() -> None:
    """The registry and the states name the same formats, in the same order."""
    assert list(FORMATS) == list(FormatType)


@pytest.mark.parametrize("format_type", list(FormatType))
def test_every_format_becomes_a_file(format_type: FormatType) -> None:
    """Content and file go together for each format that the database knows."""
    document = half_done_pack()
    content = render_content(document, format_type)
    name, media_type, body = render_file(
        content, format_type, title=document.title, created_at=GENERATED_AT
    )
    extension, medium, start = {
        "markdown": ("md", "text/markdown; charset=utf-8", b"# Pantry Share"),
        "json": ("json", "application/json", b'{\n  "format": "workshops.build-pack"'),
        "pdf": ("pdf", "application/pdf", b"%PDF-"),
    }[format_type]
    assert name == f"pantry-share-first-round.{extension}"
    assert media_type == medium
    assert body.startswith(start)


def test_a_pdf_pack_stores_the_markdown_it_is_made_from() -> None:
    """The stored text of a PDF is readable and can be edited."""
    document = half_done_pack()
    assert render_content(document, "pdf") == render_content(document, "markdown")
    assert json.loads(render_content(document, "json"))["version"] == 1
