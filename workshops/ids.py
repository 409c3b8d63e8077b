"""Identifiers, made in the application: ``<prefix>_<cuid2>``.

A cuid2 (https://github.com/paralleldrive/cuid2) is 24 characters of ``a-z0-9``
that begin with a letter. It tells nothing about when or where it was made, so
an identifier in a URL does not let anyone guess its neighbours.
"""

from cuid2 import Cuid

_generator = Cuid()


def create_id() -> str:
    """Return a new cuid2: 24 characters, ``[a-z][a-z0-9]{23}``."""
    return _generator.generate()


def create_prefixed_id(prefix: str) -> str:
    """Return a new identifier that shows its table, such as ``ws_tz4a98xxat96iws9zmbrgj3a``."""
    return f"{prefix}_{_generator.generate()}"
