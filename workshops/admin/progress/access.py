"""Who may see the pages and who may change things, and what browsers are told about them.

The log-in is the admin's: its cookie is read, its sessions are looked up. A form is
accepted when it holds the token of the log-in that it was shown to.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from urllib.parse import parse_qsl

from piccolo.apps.user.tables import BaseUser
from piccolo_api.session_auth.middleware import SessionsAuthBackend
from starlette.authentication import AuthCredentials, AuthenticationError
from starlette.authentication import BaseUser as StarletteUser
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.admin.tables import AdminSession

COOKIE = "id"
TOKEN_FIELD = "csrf_token"
FORM_BYTES = 256 * 1024
"""The longest form; an idea has at most 20,000 characters."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class OperatorBackend(SessionsAuthBackend):
    """The admin's log-in: active operators only."""

    def __init__(self, *, increase_expiry: timedelta | None) -> None:
        super().__init__(
            auth_table=BaseUser,
            session_table=AdminSession,
            cookie_name=COOKIE,
            admin_only=True,
            active_only=True,
            increase_expiry=increase_expiry,
        )

    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, StarletteUser] | None:
        """Return who is logged in.

        Raises:
            AuthenticationError: nobody who may see the pages.
        """
        # A quoted cookie may hold a NUL, which PostgreSQL refuses with an error.
        if not re.fullmatch("[A-Za-z0-9_-]{1,100}", conn.cookies.get(COOKIE, "")):
            raise AuthenticationError("No session cookie found.")
        return await super().authenticate(conn)  # type: ignore[no-any-return]


def operator(request: Request) -> BaseUser:
    """Return the operator who is logged in."""
    user: BaseUser = request.user.user
    return user


def may_change(request: Request) -> bool:
    """Say whether the operator may change things, and see what is secret."""
    return bool(operator(request).superuser)


def form_token(request: Request) -> str:
    """Return what a form must send back: only a page shown to this log-in knows it.

    The session's secret is the key, so nothing has to be kept or configured.
    """
    secret = request.cookies[COOKIE].encode()
    return hmac.new(secret, b"progress form", hashlib.sha256).hexdigest()


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form that may change things; of equal names the last.

    Raises:
        HTTPException: 403 without the right or the token, 413 for too much.
    """
    if not may_change(request):
        raise HTTPException(403, "Your log-in may look at everything and change nothing.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise HTTPException(413, "The form holds more than can be stored.")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), True, max_num_fields=50)
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    form = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if not hmac.compare_digest(
        form.pop(TOKEN_FIELD, "").encode("utf-8", "replace"), form_token(request).encode()
    ):
        raise HTTPException(
            403, "The form does not belong to this log-in. Open the page again and repeat it."
        )
    return form


class SecurityHeaders:
    """Adds the headers above to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
