"""The operators as the log-in knows them: passwords checked without holding anybody up."""

from __future__ import annotations

import asyncio
from datetime import datetime
from hmac import compare_digest

from piccolo.apps.user.tables import BaseUser
from starlette.exceptions import HTTPException


class OperatorAccount(BaseUser, tablename="piccolo_user"):
    """Piccolo's user, for the endpoints that take a password.

    Piccolo 1.38 hashes a password where it stands: for a third of a second no other
    request is answered. It also logs in whoever is inactive or no admin; that log-in
    opens nothing, until the operator is let in again.
    """

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
            await asyncio.to_thread(cls.hash_password, password)
            return None
        _, iterations, salt, _ = cls.split_stored_password(row["password"])
        hashed = await asyncio.to_thread(cls.hash_password, password, salt, int(iterations))
        if not compare_digest(hashed, row["password"]):
            return None
        if int(iterations) != cls._pbkdf2_iteration_count:
            await cls.update_password(row["id"], password)
        now = datetime.now()  # as the library stores it
        await cls.update({cls.last_login: now}).where(cls.id == row["id"])
        return int(row["id"])

    @classmethod
    async def update_password(cls, user: str | int, password: str) -> None:
        """Store the hash of a new password of the operator with this key or name.

        Raises:
            HTTPException: it is too short, too long, or looks like a hash. The library's
                endpoint (piccolo_api 1.11) has no answer for a ValueError.
        """
        try:
            cls._validate_password(password)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        hashed = await asyncio.to_thread(cls.hash_password, password)
        who = cls.username if isinstance(user, str) else cls.id
        await cls.update({cls.password: hashed}).where(who == user)
