"""The summaries say what the tables say, once the folder has caught up."""

from __future__ import annotations

import pytest

from tests.admin.progress.conftest import make_old, make_workshop
from tests.conftest import Server
from tests.projection.truth import check
from workshops import operations, projection
from workshops.statements.execution import fetch
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Session, StepDefinition, Workshop, WorkshopStep

pytestmark = pytest.mark.usefixtures("database")


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
    await make_workshop(complete=len(STEP_CATALOG))
    [row] = await check()
    assert (row["progress"], row["current_step_id"]) == (100, "")


async def test_step_that_needs_regeneration_is_not_done() -> None:
    """It counts as open and is the current step again."""
    workshop = await make_workshop(complete=3)
    await WorkshopStep.update({WorkshopStep.status: "needs_regeneration"}).where(
        (WorkshopStep.workshop_id == workshop.id) & (WorkshopStep.step_id == "define")
    )
    [row] = await check()
    assert (row["steps_complete"], row["current_step_id"]) == (2, "define")


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


async def test_creation_is_activity() -> None:
    """Another application may leave times that say a workshop was changed before it was made."""
    workshop = await make_workshop()
    created = await make_old(workshop, days=5)
    for table in ("workshops", "workshop_steps"):
        await fetch(f"UPDATE {table} SET updated_at = updated_at - interval '1 day'")
    [row] = await check()
    assert row["last_activity_at"] == created


async def test_deleted_definition_is_followed() -> None:
    """A definition that takes its steps along moves the workshops that were at it."""
    await make_workshop(complete=2)
    await check()
    await StepDefinition.delete().where(StepDefinition.id == "ideate")
    [row] = await check()
    assert (row["steps_total"], row["current_step_id"]) == (len(STEP_CATALOG) - 1, "prototype")


async def test_truncated_tables_are_followed() -> None:
    """TRUNCATE fires no trigger for a row; all summaries are computed anew."""
    await make_workshop(complete=2)
    await check()
    await fetch("TRUNCATE workshop_steps")
    assert {row["steps_total"] for row in await check()} == {0}
    await fetch("TRUNCATE workshops CASCADE")
    assert await check() == []


async def test_workshop_without_steps_has_no_progress() -> None:
    """A workshop row of another application that has no steps yet is at 0 percent."""
    await Workshop(clerk_user_id="user_ada", title="Bare", original_idea="").save()
    [row] = await check()
    assert (row["steps_total"], row["progress"], row["current_step_id"]) == (0, 0, "")


async def test_new_order_of_definitions_moves_the_current_step() -> None:
    """When the steps are put in another order, every current step is found again."""
    for complete in (0, 2, len(STEP_CATALOG) - 1, len(STEP_CATALOG)):
        await make_workshop(complete=complete)
    for order, step_id, current in (
        (0, "pack", ["pack", "pack", "pack", ""]),
        # The same place as another's: then the identifier decides.
        (2, "ideate", ["pack", "pack", "pack", ""]),
        (len(STEP_CATALOG) + 1, "pack", ["empathize", "ideate", "pack", ""]),
    ):
        await StepDefinition.update({StepDefinition.order: order}).where(
            StepDefinition.id == step_id
        )
        rows = sorted(await check(), key=lambda row: int(row["steps_complete"]))
        assert [row["current_step_id"] for row in rows] == current


async def test_difference_is_found_and_mended() -> None:
    """compare counts summaries that are wrong, missing or left over; refresh makes them right."""
    first, second = await make_workshop(), await make_workshop()
    await projection.refresh()
    assert await projection.compare() == projection.Comparison(0, [], 0)
    await fetch(
        "UPDATE workshops_admin.summaries SET progress = 99 WHERE workshop_id = $1", first.id
    )
    await fetch("DELETE FROM workshops_admin.summaries WHERE workshop_id = $1", second.id)
    await fetch(
        "INSERT INTO workshops_admin.summaries SELECT (jsonb_populate_record(s,"
        """ '{"workshop_id": "left over"}')).* FROM workshops_admin.summaries s"""
    )
    found = await projection.compare()
    assert (found.different, found.examples) == (3, sorted(["left over", first.id, second.id]))
    await projection.refresh()
    assert (await projection.compare()).different == 3
    await projection.refresh(everything=True)
    assert await projection.compare() == projection.Comparison(0, [], 0)


