"""What application code may write; mypy strict finds nothing here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, assert_type

from workshops import FormatType, Visibility, Workshop, WorkshopStatus, WorkshopStep, operations
from workshops.types import NewWorkshop, Page, WorkshopDetail, WorkshopListItem


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
    assert_type(detail["build_packs"][0]["format_type"], Literal["markdown", "pdf", "json"])

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
