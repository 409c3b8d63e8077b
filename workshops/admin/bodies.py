"""The body of a request, read whole and checked before anything acts on it.

Each check stands for a 500 of the libraries behind: they take a NUL character,
half of a surrogate pair, NaN, bytes that are no UTF-8, or a body that is no
object, and fail on it later.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from workshops.admin.refusals import FieldsRefusedError, RefusedError
from workshops.operations.validation import unstorable

LARGEST_BODY = 16 * 1024 * 1024
LARGEST_BODY_OF_A_STRANGER = 16 * 1024

FORM = "application/x-www-form-urlencoded"


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """Return the body.

    Raises:
        RefusedError: it is larger than ``limit``.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "The request ended early.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise RefusedError(413, f"The request is larger than {limit:,} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives a body which has been read."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def check_body(scope: Scope, body: bytes, *, json_only: bool) -> dict[str, Any]:
    """Return the fields of a body, a JSON object or a form; of an empty one, none.

    ``json_only``: it must be a JSON object.

    Raises:
        RefusedError: it is neither, or holds what cannot be stored.
    """
    if not body and not json_only:
        return {}
    content_type = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(422, "The request is not text in UTF-8.") from None
    if content_type == FORM and not json_only:
        fields: dict[str, Any] = dict(parse_qsl(text, keep_blank_values=True))
    elif content_type == "application/json" or not content_type:
        fields = _json_object(text)
    else:
        raise RefusedError(415, "The request must be JSON or a form.")
    if problems := {
        str(name)[:100]: f"{problem}."
        for name, value in fields.items()
        if (problem := _problem(name) or _problem(value))
    }:
        # Names are repeated in the answer, so they must be text that can be sent.
        raise FieldsRefusedError({_printable(name): text for name, text in problems.items()})
    return fields


def _json_object(text: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise RefusedError(422, f"The request holds {constant}, which JSON does not have.")

    try:
        value = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise RefusedError(422, "The request has too many levels.") from None
    except ValueError:
        raise RefusedError(422, "The request is not JSON.") from None
    if not isinstance(value, dict):
        raise RefusedError(422, "The request must be a JSON object.")
    return value


def _problem(value: Any) -> str | None:
    """Return why a value cannot be stored, at any depth."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            if problem := unstorable(item):
                return problem
        elif isinstance(item, dict):
            rest += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            rest += item
    return None


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()
