"""The types of what operations and selects give and take.

``rows`` has for each table what a select returns and what an insert takes. Here is what
operations return beside rows, and take: nested, aggregated, in pages.
"""

# As in ``rows``, annotations are not strings.
from dataclasses import dataclass
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from workshops.states import Visibility
from workshops.types.rows import (
    BuildPackRow,
    BuildPackRowWithoutContent,
    FormatTypeName,
    JSONObject,
    NewBuildPack,
    NewSession,
    NewStepDefinition,
    NewWorkshop,
    NewWorkshopMember,
    NewWorkshopStep,
    SessionRow,
    StepDefinitionRow,
    StepRowWithoutOutput,
    StepStatusName,
    UTCDatetime,
    VisibilityName,
    WorkshopMemberRow,
    WorkshopRow,
    WorkshopRowWithoutToken,
    WorkshopStatusName,
    WorkshopStepRow,
)

__all__ = [
    "BuildPackPart",
    "BuildPackRow",
    "DeletedUserData",
    "FormatTypeName",
    "JSONObject",
    "NewBuildPack",
    "NewSession",
    "NewStepDefinition",
    "NewWorkshop",
    "NewWorkshopMember",
    "NewWorkshopStep",
    "OrganisationPage",
    "OrganisationWorkshop",
    "Page",
    "SessionRow",
    "StepDefinitionRow",
    "StepPart",
    "StepStatusName",
    "StepWithDefinition",
    "UTCDatetime",
    "UserDataExport",
    "VisibilityName",
    "WorkshopChanges",
    "WorkshopDetail",
    "WorkshopListItem",
    "WorkshopMemberRow",
    "WorkshopPart",
    "WorkshopParts",
    "WorkshopRow",
    "WorkshopRowWithoutToken",
    "WorkshopStatusName",
    "WorkshopStepRow",
]

WorkshopPart = Literal["steps", "outputs", "members", "sessions", "build_packs", "contents"]
"""What ``get_workshop`` can include; the outputs of the steps and the packs' contents, too."""


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


class StepPart(StepRowWithoutOutput):
    """A step with what its definition says, and its output if that was asked for."""

    output: NotRequired[JSONObject | None]
    name: str
    order: int


class BuildPackPart(BuildPackRowWithoutContent):
    """A build pack, and its content if that was asked for."""

    content: NotRequired[str | None]


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
    ``memberships`` those in workshops of others, with ``workshop_title``; ``application``
    what the application has registered, by table.
    """

    clerk_user_id: str
    exported_at: str
    workshops: list[dict[str, Any]]
    memberships: list[dict[str, Any]]
    application: NotRequired[dict[str, list[dict[str, Any]]]]


class DeletedUserData(TypedDict):
    """How many rows ``delete_user_data`` has deleted or handed over."""

    workshops_deleted: int
    workshops_handed_over: int
    memberships_deleted: int
    application: NotRequired[dict[str, int]]
