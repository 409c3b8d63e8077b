"""SQLAlchemy 2 with its async ORM on asyncpg, relations by ``selectinload``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cuid2 import Cuid
from sqlalchemy import ForeignKey, func, inspect, or_, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    contains_eager,
    defer,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from benchmarks.peers.worker import CONNECTIONS

_identify = Cuid().generate


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """The six tables."""


class Workshop(Base):
    """``workshops``."""

    __tablename__ = "workshops"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: f"ws_{_identify()}")
    clerk_user_id: Mapped[str]
    title: Mapped[str]
    original_idea: Mapped[str]
    status: Mapped[str] = mapped_column(default="draft")
    org_id: Mapped[str | None]
    template_id: Mapped[str | None]
    visibility: Mapped[str] = mapped_column(default="private")
    share_token: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)
    steps: Mapped[list[WorkshopStep]] = relationship()
    members: Mapped[list[WorkshopMember]] = relationship(
        order_by="WorkshopMember.created_at, WorkshopMember.id"
    )
    sessions: Mapped[list[Session]] = relationship(order_by="Session.started_at.desc()")
    build_packs: Mapped[list[BuildPack]] = relationship(order_by="BuildPack.created_at.desc()")


class StepDefinition(Base):
    """``step_definitions``."""

    __tablename__ = "step_definitions"
    id: Mapped[str] = mapped_column(primary_key=True)
    order: Mapped[int]
    name: Mapped[str]


class WorkshopStep(Base):
    """``workshop_steps``."""

    __tablename__ = "workshop_steps"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: f"wst_{_identify()}")
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"))
    step_id: Mapped[str] = mapped_column(ForeignKey("step_definitions.id"))
    status: Mapped[str] = mapped_column(default="not_started")
    output: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)
    definition: Mapped[StepDefinition] = relationship()


class WorkshopMember(Base):
    """``workshop_members``."""

    __tablename__ = "workshop_members"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: f"wm_{_identify()}")
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"))
    clerk_user_id: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=_now)


class Session(Base):
    """``sessions``."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class BuildPack(Base):
    """``build_packs``."""

    __tablename__ = "build_packs"
    id: Mapped[str] = mapped_column(primary_key=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"))
    title: Mapped[str]
    format_type: Mapped[str]
    content: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


_engine = create_async_engine("postgresql+asyncpg://", pool_size=CONNECTIONS, max_overflow=0)
_session = async_sessionmaker(_engine, expire_on_commit=False)


async def open() -> None:
    """Do nothing: the engine connects when it needs to."""


def plain(value: Base) -> dict[str, Any]:
    """Return what is loaded of an object."""
    state = inspect(value)
    return {name: getattr(value, name) for name in set(state.mapper.attrs.keys()) - state.unloaded}


async def get_workshop(workshop_id: str) -> Workshop:
    """Return a workshop with its four relations, definitions joined."""
    steps = selectinload(Workshop.steps).joinedload(WorkshopStep.definition, innerjoin=True)
    async with _session() as session:
        workshop = (
            await session.scalars(
                select(Workshop)
                .where(Workshop.id == workshop_id)
                .options(
                    steps,
                    selectinload(Workshop.members),
                    selectinload(Workshop.sessions),
                    selectinload(Workshop.build_packs),
                )
            )
        ).one()
    workshop.steps.sort(key=lambda step: step.definition.order)
    return workshop


async def page_of_workshops(after: str) -> list[Workshop]:
    """Return 50 workshops with all members, and all steps without their outputs."""
    steps = selectinload(Workshop.steps)
    async with _session() as session:
        found = await session.scalars(
            select(Workshop)
            .where(Workshop.id > after)
            .order_by(Workshop.id)
            .limit(50)
            .options(
                steps.options(defer(WorkshopStep.output), joinedload(WorkshopStep.definition)),
                selectinload(Workshop.members),
            )
        )
        workshops = list(found)
    for workshop in workshops:
        workshop.steps.sort(key=lambda step: step.definition.order)
    return workshops


_open_step_id = func.array_agg(
    aggregate_order_by(WorkshopStep.step_id, StepDefinition.order)
).filter(WorkshopStep.status != "complete")


async def list_workshops(person: str) -> list[dict[str, Any]]:
    """Return the first page of a person's dashboard, the progress counted by the database."""
    member = WorkshopMember.clerk_user_id == person
    mine = select(WorkshopMember.workshop_id).where(member)
    role = select(WorkshopMember.role).where(WorkshopMember.workshop_id == Workshop.id, member)
    async with _session() as session:
        page = (
            await session.execute(
                select(Workshop, func.coalesce(role.scalar_subquery(), "owner"))
                .where(or_(Workshop.clerk_user_id == person, Workshop.id.in_(mine)))
                .order_by(Workshop.updated_at.desc(), Workshop.id.desc())
                .limit(20)
            )
        ).all()
        progress = await session.execute(
            select(
                WorkshopStep.workshop_id,
                func.count().filter(WorkshopStep.status == "complete"),
                func.count(),
                _open_step_id,
            )
            .join(WorkshopStep.definition)
            .where(WorkshopStep.workshop_id.in_([workshop.id for workshop, _ in page]))
            .group_by(WorkshopStep.workshop_id)
        )
        counted = {row[0]: row for row in progress}
    return [
        {
            "workshop": workshop,
            "role": role,
            "steps_complete": counted[workshop.id][1],
            "steps_total": counted[workshop.id][2],
            "current_step_id": (counted[workshop.id][3] or [None])[0],
        }
        for workshop, role in page
    ]


async def create_workshop(person: str, title: str, idea: str) -> Workshop:
    """Create a workshop, its owner and its ten steps."""
    async with _session.begin() as session:
        definitions = await session.scalars(select(StepDefinition.id))
        workshop = Workshop(
            clerk_user_id=person,
            title=title,
            original_idea=idea,
            org_id=None,
            template_id=None,
            share_token=None,
            members=[WorkshopMember(clerk_user_id=person, role="owner")],
            steps=[WorkshopStep(step_id=definition) for definition in definitions],
        )
        session.add(workshop)
    return workshop


async def _open_step(session: Any, workshop_id: str, step_id: str) -> tuple[Workshop, WorkshopStep]:
    """Return an open workshop and one of its steps, both locked."""
    step = (
        await session.scalars(
            select(WorkshopStep)
            .where(WorkshopStep.workshop_id == workshop_id, WorkshopStep.step_id == step_id)
            .with_for_update(key_share=True)
        )
    ).one()
    workshop = await session.get_one(Workshop, workshop_id, with_for_update={"key_share": True})
    assert workshop.status in ("draft", "active")
    return workshop, step


async def complete_step(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Complete a step and start the next one."""
    async with _session.begin() as session:
        workshop, step = await _open_step(session, workshop_id, step_id)
        assert step.status != "complete"
        now = _now()
        step.status, step.output, step.completed_at = "complete", output, now
        step.started_at = step.started_at or now
        order = select(StepDefinition.order).where(StepDefinition.id == step_id)
        following = (
            await session.scalars(
                select(WorkshopStep)
                .join(WorkshopStep.definition)
                .options(contains_eager(WorkshopStep.definition))
                .where(
                    WorkshopStep.workshop_id == workshop_id,
                    StepDefinition.order > order.scalar_subquery(),
                )
                .order_by(StepDefinition.order)
                .limit(1)
            )
        ).first()
        if following is not None and following.status == "not_started":
            following.status, following.started_at = "in_progress", now
        workshop.status, workshop.updated_at = "active", now
    return step


def _save(step: WorkshopStep, output: dict[str, Any]) -> None:
    if step.status == "not_started":
        step.status = "in_progress"
    step.output, step.started_at = output, step.started_at or _now()


async def append_step_message(
    workshop_id: str, step_id: str, message: dict[str, Any]
) -> WorkshopStep:
    """Add a message to a step's output."""
    async with _session.begin() as session:
        workshop, step = await _open_step(session, workshop_id, step_id)
        output = step.output or {}
        _save(step, {**output, "messages": [*output.get("messages", []), message]})
        if workshop.status == "draft":
            workshop.status = "active"
    return step


async def save_step_output(workshop_id: str, step_id: str, output: dict[str, Any]) -> WorkshopStep:
    """Replace a step's output."""
    async with _session.begin() as session:
        workshop, step = await _open_step(session, workshop_id, step_id)
        _save(step, output)
        workshop.status, workshop.updated_at = "active", _now()
    return step
