"""Identifiers that look like real ones and come out the same for the same seed."""

from __future__ import annotations

from random import Random
from string import ascii_letters, ascii_lowercase, digits

DEMO_WORKSHOP_PREFIX = "ws_demoworkshop"
"""How the id of every demo workshop begins, and no other.

It leaves 12 of a cuid2's 24 characters to chance. That a real id begins so happens once in
10^18 (26 * 36^11), which is why the marker is a long one: `ws_demo` alone would meet a real
workshop once in a million.
"""

_LENGTH = 24


def _alphabet(characters: str) -> bytes:
    """A table for `bytes.translate` that maps each byte to one of the characters."""
    return bytes(ord(characters[byte % len(characters)]) for byte in range(256))


_LETTERS = _alphabet(ascii_lowercase)
_CUID2 = _alphabet(digits + ascii_lowercase)
_BASE62 = _alphabet(digits + ascii_letters)
_URL_SAFE = _alphabet(ascii_letters + digits + "-_")


class Identifiers:
    """Makes identifiers from a random generator of its own.

    Translating random bytes takes a microsecond or two for a whole workshop; choosing character by
    character would take longer than everything else about it.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(f"identifiers of {seed}")

    def cuid2(self, prefix: str, count: int) -> list[str]:
        """Return `count` ids `<prefix>_<24 characters>`, the first character a letter."""
        noise = self._random.randbytes(_LENGTH * count)
        first, rest = noise.translate(_LETTERS).decode(), noise.translate(_CUID2).decode()
        return [
            f"{prefix}_{first[start]}{rest[start + 1 : start + _LENGTH]}"
            for start in range(0, _LENGTH * count, _LENGTH)
        ]

    def workshop(self) -> str:
        """Return an id of the same shape that shows its workshop to be a demo."""
        missing = len("ws_") + _LENGTH - len(DEMO_WORKSHOP_PREFIX)
        return DEMO_WORKSHOP_PREFIX + self._random.randbytes(missing).translate(_CUID2).decode()

    def user(self) -> str:
        """Return an id like those of Clerk: `user_2` and 26 characters."""
        return f"user_2{self._random.randbytes(26).translate(_BASE62).decode()}"

    def organisation(self) -> str:
        """Return an id like those of Clerk: `org_2` and 26 characters."""
        return f"org_2{self._random.randbytes(26).translate(_BASE62).decode()}"

    def share_token(self) -> str:
        """Return 32 URL-safe characters."""
        return self._random.randbytes(32).translate(_URL_SAFE).decode()
