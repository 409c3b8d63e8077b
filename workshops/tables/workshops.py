"""A workshop and the people who take part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piccolo.columns import Text
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from workshops.columns import (
    BelongsToWorkshop,
    CascadeForeignKey,
    PrefixedKey,
    SingleLineText,
    UTCTimestamp,
    VersionedRow,
    next_updated_at,
)
from workshops.relations import HasRelations, OneToMany
from workshops.states import Visibility, WorkshopStatus, one_of

if TYPE_CHECKING:
    from workshops.tables.build_packs import BuildPack
    from workshops.tables.sessions import Session
    from workshops.tables.steps import WorkshopStep

TITLE_LENGTH = 200
"""The longest title, in characters."""


class Workshop(HasRelations, VersionedRow, Table, tablename="workshops"):
    """One idea on its way through the ten steps to a build pack.

    It begins as a draft, becomes active when its first step starts, may be
    paused, and is completed when every step is complete. It has one step row for
    each step definition, and at least one member who is an owner. Deleting it
    deletes its members, steps, sessions and build packs.
    """

    id = PrefixedKey("ws", help_text="Identifier, `ws_` and a cuid2.")
    clerk_user_id = SingleLineText(
        default=None,
        required=True,
        index=True,
        help_text="Who owns it, at first who created it: the identity provider's (Clerk's) id.",
    )
    title = SingleLineText(
        length=TITLE_LENGTH, default=None, required=True, help_text="What the workshop is called."
    )
    original_idea = Text(
        default=None, required=True, help_text="The idea in the person's own words, as first told."
    )
    status = SingleLineText(
        default=WorkshopStatus.draft,
        choices=WorkshopStatus,
        index=True,
        help_text="draft -> active <-> paused; active <-> completed.",
    )
    org_id = SingleLineText(
        default=None,
        null=True,
        index=True,
        help_text="The identity provider's organisation id, if it belongs to one.",
    )
    template_id = SingleLineText(
        default=None, null=True, help_text="The template that it was started from, if any."
    )
    visibility = SingleLineText(
        default=Visibility.private,
        choices=Visibility,
        help_text="private: members only. shared: also whoever holds the share token.",
    )
    share_token = SingleLineText(
        default=None,
        null=True,
        secret=True,
        help_text="The secret in the share link; empty while the workshop is private.",
    )
    created_at = UTCTimestamp(help_text="When it was created (UTC).")
    updated_at = UTCTimestamp(
        auto_update=next_updated_at, help_text="When it last changed (UTC); always moves forward."
    )

    members: OneToMany[WorkshopMember] = OneToMany("WorkshopMember")
    steps: OneToMany[WorkshopStep] = OneToMany("workshops.tables.steps.WorkshopStep")
    sessions: OneToMany[Session] = OneToMany("workshops.tables.sessions.Session")
    build_packs: OneToMany[BuildPack] = OneToMany("workshops.tables.build_packs.BuildPack")

    workshops_status_check = Check(one_of("status", WorkshopStatus))
    workshops_visibility_check = Check(one_of("visibility", Visibility))
    workshops_share_token_unique = Unique([share_token])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.title])


class WorkshopMember(HasRelations, BelongsToWorkshop, Table, tablename="workshop_members"):
    """A person who takes part in a workshop.

    Each does so once. The last owner of a workshop can be neither removed nor demoted.
    """

    id = PrefixedKey("wm", help_text="Identifier, `wm_` and a cuid2.")
    workshop_id = CascadeForeignKey(Workshop, help_text="The workshop.")
    clerk_user_id = SingleLineText(
        default=None,
        required=True,
        index=True,
        help_text="Who: the identity provider's (Clerk's) user id.",
    )
    role = SingleLineText(
        default=None,
        required=True,
        help_text="owner, editor or viewer; another product may store a role of its own.",
    )
    created_at = UTCTimestamp(help_text="When the person joined (UTC).")

    workshop_members_workshop_user_unique = Unique([workshop_id, clerk_user_id])

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s (%s)", columns=[cls.clerk_user_id, cls.role])
