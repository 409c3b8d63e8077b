"""What every request passes first: roles, one transaction for each change, the audit log.

``protect`` wraps the whole application, so it covers tables, bulk actions and
pages alike. A request that may write (POST, PUT, PATCH, DELETE)

1. is refused with a sentence unless its operator is a superuser (what concerns
   only the operator, such as the own password, is open to all);
2. runs inside one transaction that names the operator, so that triggers log each
   change with the change itself;
3. is answered after the transaction has ended: it is committed only if the answer
   is a success, and the answer is a success only if it is committed.

It is a plain ASGI layer: Piccolo finds the transaction in a context variable,
which the tasks below it inherit.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshops.admin.audit import Origin
from workshops.admin.bodies import (
    LARGEST_BODY,
    LARGEST_BODY_OF_A_STRANGER,
    check_body,
    read_body,
    replay,
)
from workshops.admin.headers import API, session_token, with_headers, without_odd_headers
from workshops.admin.outages import NO_DATABASE, OUTAGES, HeldErrors, refusal_of_commit
from workshops.admin.refusals import COLLISIONS, READ_ONLY, RefusedError, refusal_of
from workshops.admin.tables import AdminSession, AuditAction
from workshops.database.migrations import project_engine

logger = logging.getLogger(__name__)

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))

LOGIN = "/admin/public/login/"
LOGOUT = "/admin/public/logout/"
# What an operator of either role may change: what is the operator's own.
OWN = ("/admin/api/change-password/", "/admin/api/mfa-setup/", LOGOUT)

REFUSED = (403, 405, 409)
"""The statuses of a refusal that is worth an entry in the audit log."""

CODE_WANTED = "MFA code required"
"""How the library asks for a second factor; the password was right."""

UNKNOWN_NAME = "(unknown name)"
"""Who failed to log in, where no operator has the name."""

Step = Callable[[], Awaitable[None]]


def protect(app: ASGIApp) -> ASGIApp:
    """Return the application behind this layer."""
    return Protection(app)


class _NotASuccessError(Exception):
    """Rolls the transaction back."""


class Answer:
    """The answer of the application, kept back until the transaction has ended."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def sentence(self) -> str:
        """What the answer says, if it is a refusal."""
        try:
            content = json.loads(self.body)
        except ValueError:  # a page
            page = self.body.decode(errors="replace")
            alert = re.search(r' role="alert">(.*?)</p>', page, re.DOTALL)
            text = html.unescape(re.sub(r"<[^>]*>", " ", alert[1] if alert else page))
            content = " ".join(text.split())
        if isinstance(content, dict):
            content = content.get("detail", content)
        return content if isinstance(content, str) else json.dumps(content)

    async def give(self, send: Send) -> None:
        for message in self.messages:
            await send(message)


