"""Where a request comes from."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class TrustedProxies:
    """Takes the client's address from ``X-Forwarded-For``, if a trusted proxy has sent it.

    Anybody can write that header, so it is read from the right as far as the proxies are
    ours. Of ``X-Forwarded-Proto`` the last value counts. ``https``: every request came by
    HTTPS, whatever a header says.

    A server may have looked at the header itself, and taken it from any program on this
    machine: uvicorn does so unless it is told not to (``--no-proxy-headers``;
    ``piccolo workshops serve`` tells it). Such an address has the port 0, and counts for
    nothing: all of them are one client.
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
        if client[1] == 0:
            self._warn()
            return {"client": ("127.0.0.1", 0), "scheme": scheme}
        peer = _address(client[0])
        if peer is None or not self._is_trusted(peer):
            return {"client": client, "scheme": scheme}
        headers = Headers(scope=scope)
        if not self.https and (sent := headers.getlist("x-forwarded-proto")):
            last = sent[-1].split(",")[-1].strip().lower()
            scheme = last if last in ("http", "https") else scheme
        named = [part for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
        for text in reversed(named):
            found = _address(text.strip())
            if found is None:
                break
            peer = found
            if not self._is_trusted(peer):
                break
        return {"client": (str(peer), client[1]), "scheme": scheme}

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The server takes the client's address from X-Forwarded-For by itself, so all "
                "log-ins count as those of one address. Start it with --no-proxy-headers, and "
                "name your proxies in TRUSTED_PROXIES."
            )


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
