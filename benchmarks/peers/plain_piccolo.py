"""The same tables with Piccolo's own columns, queried as its documentation shows it.

Our foreign keys make joined columns once and keep them, which would make plain Piccolo
look faster than it is.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from cuid2 import Cuid
from piccolo.columns import JSONB, ForeignKey, Integer, Text, Timestamp
from piccolo.columns.combination import Or
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from benchmarks.peers.worker import CONNECTIONS

DB = PostgresEngine({"host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"])})
_identify = Cuid().generate


async def open() -> None:
    """Open the pool."""
    await DB.start_connection_pool(min_size=CONNECTIONS, max_size=CONNECTIONS)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Workshop(Table, tablename="workshops", db=DB):
    """``workshops``."""

    id = Text(primary_key=True, default=lambda: f"ws_{_identify()}")
    clerk_user_id = Text()
    title = Text()
    original_idea = Text()
    status = Text(default="draft")
    org_id = Text(null=True, default=None)
    template_id = Text(null=True, default=None)
    visibility = Text(default="private")
    share_token = Text(null=True, default=None)
    created_at = Timestamp(default=_now)
    updated_at = Timestamp(default=_now, auto_update=_now)


class StepDefinition(Table, tablename="step_definitions", db=DB):
    """``step_definitions``."""

    id = Text(primary_key=True)
    order = Integer()
    name = Text()


class WorkshopStep(Table, tablename="workshop_steps", db=DB):
    """``workshop_steps``."""

    id = Text(primary_key=True, default=lambda: f"wst_{_identify()}")
    workshop_id = ForeignKey(Workshop)
    step_id = ForeignKey(StepDefinition)
    status = Text(default="not_started")
    output = JSONB(null=True, default=None)
    started_at = Timestamp(null=True, default=None)
    completed_at = Timestamp(null=True, default=None)
    created_at = Timestamp(default=_now)
    updated_at = Timestamp(default=_now, auto_update=_now)


class WorkshopMember(Table, tablename="workshop_members", db=DB):
    """``workshop_members``."""

    id = Text(primary_key=True, default=lambda: f"wm_{_identify()}")
    workshop_id = ForeignKey(Workshop)
    clerk_user_id = Text()
    role = Text()
    created_at = Timestamp(default=_now)


class Session(Table, tablename="sessions", db=DB):
    """``sessions``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(Workshop)
    started_at = Timestamp()
    ended_at = Timestamp(null=True)
    created_at = Timestamp()


class BuildPack(Table, tablename="build_packs", db=DB):
    """``build_packs``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(Workshop)
    title = Text()
    format_type = Text()
    content = Text(null=True)
    created_at = Timestamp()
    updated_at = Timestamp()


def plain(value: Table) -> dict[str, Any]:
    """Return a row as a dictionary."""
    return value.to_dict()


async def get_workshop(workshop_id: str) -> dict[str, Any]:
    """Return a workshop and its relations, a query for each."""
    row = await Workshop.select().where(Workshop.id == workshop_id).first()
    assert row is not None
    row["steps"] = (
        await WorkshopStep.select(
            *WorkshopStep.all_columns(),
            WorkshopStep.step_id.name.as_alias("name"),
            WorkshopStep.step_id.order.as_alias("order"),
        )
        .where(WorkshopStep.workshop_id == workshop_id)
        .order_by(WorkshopStep.step_id.order)
        .output(load_json=True)
    )
    row["members"] = (
        await WorkshopMember.select()
        .where(WorkshopMember.workshop_id == workshop_id)
        .order_by(WorkshopMember.created_at, WorkshopMember.id)
    )
    row["sessions"] = (
        await Session.select()
        .where(Session.workshop_id == workshop_id)
        .order_by(Session.started_at, ascending=False)
    )
    row["build_packs"] = (
        await BuildPack.select()
        .where(BuildPack.workshop_id == workshop_id)
        .order_by(BuildPack.created_at, ascending=False)
    )
    return row


def _nest(rows: list[dict[str, Any]], name: str, children: list[dict[str, Any]]) -> None:
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        row[name] = []
    for child in children:
        by_id[child["workshop_id"]][name].append(child)


async def page_of_workshops(after: str) -> list[dict[str, Any]]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    rows = await Workshop.select().where(Workshop.id > after).order_by(Workshop.id).limit(50)
    ids = [row["id"] for row in rows]
    steps = (
        await WorkshopStep.select(*WorkshopStep.all_columns(exclude=[WorkshopStep.output]))
        .where(WorkshopStep.workshop_id.is_in(ids))
        .order_by(WorkshopStep.step_id.order)
    )
    members = (
        await WorkshopMember.select()
        .where(WorkshopMember.workshop_id.is_in(ids))
        .order_by(WorkshopMember.created_at, WorkshopMember.id)
    )
    _nest(rows, "steps", steps)
    _nest(rows, "members", members)
    return rows


async def list_workshops(person: str) -> list[dict[str, Any]]:
    """Return the first page of a person's dashboard, the progress counted here."""
    roles = await WorkshopMember.select(WorkshopMember.workshop_id, WorkshopMember.role).where(
        WorkshopMember.clerk_user_id == person
    )
    role = {row["workshop_id"]: row["role"] for row in roles}
    mine = Workshop.clerk_user_id == person
    rows = (
        await Workshop.select()
        .where(Or(mine, Workshop.id.is_in(list(role))) if role else mine)
        .order_by(Workshop.updated_at, Workshop.id, ascending=False)
        .limit(20)
    )
    steps = (
        await WorkshopStep.select(
            WorkshopStep.workshop_id, WorkshopStep.step_id, WorkshopStep.status
        )
        .where(WorkshopStep.workshop_id.is_in([row["id"] for row in rows]))
        .order_by(WorkshopStep.step_id.order)
    )
    _nest(rows, "steps", steps)
    for row in rows:
        steps = row.pop("steps")
        left = [step["step_id"] for step in steps if step["status"] != "complete"]
        row["role"] = role.get(row["id"], "owner")
        row["steps_total"], row["steps_complete"] = len(steps), len(steps) - len(left)
        row["current_step_id"] = left[0] if left else None
    return rows


async def create_workshop(person: str, title: str, idea: str) -> Workshop:
    """Create a workshop, its owner and its ten steps."""
    async with DB.transaction():
        workshop = Workshop(clerk_user_id=person, title=title, original_idea=idea)
        await workshop.save()
        await WorkshopMember(workshop_id=workshop.id, clerk_user_id=person, role="owner").save()
        steps = await StepDefinition.select(StepDefinition.id).order_by(StepDefinition.order)
        await WorkshopStep.insert(
            *(WorkshopStep(workshop_id=workshop.id, step_id=step["id"]) for step in steps)
        )
    return workshop


async def _open_step(workshop_id: str, step_id: str) -> tuple[Workshop, Any]:
    """Return an open workshop and one of its steps, both locked."""
    step = (
        await WorkshopStep.objects()
        .where(WorkshopStep.workshop_id == workshop_id, WorkshopStep.step_id == step_id)
        .first()
        .lock_rows("NO KEY UPDATE")
        .output(load_json=True)
    )
    found = Workshop.objects().where(Workshop.id == workshop_id).lock_rows("NO KEY UPDATE")
    workshop = await found.first()
    assert step is not None
    assert workshop is not None
    assert workshop.status in ("draft", "active")
    return workshop, step


async def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> Any:
    """Complete a step and start the next one."""
    async with DB.transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        assert step.status != "complete"
        now = _now()
        step.status, step.output, step.completed_at = "complete", output, now
        step.started_at = step.started_at or now
        await step.save()
        this = await StepDefinition.objects().get(StepDefinition.id == step_id)
        assert this is not None
        following = (
            await WorkshopStep.objects()
            .where(WorkshopStep.workshop_id == workshop_id)
            .where(WorkshopStep.step_id.order > this.order)
            .order_by(WorkshopStep.step_id.order)
            .first()
        )
        if following is not None and following.status == "not_started":
            following.status, following.started_at = "in_progress", now
            await following.save()
        workshop.status = "active"
        await workshop.save()
    return step


async def _save(step: Any, output: dict[str, Any]) -> None:
    if step.status == "not_started":
        step.status = "in_progress"
    step.started_at = step.started_at or _now()
    step.output = output
    await step.save()


async def append_step_message(workshop_id: str, step_id: str, message: dict[str, Any]) -> Any:
    """Add a message to a step's output."""
    async with DB.transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        output: Any = step.output or {}
        await _save(step, {**output, "messages": [*output.get("messages", []), message]})
        if workshop.status == "draft":
            workshop.status = "active"
            await workshop.save()
    return step


async def save_step_output(workshop_id: str, step_id: str, output: dict[str, Any]) -> Any:
    """Replace a step's output."""
    async with DB.transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        await _save(step, output)
        workshop.status = "active"
        await workshop.save()
    return step
