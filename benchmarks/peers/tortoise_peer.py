"""Tortoise ORM on asyncpg, relations by ``prefetch_related``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from cuid2 import Cuid
from tortoise import Tortoise, fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.query_utils import Prefetch
from tortoise.transactions import in_transaction

from benchmarks.peers.worker import CONNECTIONS

_identify = Cuid().generate


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Workshop(Model):
    """``workshops``."""

    id = fields.TextField(primary_key=True, default=lambda: f"ws_{_identify()}")
    clerk_user_id = fields.TextField()
    title = fields.TextField()
    original_idea = fields.TextField()
    status = fields.TextField(default="draft")
    org_id = fields.TextField(null=True)
    template_id = fields.TextField(null=True)
    visibility = fields.TextField(default="private")
    share_token = fields.TextField(null=True)
    created_at = fields.DatetimeField(default=_now)
    updated_at = fields.DatetimeField(default=_now)

    class Meta:
        table = "workshops"


class StepDefinition(Model):
    """``step_definitions``."""

    id = fields.TextField(primary_key=True)
    order = fields.IntField()
    name = fields.TextField()

    class Meta:
        table = "step_definitions"


class WorkshopStep(Model):
    """``workshop_steps``."""

    id = fields.TextField(primary_key=True, default=lambda: f"wst_{_identify()}")
    workshop = fields.ForeignKeyField("bench.Workshop", "steps", source_field="workshop_id")
    definition = fields.ForeignKeyField("bench.StepDefinition", "steps", source_field="step_id")
    status = fields.TextField(default="not_started")
    output = fields.JSONField(null=True)
    started_at = fields.DatetimeField(null=True)
    completed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(default=_now)
    updated_at = fields.DatetimeField(default=_now)

    class Meta:
        table = "workshop_steps"


class WorkshopMember(Model):
    """``workshop_members``."""

    id = fields.TextField(primary_key=True, default=lambda: f"wm_{_identify()}")
    workshop = fields.ForeignKeyField("bench.Workshop", "members", source_field="workshop_id")
    clerk_user_id = fields.TextField()
    role = fields.TextField()
    created_at = fields.DatetimeField(default=_now)

    class Meta:
        table = "workshop_members"


class Session(Model):
    """``sessions``."""

    id = fields.TextField(primary_key=True)
    workshop = fields.ForeignKeyField("bench.Workshop", "sessions", source_field="workshop_id")
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "sessions"


class BuildPack(Model):
    """``build_packs``."""

    id = fields.TextField(primary_key=True)
    workshop = fields.ForeignKeyField("bench.Workshop", "build_packs", source_field="workshop_id")
    title = fields.TextField()
    format_type = fields.TextField()
    content = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "build_packs"


async def open() -> None:
    """Open the pool."""
    credentials = {
        **{name: os.environ[f"PG{name.upper()}"] for name in ("host", "user", "password")},
        "port": int(os.environ["PGPORT"]),
        "database": os.environ["PGDATABASE"],
        "minsize": CONNECTIONS,
        "maxsize": CONNECTIONS,
    }
    await Tortoise.init(
        {
            "connections": {
                "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
            },
            "apps": {"bench": {"models": [__name__], "default_connection": "default"}},
            "use_tz": False,
            "timezone": "UTC",
        }
    )


def plain(value: Model) -> dict[str, Any]:
    """Return what is loaded of an object."""
    row = {name: item for name, item in vars(value).items() if not name.startswith("_")}
    if "definition_id" in row:
        row["step_id"] = row.pop("definition_id")
    if (definition := vars(value).get("_definition")) is not None:
        row["definition"] = definition
    for name in ("steps", "members", "sessions", "build_packs"):
        relation = vars(value).get(f"_{name}")
        if relation is not None and relation._fetched:
            row[name] = list(relation)
    return row


def _members() -> Prefetch:
    return Prefetch("members", WorkshopMember.all().order_by("created_at", "id"))


async def get_workshop(workshop_id: str) -> Workshop:
    """Return a workshop with its four relations, definitions joined."""
    steps = WorkshopStep.all().select_related("definition").order_by("definition__order")
    return await Workshop.get(id=workshop_id).prefetch_related(
        Prefetch("steps", steps),
        _members(),
        Prefetch("sessions", Session.all().order_by("-started_at")),
        Prefetch("build_packs", BuildPack.all().order_by("-created_at")),
    )


_STEP = (
    *("id", "workshop_id", "definition_id", "status"),
    *("started_at", "completed_at", "created_at", "updated_at"),
)


async def page_of_workshops(after: str) -> list[Workshop]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    steps = WorkshopStep.all().only(*_STEP).order_by("definition__order")
    return await (
        Workshop.filter(id__gt=after)
        .order_by("id")
        .limit(50)
        .prefetch_related(Prefetch("steps", steps), _members())
    )


async def list_workshops(person: str) -> list[dict[str, Any]]:
    """Return the first page of a person's dashboard, the progress counted here."""
    roles = dict(
        await WorkshopMember.filter(clerk_user_id=person).values_list("workshop_id", "role")
    )
    workshops = await (
        Workshop.filter(Q(clerk_user_id=person) | Q(id__in=list(roles)))
        .order_by("-updated_at", "-id")
        .limit(20)
    )
    steps = (
        await WorkshopStep.filter(workshop_id__in=[workshop.id for workshop in workshops])
        .order_by("definition__order")
        .values_list("workshop_id", "definition_id", "status")
    )
    items = []
    for workshop in workshops:
        mine = [step for step in steps if step[0] == workshop.id]
        left = [step[1] for step in mine if step[2] != "complete"]
        items.append(
            {
                "workshop": workshop,
                "role": roles.get(workshop.id, "owner"),
                "steps_complete": len(mine) - len(left),
                "steps_total": len(mine),
                "current_step_id": left[0] if left else None,
            }
        )
    return items


async def create_workshop(person: str, title: str, idea: str) -> Workshop:
    """Create a workshop, its owner and its ten steps."""
    async with in_transaction():
        workshop = await Workshop.create(clerk_user_id=person, title=title, original_idea=idea)
        await WorkshopMember.create(workshop=workshop, clerk_user_id=person, role="owner")
        definitions = await StepDefinition.all().values_list("id", flat=True)
        await WorkshopStep.bulk_create(
            [WorkshopStep(workshop=workshop, definition_id=id) for id in definitions]
        )
    return workshop


async def _open_step(workshop_id: str, step_id: str) -> tuple[Workshop, WorkshopStep]:
    """Return an open workshop and one of its steps, both locked."""
    step = await WorkshopStep.select_for_update(no_key=True).get(
        workshop_id=workshop_id, definition_id=step_id
    )
    workshop = await Workshop.select_for_update(no_key=True).get(id=workshop_id)
    assert workshop.status in ("draft", "active")
    return workshop, step


async def _activate(workshop: Workshop) -> None:
    workshop.status, workshop.updated_at = "active", _now()
    await workshop.save(update_fields=["status", "updated_at"])


async def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Complete a step and start the next one."""
    async with in_transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        assert step.status != "complete"
        now = _now()
        step.status, step.output, step.completed_at, step.updated_at = "complete", output, now, now
        step.started_at = step.started_at or now
        await step.save()
        this = await StepDefinition.get(id=step_id)
        following = await (
            WorkshopStep.filter(workshop_id=workshop_id, definition__order__gt=this.order)
            .order_by("definition__order")
            .first()
        )
        if following is not None and following.status == "not_started":
            following.status, following.started_at, following.updated_at = "in_progress", now, now
            await following.save(update_fields=["status", "started_at", "updated_at"])
        await _activate(workshop)
    return step


async def _save(step: WorkshopStep, output: dict[str, Any]) -> None:
    if step.status == "not_started":
        step.status = "in_progress"
    step.output, step.updated_at = output, _now()
    step.started_at = step.started_at or step.updated_at
    await step.save(update_fields=["status", "output", "started_at", "updated_at"])


async def append_step_message(
    workshop_id: str, step_id: str, message: dict[str, Any]
) -> WorkshopStep:
    """Add a message to a step's output."""
    async with in_transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        output: Any = step.output or {}
        await _save(step, {**output, "messages": [*output.get("messages", []), message]})
        if workshop.status == "draft":
            await _activate(workshop)
    return step


async def save_step_output(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Replace a step's output."""
    async with in_transaction():
        workshop, step = await _open_step(workshop_id, step_id)
        await _save(step, output)
        await _activate(workshop)
    return step
