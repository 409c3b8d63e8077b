"""How the admin says no: with a status and a sentence that its browser part can show.

What Piccolo Admin 1.14 shows of an error depends on its status and shape: at 422
the fields of ``detail`` or a ``custom_form_error``, at 405 ``detail``, and at
any other status the whole body. So the body is a bare JSON string there.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from starlette.responses import JSONResponse

from workshops.constraints import domain_error
from workshops.errors import DatabaseUnavailableError, InvalidInputError, WorkshopsError

READ_ONLY = "Only superusers may change things; your role is to look."

_OF_ANOTHER_OPERATOR = {
    "piccolo_user_username_key": "username",
    "piccolo_user_email_key": "email",
}


class RefusedError(Exception):
    """A request is refused for a reason that the operator is told; nothing is written."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence
        super().__init__(sentence)

    @property
    def body(self) -> Any:
        """What is sent as JSON."""
        if self.status == 405:
            return {"detail": self.sentence}
        return self.sentence

    def response(self) -> JSONResponse:
        """Return the answer."""
        return JSONResponse(self.body, status_code=self.status)


class FieldsRefusedError(RefusedError):
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


def refusal_of(
    error: WorkshopsError | asyncpg.PostgresError | asyncpg.InterfaceError,
) -> RefusedError:
    """Return the refusal that an error means.

    What is no fault of the request comes back as it is: the error is raised again.
    """
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        error = domain_error(error) or error
    match error:
        case InvalidInputError():
            return FieldsRefusedError({error.field: f"{error.problem}."})
        case DatabaseUnavailableError():
            raise error
        case WorkshopsError():
            return RefusedError(409, str(error))
        case asyncpg.UniqueViolationError(constraint_name=name) if name in _OF_ANOTHER_OPERATOR:
            return FieldsRefusedError({_OF_ANOTHER_OPERATOR[name]: "belongs to another operator."})
        case asyncpg.UniqueViolationError():
            return RefusedError(409, "Another row has this value already, and it must be unique.")
        case asyncpg.ForeignKeyViolationError():
            return RefusedError(409, "Another row refers to this one, or there is no such row.")
        case asyncpg.IntegrityConstraintViolationError():
            return RefusedError(409, f"The database refuses this: {error.constraint_name}.")
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError():
            return RefusedError(
                409, "Somebody else is changing this at the moment. Nothing was saved; try again."
            )
        case asyncpg.QueryCanceledError():
            return RefusedError(409, "This took too long and was given up. Nothing was saved.")
        case asyncpg.DataError():
            return RefusedError(422, "The database cannot read one of the values.")
    raise error
