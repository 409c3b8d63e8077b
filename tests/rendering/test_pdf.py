"""Packs as PDF, read back with pypdf."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pypdf import PdfReader

from workshops.rendering import render_markdown
from workshops.rendering.pdf import TEMPLATES, render_pdf

from .packs import GENERATED_AT, STRANGE_TEXTS, pack, pantry_pack, strange_pack
from .strategies import outputs, texts


def read(markdown: str, title: str = "Pack") -> PdfReader:
    """The PDF of a Markdown text."""
    return PdfReader(io.BytesIO(render_pdf(markdown, title=title, created_at=GENERATED_AT)))


def text_of(reader: PdfReader) -> str:
    """The text of all pages, with every run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def links(reader: PdfReader) -> list[str]:
    """The addresses that can be clicked; entries of the contents lead inside the document."""
    found = []
    for page in reader.pages:
        for reference in page.get("/Annots") or []:
            action = reference.get_object().get("/A") or {}
            if "/URI" in action:
                found.append(str(action["/URI"]))
    return found


def test_a_pack_can_be_read_searched_and_navigated() -> None:
    """Text, title, date, page numbers and bookmarks are all in the file."""
    reader = read(render_markdown(pantry_pack()))
    text = text_of(reader)
    assert "Dana, nurse on shifts" in text
    assert "Offer with a photo 900 2 84.0 yes" in text
    assert f"1 / {len(reader.pages)}" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Pantry Share: specification"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.replace(tzinfo=None) == GENERATED_AT.replace(microsecond=0)
    bookmarks = [entry for entry in reader.outline if not isinstance(entry, list)]
    assert [str(entry["/Title"]) for entry in bookmarks][:3] == [
        "Idea",
        "1. Empathize",
        "2. Define",
    ]


def test_pages_are_a4_and_tagged_for_screen_readers() -> None:
    """The paper is A4, the language is set and the structure is marked."""
    reader = read(render_markdown(pantry_pack()))
    box = reader.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert "/StructTreeRoot" in catalog


def test_the_same_text_gives_the_same_bytes() -> None:
    """The date is the pack's, not the clock's."""
    markdown = render_markdown(strange_pack())
    first, second = (render_pdf(markdown, title="Pack", created_at=GENERATED_AT) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["typst", "html", "markdown", "controls", "long_word", "path"])
def test_strange_text_is_shown_as_it_is(name: str) -> None:
    """No markup of Typst, HTML or Markdown is obeyed, and nothing makes it fail."""
    value = STRANGE_TEXTS[name]
    text = text_of(read(render_markdown(pack({"empathize": {"text": value}}))))
    shown = re.sub(r"[\x00-\x09\x0b-\x1f]", "\N{REPLACEMENT CHARACTER}", value)
    assert re.sub(r"\s", "", shown) in re.sub(r"\s", "", text)


@pytest.mark.parametrize("name", ["chinese", "arabic", "hebrew", "emoji"])
def test_every_script_can_be_set_whatever_fonts_there_are(name: str) -> None:
    """Where no font has a character, a box stands for it; the rest of the page is unharmed."""
    reader = read(f"# {STRANGE_TEXTS[name]}\n\n{STRANGE_TEXTS[name]}\n\nAfter.")
    assert "After." in text_of(reader)
    assert reader.metadata is not None
    assert reader.metadata.title == STRANGE_TEXTS[name]


@pytest.mark.parametrize(
    "block", ["{0}", "## {0}", "- {0}\n- y", "1) {0}\n2) y", "> {0}", "| {0} |\n|---|"]
)
def test_scripts_from_right_to_left_are_set_so(block: str) -> None:
    """The first letter decides, not a number before it."""

    def place_of(part: str, text: str) -> float:
        found: list[float] = []

        def visit(text: str, matrix: list[float], *_: Any) -> None:
            if text.strip() == part:
                found.append(matrix[4])

        read("# Title\n\n" + block.format(text)).pages[0].extract_text(visitor_text=visit)
        return found[0]

    assert place_of("12", "12 שלום x") > place_of("x", "12 שלום x")
    assert place_of("x", "x שלום") < place_of("שלום", "x שלום")


