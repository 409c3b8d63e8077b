"""The health checks, for a load balancer or an orchestrator; they need no log-in.

=================  ==========================================================
``/health``        200, or 503 within five seconds if the database does not answer
``/health/ready``  the same: whether to send requests here
``/health/live``   200 as long as the process answers: whether to restart it
=================  ==========================================================
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from workshops.tables import Workshop

logger = logging.getLogger(__name__)

HEALTH_TIMEOUT = 4.0
"""Seconds after which a database that has not answered counts as gone."""


async def _ask() -> None:
    await Workshop.raw("SELECT 1")


class Probe:
    """One at a time asks the database, however many want to know."""

    def __init__(self, ask: Callable[[], Awaitable[None]] = _ask) -> None:
        self._ask = ask
        self._query: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Return when the database has answered.

        Raises:
            TimeoutError: it did not in time. The query is left to the engine's limits:
                the driver may take long to give it up.
            Exception: it refused.
        """
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(asyncio.wait_for(self._ask(), HEALTH_TIMEOUT))
            # Takes note of an error that nobody waits for any more; who waited has told it.
            self._query.add_done_callback(lambda query: query.cancelled() or query.exception())
        await asyncio.wait_for(asyncio.shield(self._query), HEALTH_TIMEOUT)


async def health(request: Request) -> JSONResponse:
    """Say whether the database answers: 200 with ``healthy``, or 503 with ``unhealthy``.

    The body never tells why; the log does.
    """
    timestamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        await request.app.state.probe()
    except Exception as error:
        logger.warning("The database does not answer: %r", error)
        return JSONResponse(
            {"status": "unhealthy", "database": "disconnected", "timestamp": timestamp},
            status_code=503,
        )
    return JSONResponse({"status": "healthy", "database": "connected", "timestamp": timestamp})


async def live(request: Request) -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"status": "alive"})


ROUTES = (Route("/health", health), Route("/health/ready", health), Route("/health/live", live))
