"""The operators' accounts and log-ins, and who makes a request.

The endpoints of piccolo_api that take a password run outside of a transaction, because
hashing takes a third of a second and a connection is worth more than that. What they
write is written here, in a transaction that names the operator.
"""

from __future__ import annotations

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import ForeignKey, OnDelete, OnUpdate, Varchar
from piccolo.columns.readable import Readable
from piccolo_api.session_auth.tables import SessionsBase
from piccolo_api.shared.auth import User
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from workshops.admin.audit import ORIGIN, SCHEMA, AuditAction
from workshops.database import primary_reads
from workshops.database.migrations import project_engine

SESSION_COOKIE = "id"

_LOG_IN = "workshops.log_in"

_AHEAD: ContextVar[tuple[str, str] | None] = ContextVar("ahead", default=None)

# Threads of their own: log-ins wait for each other, and leave the rest of the machine, and
# the threads that others use, to other requests.
_HASHING = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "password")


class OperatorAccount(BaseUser, tablename="piccolo_user"):
    """Piccolo's user, for the endpoints that take a password.

    Piccolo 1.38 hashes a password where it stands: for a third of a second no other
    request is answered. It also logs in users who are inactive or not admins; that
    log-in opens nothing, until the operator is let in again (upstream:
    test_password_is_hashed_in_a_thread, test_disabled_user_is_not_logged_in).
    """

    @classmethod
    async def hash(cls, password: str, salt: str = "", iterations: int | None = None) -> str:
        """Return the hash of a password, made in a thread, or ahead."""
        ahead = _AHEAD.get()
        if ahead is not None and ahead[0] == password and not salt and iterations is None:
            return ahead[1]
        return await asyncio.get_running_loop().run_in_executor(
            _HASHING, cls.hash_password, password, salt, iterations
        )

    @classmethod
    async def hash_ahead(cls, password: object) -> None:
        """Hash what may be a password of this request, before it holds a connection."""
        if isinstance(password, str) and 0 < len(password) <= cls._max_password_length:
            _AHEAD.set((password, await cls.hash(password)))

    @classmethod
    async def login(cls, username: str, password: str) -> int | None:
        """Return the key of the active operator with this name and password, or None.

        It takes the same time whether there is such an operator or not.
        """
        if len(password) > cls._max_password_length:
            return None
        row = (
            await cls.select(cls.id, cls.password)
            .where(cls.username == username, cls.active.eq(True), cls.admin.eq(True))
            .first()
        )
        if row is None:
            await cls.hash(password)
            return None
        _, iterations, salt, _ = cls.split_stored_password(row["password"])
        hashed = await cls.hash(password, salt, int(iterations))
        if not compare_digest(hashed, row["password"]):
            return None
        changes: dict[Any, Any] = {cls.last_login: datetime.now()}  # as the library stores it
        if int(iterations) != cls._pbkdf2_iteration_count:
            changes[cls.password] = await cls.hash(password)
        await cls.update(changes).where(cls.id == row["id"], cls.password == row["password"])
        return int(row["id"])

    @classmethod
    async def update_password(cls, user: str | int, password: str) -> None:
        """Store the hash of an operator's new password, and end all of the log-ins.

        Raises:
            HTTPException: it is too short, too long, or looks like a hash. The endpoint of
                piccolo_api 1.11 has no answer for a ValueError (upstream:
                test_password_that_is_too_long_is_refused).
        """
        try:
            cls._validate_password(password)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        hashed = await cls.hash(password)
        async with ORIGIN.get().transaction():
            await cls.update({cls.password: hashed}).where(cls.id == user)
            await AdminSession.delete().where(AdminSession.user_id == user)


def operator_key(help_text: str) -> ForeignKey[Any]:
    """Return the column of the operator whom a row goes with."""
    return ForeignKey(
        BaseUser,
        default=None,
        null=False,
        index=True,
        on_delete=OnDelete.cascade,
        on_update=OnUpdate.no_action,
        required=True,
        help_text=help_text,
    )


class AdminSession(
    SessionsBase,
    tablename="admin_sessions",
    schema=SCHEMA,
    help_text="Who is logged in to the admin.",
):
    """A log-in of an operator.

    Piccolo's own table is called ``sessions``, which is the name of a table of
    the product here. ``token`` stays secret as it is there. ``user_id`` is a
    foreign key, so that the admin shows a name and a deleted operator's log-ins
    go with the operator.
    """

    token = Varchar(length=100, null=False, secret=True, index=True)
    user_id = operator_key("Who is logged in.")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.user_id.username])

    @classmethod
    async def create_session(cls, *args: Any, **kwargs: Any) -> Any:
        """Store a log-in together with its entry in the audit log, and forget ended ones."""
        async with project_engine().transaction():
            session = await super().create_session(*args, **kwargs)
            await ORIGIN.get().record(AuditAction.logged_in)
            await cls.delete().where(cls.expiry_date < datetime.now())
        return session


# Who makes a request: looked up once


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
    """The log-in of the admin and of the pages, for Starlette's authentication."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, User]:
        """Return who is logged in.

        Raises:
            AuthenticationError: nobody who may see anything.
        """
        operator = await find_operator(conn.scope)
        if operator is None:
            raise AuthenticationError("Nobody is logged in.")
        return AuthCredentials(["authenticated"]), User(user=operator)
