"""The values that the library writes, checked as those of the operations are."""

from __future__ import annotations

from typing import Any

from piccolo.apps.user.tables import BaseUser

from workshops.admin.refusals import FieldsRefusedError
from workshops.operations import validation

CONTENT_LENGTH = 10_000_000
"""The longest content of a build pack and the longest prompt, in characters."""

# They may be left out, and empty.
OPTIONAL = ("content", "prompt_template")


def check_texts(values: dict[str, Any], **limits: int) -> None:
    """Check the texts that are given, each with its limit in characters.

    Raises:
        InvalidInputError: one is too long, blank, or cannot be stored.
    """
    for name, limit in limits.items():
        optional = name in OPTIONAL
        if name in values and not (optional and values[name] is None):
            validation.text(name, values[name], limit=limit, blank=optional)


def check_operator(values: dict[str, Any]) -> None:
    """Check the fields of an operator that are given.

    Raises:
        FieldsRefusedError: one is of the wrong kind.
        InvalidInputError: a text is too long, blank, or cannot be stored.
    """
    check_texts(values, username=100, email=255)
    if not values.get("username", "").isprintable():
        raise FieldsRefusedError({"username": "must have printable characters only."})
    for name in ("active", "admin", "superuser"):
        if not isinstance(values.get(name, True), bool):
            raise FieldsRefusedError({name: "must be true or false."})
    if "password" in values:
        try:
            BaseUser._validate_password(values["password"])
        except ValueError as error:
            raise FieldsRefusedError({"password": str(error)}) from None
