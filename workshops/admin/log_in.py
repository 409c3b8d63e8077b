"""Log-ins: who makes a request, and how often an address may try to log in.

Who makes a request is the operator whose log-in it carries, looked up once.

Attempts are counted in the database, for all processes at once. An entry of
``workshops_admin.log_in_attempts`` holds when one address has tried, as far as that counts,
and of the address a digest. It is deleted when nothing of it counts any more. The table is
unlogged, so that it is in no archive and on no replica, and a refused attempt waits for no
disk; after a crash of the server everybody begins anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from piccolo_api.shared.auth import User
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
)
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from workshops.admin.accounts import AdminSession, OperatorAccount
from workshops.background import in_background
from workshops.database import primary_reads
from workshops.statements.execution import fetch
from workshops.web.headers import counted_as
from workshops.web.rejections import RejectedError

logger = logging.getLogger(__name__)

SESSION_COOKIE = "id"

TOO_MANY = "Too many attempts from this address. Wait some minutes and try again."

_LOG_IN = "workshops.log_in"


def session_token(scope: Scope) -> str:
    """Return the session cookie; empty if there is none, or none that we would set.

    A request may have several Cookie headers: Starlette takes them as one.
    """
    token = HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")
    return token if re.fullmatch("[A-Za-z0-9_-]{1,100}", token) else ""


@dataclass
class _LogIn:
    token: str
    prolonged_by: timedelta
    operator: OperatorAccount | None = None
    looked_up: bool = False


async def keep_log_in(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, prolonged_by: timedelta
) -> None:
    """Run the application, which keeps who makes a request once that was asked for.

    :param prolonged_by: How much longer a log-in lasts with a request shortly before its end.
    """
    if scope["type"] == "http":
        scope[_LOG_IN] = _LogIn(session_token(scope), prolonged_by)
    await app(scope, receive, send)


async def find_operator(scope: Scope) -> OperatorAccount | None:
    """Return the active operator who is logged in, or None."""
    log_in: _LogIn = scope[_LOG_IN]
    if log_in.token and not log_in.looked_up:
        with primary_reads():  # a log-in that has ended has ended at once
            log_in.operator = await _look_up(log_in)
        log_in.looked_up = True
    return log_in.operator


async def _look_up(log_in: _LogIn) -> OperatorAccount | None:
    now = datetime.now()  # as the library stores it
    rows = await AdminSession.raw(
        "SELECT s.expiry_date, u.*"
        f" FROM {AdminSession._meta.get_formatted_tablename()} s"
        f" JOIN {OperatorAccount._meta.get_formatted_tablename()} u ON u.id = s.user_id"
        " WHERE s.token = {} AND s.expiry_date > {} AND s.max_expiry_date > {}"
        " AND u.active AND u.admin",
        log_in.token,
        now,
        now,
    )
    if not rows:
        return None
    columns = dict(rows[0])
    expiry = columns.pop("expiry_date")
    if expiry - now < log_in.prolonged_by:
        await AdminSession.update({AdminSession.expiry_date: expiry + log_in.prolonged_by}).where(
            AdminSession.token == log_in.token
        )
    return OperatorAccount(**columns, _exists_in_db=True)  # type: ignore[no-untyped-call]


class OperatorsBackend(AuthenticationBackend):
    """The log-in of the admin and of the pages, for Starlette's authentication.

    The admin makes it with options of its own; what they say is settled here.
    """

    def __init__(self, **options_of_the_library: object) -> None:
        super().__init__()

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        """Return who is logged in.

        Raises:
            AuthenticationError: nobody who may see anything.
        """
        operator = await find_operator(conn.scope)
        if operator is None:
            raise AuthenticationError("Nobody is logged in.")
        return AuthCredentials(["authenticated"]), User(user=operator)


# Attempts

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
        if self.counts(scope):
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
