"""What the forms of the pages do: each runs one operation, then leads to a page that says so.

Superusers change things, by a form that was shown to their log-in, which is the admin's:
it holds a token of it. What an operation refuses is shown as its sentence, on the page that
the form was on, with a status that makes the transaction around the request roll back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops import operations
from workshops.admin import follow_up
from workshops.admin.accounts import session_token
from workshops.admin.outputs import reset_step, restore_output
from workshops.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    WorkshopNotFoundError,
    WorkshopsError,
)
from workshops.ids import derive_prefixed_id
from workshops.statements.execution import engine, fetch_row
from workshops.statements.workshops import lock_belongings
from workshops.states import WorkshopStatus
from workshops.tables import Workshop
from workshops.web.bodies import fields_of

Form = defaultdict[str, Any]
"""The texts of a form by their fields; "" for what it does not have."""


def form_token(request: Request) -> str:
    """Return what a form must send back: only a page shown to this log-in knows it.

    The session's secret is the key, so nothing has to be kept or configured.
    """
    secret = session_token(request.scope).encode()
    return hmac.new(secret, b"progress form", hashlib.sha256).hexdigest()


def form_route(
    path: str,
    run: Callable[[Request, Form], Awaitable[Response]],
    refused: Callable[[Request, WorkshopsError, Form], Awaitable[Response]] | None = None,
) -> Route:
    """Return the route that takes a form.

    :param run: What the form does. Nothing of it is left where it raises a WorkshopsError.
    :param refused: What shows the page again with the reason.
    """

    async def take(request: Request) -> Response:
        form = _read_form(request)
        if refused is None:
            return await run(request, form)
        try:
            async with undone_on_error():
                return await run(request, form)
        except WorkshopsError as error:
            return await refused(request, error, form)

    return Route(path, take, methods=["POST"])


def _read_form(request: Request) -> Form:
    """Return the fields of a form that may change things; of equal names the last.

    Raises:
        HTTPException: 403, it does not hold the token.
    """
    form = Form(str)
    for name, value in fields_of(request.scope).items():
        if isinstance(value, str):
            form[name] = value.replace("\r\n", "\n")
    if not hmac.compare_digest(form.pop("csrf_token", "").encode(), form_token(request).encode()):
        raise HTTPException(
            403, "The form does not belong to this log-in. Open the page again and repeat it."
        )
    return form


@asynccontextmanager
async def undone_on_error() -> AsyncIterator[None]:
    """Leave nothing of a block that failed, in a transaction that can still be used.

    The request runs in one (``workshops.admin.protection``), and the page with the reason
    is made in it too.
    """
    transaction = engine().current_transaction.get()
    assert transaction is not None
    savepoint = await transaction.savepoint()
    try:
        yield
    except WorkshopsError:
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
        raise


_STATUSES: dict[type[WorkshopsError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    InvalidTransitionError: HTTPStatus.CONFLICT,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DatabaseUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: WorkshopsError) -> HTTPStatus:
    """Return the status of a page that says why nothing was changed."""
    return next(status for kind, status in _STATUSES.items() if isinstance(error, kind))


def once(form: Form) -> str | None:
    """Return the idempotency key of a form that was shown with a ``key`` of its own.

    It follows from all of its fields: sent again the form does nothing more, but filled in
    otherwise, where the browser has gone back to it, it is another one.
    """
    return derive_prefixed_id("form", *form.values()) if form["key"] else None


Action = Callable[[str, Form], Awaitable[object]]
"""What a form does to a workshop."""


async def _delete(workshop_id: str, form: Form) -> None:
    """Delete the workshop, if its title was typed."""
    await lock_belongings(workshop_id)
    workshop = await Workshop.objects().where(Workshop.id == workshop_id).lock_rows().first()
    if workshop is not None and form["title"].strip() != workshop.title.strip():
        raise InvalidInputError("The title", "that was typed is not the title of this workshop")
    await operations.delete_workshop(workshop_id)
    await follow_up.forget([workshop_id])


def _generate(workshop_id: str, form: Form) -> Awaitable[object]:
    return operations.generate_build_pack(
        workshop_id,
        format_type=form["format"],
        title=form["title"].strip() or None,
        idempotency_key=once(form),
    )


def _reopen(workshop_id: str, form: Form) -> Awaitable[object]:
    following = bool(form["following"])
    return operations.reopen_step(workshop_id, form["step"], regenerate_following=following)


def _add_member(workshop_id: str, form: Form) -> Awaitable[object]:
    person, role = form["person"].strip(), form["role"].strip()
    return operations.add_member(workshop_id, person, role=role)


def _set_role(workshop_id: str, form: Form) -> Awaitable[object]:
    return operations.set_member_role(workshop_id, form["person"], role=form["role"].strip())


ACTIONS: dict[str, Action] = {
    "status": lambda key, form: operations.set_workshop_status(key, form["status"]),
    "start": lambda key, form: operations.start_step(key, form["step"]),
    "complete": lambda key, form: operations.complete_step(key, form["step"]),
    "reset": lambda key, form: reset_step(key, form["step"]),
    "reopen": _reopen,
    "restore": lambda key, form: restore_output(key, form["step"]),
    "generate": _generate,
    "share": lambda key, form: operations.share_workshop(key),
    "unshare": lambda key, form: operations.unshare_workshop(key),
    "transfer": lambda key, form: operations.transfer_ownership(key, to=form["to"].strip()),
    "add-member": _add_member,
    "set-role": _set_role,
    "remove-member": lambda key, form: operations.remove_member(key, form["person"]),
    "delete": _delete,
    "note": lambda key, form: follow_up.add_note(key, form["text"], key=form["key"]),
    "delete-note": lambda key, form: follow_up.delete_note(key, form["note"]),
    "assign": lambda key, form: follow_up.assign(key, form["to"], seen=form["seen"]),
    "contacted": lambda key, form: follow_up.set_contacted(key, form["day"]),
}
"""The actions on a workshop, by the last part of their URL.

``templates/messages.html`` has what the page says afterwards.
"""


# To several workshops, each by itself


class NotPausedError(ConflictError, says="It is not paused."):
    """The workshop is not paused, so it cannot be resumed."""


async def _resume(workshop_id: str, form: Form) -> None:
    """Make a paused workshop active; a completed one, which could be active again, stays."""
    await lock_belongings(workshop_id)
    row = await fetch_row(
        "SELECT status FROM workshops WHERE id = $1 FOR NO KEY UPDATE", workshop_id
    )
    if row is None:
        raise WorkshopNotFoundError(workshop_id)
    if row["status"] != WorkshopStatus.paused:
        raise NotPausedError
    await operations.set_workshop_status(workshop_id, "active")


WORK: dict[str, Action] = {
    "note": ACTIONS["note"],
    "assign": ACTIONS["assign"],
    "contacted": ACTIONS["contacted"],
    "pause": lambda key, form: operations.set_workshop_status(key, "paused"),
    "resume": _resume,
}
"""What can be done to several workshops."""
