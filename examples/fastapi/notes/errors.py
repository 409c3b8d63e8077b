"""What an error means in HTTP, in one place."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    WorkshopsError,
)


class NotAllowedError(WorkshopsError):
    """The person's role in the workshop does not allow it."""


STATUS_CODES: dict[type[WorkshopsError], int] = {
    NotAllowedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    InvalidTransitionError: 409,
    InvalidInputError: 422,
    DatabaseUnavailableError: 503,
}


async def explain(request: Request, error: Exception) -> JSONResponse:
    """Answer with the error's own sentence, which holds nothing secret."""
    code = next((code for kind, code in STATUS_CODES.items() if isinstance(error, kind)), 500)
    return JSONResponse({"detail": str(error)}, status_code=code)
