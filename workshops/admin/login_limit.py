"""How often an address may try to log in."""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable

from piccolo_api.rate_limiting.middleware import RateLimitError, RateLimitProvider


class LoginLimit(RateLimitProvider):
    """At most ``limit`` requests of an address in any ``timespan`` seconds.

    The addresses of one IPv6 network of 64 bits count as one: whoever has one of them
    has them all.

    It unblocks by itself, as the earlier requests grow old; refused requests do not
    count. The library's own provider (piccolo_api 1.11) blocks an address until the
    restart, or, with a block duration shorter than its window, again at once.

    It counts in this process: several processes allow several times as many.
    """

    def __init__(
        self, timespan: float, limit: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.timespan = timespan
        self.limit = limit
        self._clock = clock
        self._requests: dict[str, deque[float]] = {}
        self._swept = clock()

    def increment(self, identifier: str) -> None:
        """Count a request of an address.

        Raises:
            RateLimitError: it has made too many.
        """
        now = self._clock()
        self._sweep(now)
        requests = self._requests.setdefault(_network(identifier), deque())
        while requests and now - requests[0] >= self.timespan:
            requests.popleft()
        if len(requests) >= self.limit:
            raise RateLimitError
        requests.append(now)

    def _sweep(self, now: float) -> None:
        """Forget addresses that have been quiet, once in a window."""
        if now - self._swept < self.timespan:
            return
        self._swept = now
        self._requests = {
            identifier: requests
            for identifier, requests in self._requests.items()
            if requests and now - requests[-1] < self.timespan
        }


def _network(address: str) -> str:
    """Return what an address is counted by."""
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:  # IPv4, or no address at all
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
