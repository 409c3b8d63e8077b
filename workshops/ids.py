"""Identifiers, made in the application: ``<prefix>_<cuid2>``.

A cuid2 (https://github.com/paralleldrive/cuid2) is 24 characters of ``a-z0-9``
that begin with a letter. It tells nothing about when or where it was made, so
an identifier in a URL does not let anyone guess its neighbours.

The characters are random ones of the operating system (123 bits), drawn for many
identifiers at once: the package ``cuid2`` takes a hundred times as long for each.
"""

import hashlib
import os
from string import ascii_lowercase, digits

_LENGTH = 24
_ALPHABET = ascii_lowercase + digits
_AT_ONCE = 128

_drawn: list[str] = []
# A forked process would go on with identifiers that its parent gives out as well.
os.register_at_fork(after_in_child=_drawn.clear)


def create_id() -> str:
    """Return a new cuid2: 24 characters, ``[a-z][a-z0-9]{23}``."""
    while True:
        try:
            return _drawn.pop()  # atomic, so that no two threads get the same
        except IndexError:
            _drawn.extend(_draw())


def create_prefixed_id(prefix: str) -> str:
    """Return a new identifier that shows its table, such as ``ws_tz4a98xxat96iws9zmbrgj3a``."""
    return f"{prefix}_{create_id()}"


def derive_prefixed_id(prefix: str, *parts: str) -> str:
    """Return the identifier that follows from some texts: the same from the same ones.

    It looks like any other, and those who know the texts can work it out.
    """
    digest = hashlib.sha256(repr((prefix, parts)).encode()).digest()
    number = int.from_bytes(digest)
    number, first = divmod(number, len(ascii_lowercase))
    characters = [ascii_lowercase[first]]
    for _ in range(_LENGTH - 1):
        number, place = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[place])
    return f"{prefix}_{''.join(characters)}"


def _uniform(characters: str) -> tuple[bytes, bytes]:
    """Return the table that makes a random byte one of ``characters``, and the bytes left out.

    Those beyond the last whole multiple of their number would favour the first ones.
    """
    size = len(characters)
    return (characters * (256 // size + 1)).encode()[:256], bytes(range(256 - 256 % size, 256))


_FIRST = _uniform(ascii_lowercase)
_REST = _uniform(_ALPHABET)


def _random(count: int, table: bytes, left_out: bytes) -> str:
    found = b""
    while len(found) < count:
        found += os.urandom(count).translate(table, left_out)
    return found[:count].decode()


def _draw() -> list[str]:
    rest = _random(_AT_ONCE * (_LENGTH - 1), *_REST)
    size = _LENGTH - 1
    return [
        first + rest[start : start + size]
        for first, start in zip(_random(_AT_ONCE, *_FIRST), range(0, len(rest), size), strict=True)
    ]
