"""Who makes a request: the operator whose log-in it carries, looked up once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from piccolo_api.shared.auth import User
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
)
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from workshops.admin.accounts import OperatorAccount
from workshops.admin.tables import AdminSession
from workshops.database import primary_reads

SESSION_COOKIE = "id"

_LOG_IN = "workshops.log_in"


def session_token(scope: Scope) -> str:
    """Return the session cookie; empty if there is none, or none that we would set.

    A request may have several Cookie headers: Starlette takes them as one.
    """
    token = HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")
    return token if re.fullmatch("[A-Za-z0-9_-]{1,100}", token) else ""


class LogIns:
    """Keeps for a request who makes it, once that was asked for.

    ``prolonged_by``: how much longer a log-in lasts with a request shortly before its end.
    """

    def __init__(self, app: ASGIApp, *, prolonged_by: timedelta) -> None:
        self.app = app
        self.prolonged_by = prolonged_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_LOG_IN] = _LogIn(session_token(scope), self.prolonged_by)
        await self.app(scope, receive, send)


async def find_operator(scope: Scope) -> OperatorAccount | None:
    """Return the active operator who is logged in, or None."""
    log_in: _LogIn = scope[_LOG_IN]
    return await log_in.operator()


class _LogIn:
    def __init__(self, token: str, prolonged_by: timedelta) -> None:
        self._token = token
        self._prolonged_by = prolonged_by
        self._looked_up = not token
        self._operator: OperatorAccount | None = None

    async def operator(self) -> OperatorAccount | None:
        if not self._looked_up:
            with primary_reads():  # a log-in that has ended has ended at once
                self._operator = await self._look_up()
            self._looked_up = True
        return self._operator

    async def _look_up(self) -> OperatorAccount | None:
        now = datetime.now()  # as the library stores it
        rows = await AdminSession.raw(
            "SELECT s.expiry_date, u.*"
            f" FROM {AdminSession._meta.get_formatted_tablename()} s"
            f" JOIN {OperatorAccount._meta.get_formatted_tablename()} u ON u.id = s.user_id"
            " WHERE s.token = {} AND s.expiry_date > {} AND s.max_expiry_date > {}"
            " AND u.active AND u.admin",
            self._token,
            now,
            now,
        )
        if not rows:
            return None
        columns = dict(rows[0])
        expiry = columns.pop("expiry_date")
        if expiry - now < self._prolonged_by:
            await AdminSession.update(
                {AdminSession.expiry_date: expiry + self._prolonged_by}
            ).where(AdminSession.token == self._token)
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
