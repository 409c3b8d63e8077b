"""Demo workshops in a real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from piccolo.columns import Text
from piccolo.table import Table

from tests.demo.generated import MIDNIGHT, generate
from tests.factories import make_workshop
from tests.operations.concurrency import outside, until_waiting
from workshops import operations
from workshops.columns import utc_now
from workshops.commands.check import broken_invariants
from workshops.demo import DEMO_WORKSHOP_PREFIX, DemoError, clear_demo, write_demo, writer
from workshops.demo.generator import COLUMNS
from workshops.demo.writer import LIVE_MARK
from workshops.statements.workshops import lock_belongings
from workshops.step_catalog import STEP_CATALOG
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


async def count_rows() -> dict[str, int]:
    """The number of rows of each table."""
    return {table._meta.tablename: await table.count() for table in TABLES}


async def stored(table: type[Any]) -> list[dict[str, Any]]:
    """All rows of a table, by id."""
    rows: list[dict[str, Any]] = await table.select().order_by(table.id)
    return rows


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a few dozen workshops fill several batches."""
    monkeypatch.setattr(writer, "_BATCH", 20)


class TestWrite:
    async def test_counts(self) -> None:
        """The counts returned are those of the rows in the tables."""
        counts = await write_demo(50)
        assert await count_rows() == {
            "workshops": 50,
            "workshop_members": counts.members,
            "step_definitions": len(STEP_CATALOG),
            "workshop_steps": 500,
            "sessions": counts.sessions,
            "build_packs": counts.build_packs,
        }
        assert (counts.workshops, counts.steps) == (50, 500)
        assert min(counts.members, counts.sessions) > 50 > counts.build_packs > 0

    async def test_stores_what_was_generated(self) -> None:
        """Every value comes back from the database as it was generated, to the millisecond."""
        now = datetime(2026, 3, 1, 11, 59, 59, 999000)
        await write_demo(40, seed=3, now=now)
        rows = generate(40, seed=3, now=now)
        for table in (Workshop, WorkshopMember, WorkshopStep, Session, BuildPack):
            expected = sorted(rows[table._meta.tablename], key=lambda row: row["id"])
            found = await stored(table)
            for row in (*expected, *found):
                if row.get("output") is not None:
                    row["output"] = json.loads(row["output"])
            assert found == expected

    @pytest.mark.parametrize("table", COLUMNS)
    async def test_values_keep_their_columns(
        self, table: type[Table], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A column that is added to a table, first of all, takes the value of no other."""
        name = table._meta.tablename
        color = Text(default="green")
        color._meta._name = "color"
        color._meta._table = table
        expected = generate(20, seed=3)[name]
        async with table._meta.db.transaction() as transaction:
            await table.raw(f"ALTER TABLE {name} ADD color text NOT NULL DEFAULT 'green'")
            monkeypatch.setattr(table._meta, "columns", [color, *table._meta.columns])
            await write_demo(20, seed=3, now=MIDNIGHT)
            found = await table.raw(f"SELECT * FROM {name} ORDER BY id")
            monkeypatch.undo()
            await transaction.rollback()
        assert {row.pop("color") for row in found} == {"green"}
        for row in (*expected, *found):
            if row.get("output") is not None:
                row["output"] = json.loads(row["output"])
        assert found == sorted(expected, key=lambda row: row["id"])

    async def test_breaks_no_invariant(self, small_batches: None) -> None:
        """What `check` looks for is not to be found in a demo, over several batches."""
        await write_demo(210)
        async with Workshop._meta.db.transaction() as transaction:
            assert await broken_invariants(transaction.connection) == []

    async def test_nothing_is_later_than_now(self) -> None:
        """Without `now`, everything lies before the midnight that began this day in UTC."""
        await write_demo(30)
        midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        latest = await Workshop.select(Workshop.updated_at).order_by(
            Workshop.updated_at, ascending=False
        )
        assert midnight - timedelta(days=2) < latest[0]["updated_at"] <= midnight

    async def test_aware_now(self) -> None:
        """A `now` with a time zone is taken as the moment it is."""
        await write_demo(20, seed=1, now=MIDNIGHT.replace(tzinfo=UTC))
        aware = await stored(Workshop)
        await clear_demo()
        await write_demo(20, seed=1, now=MIDNIGHT)
        assert await stored(Workshop) == aware

    async def test_progress(self, small_batches: None) -> None:
        """Progress is told after each batch, up to the whole."""
        told: list[int] = []
        await write_demo(50, progress=told.append)
        assert sorted(told) == told
        assert (len(told), told[-1]) == (3, 50)

    async def test_adds_when_run_again(self) -> None:
        """Two demos one after the other are the rows of one that is as large as both."""
        await write_demo(25, seed=3, now=MIDNIGHT)
        await write_demo(15, seed=3, now=MIDNIGHT)
        expected = generate(40, seed=3)
        for table in (Workshop, WorkshopMember, Session):
            rows = sorted(expected[table._meta.tablename], key=lambda row: row["id"])
            assert await stored(table) == rows

    async def test_two_seeds_side_by_side(self) -> None:
        """Demos of two seeds live beside each other."""
        await write_demo(30, seed=1)
        await write_demo(30, seed=2)
        assert await Workshop.count() == 60

    async def test_own_step_definitions(self) -> None:
        """Workshops follow the definitions of the database, known to the catalogue or not."""
        await StepDefinition.delete().where(StepDefinition.id == "pack")
        await StepDefinition(id="pilot", order=10, name="Pilot", description="Try it.").save()
        await write_demo(40)
        expected = [*(step.id for step in STEP_CATALOG[:-1]), "pilot"]
        workshops = await Workshop.count()
        for step_id in expected:
            assert await WorkshopStep.count().where(WorkshopStep.step_id == step_id) == workshops
        output = (
            await WorkshopStep.select(WorkshopStep.output)
            .where((WorkshopStep.step_id == "pilot") & (WorkshopStep.status == "complete"))
            .output(load_json=True)
            .first()
        )
        assert output is not None
        assert output["output"]["summary"].startswith("Pilot: ")


class TestRefusals:
    @pytest.mark.parametrize("count", [0, -1, -60])
    async def test_no_positive_count(self, count: int) -> None:
        """A count that is not positive is refused with a sentence that repeats it."""
        with pytest.raises(DemoError, match=f"must be 1 or more, not {count}"):
            await write_demo(count)

    async def test_without_definitions(self) -> None:
        """Without step definitions there is no demo, and a sentence says what to do."""
        await StepDefinition.delete(force=True)
        with pytest.raises(DemoError, match="migrate"):
            await write_demo(5)
        assert await Workshop.count() == 0

    async def test_whole_batches(self, small_batches: None) -> None:
        """What fails in a late batch leaves the earlier ones, whole, and a later run goes on."""

        def stop(done: int) -> None:
            if done > 20:
                raise KeyError(done)

        with pytest.raises(KeyError):
            await write_demo(90, progress=stop)
        workshops = await Workshop.count()
        assert workshops in (40, 60)  # the other connection was in the middle of a batch, or not
        assert await WorkshopStep.count() == workshops * len(STEP_CATALOG)
        await write_demo(20)
        assert await Workshop.count() == workshops + 20

    async def test_two_at_once(self) -> None:
        """Of two who write the same demo at the same time, one is told so; nothing is doubled."""
        async with Workshop._meta.db.transaction():
            await write_demo(5)
            other = outside(write_demo(5))
            await until_waiting(1)
        with pytest.raises(DemoError, match="being written by another process"):
            await other
        assert await Workshop.count() == 5

    async def test_joins_a_transaction(self) -> None:
        """In an open transaction it is part of it, and goes when that is rolled back."""
        async with Workshop._meta.db.transaction() as transaction:
            await write_demo(5)
            assert await Workshop.count() == 5
            await transaction.rollback()
        assert await Workshop.count() == 0


class TestClear:
    async def test_removes_exactly_the_demo(self) -> None:
        """Demos of all seeds go with everything in them; somebody's own workshops stay."""
        own = await make_workshop()
        await make_workshop(clerk_user_id=f"user_2{LIVE_MARK}Ada")
        # Ids that only almost show a demo: LIKE would take _ for any character.
        lookalikes = [
            DEMO_WORKSHOP_PREFIX[:-1] + "z" + "a" * 12,
            "ws_demo" + "a" * 20,
            "wsxdemoworkshop" + "a" * 12,
            "ws_a" + "demoworkshop" + "a" * 11,
            DEMO_WORKSHOP_PREFIX.upper() + "a" * 12,
        ]
        for id in lookalikes:
            await make_workshop(id=id)
        await make_workshop(clerk_user_id="user_2demoliberty")
        assert await clear_demo() == 1
        before = {table: await stored(table) for table in TABLES}
        await write_demo(30, seed=1)
        await write_demo(20, seed=2)
        assert await clear_demo() == 50
        assert {table: await stored(table) for table in TABLES} == before
        assert await Workshop.exists().where(Workshop.id == own.id)

    async def test_what_was_added_goes_too(self) -> None:
        """A member whom somebody added to a demo workshop goes with it; the person's own stays."""
        await write_demo(1)
        demo = await Workshop.objects().first()
        assert demo is not None
        own = await make_workshop(clerk_user_id="user_ada")
        await WorkshopMember(workshop_id=demo.id, clerk_user_id="user_ada", role="editor").save()
        await clear_demo()
        rows = await WorkshopMember.select(WorkshopMember.workshop_id)
        assert rows == [{"workshop_id": own.id}]

    async def test_a_live_demo_that_is_at_work_meets_no_deadlock(self) -> None:
        """Steps are locked before their workshop, as by the operations."""
        live = await make_workshop(clerk_user_id=f"user_2{LIVE_MARK}Ada")
        async with Workshop._meta.db.transaction():
            await lock_belongings(live.id)
            clearing = outside(clear_demo())
            await until_waiting(1)
            await operations.update_workshop(live.id, title="At work")
        assert await clearing == 1

    async def test_nothing_to_remove(self) -> None:
        """Without a demo, none is removed."""
        await make_workshop()
        assert await clear_demo() == 0
        assert await Workshop.count() == 1

    async def test_makes_room_for_the_same_seed(self) -> None:
        """After it, the same seed can be written again, and gives the same rows."""
        first = await write_demo(25, seed=4)
        workshops = await stored(Workshop)
        await clear_demo()
        assert await write_demo(25, seed=4) == first
        assert await stored(Workshop) == workshops
