"""Identifiers."""

import re

from workshops.ids import create_id, create_prefixed_id


def test_an_id_is_a_cuid2() -> None:
    """An id has 24 characters of a-z0-9 and begins with a letter."""
    assert re.fullmatch(r"[a-z][a-z0-9]{23}", create_id())


def test_a_prefixed_id_shows_its_table() -> None:
    """The prefix stands before an underscore."""
    assert re.fullmatch(r"wst_[a-z][a-z0-9]{23}", create_prefixed_id("wst"))


def test_ids_do_not_repeat() -> None:
    """Thousands of ids are all different."""
    assert len({create_id() for _ in range(3000)}) == 3000
