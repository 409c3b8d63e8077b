"""Where requests come from."""

from __future__ import annotations

import logging
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from workshops.web.headers import TrustedProxies

OURS = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that does nothing."""


async def origin_of(
    peer: tuple[str, int] | None,
    *forwarded: str,
    proto: str | None = None,
    trusted: Any = OURS,
    https: bool = False,
) -> tuple[Any, str]:
    """Return the client and the scheme that the application sees."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode()))
    scope = {"type": "http", "client": peer, "scheme": "http", "headers": headers}
    nothing: Any = None
    await TrustedProxies(app, trusted=trusted, https=https)(scope, nothing, nothing)
    client = seen[0]["client"]
    return client and client[0], seen[0]["scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7, 10.1.1.1"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1, 192.0.2.7, 10.1.1.1"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7:5123"], "192.0.2.7"),
        ("127.0.0.1", ["[2001:db8::7]:5123"], "2001:db8::7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["10.1.1.1"], "10.1.1.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7, rubbish"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("192.0.2.9", ["198.51.100.1"], "192.0.2.9"),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
async def test_address_is_told_by_trusted_proxies_only(
    peer: str, forwarded: list[str], client: str
) -> None:
    """The header is read from the right, as far as the proxies are ours."""
    assert (await origin_of((peer, 4711), *forwarded))[0] == client


async def test_nobody_is_trusted_unasked() -> None:
    """Without the setting, a header from this very machine counts for nothing."""
    assert await origin_of(("127.0.0.1", 4711), "192.0.2.7", proto="https", trusted=()) == (
        "127.0.0.1",
        "http",
    )


async def test_server_that_believes_headers_is_not_believed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An address that uvicorn took from the header (its port is 0) is nobody's, and is told of."""
    with caplog.at_level(logging.WARNING):
        for address in ("192.0.2.7", "192.0.2.8"):
            assert (await origin_of((address, 0), address))[0] == "127.0.0.1"
    assert "--no-proxy-headers" in caplog.text


@pytest.mark.parametrize(
    "forwarded",
    [
        ["192.0.2.7"],
        ["192.0.2.7:1"],
        ["[2001:db8::7]:1"],
        ["198.51.100.1, 192.0.2.7:1"],
        ["198.51.100.1", "192.0.2.7: 1"],
        ["198.51.100.1, 10.0.0.7:1"],
        ["nobody:1"],
        ["no]body:0_1"],
        ["[nobody]:1"],
    ],
)
async def test_an_address_that_uvicorn_takes_from_the_header_is_nobodys(
    caplog: pytest.LogCaptureFixture, forwarded: list[str]
) -> None:
    """Its own layer is in front, as it is without --no-proxy-headers; any port may be in there."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    layer: Any = ProxyHeadersMiddleware(TrustedProxies(app, trusted=OURS, https=False))  # type: ignore[arg-type]
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": ("127.0.0.1", 4711), "scheme": "http", "headers": headers}
    with caplog.at_level(logging.WARNING):
        await layer(scope, None, None)
    assert seen[0]["client"] == ("127.0.0.1", 0)
    assert "--no-proxy-headers" in caplog.text


async def test_scheme_is_told_by_trusted_proxies_only() -> None:
    """X-Forwarded-Proto counts from a proxy of ours; in production all is HTTPS."""
    assert (await origin_of(("10.0.0.1", 1), proto="https"))[1] == "https"
    assert (await origin_of(("10.0.0.1", 1), proto="http, https"))[1] == "https"
    assert (await origin_of(("10.0.0.1", 1), proto="gopher"))[1] == "http"
    assert (await origin_of(("192.0.2.1", 1), proto="https"))[1] == "http"
    assert (await origin_of(("192.0.2.1", 1), https=True))[1] == "https"
    assert (await origin_of(None, https=True)) == (None, "https")
