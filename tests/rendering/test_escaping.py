"""Text of users as Markdown."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from workshops.rendering.escaping import EMPTY, heading, inline, line, one_line, prose

from .reading import PARSER, headings, kinds, text_of, visible_text
from .strategies import texts


@given(texts)
@example("a \\| b\\")
@example("# ## #")
def test_any_text_is_read_back_as_it_was_in_every_place(text: str) -> None:
    """A text shows unchanged as paragraph, list item, heading, bold label and table cell."""
    expected = one_line(text) or "empty"
    assert visible_text(line(text)) == expected
    assert visible_text(f"- {line(text)}") == expected
    assert headings(heading(3, inline(text))) == [(3, expected)]
    assert visible_text(f"**{inline(text)}:** x") == f"{expected}: x"
    row = PARSER.parse(f"| a | b |\n|---|---|\n| {inline(text)} | x |")
    assert [text_of(token) for token in row if token.type == "inline"] == ["a", "b", expected, "x"]


@given(texts)
def test_text_makes_only_paragraphs_and_code_blocks(text: str) -> None:
    """No text of a user becomes a heading, list, table, link, image or HTML."""
    allowed = {
        *("paragraph_open", "paragraph_close", "inline", "text", "hardbreak", "fence"),
        *(("em_open", "em_close") if prose(text) == [EMPTY] else ()),
    }
    assert kinds("\n\n".join(prose(text))) <= allowed


@given(texts)
def test_prose_shows_the_whole_text(text: str) -> None:
    """Paragraphs and line breaks change white space only."""
    assert visible_text("\n\n".join(prose(text))) == (one_line(text) or "empty")


@pytest.mark.parametrize(
    "text",
    ["3 * 4 = 12", "snake_case_name", "a < b > c", "Q&A: more", "~5 minutes", "C# and F#", "-5 °C",
     "+49 30 1234", "#hashtag", "50% (half)", "{x}", "it's \"quoted\"", "C:\\path", "1.5", "x!"],
)  # fmt: skip
def test_ordinary_text_needs_no_escape(text: str) -> None:
    """Text that Markdown would not misread stays as it was typed."""
    assert line(text) == text


def test_paragraphs_and_line_breaks_stay() -> None:
    """An empty line separates paragraphs, a line break is a hard break."""
    assert prose("one\ntwo\r\n \nthree") == ["one\\\ntwo", "three"]


def test_indented_text_becomes_code_with_a_sufficient_fence() -> None:
    """Indentation means layout: the text stands in a fence longer than its own backticks."""
    assert prose("if x:\n    ```` y") == ["`````\nif x:\n    ```` y\n`````"]


def test_indented_text_with_long_lines_stays_prose() -> None:
    """A code block does not wrap, so a long line is no code."""
    assert prose(f"a\n  {'word ' * 30}")[0].startswith("a\\\nword")
