"""What headers say: where a request comes from, what is passed on, what every answer has."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

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


async def secure_headers(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    policies: Mapping[str, str],
    kept: tuple[str, ...],
    https: bool,
) -> None:
    """Tell browsers to load nothing from elsewhere and to keep no copy.

    :param policies: The beginning of a path -> its Content-Security-Policy; the longest counts.
    :param kept: Below these paths are files that browsers may keep.
    :param https: Every cookie is sent back over HTTPS only.
    """
    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    path = scope["path"]
    begin = max(filter(path.startswith, policies), key=len, default="")
    headers = CAREFUL | {"Content-Security-Policy": policies.get(begin, STRICT)}
    if not path.startswith(kept):
        headers["Cache-Control"] = "no-store"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent = MutableHeaders(scope=message)
            for name, value in headers.items():
                sent.setdefault(name, value)
            if "location" in sent:
                sent["location"] = _here(sent["location"])
            if https:
                message = {**message, "headers": [_secured(*each) for each in sent.raw]}
        await send(message)

    await app(_without_odd_headers(scope), receive, send_with_headers)


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


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class FreshFiles(StaticFiles):
    """Scripts and styles that an upgrade may change.

    Browsers keep a copy, and ask each time whether it is still the one. Told
    nothing, they guess for how long it is: days, of files that are a month old.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the answer with a file, or that the browser's copy is the one."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class TrustedProxies:
    """Takes the client's address from ``X-Forwarded-For``, if a trusted proxy has sent it.

    Anybody can write that header, so it is read from the right as far as the proxies are
    ours. Of ``X-Forwarded-Proto`` the last value counts. ``https``: every request came by
    HTTPS, whatever a header says.

    A server may have looked at the header itself, and taken it from any program on this
    machine: uvicorn does so unless it is told not to (``--no-proxy-headers``;
    ``piccolo workshops serve`` tells it). Such an address has the port 0, or is named in the
    header with its port, and counts for nothing: all of them are one client.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network], https: bool) -> None:
        self.app = app
        self.trusted = trusted
        self.https = https
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, **self._origin(scope)}
        await self.app(scope, receive, send)

    def _origin(self, scope: Scope) -> dict[str, object]:
        scheme = "https" if self.https else scope["scheme"]
        client: tuple[str, int] | None = scope.get("client")
        if client is None:
            return {"scheme": scheme}
        headers = Headers(scope=scope)
        sent = ",".join(headers.getlist("x-forwarded-for")).split(",")
        named = [text.strip() for text in sent]
        if client[1] == 0 or any(_host_and_port(text) == client for text in named):
            if not self._warned:
                self._warned = True
                logger.warning(
                    "The server takes the client's address from X-Forwarded-For by itself, so all "
                    "log-ins count as those of one address. Start it with --no-proxy-headers, and "
                    "name your proxies in TRUSTED_PROXIES."
                )
            return {"client": ("127.0.0.1", 0), "scheme": scheme}
        peer = _address(client[0])
        if peer is None or not self._is_trusted(peer):
            return {"client": client, "scheme": scheme}
        if not self.https and (schemes := headers.getlist("x-forwarded-proto")):
            last = schemes[-1].split(",")[-1].strip().lower()
            scheme = last if last in ("http", "https") else scheme
        for text in reversed(named):
            found = _address(text)
            if found is None:
                break
            peer = found
            if not self._is_trusted(peer):
                break
        return {"client": (str(peer), client[1]), "scheme": scheme}

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


def _host_and_port(text: str) -> tuple[str, int] | None:
    """Return both as uvicorn reads them, whatever they are; None if there is no port."""
    host, _, port = text.rpartition(":")
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    try:
        return host, int(port)
    except ValueError:
        return None


def _address(text: str) -> Address | None:
    """Return an address as a proxy writes it: with a port and brackets, or without."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def counted_as(text: str) -> str:
    """Return what an address counts as: itself, or its IPv6 network of 64 bits."""
    address = _address(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), 64), strict=False))
    return str(address or text)
