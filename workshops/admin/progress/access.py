"""Who may change things by the pages' forms: superusers, by a form that was shown to them.

The log-in is the admin's. A form is accepted when it holds the token of the log-in that
it was shown to.
"""

from __future__ import annotations

import hashlib
import hmac

from piccolo.apps.user.tables import BaseUser
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workshops.admin.audit import Origin
from workshops.admin.log_in import session_token
from workshops.admin.tables import AuditAction
from workshops.web.bodies import fields_of

TOKEN_FIELD = "csrf_token"


def operator(request: Request) -> BaseUser:
    """Return the operator who is logged in."""
    user: BaseUser = request.user.user
    return user


async def record(request: Request, action: AuditAction, summary: str) -> None:
    """Add an entry to the audit log about a request that changes nothing."""
    who = operator(request)
    await Origin.of(request.scope, who.username, who.id).record(action, summary=summary)


def may_change(request: Request) -> bool:
    """Say whether the operator may change things, and see what is secret."""
    return bool(operator(request).superuser)


def form_token(request: Request) -> str:
    """Return what a form must send back: only a page shown to this log-in knows it.

    The session's secret is the key, so nothing has to be kept or configured.
    """
    secret = session_token(request.scope).encode()
    return hmac.new(secret, b"progress form", hashlib.sha256).hexdigest()


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form that may change things; of equal names the last.

    Raises:
        HTTPException: 403, it does not hold the token.
    """
    form = {
        name: value.replace("\r\n", "\n")
        for name, value in fields_of(request.scope).items()
        if isinstance(value, str)
    }
    if not hmac.compare_digest(form.pop(TOKEN_FIELD, "").encode(), form_token(request).encode()):
        raise HTTPException(
            403, "The form does not belong to this log-in. Open the page again and repeat it."
        )
    return form
