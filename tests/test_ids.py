"""Identifiers."""

from __future__ import annotations

import os
import re
import threading
from string import ascii_lowercase, digits

from cuid2 import Cuid

from workshops.ids import create_id, create_prefixed_id

CUID2 = re.compile(r"[a-z][a-z0-9]{23}")

# What chi-square exceeds once in 10^20 tests, with 35 and with 25 degrees of freedom.
ONCE_IN_ALL_TIME = 190


def chi_square(text: str, alphabet: str) -> float:
    """How far a text is from holding each character of an alphabet equally often."""
    expected = len(text) / len(alphabet)
    return sum((text.count(each) - expected) ** 2 / expected for each in alphabet)


def test_an_id_is_what_the_package_cuid2_makes() -> None:
    """The same length, the same alphabet, a letter first."""
    reference = Cuid()
    theirs = [reference.generate() for _ in range(1000)]
    ours = [create_id() for _ in range(1000)]
    assert {len(id) for id in ours} == {len(id) for id in theirs} == {24}
    assert set("".join(ours)) == set("".join(theirs)) == set(ascii_lowercase + digits)
    assert {id[0] for id in ours} == {id[0] for id in theirs} == set(ascii_lowercase)
    assert all(map(CUID2.fullmatch, ours + theirs))


def test_a_prefixed_id_shows_its_table() -> None:
    """The prefix stands before an underscore."""
    assert re.fullmatch(r"wst_[a-z][a-z0-9]{23}", create_prefixed_id("wst"))


def test_a_million_ids_are_all_different_and_evenly_random() -> None:
    """Each character is as frequent as any other; a remainder of 256 taken in would show."""
    ids = [create_id() for _ in range(1_000_000)]
    assert len(set(ids)) == 1_000_000
    assert chi_square("".join(id[1:] for id in ids), ascii_lowercase + digits) < ONCE_IN_ALL_TIME
    assert chi_square("".join(id[0] for id in ids), ascii_lowercase) < ONCE_IN_ALL_TIME
    for place in (1, 12, 23):
        text = "".join(id[place] for id in ids)
        assert chi_square(text, ascii_lowercase + digits) < ONCE_IN_ALL_TIME


def test_uneven_characters_are_noticed() -> None:
    """The check itself can fail: random bytes by remainder favour four of 36 characters."""
    alphabet = ascii_lowercase + digits
    text = "".join(alphabet[byte % 36] for byte in os.urandom(1_000_000))
    assert chi_square(text, alphabet) > ONCE_IN_ALL_TIME


def test_threads_do_not_share_ids() -> None:
    """Whatever the moment at which one is interrupted."""
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append([create_id() for _ in range(20_000)]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id for ids in found for id in ids}) == 160_000


def test_forked_processes_do_not_share_ids() -> None:
    """What was drawn before the fork is the parent's alone."""
    create_id()
    readers = []
    for _ in range(3):
        reader, writer = os.pipe()
        if not os.fork():
            os.write(writer, " ".join(create_id() for _ in range(300)).encode())
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    ids = [create_id() for _ in range(300)]
    for reader in readers:
        with open(reader, encoding="ascii") as pipe:
            ids.extend(pipe.read().split())
        os.wait()
    assert len(set(ids)) == len(ids) == 1200
