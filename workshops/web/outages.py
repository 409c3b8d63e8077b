"""The outermost layer: rejections and outages are answered with a sentence.

While the database is away that is a 503. The pool connects again by itself, so the
first request after an outage works.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.statements.outages import outage
from workshops.web.rejections import COLLISIONS, RejectedError, rejection_of

logger = logging.getLogger(__name__)


NO_DATABASE = "The database does not answer at the moment. Nothing was changed; try again later."


class Rejections:
    """Answers a ``RejectedError``, a collision of two writers and an outage.

    ``api``: below this path the answer is JSON, elsewhere a page.
    """

    def __init__(self, app: ASGIApp, *, api: str) -> None:
        self.app = app
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        if scope["type"] == "websocket":
            # There is none here, and the authentication of the pages has no answer for one.
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held = _HeldErrors(send)
        try:
            if "\0" in scope["path"]:
                raise RejectedError(404, "Not Found")
            await self.app(scope, receive, held)
        except Exception as error:
            rejection = None if held.begun else _meaning(error)
            if rejection is None:
                await held.let_go()
                raise
            api = scope["path"].startswith(self.api)
            await (rejection.response() if api else rejection.page())(scope, receive, send)
        else:
            await held.let_go()


def _meaning(error: Exception) -> RejectedError | None:
    if isinstance(error, RejectedError):
        return error
    if isinstance(error, COLLISIONS):
        return rejection_of(error)
    if outage(error, undone=True):
        # The error may name the server, which is nothing for an answer.
        logger.warning("The database does not answer: %r", error)
        return RejectedError(503, NO_DATABASE)
    return None


class _HeldErrors:
    """A ``send`` that keeps back an answer of status 500 until its cause is known.

    Starlette sends that answer before it raises the error again.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if self._held or (message["type"] == "http.response.start" and message["status"] == 500):
            self._held.append(message)
            return
        self.begun = True
        await self._send(message)

    async def let_go(self) -> None:
        """Send what was kept: the cause is another."""
        for message in self._held:
            await self._send(message)
        self._held.clear()
