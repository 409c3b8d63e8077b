"""What every request passes first: a chain of small layers around the whole application.

It covers tables, bulk actions and pages alike. A request that may write (POST, PUT,
PATCH, DELETE)

1. is rejected with a sentence unless its operator is a superuser (``check_role``; what
   concerns only the operator, such as the own password, is open to all);
2. runs inside one transaction that names the operator, so that triggers log each change
   with the change itself (``change``);
3. is answered after the transaction has ended: it is committed only if the answer is a
   success, and the answer is a success only if it is committed.

The endpoints that take a password come by no transaction (``take_password``): they
take a third of a second, and write in one of their own (``workshops.admin.accounts``). What
the operators' table is sent is hashed before its transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from workshops.admin.accounts import OperatorAccount, find_operator, keep_log_in
from workshops.admin.audit import ORIGIN, REFUSAL, AuditAction, Origin
from workshops.admin.outputs import forget_old_outputs
from workshops.admin.settings import AdminSettings
from workshops.background import in_background
from workshops.statements.execution import fetch
from workshops.web.bodies import SAFE_METHODS, fields_of, read_body
from workshops.web.database import Answer, read_from_replica, run_in_transaction
from workshops.web.headers import TrustedProxies, counted_as, secure_headers
from workshops.web.rejections import RejectedError, reject

logger = logging.getLogger(__name__)

TOO_MANY = "Too many attempts from this address. Wait some minutes and try again."
READ_ONLY = "Only superusers may change things; your role is to look."

API = "/admin/api/"
OPERATORS = "/admin/api/tables/piccolo_user/"
LOGIN = "/admin/public/login/"
LOGOUT = ("/admin/public/logout/", "/progress/log-out/")
TAKES_A_PASSWORD = (LOGIN, "/admin/api/change-password/", "/admin/api/mfa-setup/")
# What an operator of either role may do: what is the operator's own, and files.
OWN = (*TAKES_A_PASSWORD, *LOGOUT, "/progress/views/", "/progress/chosen.")

LARGEST_BODY = 16 * 1024 * 1024
LARGEST_FORM = 2 * 1024 * 1024  # a prompt of the longest, in any script
LARGEST_BODY_OF_A_STRANGER = 16 * 1024

LOGGED = (403, 405, 409)
"""The statuses of a rejection that is worth an entry in the audit log."""

CODE_WANTED = "MFA code required"
"""How the library asks for a second factor; the password was right."""

# Piccolo Admin's page, built with Vue, sets styles and calls ``new Function``. Its browser of
# the API (Swagger), of inline scripts and those of a CDN, shows nothing.
POLICIES = {
    "/admin/": (
        "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}
KEPT = ("/admin/assets/", "/admin/site/", "/progress/static/")


def protect(app: ASGIApp, settings: AdminSettings) -> ASGIApp:
    """Return the application behind these layers."""
    app = partial(change, app)
    https = settings.production
    app = partial(read_from_replica, app, paths=("/admin/", "/progress/"), https=https)
    app = partial(take_password, app)
    app = partial(read_body, app, limit=_limit, json_only=_is_json_only)
    app = partial(check_role, app)
    app = partial(keep_log_in, app, prolonged_by=settings.session_idle / 2)
    app = partial(
        limit_attempts,
        app,
        limit=settings.login_attempts,
        timespan=timedelta(seconds=settings.login_window),
    )
    app = TrustedProxies(app, trusted=settings.trusted_proxies, https=https)
    app = partial(secure_headers, app, policies=POLICIES, kept=KEPT, https=https)

    # uvicorn takes a partial for an application of ASGI 2.
    async def protected(scope: Scope, receive: Receive, send: Send) -> None:
        await reject(app, scope, receive, send, api="/admin/")

    return protected


def _takes_a_password(scope: Scope) -> bool:
    return _may_write(scope) and scope["path"].startswith(TAKES_A_PASSWORD)


def _may_write(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] not in SAFE_METHODS


async def _limit(scope: Scope) -> int:
    if await find_operator(scope) is None:
        return LARGEST_BODY_OF_A_STRANGER
    return LARGEST_BODY if scope["path"].startswith("/admin/") else LARGEST_FORM


def _is_json_only(scope: Scope) -> bool:
    path = scope["path"]
    return path.startswith(API) and not path.startswith(OWN) and scope["method"] != "DELETE"


async def check_role(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let an operator who is not a superuser do only what is the operator's own.

    Raises:
        RejectedError: 403.
    """
    if _may_write(scope) and not scope["path"].startswith(OWN):
        operator = await find_operator(scope)
        if operator is not None and not operator.superuser:
            await Origin.of(scope, operator).record(AuditAction.refused, summary=READ_ONLY)
            raise RejectedError(403, READ_ONLY)
    await app(scope, receive, send)