def test_long_words_stay_on_the_page() -> None:
    """Words without an end continue on the next line, in text, code and narrow cells."""
    word = "x" * 400
    row = f"| {' | '.join([word] * 6)} |"
    table = f"| {' | '.join('abcdef')} |\n{'|---' * 6}|\n{row}"
    reader = read(f"{word}\n\n- {word}\n\n```\n{word}\n```\n\n{table}")
    ends: list[float] = []

    def visit(text: str, _cm: Any, matrix: list[float], _font: Any, size: float) -> None:
        if text.strip():
            ends.append(matrix[4] + 0.4 * size * len(text.rstrip()))

    text = reader.pages[0].extract_text(visitor_text=visit)
    assert text.count("x") == 400 * 9
    assert max(ends) < 595 - 60


def test_what_is_no_text_is_cut() -> None:
    """Typst would set a word of a megabyte in minutes."""
    text = text_of(read(f"{'x' * 60_000} after"))
    assert text.count("x") == 50_000
    assert (
        text.endswith("… (10000 characters more) after 1 / 1") or "(10000 characters more)" in text
    )


def test_only_web_and_mail_addresses_can_be_clicked() -> None:
    """Other addresses are text, and an image is never fetched."""
    reader = read(
        "[a](https://a.example/x) [b](mailto:b@b.example) [c](file:///etc/passwd) "
        "[d](javascript:x) [e](ftp://e.example) ![f](https://f.example/f.png)"
    )
    assert set(links(reader)) == {"https://a.example/x", "mailto:b@b.example"}
    text = text_of(reader)
    assert "a (https://a.example/x)" in text
    assert "[image: f] (https://f.example/f.png)" in text


def test_an_edited_text_without_a_heading_gets_the_packs_title() -> None:
    """Whatever an operator leaves of the Markdown, the file has a title."""
    reader = read("Only a paragraph.", title="My pack")
    assert reader.metadata is not None
    assert reader.metadata.title == "My pack"
    assert "Only a paragraph." in text_of(reader)
    assert len(read("").pages) == 1


def test_the_template_takes_nothing_from_outside() -> None:
    """It has no call that could read or run something, and its root holds only itself."""
    source = (TEMPLATES / "build_pack.typ").read_text(encoding="utf-8")
    code = re.sub(r"//.*", "", source)
    assert not re.findall(r"\b(?:import|include|eval|read|image|plugin|bibliography)\b", code)
    assert [path.name for path in TEMPLATES.iterdir()] == ["build_pack.typ"]


async def test_many_can_be_set_at_once() -> None:
    """Threads share the fonts and nothing else."""
    markdowns = [f"# Pack {number}\n\nText." for number in range(8)]
    at_once = await asyncio.gather(
        *(
            asyncio.to_thread(render_pdf, markdown, title="x", created_at=GENERATED_AT)
            for markdown in markdowns
        )
    )
    assert at_once == [
        render_pdf(markdown, title="x", created_at=GENERATED_AT) for markdown in markdowns
    ]


@pytest.mark.parametrize(
    "markdown",
    [
        ">" * 55 + " x",
        ">" * 5000 + " x",
        "- " * 40 + "x",
        "1. " * 30 + "x",
        "9999999999. x",
        "0. x",
        "| a |\n|---|\n" + "| b |\n" * 3,
        f"|{'a|' * 60}\n|{'-|' * 60}\n|{'b|' * 60}",
        "# " + "word " * 300,
        "[x](https://a.example/" + "y" * 9000 + ")",
        "***" * 30 + "x" + "***" * 30,
        "&#0; &#x10FFFF; \ufffe",
        "<!-- unfinished",
        "```\nunfinished",
        "**\n\n- \n\n> \n\n| |\n|-|",
    ],
)
def test_odd_markdown_is_set(markdown: str) -> None:
    """Hand-written Markdown of any kind becomes pages."""
    assert len(read(markdown).pages) >= 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(outputs)
def test_any_output_can_be_set(output: dict[str, Any]) -> None:
    """Random JSON becomes pages."""
    assert len(read(render_markdown(pack({"empathize": output}))).pages) >= 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(texts)
def test_any_markdown_can_be_set(markdown: str) -> None:
    """Random Markdown becomes pages."""
    assert len(read(markdown, title=markdown).pages) >= 1
