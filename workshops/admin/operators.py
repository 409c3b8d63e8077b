"""The operators: who may log in to the admin, with which second factor; for the command line.

An operator is a row of Piccolo's ``piccolo_user``, never a user of the product. A
*superuser* may change things; any other operator may look at everything but
secrets, and change nothing.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime
from typing import Any

import asyncpg
from piccolo.apps.user.tables import BaseUser
from piccolo_api.encryption.providers import EncryptionProvider
from piccolo_api.mfa.authenticator.tables import AuthenticatorSecret
from piccolo_api.mfa.recovery_codes import generate_recovery_code

from workshops.admin.accounts import AdminSession, OperatorAccount, operator_key
from workshops.admin.audit import COMMAND_LINE, ORIGIN, SCHEMA
from workshops.database.migrations import project_engine
from workshops.database.outages import CommandError

logger = logging.getLogger(__name__)

_LONGEST_APP_CODE = 10
"""An app's code has six digits; longer ones are those for its loss, as the library tells them."""


class OperatorError(CommandError):
    """An operator cannot be created or changed. The message says why, in a sentence."""


async def has_operators() -> bool:
    """Return whether anybody can log in."""
    return bool(await BaseUser.exists().where(BaseUser.admin.eq(True), BaseUser.active.eq(True)))


async def list_operators() -> list[BaseUser]:
    """Return all operators, by name."""
    return await BaseUser.objects().where(BaseUser.admin.eq(True)).order_by(BaseUser.username)


async def create_operator(username: str, *, superuser: bool, email: str = "") -> str:
    """Create an operator and return the password, which is stored only as a hash.

    Without an e-mail address the operator gets one that can receive nothing: the
    column is unique, so two operators cannot both leave it empty.

    Raises:
        OperatorError: the name or the address is taken or cannot be used.
    """
    if not username.strip() or len(username) > 100 or not username.isprintable():
        raise OperatorError("An operator needs a user name of 1 to 100 printable characters.")
    if len(email) > 255 or (email and "@" not in email):
        raise OperatorError("That is not an e-mail address.")
    password = secrets.token_urlsafe(12)
    try:
        async with COMMAND_LINE.transaction():
            await BaseUser.create_user(
                username=username,
                password=password,
                email=email or f"{username}@operators.invalid",
                active=True,
                admin=True,
                superuser=superuser,
            )
    except asyncpg.UniqueViolationError as error:
        what = "e-mail address" if "email" in (error.constraint_name or "") else "user name"
        raise OperatorError(f"There is already an operator with this {what}.") from error
    return password


async def remove_second_factor(username: str) -> None:
    """Let an operator log in with the password alone, as when the phone is lost.

    Raises:
        OperatorError: there is no such operator, or the operator has no second factor.
    """
    operator = await _find(username)
    if not await SecondFactor.is_user_enrolled(operator):
        raise OperatorError(f"Operator {username!r} has no second factor.")
    ORIGIN.set(COMMAND_LINE)
    await SecondFactor.revoke(operator)


async def reset_password(username: str) -> str:
    """Give an operator a new password, return it, and log the operator out everywhere.

    Raises:
        OperatorError: there is no such operator.
    """
    operator = await _find(username)
    password = secrets.token_urlsafe(12)
    ORIGIN.set(COMMAND_LINE)
    await OperatorAccount.update_password(operator, password)
    return password


async def disable_operator(username: str) -> None:
    """Let an operator log in no more, and log the operator out everywhere.

    The row stays, because the audit log refers to it.

    Raises:
        OperatorError: there is no such operator.
    """
    operator = await _find(username)
    async with COMMAND_LINE.transaction():
        await BaseUser.update({BaseUser.active: False}).where(BaseUser.id == operator)
        await AdminSession.delete().where(AdminSession.user_id == operator)


async def _find(username: str) -> int:
    """Return the key of an operator."""
    operator = await BaseUser.objects().get(
        (BaseUser.username == username) & BaseUser.admin.eq(True)
    )
    if operator is None:
        raise OperatorError(f"There is no operator {username!r}.")
    return int(operator.id)


# The second factor


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

    user_id = operator_key("Whose app.")

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
