"""How a request meets the database: in one transaction if it writes, at a replica if it reads."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.database import DatabaseEngine, primary_reads, replica_reads
from workshops.database.migrations import project_engine
from workshops.database.outages import outage
from workshops.web.bodies import SAFE_METHODS
from workshops.web.rejections import RejectedError

NOT_SAVED = "The database did not save this. Nothing was changed; try again."


class Answer:
    """The answer of an application, kept back until its transaction has ended."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.messages.append(message)

    @property
    def sentence(self) -> str:
        """What the answer says, if it is a rejection and no page."""
        body = b"".join(message.get("body", b"") for message in self.messages)
        try:
            content = json.loads(body)
        except ValueError:
            content = body.decode(errors="replace")
        if isinstance(content, dict):
            content = content.get("detail", content)
        return content if isinstance(content, str) else json.dumps(content)

    async def give(self, send: Send) -> None:
        for message in self.messages:
            await send(message)


class _NotASuccessError(Exception):
    """Rolls the transaction back."""


async def run_in_transaction(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    answer: Answer,
    *,
    begin: Callable[[], Awaitable[None]],
    end: Callable[[], Awaitable[None]],
) -> None:
    """Run an application; commit if its answer is a success, else roll back.

    Piccolo finds the transaction in a context variable, which the tasks below inherit.
    ``begin`` and ``end`` run inside it, before the application and after its success.

    Raises:
        RejectedError: 503, the transaction could not be ended.
    """
    try:
        async with project_engine().transaction():
            await begin()
            await app(scope, receive, answer)
            if answer.status >= 400:
                raise _NotASuccessError
            await end()
    except _NotASuccessError:
        pass
    except Exception as error:
        if answer.status >= 400:
            raise  # the application's own error, and its answer
        answer.messages.clear()
        answer.status = 503
        raise RejectedError(503, str(outage(error, undone=False) or NOT_SAVED)) from error


COOKIE = "wrote"
"""The cookie of a browser that has changed something within the last seconds."""


async def read_from_replica(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    paths: tuple[str, ...],
    https: bool,
) -> None:
    """Let requests that only read be answered from a replica (``DATABASE_REPLICA_URLS``).

    What a browser has changed, its next pages show: for as long as a replica may be
    behind, they are read from the primary.
    """
    engine = project_engine()
    replicas = engine.replicas if isinstance(engine, DatabaseEngine) else None
    if replicas is None or scope["type"] != "http" or not scope["path"].startswith(paths):
        await app(scope, receive, send)
    elif scope["method"] not in SAFE_METHODS:
        seconds = math.ceil(replicas.lag) + 1
        cookie = f"{COOKIE}=1; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax"
        header = (b"set-cookie", (f"{cookie}; Secure" if https else cookie).encode())

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await app(scope, receive, send_with_cookie)
    else:
        changed = COOKIE in HTTPConnection(scope).cookies
        with primary_reads() if changed else replica_reads():
            await app(scope, receive, send)
