"""The body of a request, read whole and checked before anything acts on it.

Each check stands for a 500 of the libraries behind: they take a NUL character,
half of a surrogate pair, NaN or an infinite number, bytes that are not UTF-8, or a body
that is not an object, and fail on it later (upstream: test_nul_in_a_body_is_refused,
test_body_that_is_no_json_is_refused).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.errors import InvalidInputError
from workshops.statements.validation import parse_json, unstorable_json
from workshops.web.rejections import FieldsRejectedError, RejectedError

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 100

_FIELDS = "workshops.fields"


def fields_of(scope: Scope) -> dict[str, Any]:
    """Return the fields of the body that ``read_body`` has read; of a GET, none."""
    fields: dict[str, Any] = scope.get(_FIELDS, {})
    return fields


async def read_body(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    limit: Callable[[Scope], Awaitable[int]],
    json_only: Callable[[Scope], bool],
) -> None:
    """Read the body of a request that may write, and pass it on whole.

    :param limit: How many bytes a request may have.
    :param json_only: Whether its body must be a JSON object.

    Raises:
        RejectedError: the body is too large, or cannot be used.
    """
    if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
        body = await _read(receive, limit=await limit(scope))
        only = json_only(scope)
        fields = scope[_FIELDS] = _fields(scope, body, json_only=only)
        if _content_type(scope) == FORM and not only:
            # piccolo_api 1.11 takes a form such as "1" or ["="] for JSON (upstream:
            # test_form_that_is_json_is_a_form). Written anew, none is.
            body = urlencode(fields).encode()
        receive = _replay(body, receive)
    await app(scope, receive, send)


async def _read(receive: Receive, *, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RejectedError(400, "The request ended early.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise RejectedError(413, f"The request is larger than {limit:,} bytes.")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _content_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()


def _fields(scope: Scope, body: bytes, *, json_only: bool) -> dict[str, Any]:
    """Return the fields of a body, a JSON object or a form; of an empty one, none."""
    if not body and not json_only:
        return {}
    content_type = _content_type(scope)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedError(422, "The request is not text in UTF-8.") from None
    if content_type == FORM and not json_only:
        try:
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise RejectedError(422, "The form cannot be read.") from None
    elif content_type == "application/json" or not content_type:
        fields = _json_object(text)
    else:
        raise RejectedError(415, "The request must be JSON or a form.")
    if problems := {
        # Names are repeated in the answer, so they must be text that can be sent.
        name[:100].encode("ascii", "backslashreplace").decode(): f"{problem}."
        for name, value in fields.items()
        if (problem := unstorable_json(name) or unstorable_json(value))
    }:
        raise FieldsRejectedError(problems)
    return fields


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = parse_json("The request", text)
    except InvalidInputError as error:
        raise RejectedError(422, str(error)) from None
    if not isinstance(value, dict):
        raise RejectedError(422, "The request must be a JSON object.")
    return value