async def test_what_waits_is_no_difference() -> None:
    """A change that is not folded yet is behind, not wrong."""
    workshop = await make_workshop()
    await projection.refresh()
    await operations.complete_step(workshop.id, "empathize")
    assert await projection.compare() == projection.Comparison(0, [], 1)


PRODUCT_WRITES = """
INSERT INTO workshops (id, clerk_user_id, title, original_idea) VALUES ('ws_p', 'u', 't', '');
INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role) VALUES ('m', 'ws_p', 'u', 'x');
INSERT INTO workshop_steps (id, workshop_id, step_id) VALUES ('s', 'ws_p', 'define');
INSERT INTO sessions (id, workshop_id) VALUES ('ses', 'ws_p');
INSERT INTO build_packs (id, workshop_id, title) VALUES ('b', 'ws_p', 't');
UPDATE workshops SET title = 'other';
UPDATE workshop_steps SET status = 'in_progress', started_at = now();
UPDATE step_definitions SET "order" = "order" + 1;
DELETE FROM sessions;
DELETE FROM workshops;
TRUNCATE workshops, workshop_members, workshop_steps, sessions, build_packs, step_definitions;
"""


EVIL = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.refuse(text, text) RETURNS boolean LANGUAGE plpgsql
AS $$ BEGIN RAISE 'an operator of evil'; END $$;
CREATE FUNCTION evil.refuse(bigint, integer) RETURNS boolean LANGUAGE plpgsql
AS $$ BEGIN RAISE 'an operator of evil'; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.refuse);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.refuse);
CREATE OPERATOR evil.<= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = evil.refuse);
CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RAISE 'a function of evil'; END $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql
AS $$ BEGIN RAISE 'a function of evil'; END $$;
CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE plpgsql
AS $$ BEGIN RAISE 'a function of evil'; END $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE plpgsql
AS $$ BEGIN RAISE 'a function of evil'; END $$;
CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE plpgsql
AS $$ BEGIN RAISE 'a function of evil'; END $$;
SET search_path = evil, public, pg_catalog;
"""


@pytest.mark.parametrize("operator", ["", "grace"])
async def test_triggers_take_nothing_from_the_writers_search_path(
    server: Server, migrated_database: str, operator: str
) -> None:
    """They run with their owner's rights, and nobody can put a function of his before theirs."""
    connection = await server.connect(migrated_database)
    try:
        await connection.execute("SELECT set_config('workshops.operator', $1, false)", operator)
        await connection.execute(EVIL)
        await connection.execute(PRODUCT_WRITES)
        assert await connection.fetch(
            "SELECT FROM workshops_admin.changes WHERE workshop_id OPERATOR(pg_catalog.=) 'ws_p'"
        )
        await connection.execute("SET search_path = public")
        unsafe = await connection.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'workshops_admin'::regnamespace"
            " AND prosecdef AND proconfig IS NULL AND proname !~ '_(added|updated)$'"
        )
        assert unsafe == []
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "loss",
    [
        "DROP TABLE workshops_admin.changes",
        "DROP SEQUENCE workshops_admin.changes_waiting CASCADE",
        "DROP SEQUENCE workshops_admin.changes_missed",
        "DROP TABLE workshops_admin.summaries CASCADE",
        "DROP TABLE workshops_admin.changes, workshops_admin.summaries, workshops_admin.state,"
        " workshops_admin.operator_changes, workshops_admin.admin_audit_log,"
        " workshops_admin.admin_sessions, workshops_admin.admin_second_factors CASCADE",
        "DROP SCHEMA workshops_admin CASCADE",
    ],
)
async def test_writers_survive_the_loss_of_our_tables(
    server: Server, migrated_database: str, loss: str
) -> None:
    """Every write of the product succeeds in the same session when something of ours is gone."""
    connection = await server.connect(migrated_database)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(PRODUCT_WRITES)
        await transaction.rollback()
        await connection.execute(loss)
        await connection.execute(PRODUCT_WRITES)
    finally:
        await connection.close()
