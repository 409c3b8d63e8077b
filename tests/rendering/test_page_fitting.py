"""Breaks for long words, widths for columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workshops.rendering.page_fitting import break_code, fit_table, parts_of, pieces

from .strategies import texts


@given(texts, st.integers(1, 50))
def test_pieces_joined_are_the_text(text: str, longest: int) -> None:
    """Breaking a word adds and drops nothing."""
    assert "".join(pieces(text, longest)) == text


@given(st.lists(st.one_of(texts, texts.map(lambda text: {"t": [text], "b": True})), max_size=5))
def test_parts_joined_are_the_paragraph(runs: list[object]) -> None:
    """A paragraph in parts is the same text."""
    long_runs = runs * 40
    assert [run for part in parts_of(long_runs) for run in part] == long_runs


def test_chinese_needs_no_pieces() -> None:
    """Scripts that break anywhere are left to the layout."""
    text = "邻居之间分享食物" * 20
    assert pieces(text, 20) == [text]


def test_code_lines_break_at_a_space_where_there_is_one() -> None:
    """Long lines of code continue on the next line."""
    assert break_code("a " * 60) == ["a " * 42 + "\n" + "a " * 18]
    assert break_code("x" * 100) == ["x" * 84 + "\n" + "x" * 16]


def test_columns_are_as_wide_as_their_words() -> None:
    """A narrow column beside a wide one keeps room for its longest word."""
    wide = "many short words in a long cell " * 6
    rows = [
        [{"r": [text]} for text in row]
        for row in (["Acknowledgement", wide], ["no", wide], ["yes", wide])
    ]
    table = fit_table(rows, ["l", "l"])
    assert table["w"][0] >= len("Acknowledgement")
    assert table["part"] == 1.0
    assert table["h"][0]["r"] == ["Acknowledgement"]
