"""What differs between two texts, as a page shows it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workshops.admin.progress.texts import Piece, differences

TEXTS = st.text(st.sampled_from("ab \n."), max_size=400)


@given(TEXTS, TEXTS)
def test_pieces_make_both_texts(old: str, new: str) -> None:
    """Without what was added they are the old text, without what was removed the new one."""
    pieces = differences(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new


def test_words_of_a_line() -> None:
    """Within a line only the words that differ are marked."""
    assert differences("Ask five people.\nListen.", "Ask ten people.\nListen.") == [
        Piece("same", "Ask "),
        Piece("removed", "five "),
        Piece("added", "ten "),
        Piece("same", "people.\nListen."),
    ]


def test_lines_that_have_little_in_common() -> None:
    """A line in the place of another one is not cut into words."""
    assert differences("Ask five people.", "Draw what you saw on a napkin.") == [
        Piece("removed", "Ask five people."),
        Piece("added", "Draw what you saw on a napkin."),
    ]


def test_long_text_is_shown_around_the_change() -> None:
    """Of much that is the same, what stands beside the change is shown."""
    before, after = "before " * 100, " after" * 100
    pieces = differences(f"{before}one{after}", f"{before}two{after}")
    assert [piece.kind for piece in pieces] == [
        *("skipped", "same", "removed", "added", "same", "skipped")
    ]
    assert sum(len(piece.text) for piece in pieces if piece.kind == "same") <= 200


def test_texts_of_many_words_are_compared_at_once() -> None:
    """Two texts without a common line, of 50,000 words each, are one change."""
    old, new = "a " * 50_000, "b " * 50_000
    assert differences(old, new) == [Piece("removed", old), Piece("added", new)]
