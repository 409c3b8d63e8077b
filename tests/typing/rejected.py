"""Mistakes that mypy strict must find: each marked line, and no other. It never runs."""

from __future__ import annotations

from workshops import Workshop, operations
from workshops.types import NewWorkshop, NewWorkshopStep, WorkshopRow


async def work(row: WorkshopRow) -> None:
    """Make every mistake once."""
    await operations.set_workshop_status("ws_1", "finished")  # rejected: arg-type
    await operations.list_workshops("user_1", status="done")  # rejected: arg-type
    await operations.create_workshop(clerk_user_id="u", original_idea="")  # rejected: call-arg
    await operations.update_workshop("ws_1", nonsense="x")  # rejected: call-arg
    await operations.update_workshop("ws_1", status="active")  # rejected: call-arg
    await operations.generate_build_pack("ws_1", format_type="docx")  # rejected: arg-type
    await operations.save_step_output("ws_1", "define", ["a list"])  # rejected: arg-type
    _ = row["nonsense"]  # rejected: typeddict-item
    row["status"] = "in_progress"  # rejected: typeddict-item
    detail = await operations.get_workshop("ws_1")
    _ = detail["steps"][0]["titel"]  # rejected: typeddict-item
    _ = detail["members"][0]["output"]  # rejected: typeddict-item
    _ = detail["steps"][0]["status"] == "done"  # rejected: comparison-overlap
    NewWorkshop(clerk_user_id="u", original_idea="")  # rejected: typeddict-item
    NewWorkshopStep(workshop_id="", step_id="", status="done")  # rejected: typeddict-item
    rows = await Workshop.select_as(WorkshopRow)
    _ = rows[0]["nonsense"]  # rejected: typeddict-item
    workshops = await Workshop.objects(Workshop.steps())
    _ = workshops[0].steps[0].titel  # rejected: attr-defined
    Workshop.objects(Workshop.steps)  # rejected: arg-type
    Workshop.steps.max("status")  # rejected: arg-type