async def change(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run what an operator may change in one transaction that names the operator.

    A request of nobody passes: the application rejects whatever needs a log-in.
    """
    writes = _may_write(scope) and not _takes_a_password(scope)
    operator = await find_operator(scope) if writes else None
    if operator is None:
        await app(scope, receive, send)
        return
    origin = Origin.of(scope, operator)
    ORIGIN.set(origin)
    begin, end = origin.name, partial(origin.record_change, scope)
    if scope["path"].startswith(LOGOUT):
        begin, end = _nothing, partial(origin.record, AuditAction.logged_out)
    if scope["path"].startswith(OPERATORS):
        await OperatorAccount.hash_ahead(fields_of(scope).get("password"))
    answer = Answer()
    try:
        await run_in_transaction(app, scope, receive, answer, begin=begin, end=end)
    finally:
        if answer.status in LOGGED:
            await origin.record(AuditAction.refused, summary=scope.get(REFUSAL) or answer.sentence)
        await answer.give(send)


async def _nothing() -> None:
    """Name nobody: the end of a log-in is not a change."""


async def take_password(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Check what the library's endpoints that take a password would fail on.

    It says for whom they act, and keeps log-ins that failed.

    Raises:
        RejectedError: 422.
    """
    if not _takes_a_password(scope):
        await app(scope, receive, send)
        return
    fields = fields_of(scope)
    if not all(isinstance(value, str) for value in fields.values()):
        raise RejectedError(422, "Every field must be text.")
    if not scope["path"].startswith(LOGIN):
        if operator := await find_operator(scope):
            ORIGIN.set(Origin.of(scope, operator))
        await app(scope, receive, send)
        return
    if "username" not in fields or "password" not in fields:
        raise RejectedError(422, "A log-in needs a username and a password.")
    if "format" in fields:
        # The library would answer a failure with a page and a status of success
        # (upstream: test_failed_log_in_on_a_page_is_no_success).
        raise RejectedError(422, "A log-in is answered with JSON; the page for it is /admin/.")
    # A name that nobody has may be a password in the wrong field.
    known = OperatorAccount.username == fields["username"]
    origin = Origin.of(scope, await OperatorAccount.objects().get(known))
    ORIGIN.set(origin)
    answer = Answer()
    await app(scope, receive, answer)
    if answer.status == 401 and answer.sentence != CODE_WANTED:
        await origin.record(AuditAction.login_failed, summary=answer.sentence)
    await answer.give(send)


# Attempts to log in: an entry of ``workshops_admin.log_in_attempts`` holds when one address has
# tried, as far as that counts, and of the address a digest. It is deleted when nothing of it
# counts any more. The table is unlogged, so that it is in no archive and on no replica, and a
# refused attempt waits for no disk; after a crash of the server everybody begins anew.

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


async def limit_attempts(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, limit: int, timespan: timedelta
) -> None:
    """Let each address try passwords at most ``limit`` times in any ``timespan``.

    Raises:
        RejectedError: 429.
    """
    if _takes_a_password(scope):
        client = scope.get("client")
        await count_attempt(client[0] if client else "", limit=limit, timespan=timespan)
    await app(scope, receive, send)


async def count_attempt(address: str, *, limit: int, timespan: timedelta) -> None:
    """Count an attempt of an address, for all processes together.

    The addresses of one IPv6 network of 64 bits count as one: who has one of them has them
    all. It unblocks by itself, as the earlier attempts grow old; refused ones do not count.

    Raises:
        RejectedError: it has tried too often.
        DatabaseUnavailableError: the database is away.
    """
    digest = hashlib.sha256(counted_as(address).encode()).digest()
    if not await fetch(_COUNT, digest, timespan, limit):
        raise RejectedError(429, TOO_MANY)


# What is kept for some time only goes also when nobody acts.

_OLD: dict[str, Callable[[], Awaitable[object]]] = {
    "log-in attempts": partial(fetch, _FORGET),
    "removed outputs": forget_old_outputs,
}


def forgetting(every: float = 60) -> AbstractAsyncContextManager[None]:
    """Delete what is older than it may become, in the background of a block.

    :param every: Seconds between two looks.
    """
    return in_background(partial(_forget, every))


async def _forget(every: float) -> None:
    while True:
        for what, forget in _OLD.items():
            try:
                await forget()
            except Exception as error:  # of whatever kind: the site is served on
                logger.warning("Old %s are not deleted at the moment: %r", what, error)
        await asyncio.sleep(every)
