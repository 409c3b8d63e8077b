"""Django with its async ORM on psycopg and psycopg's pool.

Transactions are synchronous in Django, so that writes run in a thread, as its
documentation says; each caller has a thread of its own, as each request has under ASGI.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from cuid2 import Cuid
from django.conf import settings

from benchmarks.peers.worker import CONNECTIONS

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "PASSWORD": os.environ["PGPASSWORD"],
            "NAME": os.environ["PGDATABASE"],
            "OPTIONS": {"pool": {"min_size": CONNECTIONS, "max_size": CONNECTIONS}},
        }
    },
    USE_TZ=False,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import connections, models, transaction  # noqa: E402 - after the settings
from django.db.models import Count, Min, OuterRef, Prefetch, Q, Subquery, Value  # noqa: E402
from django.db.models.functions import Coalesce  # noqa: E402

_identify = Cuid().generate


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _workshop_key() -> str:
    return f"ws_{_identify()}"


def _member_key() -> str:
    return f"wm_{_identify()}"


def _step_key() -> str:
    return f"wst_{_identify()}"


class Workshop(models.Model):
    """``workshops``."""

    id = models.TextField(primary_key=True, default=_workshop_key)
    clerk_user_id = models.TextField()
    title = models.TextField()
    original_idea = models.TextField()
    status = models.TextField(default="draft")
    org_id = models.TextField(null=True)
    template_id = models.TextField(null=True)
    visibility = models.TextField(default="private")
    share_token = models.TextField(null=True)
    created_at = models.DateTimeField(default=_now)
    updated_at = models.DateTimeField(default=_now)

    class Meta:
        app_label, db_table = "bench", "workshops"


class StepDefinition(models.Model):
    """``step_definitions``."""

    id = models.TextField(primary_key=True)
    order = models.IntegerField()
    name = models.TextField()

    class Meta:
        app_label, db_table = "bench", "step_definitions"


class WorkshopStep(models.Model):
    """``workshop_steps``."""

    id = models.TextField(primary_key=True, default=_step_key)
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="steps")
    definition = models.ForeignKey(StepDefinition, models.CASCADE, db_column="step_id")
    status = models.TextField(default="not_started")
    output = models.JSONField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=_now)
    updated_at = models.DateTimeField(default=_now)

    class Meta:
        app_label, db_table = "bench", "workshop_steps"


class WorkshopMember(models.Model):
    """``workshop_members``."""

    id = models.TextField(primary_key=True, default=_member_key)
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="members")
    clerk_user_id = models.TextField()
    role = models.TextField()
    created_at = models.DateTimeField(default=_now)

    class Meta:
        app_label, db_table = "bench", "workshop_members"


class Session(models.Model):
    """``sessions``."""

    id = models.TextField(primary_key=True)
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label, db_table = "bench", "sessions"


class BuildPack(models.Model):
    """``build_packs``."""

    id = models.TextField(primary_key=True)
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="build_packs")
    title = models.TextField()
    format_type = models.TextField()
    content = models.TextField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label, db_table = "bench", "build_packs"


async def open() -> None:
    """Do nothing: Django connects when it needs to."""


@asynccontextmanager
async def caller() -> AsyncIterator[None]:
    """Give a caller its own thread, and its connection back to the pool at the end."""
    async with ThreadSensitiveContext():
        try:
            yield
        finally:
            await sync_to_async(connections.close_all)()


def plain(value: models.Model) -> dict[str, Any]:
    """Return what is loaded of an object."""
    row = {name: item for name, item in vars(value).items() if not name.startswith("_")}
    if "definition_id" in row:
        row["step_id"] = row.pop("definition_id")
    row |= {
        name: list(found) for name, found in getattr(value, "_prefetched_objects_cache", {}).items()
    }
    if "definition" in value._state.fields_cache:
        row["definition"] = value.definition
    return row


_STEPS = Prefetch(
    "steps", WorkshopStep.objects.select_related("definition").order_by("definition__order")
)
_STEPS_WITHOUT_OUTPUT = Prefetch(
    "steps", WorkshopStep.objects.defer("output").order_by("definition__order")
)
_MEMBERS = Prefetch("members", WorkshopMember.objects.order_by("created_at", "id"))
_SESSIONS = Prefetch("sessions", Session.objects.order_by("-started_at"))
_PACKS = Prefetch("build_packs", BuildPack.objects.order_by("-created_at"))


async def get_workshop(workshop_id: str) -> Workshop:
    """Return a workshop with its four relations, definitions joined."""
    return await Workshop.objects.prefetch_related(_STEPS, _MEMBERS, _SESSIONS, _PACKS).aget(
        id=workshop_id
    )


async def page_of_workshops(after: str) -> list[Workshop]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    page = Workshop.objects.filter(id__gt=after).order_by("id")
    page = page.prefetch_related(_STEPS_WITHOUT_OUTPUT, _MEMBERS)[:50]
    return [workshop async for workshop in page]


async def list_workshops(person: str) -> list[dict[str, Any]]:
    """Return the first page of a person's dashboard, the progress counted by the database."""
    mine = WorkshopMember.objects.filter(clerk_user_id=person)
    page = (
        Workshop.objects.filter(Q(clerk_user_id=person) | Q(id__in=mine.values("workshop_id")))
        .annotate(
            role=Coalesce(
                Subquery(mine.filter(workshop_id=OuterRef("id")).values("role")),
                Value("owner"),
                output_field=models.TextField(),
            )
        )
        .order_by("-updated_at", "-id")
    )
    workshops = [workshop async for workshop in page[:20]]
    progress = (
        WorkshopStep.objects.filter(workshop_id__in=[workshop.id for workshop in workshops])
        .values("workshop_id")
        .annotate(
            steps_complete=Count("id", filter=Q(status="complete")),
            steps_total=Count("id"),
            first_open=Min("definition__order", filter=~Q(status="complete")),
        )
    )
    names = {definition.order: definition.id async for definition in StepDefinition.objects.all()}
    counted = {row["workshop_id"]: row async for row in progress}
    return [
        {
            "workshop": workshop,
            "role": workshop.role,
            "steps_complete": counted[workshop.id]["steps_complete"],
            "steps_total": counted[workshop.id]["steps_total"],
            "current_step_id": names.get(counted[workshop.id]["first_open"]),
        }
        for workshop in workshops
    ]


