"""How often an address may try a password: counted in the database, for all processes at once.

An entry of ``workshops_admin.log_in_attempts`` holds when one address has tried, as far as
that counts, and of the address a digest. It is deleted when nothing of it counts any more.
The table is unlogged, so that it is in no archive and on no replica, and a refused attempt
waits for no disk; after a crash of the server everybody begins anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from workshops.background import in_background
from workshops.statements.execution import fetch
from workshops.web.headers import counted_as
from workshops.web.rejections import RejectedError

logger = logging.getLogger(__name__)

TOO_MANY = "Too many attempts from this address. Wait some minutes and try again."

# Of two at the same moment one waits for the other's row, and then counts it too.
_COUNT = """
INSERT INTO workshops_admin.log_in_attempts AS kept (address, moments, forgotten_at)
VALUES ($1, ARRAY[now()], now() + $2::interval)
ON CONFLICT (address) DO UPDATE SET
    moments = EXCLUDED.moments || ARRAY (
        SELECT moment FROM unnest(kept.moments) AS moment WHERE moment > now() - $2::interval),
    forgotten_at = EXCLUDED.forgotten_at
WHERE $3::integer > (
    SELECT count(*) FROM unnest(kept.moments) AS moment WHERE moment > now() - $2::interval)
RETURNING true
"""

_FORGET = "DELETE FROM workshops_admin.log_in_attempts WHERE forgotten_at < now()"


class AttemptLimit:
    """Lets each address try at most ``limit`` times in any ``timespan``, at all processes together.

    ``counts`` says which requests are attempts. The addresses of one IPv6 network of 64
    bits count as one: who has one of them has them all. It unblocks by itself, as the
    earlier attempts grow old; refused ones do not count.
    """

    def __init__(
        self, app: ASGIApp, *, counts: Callable[[Scope], bool], limit: int, timespan: timedelta
    ) -> None:
        self.app = app
        self.counts = counts
        self.limit = limit
        self.timespan = timespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application.

        Raises:
            RejectedError: the address has tried too often.
        """
        if scope["type"] == "http" and self.counts(scope):
            client = scope.get("client")
            await self.count(client[0] if client else "")
        await self.app(scope, receive, send)

    async def count(self, address: str) -> None:
        """Count an attempt of an address.

        Raises:
            RejectedError: it has tried too often.
            DatabaseUnavailableError: the database is away.
        """
        digest = hashlib.sha256(counted_as(address).encode()).digest()
        if not await fetch(_COUNT, digest, self.timespan, self.limit):
            raise RejectedError(429, TOO_MANY)


def forgetting_attempts(every: float = 60) -> AbstractAsyncContextManager[None]:
    """Delete what does not count any more, in the background of a block.

    :param every: Seconds between two looks.
    """
    return in_background(partial(_forget, every))


async def _forget(every: float) -> None:
    while True:
        try:
            await fetch(_FORGET)
        except Exception as error:  # of whatever kind: the site is served on
            logger.warning("Old log-in attempts are not deleted at the moment: %r", error)
        await asyncio.sleep(every)