class Protection:
    """The layer itself; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # There is none here, and the authentication of the pages has no answer for one.
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http":
            await self._answer(without_odd_headers(scope), receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/admin/"):
            send = with_headers(scope["path"], send)
        held = HeldErrors(send)
        try:
            if "\0" in scope["path"]:
                raise RefusedError(404, "Not Found")
            if scope["method"] in SAFE_METHODS:
                await self.app(scope, receive, held)
            else:
                await self._write(scope, receive, held)
        except RefusedError as refusal:
            await _refusal(scope, refusal)(scope, receive, send)
        except (*COLLISIONS, *OUTAGES) as error:
            if held.begun:
                raise
            meant = RefusedError(503, NO_DATABASE)
            if isinstance(error, COLLISIONS):
                meant = refusal_of(error)
            else:
                logger.warning("The database does not answer: %r", error)
            await _refusal(scope, meant)(scope, receive, send)
        except Exception:
            await held.let_go()
            raise
        else:
            await held.let_go()

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        operator = await find_operator(scope)
        limit = LARGEST_BODY if operator else LARGEST_BODY_OF_A_STRANGER
        if operator and not operator["superuser"] and not path.startswith((LOGIN, *OWN)):
            await _origin(scope, operator).record(AuditAction.refused, summary=READ_ONLY)
            raise RefusedError(403, READ_ONLY)
        body = await read_body(receive, limit=limit)
        fields = check_body(
            scope,
            body,
            json_only=path.startswith(API)
            and not path.startswith(OWN)
            and scope["method"] != "DELETE",
        )
        if path.startswith(OWN) and not all(isinstance(v, str) for v in fields.values()):
            raise RefusedError(422, "Every field must be text.")
        receive = replay(body, receive)
        if path.startswith(LOGIN):
            await self._log_in(scope, receive, send, fields)
        elif operator is None:
            # Nobody is logged in: the application refuses whatever needs it.
            await self.app(scope, receive, send)
        else:
            await self._change(scope, receive, send, _origin(scope, operator))

    async def _change(self, scope: Scope, receive: Receive, send: Send, origin: Origin) -> None:
        answer = Answer()
        before, after = origin.name, _nothing
        if scope["path"].startswith(LOGOUT):
            before, after = _nothing, partial(origin.record, AuditAction.logged_out)
        try:
            await self._in_transaction(scope, receive, answer, before=before, after=after)
        finally:
            if answer.status in REFUSED:
                await origin.record(AuditAction.refused, summary=answer.sentence)
            await answer.give(send)

    async def _in_transaction(
        self, scope: Scope, receive: Receive, answer: Answer, *, before: Step, after: Step
    ) -> None:
        """Run the application; commit if its answer is a success, else roll back."""
        try:
            async with project_engine().transaction():
                await before()
                await self.app(scope, receive, answer)
                if answer.status >= 400:
                    raise _NotASuccessError
                await after()
        except _NotASuccessError:
            pass
        except Exception as error:
            if answer.status >= 400:
                raise  # the application's own error, and its answer
            answer.messages.clear()
            answer.status = 503
            raise refusal_of_commit(error) from error

    async def _log_in(
        self, scope: Scope, receive: Receive, send: Send, fields: Mapping[str, Any]
    ) -> None:
        username, code = fields.get("username"), fields.get("mfa_code")
        if not isinstance(username, str) or not isinstance(fields.get("password"), str):
            raise RefusedError(422, "A log-in needs a username and a password.")
        if code is not None and not isinstance(code, str):
            raise RefusedError(422, "The code must be text.")
        if "format" in fields:
            # The library would answer a failure with a page and a status of success.
            raise RefusedError(422, "A log-in is answered with JSON; the page for it is /admin/.")
        operator_id = await _id_of(username)
        # A name that nobody has may be a password in the wrong field.
        name = UNKNOWN_NAME if operator_id is None else username
        origin = _origin(scope, {"username": name, "id": operator_id})
        answer = Answer()

        async def after() -> None:
            await origin.record(AuditAction.logged_in)
            now = datetime.now()  # as the library stores it
            await AdminSession.delete().where(AdminSession.expiry_date < now)

        await self._in_transaction(scope, receive, answer, before=_nothing, after=after)
        if answer.status == 401 and answer.sentence != CODE_WANTED:
            await origin.record(AuditAction.login_failed, summary=answer.sentence)
        await answer.give(send)


async def _nothing() -> None:
    """Name nobody: what the library writes at a log-in or log-out is no change of its own."""


async def _id_of(username: str) -> int | None:
    rows = await AdminSession.raw("SELECT id FROM piccolo_user WHERE username = {}", username)
    return rows[0]["id"] if rows else None


async def find_operator(scope: Scope) -> Mapping[str, Any] | None:
    """Return the operator (id, username, superuser) who is logged in, or None."""
    token = session_token(scope)
    if not token:
        return None
    rows = await AdminSession.raw(
        "SELECT u.id, u.username, u.superuser"
        " FROM admin_sessions s JOIN piccolo_user u ON u.id = s.user_id"
        " WHERE s.token = {} AND s.expiry_date > {} AND s.max_expiry_date > {}"
        " AND u.active AND u.admin",
        token,
        datetime.now(),
        datetime.now(),
    )
    return rows[0] if rows else None


def _origin(scope: Scope, operator: Mapping[str, Any]) -> Origin:
    client = scope.get("client")
    return Origin(
        operator=operator["username"],
        operator_id=operator["id"],
        address=client[0] if client else "",
        request=f"{scope['method']} {scope['path']}"[:255],
    )


def _refusal(scope: Scope, refusal: RefusedError) -> Response:
    if scope["path"].startswith("/admin/"):
        return refusal.response()
    heading = HTTPStatus(refusal.status).phrase
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
        f"<main><h1>{heading}</h1><p>{html.escape(refusal.sentence)}</p>"
        f'<p><a href="/progress/">Back to the board</a></p></main></html>',
        status_code=refusal.status,
    )
