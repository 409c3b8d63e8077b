"""The same tables with Piccolo's own columns, queried as somebody would first write it.

Our foreign keys make joined columns once and keep them, which would make plain Piccolo
look faster than it is.
"""

from __future__ import annotations

from typing import Any

from piccolo.columns import JSONB, ForeignKey, Integer, Text, Timestamp
from piccolo.table import Table


class PlainWorkshop(Table, tablename="workshops"):
    """``workshops``."""

    id = Text(primary_key=True)
    clerk_user_id = Text()
    title = Text()
    original_idea = Text()
    status = Text()
    org_id = Text(null=True)
    template_id = Text(null=True)
    visibility = Text()
    share_token = Text(null=True)
    created_at = Timestamp()
    updated_at = Timestamp()


class PlainStepDefinition(Table, tablename="step_definitions"):
    """``step_definitions``."""

    id = Text(primary_key=True)
    order = Integer()
    name = Text()


class PlainWorkshopStep(Table, tablename="workshop_steps"):
    """``workshop_steps``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(PlainWorkshop)
    step_id = ForeignKey(PlainStepDefinition)
    status = Text()
    output = JSONB(null=True)
    started_at = Timestamp(null=True)
    completed_at = Timestamp(null=True)
    created_at = Timestamp()
    updated_at = Timestamp()


class PlainWorkshopMember(Table, tablename="workshop_members"):
    """``workshop_members``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(PlainWorkshop)
    clerk_user_id = Text()
    role = Text()
    created_at = Timestamp()


class PlainSession(Table, tablename="sessions"):
    """``sessions``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(PlainWorkshop)
    started_at = Timestamp()
    ended_at = Timestamp(null=True)
    created_at = Timestamp()


class PlainBuildPack(Table, tablename="build_packs"):
    """``build_packs``."""

    id = Text(primary_key=True)
    workshop_id = ForeignKey(PlainWorkshop)
    title = Text()
    format_type = Text()
    content = Text(null=True)
    created_at = Timestamp()
    updated_at = Timestamp()


async def get_workshop(workshop_id: str) -> dict[str, Any]:
    """A workshop and its relations, a query for each."""
    row = await PlainWorkshop.select().where(PlainWorkshop.id == workshop_id).first()
    assert row is not None
    row["steps"] = (
        await PlainWorkshopStep.select(
            *PlainWorkshopStep.all_columns(),
            PlainWorkshopStep.step_id.name.as_alias("name"),
            PlainWorkshopStep.step_id.order.as_alias("order"),
        )
        .where(PlainWorkshopStep.workshop_id == workshop_id)
        .order_by(PlainWorkshopStep.step_id.order)
        .output(load_json=True)
    )
    row["members"] = (
        await PlainWorkshopMember.select()
        .where(PlainWorkshopMember.workshop_id == workshop_id)
        .order_by(PlainWorkshopMember.created_at)
    )
    row["sessions"] = (
        await PlainSession.select()
        .where(PlainSession.workshop_id == workshop_id)
        .order_by(PlainSession.started_at, ascending=False)
    )
    row["build_packs"] = (
        await PlainBuildPack.select()
        .where(PlainBuildPack.workshop_id == workshop_id)
        .order_by(PlainBuildPack.created_at, ascending=False)
    )
    return row
