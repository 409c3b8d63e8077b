"""What application code may write; mypy strict finds nothing here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_type

from workshops import (
    FormatType,
    Session,
    Visibility,
    Workshop,
    WorkshopStatus,
    WorkshopStep,
    operations,
)
from workshops.relations import RelationSelect
from workshops.types import (
    FormatTypeName,
    NewWorkshop,
    Page,
    WorkshopDetail,
    WorkshopListItem,
    WorkshopRow,
)


async def work() -> None:
    """Use the operations as their types say."""
    new: NewWorkshop = {"clerk_user_id": "user_1", "title": "Bread", "original_idea": ""}
    workshop = await operations.create_workshop(
        clerk_user_id=new["clerk_user_id"],
        title=new["title"],
        original_idea="",
        visibility="shared",
    )
    assert_type(workshop, Workshop)
    await operations.set_workshop_status(workshop.id, "active")
    await operations.update_workshop(workshop.id, title="Rolls", org_id=None)
    await operations.set_workshop_status(workshop.id, WorkshopStatus.paused)
    await operations.update_workshop(workshop.id, visibility=Visibility.private)
    await operations.list_workshops("user_1", status=WorkshopStatus.paused)
    await operations.generate_build_pack(workshop.id, format_type=FormatType.pdf)

    detail = await operations.get_workshop(workshop.id)
    assert_type(detail, WorkshopDetail)
    assert_type(detail["status"], Literal["draft", "active", "paused", "completed"])
    assert_type(
        detail["steps"][0]["status"],
        Literal["not_started", "in_progress", "complete", "needs_regeneration"],
    )
    assert_type(detail["steps"][0]["output"], dict[str, Any] | None)
    assert_type(detail["steps"][0]["name"], str)
    assert_type(detail["sessions"][0]["ended_at"], datetime | None)
    assert_type(detail["build_packs"][0]["format_type"], FormatTypeName)

    page = await operations.list_workshops("user_1", status="draft")
    assert_type(page, Page)
    assert_type(page.items, list[WorkshopListItem])
    assert_type(page.items[0]["current_step_id"], str | None)

    step = await operations.complete_step(workshop.id, "define", output={"a": 1})
    assert_type(step, WorkshopStep)
    assert_type(await operations.current_step(workshop.id), WorkshopStep | None)
    assert_type((await operations.step_context(workshop.id, "test"))[0]["order"], int)
    assert_type(await operations.share_workshop(workshop.id), str)
    filename, media_type, content = await operations.render_build_pack("bp_1")
    assert_type((filename, media_type, content), tuple[str, str, bytes])


@dataclass
class Card:
    """A row of an application's own."""

    title: str
    steps_count: int


async def select() -> None:
    """Use relations as their types say."""
    rows = await Workshop.select_as(WorkshopRow).where(Workshop.status == "active").limit(3)
    assert_type(rows, list[WorkshopRow])
    assert_type(rows[0]["status"], Literal["draft", "active", "paused", "completed"])
    cards = Workshop.select_as(Card, Workshop.steps.count(WorkshopStep.status == "complete"))
    assert_type(await cards.order_by(Workshop.steps.count(), ascending=False).first(), Card | None)

    relation = Workshop.steps(WorkshopStep.status).order_by(WorkshopStep.step_id.order)
    assert_type(relation, RelationSelect)
    open_work = Workshop.steps.exists(WorkshopStep.status == "in_progress")
    await Workshop.select(Workshop.title, relation).where(open_work & Workshop.members.none())
    await Workshop.count().where(~open_work, Workshop.steps.count() > 3)

    workshops = await Workshop.objects(Workshop.steps(), Workshop.sessions())
    assert_type(workshops, list[Workshop])
    assert_type(workshops[0].steps, list[WorkshopStep])
    assert_type(workshops[0].sessions[0], Session)
    await WorkshopStep.select(WorkshopStep.workshop_id._.members())
