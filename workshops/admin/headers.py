"""Which headers of a request are passed on, and which are added to every answer of the admin."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import Message, Scope, Send

SESSION_COOKIE = "id"
API = "/admin/api/"

# Of the admin; the progress pages bring their own. Piccolo Admin's page, built with
# Vue, sets styles and calls ``new Function``.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# The browser of the API (Swagger) is a page of inline scripts and of a CDN.
API_BROWSERS = ("/admin/api/docs/", "/admin/public/docs/")


def session_token(scope: Scope) -> str:
    """Return the session cookie, read as the libraries read it; empty if there is none.

    A request may have several Cookie headers: Starlette takes them as one.
    """
    return HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")


def without_odd_headers(scope: Scope) -> Scope:
    """Leave out headers that no browser of ours sends, and on which the libraries fail.

    ``http.cookies`` turns "\\\\000" in a quoted value into a NUL character, on which the
    search for the session would fail. An Origin such as "http://[" is no URL for piccolo_api 1.11.
    """
    odd = {name for name, value in scope["headers"] if not _usable(name, value)}
    if not re.fullmatch(r"[\w-]*", session_token(scope)):
        odd.add(b"cookie")
    if not odd:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name not in odd]
    return {**scope, "headers": headers}


def _usable(name: bytes, value: bytes) -> bool:
    if name in (b"origin", b"referer"):
        try:
            urlsplit(value.decode("latin-1"))
        except ValueError:
            return False
    return True


def with_headers(path: str, send: Send) -> Send:
    """Return a ``send`` that adds to an answer the headers above."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if name != "Content-Security-Policy" or not path.startswith(API_BROWSERS):
                    headers.setdefault(name, value)
            if path.startswith(API):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers
