"""Operators' pages are read from a replica, except by who has just changed something."""

from __future__ import annotations

import math

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.database import DatabaseEngine, replica_reads
from workshops.database.migrations import project_engine
from workshops.web.bodies import SAFE_METHODS

COOKIE = "wrote"
"""The cookie of a browser that has changed something within the last seconds."""


class ReplicaReads:
    """Lets requests that only read be answered from a replica (``DATABASE_REPLICA_URLS``).

    What a browser has changed, its next pages show: for as long as a replica may be
    behind, they are read from the primary.
    """

    def __init__(self, app: ASGIApp, *, paths: tuple[str, ...], https: bool) -> None:
        self.app = app
        self.paths = paths
        self.secure = "; Secure" if https else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        engine = project_engine()
        if (
            not isinstance(engine, DatabaseEngine)
            or engine.replicas is None
            or scope["type"] != "http"
            or not scope["path"].startswith(self.paths)
        ):
            await self.app(scope, receive, send)
            return
        if scope["method"] in SAFE_METHODS:
            if COOKIE in HTTPConnection(scope).cookies:
                await self.app(scope, receive, send)
                return
            with replica_reads():
                await self.app(scope, receive, send)
            return
        seconds = math.ceil(engine.replicas.lag) + 1
        cookie = f"{COOKIE}=1; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{self.secure}"

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"set-cookie", cookie.encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await self.app(scope, receive, send_with_cookie)
