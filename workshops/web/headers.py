"""Which headers of a request are passed on, and which are added to every answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Added to every answer."""

# Leads nowhere but to ourselves; a page of scripts of its own is named in the policies.
STRICT = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class SecurityHeaders:
    """Tells browsers to load nothing from elsewhere and to keep no copy.

    ``policies``: the beginning of a path -> its Content-Security-Policy; the longest
    counts, and an empty one stands for none. ``kept``: below these paths are files that
    browsers may keep. With ``https`` every cookie is sent back over HTTPS only.
    """

    def __init__(
        self, app: ASGIApp, *, policies: Mapping[str, str], kept: tuple[str, ...], https: bool
    ) -> None:
        self.app = app
        self.https = https
        self.policies = sorted(policies.items(), key=lambda item: -len(item[0]))
        self.kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        headers = dict(CAREFUL)
        policy = next((text for begin, text in self.policies if path.startswith(begin)), STRICT)
        if policy:
            headers["Content-Security-Policy"] = policy
        if not path.startswith(self.kept):
            headers["Cache-Control"] = "no-store"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in headers.items():
                    sent.setdefault(name, value)
                if "location" in sent:
                    sent["location"] = _here(sent["location"])
                if self.https:
                    message = {**message, "headers": [_secured(*each) for each in sent.raw]}
            await send(message)

        await self.app(_without_odd_headers(scope), receive, send_with_headers)


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Complete a cookie that lacks ``Secure``, as that of the CSRF token does.

    piccolo_api 1.11 (upstream: test_token_is_sent_back_over_https_only).
    """
    if name == b"set-cookie" and not re.search(rb";\s*secure\b", value, re.I):
        value += b"; Secure"
    return name, value


def _here(place: str) -> str:
    """Return where a redirect leads without the host, which the client may have invented.

    All of them lead to ourselves; Starlette 1.10 puts the Host header into those that add a slash.
    """
    parts = urlsplit(place)
    if not parts.scheme:
        return place
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, parts.fragment))


def _without_odd_headers(scope: Scope) -> Scope:
    """Leave out headers that no browser sends, and on which the libraries fail.

    An Origin such as "http://[" is not a URL for piccolo_api 1.11 (upstream:
    test_odd_origin_is_no_referer).
    """
    if all(_usable(name, value) for name, value in scope["headers"]):
        return scope
    headers = [(name, value) for name, value in scope["headers"] if _usable(name, value)]
    return {**scope, "headers": headers}


def _usable(name: bytes, value: bytes) -> bool:
    if name in (b"origin", b"referer"):
        try:
            urlsplit(value.decode("latin-1"))
        except ValueError:
            return False
    # ``http.cookies`` turns "\\000" in a quoted value into a NUL character.
    return name != b"cookie" or not re.search(rb'"[^"]*\\[0-7]{3}', value)
