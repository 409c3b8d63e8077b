"""The ASGI application: the admin, the progress pages and the health check.

Run it with ``piccolo workshops serve``, or with any ASGI server::

    uvicorn workshops.app:app

===============  ==============================================================
``/``            redirects to ``/progress/``
``/admin/``      Piccolo Admin for the tables
``/progress/``   the progress board, the funnel, and a page for each workshop
``/health``      200 or 503 as JSON, for a load balancer (see ``workshops.health``)
``/metrics``     for Prometheus, with ``METRICS_TOKEN`` (see ``workshops.observability``)
===============  ==============================================================
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.admin.progress import create_pages
from workshops.admin.protection import forgetting, protect
from workshops.admin.settings import AdminSettings
from workshops.admin.site import create_site
from workshops.database import (
    DatabaseEngine,
    DatabaseUnavailableError,
    SettingsError,
    read_settings,
)
from workshops.database.migrations import counted, pending_migrations, project_engine
from workshops.health import ROUTES, Probe
from workshops.observability import ObservabilitySettings
from workshops.observability.metrics import Metrics, SlowStatements
from workshops.observability.requests import Requests, log_as_json, note_route
from workshops.projection import keeping_up

logger = logging.getLogger(__name__)


async def to_board(request: Request) -> Response:
    """Redirect the root to the board."""
    return RedirectResponse("/progress/")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hold the connection pool for as long as the application runs."""
    engine = project_engine()
    await engine.start_connection_pool()
    try:
        if pending := await pending_migrations():
            logger.warning(
                "%s pending; run: piccolo workshops migrate",
                counted(pending, "migration is", "migrations are"),
            )
        async with keeping_up(), forgetting():
            yield
    finally:
        await engine.close_connection_pool()


def plain_startup_errors(app: ASGIApp) -> ASGIApp:
    """Tell the server in one sentence that the database is missing, instead of a traceback."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def plain_send(message: Message) -> None:  # called while the error is handled
            error = sys.exception()
            if message["type"] == "lifespan.startup.failed" and isinstance(
                error, DatabaseUnavailableError
            ):
                message = {**message, "message": str(error)}
            await send(message)

        await app(scope, receive, plain_send if scope["type"] == "lifespan" else send)

    return served


def create_app() -> ASGIApp:
    """Return the application for the settings of the environment.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = read_settings(AdminSettings)
    observability = read_settings(ObservabilitySettings)
    metrics = observe(observability)
    routes = [
        Route("/", to_board),
        *ROUTES,
        Mount("/admin/", create_site(settings)),
        Mount("/progress/", create_pages(settings)),
    ]
    if metrics:
        routes.append(Route("/metrics", metrics.page))
    application = Starlette(routes=routes, lifespan=lifespan)
    application.state.probe = Probe()
    served = protect(partial(note_route, application), settings)
    return Requests(plain_startup_errors(served), metrics.observe_request if metrics else None)


def observe(settings: ObservabilitySettings) -> Metrics | None:
    """Let logs and measures be kept as the settings want it; return the measures."""
    if settings.log_format == "json":
        log_as_json()
    engine = project_engine()
    if not isinstance(engine, DatabaseEngine):  # Piccolo's own tells nothing
        return None
    if settings.slow_statement:
        engine.observers.append(SlowStatements(engine, settings.slow_statement))
    if not settings.metrics_token:
        return None
    metrics = Metrics(engine, settings.metrics_token.get_secret_value())
    engine.observers.append(metrics.observe_statement)
    return metrics


try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
