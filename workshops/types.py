"""Typed rows: what a select returns and what an insert takes, for each table.

A test holds them against the tables: names, order, nullability, types, states and
defaults. ``output`` is decoded, as the operations return it; Piccolo's own select
does the same with ``.output(load_json=True)``.
"""

# Without ``from __future__ import annotations``: as strings, NotRequired would not be seen.
# Before Python 3.12 pydantic, and so FastAPI, takes the TypedDict of typing_extensions only.
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from workshops.states import Visibility

JSONObject = dict[str, Any]
"""A JSON object: text keys; values are text, numbers, booleans, None, lists and objects."""

WorkshopStatusName = Literal["draft", "active", "paused", "completed"]
StepStatusName = Literal["not_started", "in_progress", "complete", "needs_regeneration"]
VisibilityName = Literal["private", "shared"]
FormatTypeName = Literal["markdown", "pdf", "json"]

WorkshopPart = Literal["steps", "outputs", "members", "sessions", "build_packs", "contents"]
"""What ``get_workshop`` can include; the outputs of the steps and the packs' contents, too."""


class WorkshopRow(TypedDict):
    """A row of ``workshops``."""

    id: str
    clerk_user_id: str
    title: str
    original_idea: str
    status: WorkshopStatusName
    org_id: str | None
    template_id: str | None
    visibility: VisibilityName
    share_token: str | None
    created_at: datetime
    updated_at: datetime


class WorkshopMemberRow(TypedDict):
    """A row of ``workshop_members``; ``role`` is open text."""

    id: str
    workshop_id: str
    clerk_user_id: str
    role: str
    created_at: datetime


class StepDefinitionRow(TypedDict):
    """A row of ``step_definitions``."""

    id: str
    order: int
    name: str
    description: str
    prompt_template: str | None
    created_at: datetime
    updated_at: datetime


class WorkshopStepRow(TypedDict):
    """A row of ``workshop_steps``."""

    id: str
    workshop_id: str
    step_id: str
    status: StepStatusName
    output: JSONObject | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SessionRow(TypedDict):
    """A row of ``sessions``."""

    id: str
    workshop_id: str
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime


class BuildPackRow(TypedDict):
    """A row of ``build_packs``."""

    id: str
    workshop_id: str
    title: str
    format_type: FormatTypeName
    content: str | None
    created_at: datetime
    updated_at: datetime


class NewWorkshop(TypedDict):
    """What an insert into ``workshops`` takes."""

    id: NotRequired[str]
    clerk_user_id: str
    title: str
    original_idea: str
    status: NotRequired[WorkshopStatusName]
    org_id: NotRequired[str | None]
    template_id: NotRequired[str | None]
    visibility: NotRequired[VisibilityName]
    share_token: NotRequired[str | None]
    created_at: NotRequired[datetime]
    updated_at: NotRequired[datetime]


class NewWorkshopMember(TypedDict):
    """What an insert into ``workshop_members`` takes."""

    id: NotRequired[str]
    workshop_id: str
    clerk_user_id: str
    role: str
    created_at: NotRequired[datetime]


class NewStepDefinition(TypedDict):
    """What an insert into ``step_definitions`` takes; its key has a meaning and no default."""

    id: str
    order: int
    name: str
    description: str
    prompt_template: NotRequired[str | None]
    created_at: NotRequired[datetime]
    updated_at: NotRequired[datetime]


class NewWorkshopStep(TypedDict):
    """What an insert into ``workshop_steps`` takes."""

    id: NotRequired[str]
    workshop_id: str
    step_id: str
    status: NotRequired[StepStatusName]
    output: NotRequired[JSONObject | None]
    started_at: NotRequired[datetime | None]
    completed_at: NotRequired[datetime | None]
    created_at: NotRequired[datetime]
    updated_at: NotRequired[datetime]


class NewSession(TypedDict):
    """What an insert into ``sessions`` takes."""

    id: NotRequired[str]
    workshop_id: str
    started_at: NotRequired[datetime]
    ended_at: NotRequired[datetime | None]
    created_at: NotRequired[datetime]


class NewBuildPack(TypedDict):
    """What an insert into ``build_packs`` takes."""

    id: NotRequired[str]
    workshop_id: str
    title: str
    format_type: NotRequired[FormatTypeName]
    content: NotRequired[str | None]
    created_at: NotRequired[datetime]
    updated_at: NotRequired[datetime]


class WorkshopChanges(TypedDict, total=False):
    """What ``update_workshop`` can change."""

    title: str
    original_idea: str
    org_id: str | None
    template_id: str | None
    visibility: Visibility | VisibilityName


class StepWithDefinition(WorkshopStepRow):
    """A step with what its definition says."""

    name: str
    order: int


class WorkshopRowWithoutToken(TypedDict):
    """A row of ``workshops`` but for the share token, which is a secret."""

    id: str
    clerk_user_id: str
    title: str
    original_idea: str
    status: WorkshopStatusName
    org_id: str | None
    template_id: str | None
    visibility: VisibilityName
    created_at: datetime
    updated_at: datetime


class WorkshopDetail(WorkshopRowWithoutToken):
    """A workshop with all that belongs to it.

    Steps are in definition order, members oldest first, sessions and build packs
    newest first.
    """

    share_token: NotRequired[str | None]
    steps: list[StepWithDefinition]
    members: list[WorkshopMemberRow]
    sessions: list[SessionRow]
    build_packs: list[BuildPackRow]


class StepPart(TypedDict):
    """A step with what its definition says, and its output if that was asked for."""

    id: str
    workshop_id: str
    step_id: str
    status: StepStatusName
    output: NotRequired[JSONObject | None]
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    name: str
    order: int


class BuildPackPart(TypedDict):
    """A build pack, and its content if that was asked for."""

    id: str
    workshop_id: str
    title: str
    format_type: FormatTypeName
    content: NotRequired[str | None]
    created_at: datetime
    updated_at: datetime


class WorkshopParts(WorkshopRowWithoutToken):
    """A workshop with the parts that were asked for, in the order of ``WorkshopDetail``."""

    share_token: NotRequired[str | None]
    steps: NotRequired[list[StepPart]]
    members: NotRequired[list[WorkshopMemberRow]]
    sessions: NotRequired[list[SessionRow]]
    build_packs: NotRequired[list[BuildPackPart]]


class OrganisationWorkshop(WorkshopRowWithoutToken):
    """A workshop in the list of an organisation, and how far it has come.

    ``current_step_id`` is the first step by definition order that is not complete.
    """

    steps_complete: int
    steps_total: int
    current_step_id: str | None


class WorkshopListItem(OrganisationWorkshop):
    """A workshop on a person's dashboard, and their role in it."""

    role: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; ``next_cursor``, if there is more, is what ``after`` takes next.

    ``total`` counts the workshops of all pages, if that was asked for.
    """

    items: list[WorkshopListItem]
    next_cursor: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """A page of an organisation's workshops, as ``Page`` otherwise."""

    items: list[OrganisationWorkshop]
    next_cursor: str | None
    total: int | None = None


class UserDataExport(TypedDict):
    """Everything held about a person, ready for JSON: times are text in ISO 8601, UTC.

    ``workshops`` are those they own, as ``get_workshop`` returns them;
    ``memberships`` those in workshops of others, with ``workshop_title``.
    """

    clerk_user_id: str
    exported_at: str
    workshops: list[dict[str, Any]]
    memberships: list[dict[str, Any]]


class DeletedUserData(TypedDict):
    """How many rows ``delete_user_data`` has deleted or handed over."""

    workshops_deleted: int
    workshops_handed_over: int
    memberships_deleted: int
