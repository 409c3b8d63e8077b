"""The five relations of this project's tables."""

from __future__ import annotations

import json

import pytest
from piccolo.query.functions import Count
from piccolo.utils.pydantic import create_pydantic_model

from tests.cluster import not_on_a_cluster
from tests.factories import make_workshop, step_of
from workshops.columns import utc_now
from workshops.database.migrations import project_engine
from workshops.relations import RelationError
from workshops.tables import (
    TABLES,
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

pytestmark = pytest.mark.usefixtures("database")


async def test_a_workshop_with_everything() -> None:
    """A workshop comes with its members, steps, sessions and build packs, as they are stored."""
    workshop = await make_workshop(title="Bread")
    await make_workshop(title="Another")
    step = await step_of(workshop, "empathize")
    step.output = json.dumps({"people": ["baker", "Müller"], "count": 2})
    step.started_at = utc_now()
    await step.save()
    for minute in range(3):
        moment = utc_now().replace(minute=minute)
        await Session(workshop_id=workshop.id, started_at=moment, ended_at=moment).save()
    await BuildPack(workshop_id=workshop.id, title="Pack").save()

    row = await (
        Workshop.select(
            *Workshop.all_columns(),
            Workshop.members(),
            Workshop.steps(
                WorkshopStep.step_id,
                WorkshopStep.status,
                WorkshopStep.output,
                WorkshopStep.started_at,
                WorkshopStep.step_id.name.as_alias("name"),
            ).order_by(WorkshopStep.step_id.order),
            Workshop.sessions(Session.started_at)
            .order_by(Session.started_at, ascending=False)
            .limit(1),
            Workshop.build_packs(),
        )
        .where(Workshop.id == workshop.id)
        .first()
    )
    assert row is not None
    plain = await Workshop.select().where(Workshop.id == workshop.id).first()
    members = await WorkshopMember.select().where(WorkshopMember.workshop_id == workshop.id)
    packs = await BuildPack.select().where(BuildPack.workshop_id == workshop.id)
    last = await Session.select(Session.started_at).order_by("started_at", ascending=False).first()
    definitions = await StepDefinition.select().order_by(StepDefinition.order)
    steps = row.pop("steps")
    assert [(s["step_id"], s["name"]) for s in steps] == [(d["id"], d["name"]) for d in definitions]
    assert steps[0]["output"] == {"people": ["baker", "Müller"], "count": 2}
    assert steps[0]["started_at"] == step.started_at
    assert {s["status"] for s in steps} == {"not_started"}
    assert row == {**(plain or {}), "members": members, "sessions": [last], "build_packs": packs}


@not_on_a_cluster("StepDefinition.workshop_steps of several definitions at once")
async def test_the_steps_of_a_definition() -> None:
    """A definition's relation reaches the steps of all workshops, and their titles."""
    for title in ("A", "B"):
        await make_workshop(title=title)
    row = await (
        StepDefinition.select(
            StepDefinition.id,
            StepDefinition.workshop_steps(WorkshopStep.workshop_id.title).order_by(
                WorkshopStep.workshop_id.title, ascending=False
            ),
            StepDefinition.workshop_steps(Count()).as_alias("total"),
        )
        .order_by(StepDefinition.order)
        .first()
    )
    titles = [{"workshop_id.title": "B"}, {"workshop_id.title": "A"}]
    assert row == {"id": "empathize", "workshop_steps": titles, "total": [{"count": 2}]}


async def test_one_round_trip() -> None:
    """Everything about a workshop is one statement, the first time on a connection too."""
    workshop = await make_workshop()
    async with project_engine().transaction() as transaction:
        seen: list[str] = []
        with transaction.connection.query_logger(lambda record: seen.append(record.query)):
            await Workshop.select(
                Workshop.id,
                Workshop.members(),
                Workshop.steps(),
                Workshop.sessions(),
                Workshop.build_packs(),
            ).where(Workshop.id == workshop.id)
            await Workshop.raw("SELECT 'later'")
    assert len([query for query in seen if "later" not in query]) == 1


def test_a_column_of_the_wrong_table() -> None:
    """The error names the relation and both tables."""
    with pytest.raises(RelationError, match=r"Workshop\.steps .*workshop_steps.*sessions"):
        Workshop.steps(Session.ended_at)


def test_relations_are_no_columns() -> None:
    """Forms, rows and migrations do not see them."""
    relations = {"members", "steps", "sessions", "build_packs", "workshop_steps"}
    for table in TABLES:
        columns = {column._meta.name for column in table._meta.columns}
        assert not columns & relations
        assert create_pydantic_model(table).model_fields.keys() <= columns