@sync_to_async
@transaction.atomic
def create_workshop(person: str, title: str, idea: str) -> Workshop:
    """Create a workshop, its owner and its ten steps."""
    workshop = Workshop.objects.create(clerk_user_id=person, title=title, original_idea=idea)
    workshop.members.create(clerk_user_id=person, role="owner")
    WorkshopStep.objects.bulk_create(
        WorkshopStep(workshop=workshop, definition_id=id)
        for id in StepDefinition.objects.values_list("id", flat=True)
    )
    return workshop


def _open_step(workshop_id: str, step_id: str) -> tuple[Workshop, WorkshopStep]:
    """Return an open workshop and one of its steps, both locked."""
    step = WorkshopStep.objects.select_for_update(no_key=True).get(
        workshop_id=workshop_id, definition_id=step_id
    )
    workshop = Workshop.objects.select_for_update(no_key=True).get(id=workshop_id)
    assert workshop.status in ("draft", "active")
    return workshop, step


def _activate(workshop: Workshop) -> None:
    workshop.status, workshop.updated_at = "active", _now()
    workshop.save(update_fields=["status", "updated_at"])


@sync_to_async
@transaction.atomic
def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Complete a step and start the next one."""
    workshop, step = _open_step(workshop_id, step_id)
    assert step.status != "complete"
    now = _now()
    step.status, step.output, step.completed_at, step.updated_at = "complete", output, now, now
    step.started_at = step.started_at or now
    step.save()
    order = StepDefinition.objects.filter(id=step_id).values("order")
    following = (
        WorkshopStep.objects.filter(workshop_id=workshop_id, definition__order__gt=Subquery(order))
        .order_by("definition__order")
        .first()
    )
    if following is not None and following.status == "not_started":
        following.status, following.started_at, following.updated_at = "in_progress", now, now
        following.save(update_fields=["status", "started_at", "updated_at"])
    _activate(workshop)
    return step


def _save(step: WorkshopStep, output: dict[str, Any]) -> None:
    if step.status == "not_started":
        step.status = "in_progress"
    step.output, step.updated_at = output, _now()
    step.started_at = step.started_at or step.updated_at
    step.save(update_fields=["status", "output", "started_at", "updated_at"])


@sync_to_async
@transaction.atomic
def append_step_message(workshop_id: str, step_id: str, message: dict[str, Any]) -> WorkshopStep:
    """Add a message to a step's output."""
    workshop, step = _open_step(workshop_id, step_id)
    output = step.output or {}
    _save(step, {**output, "messages": [*output.get("messages", []), message]})
    if workshop.status == "draft":
        _activate(workshop)
    return step


@sync_to_async
@transaction.atomic
def save_step_output(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Replace a step's output."""
    workshop, step = _open_step(workshop_id, step_id)
    _save(step, output)
    _activate(workshop)
    return step
