"""One transaction for a request that writes; what it answers waits for the end of it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.database.migrations import project_engine
from workshops.database.outages import outage
from workshops.web.rejections import RejectedError

NOT_SAVED = "The database did not save this. Nothing was changed; try again."


class Answer:
    """The answer of an application, kept back."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.messages.append(message)

    @property
    def sentence(self) -> str:
        """What the answer says, if it is a rejection."""
        body = b"".join(message.get("body", b"") for message in self.messages)
        try:
            content = json.loads(body)
        except ValueError:  # a page
            page = body.decode(errors="replace")
            alert = re.search(r' role="alert">(.*?)</p>', page, re.DOTALL)
            text = html.unescape(re.sub(r"<[^>]*>", " ", alert[1] if alert else page))
            content = " ".join(text.split())
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
