"""How operations reach the database: round trips, the caller's transaction, no pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.operations.concurrency import outside, transaction, until_waiting
from tests.operations.conftest import OWNER, stored
from workshops import operations
from workshops.database.migrations import project_engine
from workshops.errors import (
    MemberExistsError,
    NotFoundError,
    TransactionConflictError,
    WorkshopNotFoundError,
)
from workshops.statements.execution import in_transaction
from workshops.tables import BuildPack, Session, StepDefinition, Workshop

pytestmark = pytest.mark.usefixtures("database")

NEW: dict[str, Any] = {"clerk_user_id": OWNER, "title": "Bread", "original_idea": ""}
ONE_ROUND_TRIP: dict[str, Any] = {
    "create_workshop": lambda id: operations.create_workshop(**NEW),
    "get_workshop": lambda id: operations.get_workshop(id),
    "list_workshops": lambda id: operations.list_workshops(OWNER),
    "get_step": lambda id: operations.get_step(id, "define"),
    "member_role": lambda id: operations.member_role(id, OWNER),
    "list_organisation_workshops": lambda id: operations.list_organisation_workshops("org_1"),
    "merge_step_output": lambda id: operations.merge_step_output(id, "define", {}),
    "reset_step": lambda id: operations.reset_step(id, "empathize"),
    "reopen_step": lambda id: operations.reopen_step(id, "empathize"),
    "request_regeneration": lambda id: operations.request_regeneration(id, "empathize"),
    "update_workshop": lambda id: operations.update_workshop(id, title="New"),
    "set_workshop_status": lambda id: operations.set_workshop_status(id, "paused"),
    "share_workshop": lambda id: operations.share_workshop(id),
    "unshare_workshop": lambda id: operations.unshare_workshop(id),
    "start_step": lambda id: operations.start_step(id, "ideate"),
    "save_step_output": lambda id: operations.save_step_output(id, "define", {}),
    "append_step_message": lambda id: operations.append_step_message(id, "define", "Hello"),
    "complete_step": lambda id: operations.complete_step(id, "define"),
    "current_step": lambda id: operations.current_step(id),
    "step_context": lambda id: operations.step_context(id, "define"),
    "record_activity": lambda id: operations.record_activity(id),
    "add_member": lambda id: operations.add_member(id, "user_bob", role="editor"),
    "remove_member": lambda id: operations.remove_member(id, "user_eve"),
    "set_member_role": lambda id: operations.set_member_role(id, "user_eve", role="viewer"),
    "delete_workshop": lambda id: operations.delete_workshop(id),
}


@pytest.mark.parametrize("name", ONE_ROUND_TRIP)
async def test_an_operation_is_one_statement(workshop: Workshop, name: str) -> None:
    """The connection sends one query, and nothing before or after it."""
    await operations.add_member(workshop.id, "user_eve", role="editor")
    await operations.complete_step(workshop.id, "empathize")
    queries: list[str] = []
    async with transaction() as current:
        await operations.get_workshop(workshop.id)
        connection: asyncpg.Connection = current.connection
        with connection.query_logger(lambda record: queries.append(record.query)):
            await ONE_ROUND_TRIP[name](workshop.id)
    assert len(queries) == 1, queries


async def test_operations_join_the_callers_transaction(workshop: Workshop) -> None:
    """Whoever is outside sees all of it or nothing."""
    before = await stored()
    async with transaction() as current:
        made = await operations.create_workshop(**NEW)
        await operations.complete_step(workshop.id, "empathize", output={"x": 1})
        await operations.record_activity(workshop.id)
        await operations.delete_user_data("user_nobody")
        assert (await operations.get_workshop(made.id))["id"] == made.id
        assert await outside(stored()) == before
        await current.rollback()
    assert await stored() == before
    async with transaction():
        made = await operations.create_workshop(**NEW)
    assert (await operations.get_workshop(made.id))["id"] == made.id


async def test_an_error_of_the_callers_undoes_the_operations(workshop: Workshop) -> None:
    """As everything else in its transaction."""
    before = await stored()
    with pytest.raises(NotFoundError):
        await _change_and_fail(workshop)
    assert await stored() == before


async def _change_and_fail(workshop: Workshop) -> None:
    async with transaction():
        await operations.complete_step(workshop.id, "empathize")
        await operations.complete_step(workshop.id, "nonsense")


async def test_a_refused_operation_leaves_the_callers_transaction_usable(
    workshop: Workshop,
) -> None:
    """The errors that are expected are found without violating a constraint."""
    async with transaction():
        with pytest.raises(MemberExistsError):
            await operations.add_member(workshop.id, OWNER, role="editor")
        for call in (
            operations.record_activity("ws_x"),
            operations.add_member("ws_x", OWNER, role="editor"),
            operations.complete_step("ws_x", "define"),
            operations.generate_build_pack("ws_x"),
        ):
            with pytest.raises(NotFoundError):
                await call
        await operations.complete_step(workshop.id, "empathize")
    current = await operations.current_step(workshop.id)
    assert current is not None
    assert current.step_id == "define"


async def test_operations_work_without_a_pool(workshop: Workshop) -> None:
    """Each opens a connection of its own, as in a script."""
    engine = project_engine()
    pool, engine.pool = engine.pool, None
    try:
        await operations.complete_step(workshop.id, "empathize")
        with pytest.raises(NotFoundError):
            await operations.get_workshop("ws_x")
        assert await operations.delete_user_data(OWNER) == {
            "workshops_deleted": 1,
            "workshops_handed_over": 0,
            "memberships_deleted": 0,
        }
    finally:
        engine.pool = pool


async def test_a_workshop_deleted_meanwhile_is_not_found(workshop: Workshop) -> None:
    """The foreign key that the insert violates then becomes the same error."""
    async with transaction():
        await operations.delete_workshop(workshop.id)
        waiting = [
            outside(operations.record_activity(workshop.id)),
            outside(operations.add_member(workshop.id, "user_bob", role="editor")),
            outside(operations.complete_step(workshop.id, "empathize")),
            outside(operations.set_workshop_status(workshop.id, "active")),
            outside(operations.remove_member(workshop.id, OWNER)),
        ]
        await until_waiting(len(waiting))
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, WorkshopNotFoundError), result
        assert result.workshop_id == workshop.id
    assert [await table.count() for table in (Workshop, Session, BuildPack)] == [0, 0, 0]


async def test_an_unknown_error_passes_through(workshop: Workshop) -> None:
    """The violation of a constraint that is not ours is not taken for one of ours."""
    async with transaction() as current:
        await Workshop.raw("ALTER TABLE workshops ADD CONSTRAINT foreign_rule CHECK (title <> 'x')")
        with pytest.raises(asyncpg.CheckViolationError, match="foreign_rule"):
            await operations.update_workshop(workshop.id, title="x")
        await current.rollback()


async def test_definitions_that_change_meanwhile_are_met(database: str) -> None:
    """A definition added by an operator is a step of the next workshop, the eleventh."""
    await operations.create_workshop(**NEW)
    await StepDefinition(id="extra", order=11, name="Extra", description="One more.").save()
    workshop = await operations.create_workshop(**NEW)
    steps = (await operations.get_workshop(workshop.id))["steps"]
    assert (len(steps), steps[-1]["step_id"]) == (11, "extra")


@pytest.fixture
async def deadlocks(database: str) -> AsyncIterator[None]:
    """Has PostgreSQL end the first two updates of a step as if to break a deadlock."""
    await Workshop.raw("CREATE SEQUENCE attempts")  # what a rollback does not undo
    await Workshop.raw(
        "CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('attempts') <= 2 THEN RAISE SQLSTATE '40P01'; END IF; RETURN NEW; END $$"
    )
    await Workshop.raw(
        "CREATE TRIGGER deadlock BEFORE UPDATE ON workshop_steps"
        " FOR EACH ROW EXECUTE FUNCTION deadlock()"
    )
    yield
    await Workshop.raw("DROP FUNCTION deadlock CASCADE")
    await Workshop.raw("DROP SEQUENCE attempts")


@pytest.mark.usefixtures("deadlocks")
async def test_a_statement_that_a_deadlock_has_ended_is_tried_again(workshop: Workshop) -> None:
    """Its work was undone as a whole, so it is done once."""
    step = await operations.append_step_message(workshop.id, "define", "Hello")
    assert step.output == {"messages": ["Hello"]}


@pytest.mark.usefixtures("deadlocks")
async def test_a_transaction_that_a_deadlock_has_ended_is_tried_again(workshop: Workshop) -> None:
    """All of its statements, from the first one on."""

    async def work() -> str:
        await operations.share_workshop(workshop.id)
        return (await operations.start_step(workshop.id, "define")).status

    assert await in_transaction(work) == "in_progress"
    assert (await operations.get_workshop(workshop.id))["visibility"] == "shared"


@pytest.mark.usefixtures("deadlocks")
async def test_a_deadlock_in_the_callers_transaction_is_the_callers(workshop: Workshop) -> None:
    """All of the transaction is undone, which only the caller can do again."""
    with pytest.raises(TransactionConflictError):
        async with transaction():
            await operations.start_step(workshop.id, "define")
