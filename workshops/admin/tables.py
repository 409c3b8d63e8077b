"""The admin's own tables. Operators themselves are in Piccolo's ``piccolo_user``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import (
    JSONB,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    OnUpdate,
    Text,
    Varchar,
)
from piccolo.columns.readable import Readable
from piccolo.table import Table
from piccolo_api.mfa.authenticator.tables import AuthenticatorSecret
from piccolo_api.session_auth.tables import SessionsBase

from workshops.columns import PrefixedKey, SingleLineText, UTCTimestamp
from workshops.states import WorkshopStatus
from workshops.tables import StepDefinition, Workshop

SCHEMA = "workshops_admin"
"""The PostgreSQL schema of all that is not the product's."""


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


class SecondFactor(
    AuthenticatorSecret,
    tablename="admin_second_factors",
    schema=SCHEMA,
    help_text="The authenticator apps that operators have added to their log-in.",
):
    """An operator's authenticator app; its secret is encrypted with ``SECOND_FACTOR_KEY``."""

    user_id = _of_operator("Whose app.")

    @classmethod
    async def authenticate(cls, user_id: int, code: str, *args: Any, **kwargs: Any) -> bool:
        """Tell whether a code is right; each is good for one log-in.

        piccolo_api 1.11 reads the last code and writes the new one in two steps, so
        that two log-ins at the same moment could share a code: here one waits for the
        other (upstream: test_code_is_good_once). It also fails on a code that is longer than
        a password.
        """
        await cls.raw(
            f"SELECT FROM {SCHEMA}.admin_second_factors WHERE user_id = {{}} FOR UPDATE", user_id
        )
        if len(code) > BaseUser._max_password_length:
            return False
        return bool(await super().authenticate(user_id, code, *args, **kwargs))


class AuditAction(StrEnum):
    """What an entry of the audit log is about."""

    added = "added"
    changed = "changed"
    deleted = "deleted"
    logged_in = "logged_in"
    login_failed = "login_failed"
    logged_out = "logged_out"
    refused = "refused"
    exported = "exported"
    erased = "erased"


class AuditEntry(
    Table,
    tablename="admin_audit_log",
    schema=SCHEMA,
    help_text="Who did what, to which row, when and from where. Nobody can change it.",
):
    """One change of one row by an operator, or a log-in, or a rejection.

    Triggers write the changes, in the transaction of the change, whenever an
    operator is named (``workshops.admin.protection``). A trigger refuses UPDATE,
    DELETE and TRUNCATE. It refers to no other row: it outlives them all.
    """

    id = BigSerial(primary_key=True)
    created_at = UTCTimestamp(index=True, help_text="When (UTC).")
    operator = SingleLineText(
        default=None,
        null=True,
        index=True,
        help_text="Who: the username, as it was then, or as it was tried.",
    )
    operator_id = Integer(default=None, null=True, help_text="The operator's key at that time.")
    action = SingleLineText(
        default=None, required=True, choices=AuditAction, help_text="What was done."
    )
    table_name = SingleLineText(default=None, null=True, help_text="In which table.")
    row_id = SingleLineText(default=None, null=True, index=True, help_text="To which row.")
    summary = Text(default=None, null=True, help_text="The changed fields, or why it was refused.")
    changes = JSONB(
        default=None,
        null=True,
        help_text="Field -> [old value, new value]; long texts shortened, secrets hidden.",
    )
    address = SingleLineText(default=None, null=True, help_text="From which network address.")
    request_line = SingleLineText(default=None, null=True, help_text="By which request.")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(
            template="%s %s %s %s", columns=[cls.operator, cls.action, cls.table_name, cls.row_id]
        )


class WorkshopProgress(
    Table,
    tablename="workshop_progress",
    schema=SCHEMA,
    help_text="How far each workshop has come. It can be read only.",
):
    """A view over the summaries of ``workshops.projection``. Nothing is written to it."""

    id = Text(primary_key=True, default=None, help_text="The workshop.")
    title = SingleLineText(default=None, help_text="What the workshop is called.")
    clerk_user_id = SingleLineText(default=None, help_text="Who created it.")
    org_id = SingleLineText(default=None, null=True, help_text="Its organisation, if any.")
    status = SingleLineText(default=None, choices=WorkshopStatus, help_text="Where it stands.")
    current_step_id = ForeignKey(
        StepDefinition,
        default=None,
        null=True,
        help_text="The first step that is not complete; empty when all are.",
    )
    steps_complete = Integer(default=None, help_text="How many steps are complete.")
    steps_total = Integer(default=None, help_text="How many steps there are.")
    progress = Integer(default=None, help_text="Per cent of the steps that are complete.")
    last_activity_at = UTCTimestamp(help_text="When anything of it last changed (UTC).")
    created_at = UTCTimestamp(help_text="When it was created (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.title])


class Note(
    Table,
    tablename="notes",
    schema=SCHEMA,
    help_text="What operators have noted about workshops, for each other.",
):
    """A note of an operator about a workshop.

    ``workshop_id`` is not a key in the database, so that no one who writes to workshops waits
    for a note: the notes of a deleted workshop are removed after it (``workshops.projection``).
    """

    id = PrefixedKey("note")
    workshop_id = ForeignKey(Workshop, default=None, null=False, help_text="About which workshop.")
    text = Text(default=None, required=True, help_text="What was noted.")
    author = SingleLineText(default=None, help_text="Who noted it: the username, as it was then.")
    created_at = UTCTimestamp(help_text="When (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        """Show a note by its text."""
        return Readable(template="%s", columns=[cls.text])


class FollowUp(
    Table,
    tablename="follow_ups",
    schema=SCHEMA,
    help_text="Who looks after a workshop, and when its people were last contacted.",
):
    """What operators have agreed on about a workshop. Its key is the workshop's.

    There is none of a workshop that nobody was assigned to or contacted about. Removed as
    notes are.
    """

    id = Text(primary_key=True, default=None, help_text="The workshop.")
    assigned_to = ForeignKey(
        BaseUser, default=None, null=True, on_delete=OnDelete.set_null, help_text="Which operator."
    )
    contacted_on = Date(default=None, null=True, help_text="The day of the latest contact.")
    updated_at = UTCTimestamp(help_text="When it was last changed (UTC).")


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
        """Show a view by its name."""
        return Readable(template="%s", columns=[cls.name])
