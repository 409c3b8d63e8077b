"""Identifiers, made in the application: ``<prefix>_<cuid2>``.

A cuid2 (https://github.com/paralleldrive/cuid2) is 24 characters of ``a-z0-9``
that begin with a letter. It tells nothing about when or where it was made, so
an identifier in a URL does not let anyone guess its neighbours.

The characters are random ones of the operating system (123 bits): the package ``cuid2`` takes
thirty times as long.
"""

import hashlib
import os
from string import ascii_lowercase, digits

_LENGTH = 24
_ALPHABET = ascii_lowercase + digits
# Makes a random byte a character. Those beyond the last whole multiple of their number
# would favour the first ones.
_CHARACTERS = (_ALPHABET * 8)[:256].encode()
_LEFT_OUT = bytes(range(256 - 256 % len(_ALPHABET), 256))


def create_id() -> str:
    """Return a new cuid2: 24 characters, ``[a-z][a-z0-9]{23}``."""
    while True:
        # The first letter there is, and what follows it.
        drawn = os.urandom(2 * _LENGTH).translate(_CHARACTERS, _LEFT_OUT).lstrip(digits.encode())
        if len(drawn) >= _LENGTH:
            return drawn[:_LENGTH].decode()


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
