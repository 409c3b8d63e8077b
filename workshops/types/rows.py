"""Typed rows: what a select returns and what an insert takes, for each table.

A test holds them against the tables: names, nullability, types, states and
defaults. The Literals repeat the enums, because type checkers read them from the source
only; the same test holds them against each other. ``output`` is decoded, as the
operations return it; Piccolo's own select does the same with ``.output(load_json=True)``.
"""

# Without ``from __future__ import annotations``: as strings, NotRequired would not be seen.
# Before Python 3.12 pydantic, and so FastAPI, takes the TypedDict of typing_extensions only.
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired

from typing_extensions import TypedDict

JSONObject = dict[str, Any]
"""A JSON object: text keys; values are text, numbers, booleans, None, lists and objects."""

WorkshopStatusName = Literal["draft", "active", "paused", "completed"]
StepStatusName = Literal["not_started", "in_progress", "complete", "needs_regeneration"]
VisibilityName = Literal["private", "shared"]
FormatTypeName = Literal["markdown", "pdf", "json"]


class _InUTC:
    """Has pydantic, and so FastAPI, write times as what they are: with a Z.

    JavaScript takes a time without one for a local time.
    """

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        schema = handler(source)
        schema["serialization"] = core_schema.plain_serializer_function_ser_schema(
            lambda moment: moment.replace(tzinfo=moment.tzinfo or UTC),
            return_schema=core_schema.datetime_schema(),
            when_used="json",
        )
        return schema


UTCDatetime = Annotated[datetime, _InUTC()]
"""A time in UTC without a time zone, as the columns hold it; in JSON it ends with Z."""


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
    created_at: UTCDatetime
    updated_at: UTCDatetime


class WorkshopRow(WorkshopRowWithoutToken):
    """A row of ``workshops``."""

    share_token: str | None


class WorkshopMemberRow(TypedDict):
    """A row of ``workshop_members``; ``role`` is open text."""

    id: str
    workshop_id: str
    clerk_user_id: str
    role: str
    created_at: UTCDatetime


class StepDefinitionRow(TypedDict):
    """A row of ``step_definitions``."""

    id: str
    order: int
    name: str
    description: str
    prompt_template: str | None
    created_at: UTCDatetime
    updated_at: UTCDatetime


class StepRowWithoutOutput(TypedDict):
    """A row of ``workshop_steps`` but for the output, which may be large."""

    id: str
    workshop_id: str
    step_id: str
    status: StepStatusName
    started_at: UTCDatetime | None
    completed_at: UTCDatetime | None
    created_at: UTCDatetime
    updated_at: UTCDatetime


class WorkshopStepRow(StepRowWithoutOutput):
    """A row of ``workshop_steps``."""

    output: JSONObject | None


class SessionRow(TypedDict):
    """A row of ``sessions``."""

    id: str
    workshop_id: str
    started_at: UTCDatetime
    ended_at: UTCDatetime | None
    created_at: UTCDatetime


class BuildPackRowWithoutContent(TypedDict):
    """A row of ``build_packs`` but for the content, which may be large."""

    id: str
    workshop_id: str
    title: str
    format_type: FormatTypeName
    created_at: UTCDatetime
    updated_at: UTCDatetime


class BuildPackRow(BuildPackRowWithoutContent):
    """A row of ``build_packs``."""

    content: str | None


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
    created_at: NotRequired[UTCDatetime]
    updated_at: NotRequired[UTCDatetime]


class NewWorkshopMember(TypedDict):
    """What an insert into ``workshop_members`` takes."""

    id: NotRequired[str]
    workshop_id: str
    clerk_user_id: str
    role: str
    created_at: NotRequired[UTCDatetime]


class NewStepDefinition(TypedDict):
    """What an insert into ``step_definitions`` takes; its key has a meaning and no default."""

    id: str
    order: int
    name: str
    description: str
    prompt_template: NotRequired[str | None]
    created_at: NotRequired[UTCDatetime]
    updated_at: NotRequired[UTCDatetime]


class NewWorkshopStep(TypedDict):
    """What an insert into ``workshop_steps`` takes."""

    id: NotRequired[str]
    workshop_id: str
    step_id: str
    status: NotRequired[StepStatusName]
    output: NotRequired[JSONObject | None]
    started_at: NotRequired[UTCDatetime | None]
    completed_at: NotRequired[UTCDatetime | None]
    created_at: NotRequired[UTCDatetime]
    updated_at: NotRequired[UTCDatetime]


class NewSession(TypedDict):
    """What an insert into ``sessions`` takes."""

    id: NotRequired[str]
    workshop_id: str
    started_at: NotRequired[UTCDatetime]
    ended_at: NotRequired[UTCDatetime | None]
    created_at: NotRequired[UTCDatetime]


class NewBuildPack(TypedDict):
    """What an insert into ``build_packs`` takes."""

    id: NotRequired[str]
    workshop_id: str
    title: str
    format_type: NotRequired[FormatTypeName]
    content: NotRequired[str | None]
    created_at: NotRequired[UTCDatetime]
    updated_at: NotRequired[UTCDatetime]
