"""How the site says no: with a status and a sentence that the browser part can show.

What Piccolo Admin 1.14 shows of an error depends on its status and shape: at 422
the fields of ``detail``, at 405 ``detail``, and at any other status the whole body.
So the body is a bare JSON string there (upstream:
test_detail_of_a_rejection_is_shown_as_a_sentence).
"""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import asyncpg
from piccolo_api.crud.endpoints import ParamException
from piccolo_api.crud.exceptions import MalformedQuery
from pydantic import ValidationError
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.constraints import domain_error
from workshops.database.outages import outage
from workshops.errors import DatabaseUnavailableError, InvalidInputError, WorkshopsError

_OF_ANOTHER_OPERATOR = {
    "piccolo_user_username_key": "username",
    "piccolo_user_email_key": "email",
}


class RejectedError(Exception):
    """A request is rejected for a reason that the operator is told; nothing is written."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence
        super().__init__(sentence)

    @property
    def body(self) -> Any:
        if self.status == 405:
            return {"detail": self.sentence}
        return self.sentence

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status)

    def page(self) -> Response:
        heading = HTTPStatus(self.status).phrase
        return HTMLResponse(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
            f"<main><h1>{heading}</h1><p>{html.escape(self.sentence)}</p>"
            f'<p><a href="/progress/">Back to the board</a></p></main></html>',
            status_code=self.status,
        )


class FieldsRejectedError(RejectedError):
    """Values cannot be stored: field -> what is wrong with its value."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(422, "; ".join(f"{name} {text}" for name, text in problems.items()))

    @property
    def body(self) -> Any:
        """What FastAPI sends too when a body does not fit its model."""
        return {
            "detail": [
                {"type": "value_error", "loc": ["body", name], "msg": text}
                for name, text in self.problems.items()
            ]
        }


COLLISIONS = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
)
"""How it shows that others are at the same rows, or keep the database busy."""


NOT_SUPPORTED = "The database cannot do this while its tables are spread over a cluster."


def rejection_of(error: Exception) -> RejectedError | None:
    """Return the rejection that an error means, or None if it is not a fault of the request."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        error = domain_error(error) or error
    match error:
        case RejectedError():
            return error
        case InvalidInputError():
            return FieldsRejectedError({error.field: f"{error.problem}."})
        case WorkshopsError() if not isinstance(error, DatabaseUnavailableError):
            return RejectedError(409, str(error))
        case asyncpg.UniqueViolationError(constraint_name=name) if name in _OF_ANOTHER_OPERATOR:
            return FieldsRejectedError({_OF_ANOTHER_OPERATOR[name]: "belongs to another operator."})
        case asyncpg.UniqueViolationError():
            return RejectedError(409, "Another row has this value already, and it must be unique.")
        case asyncpg.ForeignKeyViolationError():
            return RejectedError(409, "Another row refers to this one, or there is no such row.")
        case asyncpg.IntegrityConstraintViolationError():
            return RejectedError(409, f"The database refuses this: {error.constraint_name}.")
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError():
            return RejectedError(
                409,
                "Another user is changing this at the moment. Nothing was saved; try again.",
            )
        case asyncpg.QueryCanceledError():
            return RejectedError(409, "This took too long and was given up. Nothing was saved.")
        case asyncpg.FeatureNotSupportedError():
            return RejectedError(501, NOT_SUPPORTED)
        case asyncpg.DataError():
            return RejectedError(422, "The database cannot read one of the values.")
        case ParamException() | MalformedQuery():
            return RejectedError(400, str(error))
        case OverflowError():
            return RejectedError(422, "A time is out of range.")
        case ValidationError():
            return FieldsRejectedError(
                {
                    ".".join(str(part) for part in problem["loc"]): problem["msg"]
                    for problem in error.errors()
                }
            )
    return None


Answer = TypeVar("Answer", bound=Callable[..., Coroutine[Any, Any, Response]])


def rejects_with_a_sentence(endpoint: Answer) -> Answer:
    """Turn a rejection, an error of ours or of the database into an answer.

    Without it each of them is a 500.
    """

    @wraps(endpoint)
    async def answer(*args: Any, **kwargs: Any) -> Response:
        try:
            return await endpoint(*args, **kwargs)
        except Exception as error:
            if rejection := rejection_of(error):
                return rejection.response()
            raise

    return answer  # type: ignore[return-value]


logger = logging.getLogger(__name__)


_UNREADY = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)
"""How it shows that migrations or rights are missing, as after the restore of an old backup."""

UNREADY = "The database is not as this site needs it. Nothing was changed; try again later."
NO_DATABASE = "The database does not answer at the moment. Nothing was changed; try again later."


async def reject(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, api: str) -> None:
    """Answer a ``RejectedError``, a collision of two writers and an outage.

    :param api: Below this path the answer is JSON, elsewhere a page.
    """
    if scope["type"] == "websocket":
        # There is none here, and the authentication of the pages has no answer for one.
        await send({"type": "websocket.close", "code": 1000})
        return
    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    begun = False
    held: list[Message] = []

    async def hold_errors(message: Message) -> None:
        """Keep back a 500 until its cause is known: Starlette sends it, then raises that."""
        nonlocal begun
        if held or (message["type"] == "http.response.start" and message["status"] == 500):
            held.append(message)
            return
        begun = True
        await send(message)

    try:
        if "\0" in scope["path"]:
            raise RejectedError(404, "Not Found")
        await app(scope, receive, hold_errors)
    except Exception as error:
        rejection = None if begun else _meaning(error)
        if rejection is None:
            raise
        held.clear()
        as_json = scope["path"].startswith(api)
        await (rejection.response() if as_json else rejection.page())(scope, receive, send)
    finally:
        for message in held:
            await send(message)


def _meaning(error: Exception) -> RejectedError | None:
    if isinstance(error, (RejectedError, *COLLISIONS, asyncpg.FeatureNotSupportedError)):
        return rejection_of(error)
    if outage(error, undone=True):
        # The error may name the server, which is nothing for an answer.
        logger.warning("The database does not answer: %r", error)
        return RejectedError(503, NO_DATABASE)
    if isinstance(error, _UNREADY):
        logger.error(
            "The database lacks something. Run: piccolo workshops migrate, and check",
            exc_info=error,
        )
        return RejectedError(503, UNREADY)
    return None
