"""The admin's own tables. Operators themselves are in Piccolo's ``piccolo_user``."""

from __future__ import annotations

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import ForeignKey, OnDelete, OnUpdate
from piccolo_api.session_auth.tables import SessionsBase


class AdminSession(
    SessionsBase,
    tablename="admin_sessions",
    help_text="Who is logged in to the admin.",
):
    """A log-in of an operator.

    Piccolo's own table is called ``sessions``, which is the name of a table of
    the product here. ``token`` stays secret as it is there. ``user_id`` is a
    foreign key, so that the admin shows a name and a deleted operator's log-ins
    go with the operator.
    """

    user_id = ForeignKey(
        BaseUser,
        default=None,
        null=False,
        index=True,
        on_delete=OnDelete.cascade,
        on_update=OnUpdate.no_action,
        required=True,
        help_text="Who is logged in.",
    )
