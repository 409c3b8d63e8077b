"""The operators' accounts, log-ins and second factors, as the log-in knows them.

The endpoints of piccolo_api that take a password run outside of a transaction, because
hashing takes a third of a second and a connection is worth more than that. What they
write is written here, in a transaction that names the operator.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import ForeignKey, OnDelete, OnUpdate, Varchar
from piccolo.columns.readable import Readable
from piccolo_api.encryption.providers import EncryptionProvider
from piccolo_api.mfa.authenticator.tables import AuthenticatorSecret
from piccolo_api.mfa.recovery_codes import generate_recovery_code
from piccolo_api.session_auth.tables import SessionsBase
from starlette.exceptions import HTTPException

from workshops.admin.audit import ORIGIN, SCHEMA, AuditAction
from workshops.database.migrations import project_engine

logger = logging.getLogger(__name__)

_AHEAD: ContextVar[tuple[str, str] | None] = ContextVar("ahead", default=None)

_LONGEST_APP_CODE = 10
"""An app's code has six digits; longer ones are those for its loss, as the library tells them."""

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


def _of_operator(help_text: str) -> ForeignKey[Any]:
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
    user_id = _of_operator("Who is logged in.")

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


class SecondFactor(
    AuthenticatorSecret,
    tablename="admin_second_factors",
    schema=SCHEMA,
    help_text="The authenticator apps that operators have added to their log-in.",
):
    """An operator's authenticator app; its secret is encrypted with ``SECOND_FACTOR_KEY``.

    piccolo_api 1.11 hashes its recovery codes where it stands, and reads the last code and
    writes the new one in two steps, so that two log-ins at the same moment could share a
    code (upstream: test_recovery_codes_are_hashed_in_a_thread, test_code_is_good_once).
    """

    user_id = _of_operator("Whose app.")

    @classmethod
    async def create_new(
        cls,
        user_id: int,
        encryption_provider: EncryptionProvider,
        recovery_code_count: int = 8,
    ) -> tuple[AuthenticatorSecret, list[str]]:
        """Store a new app, and return it with its recovery codes, which are kept as hashes."""
        codes = [generate_recovery_code() for _ in range(recovery_code_count)]
        salt = OperatorAccount.get_salt()  # type: ignore[no-untyped-call]
        app = cls(
            user_id=user_id,
            secret=encryption_provider.encrypt(value=cls.generate_secret()),
            recovery_codes=[await OperatorAccount.hash(code, salt) for code in codes],
        )
        async with ORIGIN.get().transaction():
            await app.save()
        return app, codes

    @classmethod
    async def revoke(cls, user_id: int) -> None:
        """Let the operator log in without the app."""
        async with ORIGIN.get().transaction():
            await super().revoke(user_id)

    @classmethod
    async def authenticate(cls, user_id: int, code: str, *args: Any, **kwargs: Any) -> bool:
        """Tell whether a code is right, of the app or of those for its loss; each is good once.

        Of two log-ins at the same moment one waits for the other.
        """
        if len(code) > _LONGEST_APP_CODE:
            return await cls._use_recovery_code(user_id, code)
        from cryptography.fernet import InvalidToken  # of the extra, like the key

        right = False
        try:
            async with project_engine().transaction():
                await cls.raw(
                    f"SELECT FROM {SCHEMA}.admin_second_factors WHERE user_id = {{}} FOR UPDATE",
                    user_id,
                )
                right = await super().authenticate(user_id, code, *args, **kwargs)
        except InvalidToken:
            logger.warning(
                "The app of operator %d was added with another SECOND_FACTOR_KEY. Remove it: "
                "piccolo workshops operator remove-second-factor NAME",
                user_id,
            )
        return right

    @classmethod
    async def _use_recovery_code(cls, user_id: int, code: str) -> bool:
        row = (
            await cls.select(cls.id, cls.recovery_codes)
            .where(cls.user_id == user_id, cls.revoked_at.is_null())
            .order_by(cls.created_at, ascending=False)
            .first()
        )
        if row is None or not row["recovery_codes"] or len(code) > BaseUser._max_password_length:
            return False
        _, iterations, salt, _ = BaseUser.split_stored_password(row["recovery_codes"][0])
        hashed = await OperatorAccount.hash(code, salt, int(iterations))
        used = await cls.raw(
            f"UPDATE {cls._meta.get_formatted_tablename()}"
            " SET recovery_codes = array_remove(recovery_codes, {}),"
            " recovery_codes_used_at = array_append(recovery_codes_used_at, {})"
            " WHERE id = {} AND {} = ANY (recovery_codes) RETURNING id",
            hashed,
            datetime.now(UTC),
            row["id"],
            hashed,
        )
        return bool(used)
