"""The operators: who may log in to the admin, and what they may do there.

An operator is a row of Piccolo's ``piccolo_user``, never a user of the product. A
*superuser* may change things; any other operator may look at everything but
secrets, and change nothing.
"""

from __future__ import annotations

import secrets
from typing import Any

import asyncpg
from piccolo.apps.user.tables import BaseUser

from workshops.admin.accounts import AdminSession, OperatorAccount, SecondFactor
from workshops.admin.audit import COMMAND_LINE, ORIGIN
from workshops.admin.registry import Change
from workshops.admin.saved_views import SavedView
from workshops.errors import InvalidInputError
from workshops.statements import validation
from workshops.web.rejections import RejectedError


class OperatorError(Exception):
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


# In the table of the admin


def check_username(field: str, value: object) -> None:
    """Check a name that an operator shall have in the table.

    Raises:
        InvalidInputError: it cannot be one.
    """
    if not validation.text(field, value, limit=100).isprintable():
        raise InvalidInputError(field, "must have printable characters only")


def check_password(field: str, value: str) -> None:
    """Check a password, as ``check_username`` does a name."""
    try:
        BaseUser._validate_password(value)
    except ValueError as error:
        raise InvalidInputError(field, str(error).removesuffix(".")) from None


async def add_operator(row: Any) -> int:
    """Add an operator. ``row`` holds the fields of the form."""
    fields = row.model_dump(exclude={"id", "last_login"})
    fields["password"] = await OperatorAccount.hash(fields["password"])
    operator = BaseUser(**fields)  # type: ignore[no-untyped-call]
    await operator.save()
    return int(operator.id)


async def change_operator(change: Change) -> Any:
    """Change an operator, who is logged out with a new password or without access."""
    changes = change.changes
    if not all(changes.get(name, True) for name in ("active", "admin", "superuser")):
        await _keep_a_superuser(change.stored["id"])
    if "password" in changes or not all(changes.get(name, True) for name in ("active", "admin")):
        await AdminSession.delete().where(AdminSession.user_id == change.stored["id"])
    if "password" in changes:
        changes["password"] = await OperatorAccount.hash(changes["password"])
    return change.columns()


async def delete_operator(row_id: int) -> None:
    """Delete an operator, their log-ins and their own views, but not the last superuser."""
    await _keep_a_superuser(row_id)
    await SavedView.delete().where(SavedView.owner_id == row_id, SavedView.shared.eq(False))


async def _keep_a_superuser(but: int) -> None:
    """Refuse to take access from the last superuser; others wait until we have decided."""
    rows = await BaseUser.raw(
        "SELECT id FROM piccolo_user WHERE active AND admin AND superuser ORDER BY id FOR UPDATE"
    )
    if [row["id"] for row in rows] == [but]:
        raise RejectedError(409, "This is the last superuser; nobody could change anything.")
