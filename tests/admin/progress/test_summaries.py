"""``workshop_summaries`` and ``workshop_titles`` always say what the tables say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.admin.progress.conftest import make_old, make_workshop
from tests.conftest import Server
from workshops import operations
from workshops.statements.execution import fetch
from workshops.tables import Session, StepDefinition, Workshop, WorkshopStep

pytestmark = pytest.mark.usefixtures("database")

# From the tables alone, in another way than the triggers compute it.
EXPECTED = """
SELECT w.id AS workshop_id, w.created_at, (
        SELECT max(moment) FROM (
            SELECT w.updated_at AS moment
            UNION ALL SELECT s.updated_at FROM workshop_steps s WHERE s.workshop_id = w.id
            UNION ALL SELECT s.started_at FROM sessions s WHERE s.workshop_id = w.id
        ) moments
    ) AS last_activity_at,
    (SELECT count(*) FROM workshop_steps s
        WHERE s.workshop_id = w.id AND s.status = 'complete')::smallint AS steps_complete,
    (SELECT count(*) FROM workshop_steps s WHERE s.workshop_id = w.id)::smallint AS steps_total,
    COALESCE((SELECT floor(100 * avg((s.status = 'complete')::int)) FROM workshop_steps s
        WHERE s.workshop_id = w.id), 0)::smallint AS progress,
    w.status,
    COALESCE((SELECT s.step_id FROM workshop_steps s
        JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id AND s.status <> 'complete'
        ORDER BY d."order", d.id LIMIT 1), '') AS current_step_id,
    w.clerk_user_id, w.org_id, lower(w.title) AS title
FROM workshops w ORDER BY w.id
"""


async def check() -> list[dict[str, Any]]:
    """Hold the summaries and titles against the tables, and return them."""
    kept = [dict(row) for row in await fetch("SELECT * FROM workshop_summaries ORDER BY 1")]
    assert kept == [dict(row) for row in await fetch(EXPECTED)]
    found = {row[0]: row[1] for row in await fetch("SELECT * FROM workshop_titles")}
    assert found == {row["workshop_id"]: row["title"] for row in kept}
    return kept


async def test_operations_are_followed() -> None:
    """Every operation that changes a workshop changes its summary alike."""
    workshop = await make_workshop()
    await make_workshop(title="Another", org_id="org_bread")
    await check()
    await operations.start_step(workshop.id, "empathize")
    await operations.complete_step(workshop.id, "empathize", output={"a": 1})
    await operations.complete_step(workshop.id, "ideate")
    assert {row["current_step_id"] for row in await check()} == {"empathize", "define"}
    await operations.save_step_output(workshop.id, "define", {"b": 2})
    await operations.append_step_message(workshop.id, "define", {"role": "user", "content": "hi"})
    await check()
    await operations.reset_step(workshop.id, "empathize")
    await operations.set_workshop_status(workshop.id, "paused")
    await operations.update_workshop(workshop.id, title="ÉCLAIR", org_id="org_cake")
    await check()
    await operations.add_member(workshop.id, "user_bob", role="editor")
    await operations.transfer_ownership(workshop.id, to="user_bob")
    await operations.record_activity(workshop.id)
    assert "user_bob" in {row["clerk_user_id"] for row in await check()}
    await operations.delete_workshop(workshop.id)
    assert len(await check()) == 1


async def test_all_steps_complete_leaves_no_current_step() -> None:
    """A workshop through all its steps has 100 percent and no current step."""
    await make_workshop(complete=10)
    [row] = await check()
    assert (row["progress"], row["current_step_id"]) == (100, "")


async def test_other_writers_are_followed() -> None:
    """What is written past the operations, with any time, counts too."""
    workshop = await make_workshop(complete=3)
    other = await make_workshop(title="Another")
    await make_old(workshop, days=100)
    await check()
    await Session(workshop_id=workshop.id).save()
    await check()
    await Session.update({Session.workshop_id: other.id}).where(Session.workshop_id == workshop.id)
    await check()
    await Session.delete().where(Session.workshop_id == other.id)
    await WorkshopStep.delete().where(
        (WorkshopStep.workshop_id == workshop.id) & (WorkshopStep.step_id == "empathize")
    )
    await check()
    await WorkshopStep.delete(force=True)
    assert {row["steps_total"] for row in await check()} == {0}
    await Workshop.delete(force=True)
    assert await check() == []


async def test_workshop_without_steps_has_no_progress() -> None:
    """A workshop row of another application that has no steps yet is at 0 percent."""
    await Workshop(clerk_user_id="user_ada", title="Bare", original_idea="").save()
    [row] = await check()
    assert (row["steps_total"], row["progress"], row["current_step_id"]) == (0, 0, "")


async def test_new_order_of_definitions_moves_the_current_step() -> None:
    """When the steps are put in another order, every current step is found again."""
    for complete in (0, 2, 9, 10):
        await make_workshop(complete=complete)
    for order, step_id, current in (
        (0, "pack", ["pack", "pack", "pack", ""]),
        # The same place as another's: then the identifier decides.
        (2, "ideate", ["pack", "pack", "pack", ""]),
        (11, "pack", ["empathize", "ideate", "pack", ""]),
    ):
        await StepDefinition.update({StepDefinition.order: order}).where(
            StepDefinition.id == step_id
        )
        rows = sorted(await check(), key=lambda row: int(row["steps_complete"]))
        assert [row["current_step_id"] for row in rows] == current


async def test_concurrent_completions_are_both_counted(server: Server) -> None:
    """Two transactions that complete different steps at once leave a right summary."""
    workshop = await make_workshop()
    name = (await fetch("SELECT current_database()"))[0][0]
    first, second = await server.connect(name), await server.connect(name)
    complete = (
        "UPDATE workshop_steps SET status = 'complete' WHERE workshop_id = $1 AND step_id = $2"
    )
    try:
        transaction = first.transaction()
        await transaction.start()
        await first.execute(complete, workshop.id, "empathize")
        # This one waits for the summary that the first has locked.
        waiting = asyncio.create_task(second.execute(complete, workshop.id, "define"))
        while not await fetch("SELECT FROM pg_locks WHERE NOT granted"):
            assert not waiting.done()
        await transaction.commit()
        await waiting
    finally:
        await first.close()
        await second.close()
    [row] = await check()
    assert (row["steps_complete"], row["current_step_id"]) == (2, "ideate")


async def test_writer_needs_no_right_on_the_summaries() -> None:
    """The triggers run with their owner's rights, and look up names where it said."""
    functions = await fetch(
        "SELECT DISTINCT p.proname, p.prosecdef, p.proconfig FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname LIKE 'workshop\\_summaries\\_%'"
    )
    assert len(functions) == 5
    for function in functions:
        assert function["prosecdef"]
        assert function["proconfig"] == ["search_path=public, pg_temp"]
