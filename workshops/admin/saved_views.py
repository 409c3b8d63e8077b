"""Views of the board with a name: an operator's own, and those that all share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Boolean, ForeignKey, OnDelete
from piccolo.columns.readable import Readable
from piccolo.table import Table

from workshops.admin.audit import SCHEMA
from workshops.columns import PrefixedKey, SingleLineText, UTCTimestamp, utc_now
from workshops.errors import ConflictError, InvalidInputError, NotFoundError
from workshops.ids import create_prefixed_id
from workshops.statements import validation
from workshops.statements.execution import Record, fetch

NAME_LENGTH = 60
"""The longest name, in characters."""

MOST_OWN = 50
"""How many views an operator can keep: all are on the board."""


class SavedView(
    Table,
    tablename="saved_views",
    schema=SCHEMA,
    help_text="Views of the board that operators have given a name.",
):
    """A query string of the board with a name, for its owner or for all operators.

    ``owner_id`` is NULL once the owner's account is deleted.
    """

    id = PrefixedKey("view")
    owner_id = ForeignKey(
        BaseUser, default=None, null=True, on_delete=OnDelete.set_null, help_text="Whose it is."
    )
    name = SingleLineText(default=None, required=True, help_text="What it is called.")
    query = SingleLineText(default=None, help_text="The filters, as the board's address has them.")
    shared = Boolean(default=False, help_text="Whether all operators have it.")
    created_at = UTCTimestamp(help_text="When it was saved (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class ViewNotFoundError(
    NotFoundError, says="There is no such view of yours; somebody may have deleted it."
):
    """There is no such view, or it is somebody else's."""


class ViewNameTakenError(ConflictError, says="There is another view of this name already."):
    """The owner has another view of this name."""


async def fetch_views(operator: BaseUser) -> Sequence[Record]:
    """Return an operator's own views and the shared ones, by name.

    ``query`` is that of the board's address, ``owner`` None once that account is deleted;
    ``mine`` tells whether the operator may change the view, ``own`` whether it is theirs.
    """
    return await fetch(
        "SELECT v.id, v.name, v.query, v.shared, u.username AS owner,"
        " COALESCE(v.owner_id = $1, false) AS own,"
        " COALESCE(v.owner_id = $1, false) OR (v.shared AND $2) AS mine"
        " FROM workshops_admin.saved_views v LEFT JOIN piccolo_user u ON u.id = v.owner_id"
        " WHERE v.owner_id = $1 OR v.shared ORDER BY lower(v.name), v.id",
        operator.id,
        operator.superuser,
    )


async def save_view(operator: BaseUser, name: str, query: str, *, shared: bool) -> bool:
    """Keep a view; one of the operator's of the same name becomes it. Return whether it is new.

    One that was shared stays shared: nobody loses it by another's Save (``unshare_view``).

    Raises:
        InvalidInputError: the name is unusable, there are too many, or a plain admin shares.
    """
    name = _name(name)
    if shared and not operator.superuser:
        raise InvalidInputError("The view", "can be shared by superusers only")
    own = await SavedView.select(SavedView.name).where(SavedView.owner_id == operator.id)
    if len(own) >= MOST_OWN and {"name": name} not in own:
        raise InvalidInputError("The view", f"would be one of more than {MOST_OWN} of yours")
    [written] = await fetch(
        "INSERT INTO workshops_admin.saved_views AS kept"
        " (id, owner_id, name, query, shared, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (owner_id, name) DO UPDATE"
        " SET query = EXCLUDED.query, shared = kept.shared OR EXCLUDED.shared RETURNING id = $1",
        create_prefixed_id("view"),
        operator.id,
        name,
        query,
        shared,
        utc_now(),
    )
    return bool(written[0])


async def rename_view(operator: BaseUser, view_id: str, name: str) -> None:
    """Give a view another name: one's own, or as a superuser any shared one.

    Raises:
        NotFoundError: there is none that this operator may change.
        ConflictError: its owner has another one of that name.
    """
    name = _name(name)
    # Nobody else may save one of this name between the look and the change.
    await fetch("LOCK TABLE workshops_admin.saved_views IN SHARE ROW EXCLUSIVE MODE")
    taken = await fetch(
        "SELECT FROM workshops_admin.saved_views other JOIN workshops_admin.saved_views v"
        " ON v.owner_id = other.owner_id WHERE v.id = $1 AND other.id <> $1 AND other.name = $2",
        view_id,
        name,
    )
    if taken:
        raise ViewNameTakenError
    await _change("UPDATE workshops_admin.saved_views SET name = $4", view_id, operator, name)


async def unshare_view(operator: BaseUser, view_id: str) -> None:
    """Keep a view of one's own to oneself again.

    Raises:
        NotFoundError: the operator has none of this key.
    """
    changed = await fetch(
        "UPDATE workshops_admin.saved_views SET shared = false"
        " WHERE id = $1 AND owner_id = $2 RETURNING id",
        view_id,
        operator.id,
    )
    if not changed:
        raise ViewNotFoundError


async def delete_view(operator: BaseUser, view_id: str) -> None:
    """Delete a view: one's own, or as a superuser any shared one.

    Raises:
        NotFoundError: there is none that this operator may delete.
    """
    await _change("DELETE FROM workshops_admin.saved_views", view_id, operator)


async def _change(statement: str, view_id: str, operator: BaseUser, *values: object) -> None:
    changed = await fetch(
        f"{statement} WHERE id = $1 AND (owner_id = $2 OR (shared AND $3)) RETURNING id",
        view_id,
        operator.id,
        operator.superuser,
        *values,
    )
    if not changed:
        raise ViewNotFoundError


def _name(name: str) -> str:
    return validation.line("The name", name.strip(), limit=NAME_LENGTH)


async def forget_views(person: str) -> list[str]:
    """Delete the views that name a person, and return their keys."""
    word = re.compile(rf"(?<!\w){re.escape(person)}(?!\w)")
    naming = [
        id
        for id, name, query in await fetch(
            "SELECT id, name, query FROM workshops_admin.saved_views"
        )
        if any(map(word.search, (name, *dict(parse_qsl(query.removeprefix("?"))).values())))
    ]
    await fetch("DELETE FROM workshops_admin.saved_views WHERE id = ANY ($1)", naming)
    return naming
