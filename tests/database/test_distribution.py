"""Spreading the tables over a Citus cluster. Most of it needs one: ``TEST_CITUS_URL``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from benchmarks.exercises import operation_names
from tests.cluster import ON_A_CLUSTER, on_a_cluster
from workshops import operations, projection
from workshops.database.distribution import DistributionError, distribute, is_distributed
from workshops.database.migrations import project_engine
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

ADA, BOB = "user_ada", "user_bob"


@pytest.mark.skipif(ON_A_CLUSTER, reason="the server has Citus")
async def test_server_without_citus_is_refused(database: str) -> None:
    """It says that the extension is missing, and the tables stay as they are."""
    with pytest.raises(DistributionError, match="no extension citus"):
        await distribute(project_engine())
    assert not await is_distributed()
    assert (await operations.list_workshops("user_nobody")).items == []


@on_a_cluster
async def test_distributing_twice_changes_nothing(database: str) -> None:
    """The second run finds the tables distributed."""
    assert await is_distributed()
    assert await distribute(project_engine()) is False


_ONE: dict[str, Callable[[str], Awaitable[object]]] = {
    "get_workshop": operations.get_workshop,
    "update_workshop": lambda id: operations.update_workshop(id, title="Bread"),
    "set_workshop_status": lambda id: operations.set_workshop_status(id, "paused"),
    "delete_workshop": operations.delete_workshop,
    "share_workshop": operations.share_workshop,
    "unshare_workshop": operations.unshare_workshop,
    "add_member": lambda id: operations.add_member(id, "user_eve", role="viewer"),
    "member_role": lambda id: operations.member_role(id, BOB),
    "set_member_role": lambda id: operations.set_member_role(id, BOB, role="owner"),
    "remove_member": lambda id: operations.remove_member(id, BOB),
    "transfer_ownership": lambda id: operations.transfer_ownership(id, to=BOB),
    "get_step": lambda id: operations.get_step(id, "define"),
    "current_step": operations.current_step,
    "step_context": lambda id: operations.step_context(id, "ideate"),
    "start_step": lambda id: operations.start_step(id, "ideate"),
    "save_step_output": lambda id: operations.save_step_output(id, "define", {"a": 1}),
    "merge_step_output": lambda id: operations.merge_step_output(id, "define", {"a": 1}),
    "append_step_message": lambda id: operations.append_step_message(id, "define", {"a": 1}),
    "complete_step": lambda id: operations.complete_step(id, "define", output={"a": 1}),
    "reopen_step": lambda id: operations.reopen_step(id, "empathize", regenerate_following=True),
    "request_regeneration": lambda id: operations.request_regeneration(id, "empathize"),
    "reset_step": lambda id: operations.reset_step(id, "empathize"),
    "record_activity": operations.record_activity,
    "generate_build_pack": operations.generate_build_pack,
    "Workshop.select": lambda id: Workshop.select(
        Workshop.title, Workshop.steps(), Workshop.members(), Workshop.sessions.count()
    ).where(Workshop.id == id),
    "Workshop.objects": lambda id: Workshop.objects(Workshop.steps()).get(Workshop.id == id),
    "Workshop.exists": lambda id: Workshop.exists().where(Workshop.id == id),
    "Workshop.update": lambda id: Workshop.update({Workshop.title: "A"}).where(Workshop.id == id),
    "Workshop.delete": lambda id: Workshop.delete().where(Workshop.id == id),
    "WorkshopMember.insert": lambda id: WorkshopMember.insert(
        WorkshopMember(workshop_id=id, clerk_user_id="user_eve", role="viewer")
    ),
}

_SEVERAL: dict[str, Callable[[Workshop], Awaitable[object]]] = {
    "create_workshop": lambda w: operations.create_workshop(
        clerk_user_id=ADA, title="Bread", original_idea=""
    ),
    "list_workshops": lambda w: operations.list_workshops(ADA, with_total=True),
    "list_organisation_workshops": lambda w: operations.list_organisation_workshops("org_1"),
    "get_shared_workshop": lambda w: operations.get_shared_workshop(w.share_token or ""),
    "export_user_data": lambda w: operations.export_user_data(ADA),
    "delete_user_data": lambda w: operations.delete_user_data(ADA),
    "close_session": lambda w: _close(w.id),
    "close_idle_sessions": lambda w: operations.close_idle_sessions(idle_for=timedelta(0)),
    "render_build_pack": lambda w: _render(w.id),
}


async def _close(workshop_id: str) -> None:
    session = await operations.record_activity(workshop_id)
    await operations.close_session(session.id)


async def _render(workshop_id: str) -> None:
    pack = await operations.generate_build_pack(workshop_id)
    assert b"Bread" in (await operations.render_build_pack(pack.id)).content


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """An active, shared workshop with two members, two complete steps and an open session."""
    made = await operations.create_workshop(
        clerk_user_id=ADA, title="Bread", original_idea="", org_id="org_1", visibility="shared"
    )
    await operations.add_member(made.id, BOB, role="editor")
    await operations.complete_step(made.id, "empathize")
    await operations.record_activity(made.id)
    await operations.generate_build_pack(made.id)
    return made


async def _tasks(call: Awaitable[object]) -> list[list[int]]:
    """Make a call, and return how many tasks each part of each of its statements has."""
    sent: list[asyncpg.connection.LoggedQuery] = []
    async with project_engine().transaction() as transaction:
        connection = transaction.connection
        connection.add_query_logger(sent.append)
        await call
        await asyncio.sleep(0)  # the driver calls the logger after the call
        connection.remove_query_logger(sent.append)
        await transaction.rollback()  # type: ignore[no-untyped-call]
    plans = []
    connection = await project_engine().get_new_connection()
    try:
        for number, query in enumerate(sent):
            # With arguments of the protocol, Citus does not explain every statement that it runs.
            await connection.execute(f"PREPARE q{number} AS {query.query}")
            given = f"({', '.join(map(_literal, query.args))})" if query.args else ""
            plans.append(await connection.fetch(f"EXPLAIN EXECUTE q{number}{given}"))
    finally:
        await connection.close()
    return [
        [int(n) for n in re.findall(r"Task Count: (\d+)", "\n".join(row[0] for row in plan))]
        for plan in plans
    ]


def _literal(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        value = f"{{{','.join(value)}}}"
    return "NULL" if value is None else "'{}'".format(str(value).replace("'", "''"))


def test_every_operation_is_in_one_of_the_lists() -> None:
    """A new operation is looked at on a cluster, too."""
    named = {name for name in _ONE if "." not in name} | _SEVERAL.keys()
    assert named == operation_names()


@on_a_cluster
@pytest.mark.parametrize("name", _ONE)
async def test_what_knows_its_workshop_goes_to_one_node(workshop: Workshop, name: str) -> None:
    """Each statement is one task, on the shards of one workshop."""
    tasks = await _tasks(_ONE[name](workshop.id))
    assert tasks
    assert {count for counts in tasks for count in counts} == {1}


@on_a_cluster
@pytest.mark.parametrize("table", [WorkshopMember, WorkshopStep, Session, BuildPack])
async def test_rows_of_a_workshop_are_saved_and_removed_on_one_node(
    workshop: Workshop, table: type[WorkshopStep]
) -> None:
    """The UPDATE and the DELETE of a row name its workshop."""
    row = await table.objects().where(table.workshop_id == workshop.id).first()
    assert row is not None
    assert await _tasks(row.save()) == [[1]]
    assert await _tasks(row.remove()) == [[1]]


@on_a_cluster
@pytest.mark.parametrize("name", _SEVERAL)
async def test_what_knows_no_workshop_works(workshop: Workshop, name: str) -> None:
    """It asks all shards."""
    assert await _tasks(_SEVERAL[name](workshop))


_RELATIONS: dict[str, Callable[[str], Awaitable[object]]] = {
    "beside an offset": lambda id: (
        Workshop.select(Workshop.title, Workshop.steps())
        .order_by(Workshop.title)
        .offset(1)
        .limit(2)
    ),
    "in the order of another, beside an offset": lambda id: (
        Workshop.select(Workshop.members()).order_by(Workshop.steps.count()).offset(1)
    ),
    "with an offset": lambda id: Workshop.select(
        Workshop.steps(WorkshopStep.step_id.name).order_by(WorkshopStep.step_id.order).offset(3)
    ),
    "in conditions": lambda id: (
        Workshop.select(Workshop.steps.max(WorkshopStep.updated_at).as_alias("last"))
        .where(Workshop.steps.exists(WorkshopStep.status == "complete"))
        .order_by(Workshop.members.count(), ascending=False)
    ),
    "of a row's workshop": lambda id: WorkshopStep.select(
        WorkshopStep.step_id.name,
        WorkshopStep.workshop_id.members(),  # type: ignore[operator]
    ).limit(2),
    "as objects": lambda id: Workshop.objects(Workshop.steps()).order_by(Workshop.id).offset(1),
    "of one definition": lambda id: StepDefinition.select(StepDefinition.workshop_steps()).where(
        StepDefinition.id == "define"
    ),
    "in an update": lambda id: Workshop.update({Workshop.title: "A"}).where(
        Workshop.steps.exists(WorkshopStep.status == "complete")
    ),
    "in a deletion": lambda id: Workshop.delete().where(Workshop.steps.none()),
    "of a locked row": lambda id: (
        Workshop.select(Workshop.steps()).where(Workshop.id == id).lock_rows()
    ),
}


@pytest.mark.parametrize("name", _RELATIONS)
async def test_relations_span_workshops(workshop: Workshop, name: str) -> None:
    """Whatever node they are on; on one PostgreSQL the same."""
    await _RELATIONS[name](workshop.id)


@on_a_cluster
async def test_the_operators_view_is_computed_from_time_to_time(workshop: Workshop) -> None:
    """All of it, since nothing tells of changes; it says how old it is, and hears of deletions."""
    await projection.refresh()
    summaries = "SELECT workshop_id, steps_complete, current_step_id FROM workshops_admin.summaries"
    assert await Workshop.raw(summaries) == [
        {"workshop_id": workshop.id, "steps_complete": 1, "current_step_id": "define"}
    ]
    found = await projection.freshness()
    assert (found.untold, found.current) == (True, True)
    await Workshop.raw("UPDATE workshops_admin.state SET as_of = as_of - INTERVAL '1 minute'")
    assert not (await projection.freshness()).current
    await operations.delete_workshop(workshop.id)
    assert (await projection.catch_up()).current
    assert await Workshop.raw(summaries) == []


@on_a_cluster
async def test_a_change_is_heard_of(workshop: Workshop) -> None:
    """With the next computation of everything."""
    async with asyncio.timeout(120):
        changes = operations.watch_workshops(workshop.id)
        assert (await anext(changes)).workshop_id == workshop.id
        await operations.start_step(workshop.id, "ideate")
        await projection.refresh()
        assert (await anext(changes)).workshop_id == workshop.id
        await changes.aclose()
