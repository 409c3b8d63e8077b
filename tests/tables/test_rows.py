"""What a row is after it was saved, updated and read again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import asyncpg
import pytest

import workshops
from tests.cluster import not_on_a_cluster
from tests.factories import make_workshop, step_of
from workshops.columns import BelongsToWorkshop, VersionedRow, utc_now
from workshops.relations import HasRelations, OneToMany
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


async def test_every_table_and_column_has_a_help_text() -> None:
    """An operator finds an explanation beside every field."""
    for table in TABLES:
        assert table._meta.help_text
        for column in table._meta.columns:
            assert column._meta.help_text, f"{table.__name__}.{column._meta.name}"


async def test_every_table_has_what_its_columns_ask_for() -> None:
    """The mix-ins, the relation of the workshop, and a name in the package."""
    children = {one.child for one in vars(Workshop).values() if isinstance(one, OneToMany)}
    for table in TABLES:
        columns = {column._meta.name for column in table._meta.columns}
        assert issubclass(table, HasRelations)
        assert issubclass(table, VersionedRow) == ("updated_at" in columns)
        assert issubclass(table, BelongsToWorkshop) == ("workshop_id" in columns)
        assert (table in children) == ("workshop_id" in columns)
        assert getattr(workshops, table.__name__) is table


@pytest.mark.parametrize(
    ("table", "prefix"),
    [(Workshop, "ws"), (WorkshopStep, "wst"), (Session, "ses"), (BuildPack, "bp")],
)
async def test_a_row_gets_a_new_key_with_the_prefix_of_its_table(
    table: type[Workshop], prefix: str
) -> None:
    """Two rows made one after the other have different keys."""
    first, second = (table(_ignore_missing=True).id for _ in range(2))
    assert first.startswith(f"{prefix}_")
    assert first != second


async def test_what_is_in_memory_after_an_insert_is_what_is_stored() -> None:
    """Every value of a new row equals the stored one, timestamps to the millisecond."""
    workshop = await make_workshop()
    assert workshop.to_dict() == await Workshop.select().where(Workshop.id == workshop.id).first()
    assert abs(workshop.created_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)


async def test_save_moves_updated_at_strictly_forward() -> None:
    """Ten saves within a few milliseconds give ten increasing times, equal to the stored ones."""
    workshop = await make_workshop()
    times = [workshop.updated_at]
    for number in range(10):
        workshop.title = f"Title {number}"
        await workshop.save()
        times.append(workshop.updated_at)
        stored = (
            await Workshop.select(Workshop.updated_at).where(Workshop.id == workshop.id).first()
        )
        assert stored == {"updated_at": workshop.updated_at}
    assert times == sorted(set(times))


async def test_saving_some_columns_leaves_the_others() -> None:
    """save(columns=...) writes those columns and updated_at."""
    workshop = await make_workshop()
    before = workshop.updated_at
    workshop.title, workshop.org_id = "New", "org_1"
    await workshop.save(columns=[Workshop.title])
    row = await Workshop.select().where(Workshop.id == workshop.id).first()
    assert row is not None
    assert (row["title"], row["org_id"]) == ("New", None)
    assert row["updated_at"] == workshop.updated_at > before


@not_on_a_cluster("rows given to another workshop")
@pytest.mark.parametrize("table", [WorkshopMember, WorkshopStep, Session, BuildPack])
async def test_a_row_can_be_given_to_another_workshop(table: type[WorkshopStep]) -> None:
    """By Piccolo's save, again and again, and removed there."""
    first, second = await make_workshop(), await make_workshop(clerk_user_id="user_bob")
    await Session(workshop_id=first.id).save()
    await BuildPack(workshop_id=first.id, title="Pack").save()
    await WorkshopStep.delete().where(WorkshopStep.workshop_id == second.id)
    row = await table.objects().get(table.workshop_id == first.id)
    assert row is not None
    for workshop in (second, first, second):
        row.workshop_id = workshop.id
        await row.save()
        assert await table.exists().where((table.id == row.id) & (table.workshop_id == workshop.id))
    row_id = row.id
    await row.remove()
    assert not await table.exists().where(table.id == row_id)


async def test_a_row_with_its_workshop_is_saved(database: str) -> None:
    """Also where a prefetch has put the workshop itself into the attribute."""
    workshop = await make_workshop()
    step = await WorkshopStep.objects(WorkshopStep.workshop_id).get(
        WorkshopStep.workshop_id == workshop.id
    )
    assert step is not None
    step.status = "complete"
    await step.save()
    assert await WorkshopStep.count().where(WorkshopStep.status == "complete") == 1
    await step.remove()
    assert await WorkshopStep.count() == 9


async def test_update_moves_updated_at_even_when_the_clock_was_set_back() -> None:
    """A stored time in the future is passed by one millisecond."""
    future = utc_now() + timedelta(days=1)
    workshop = await make_workshop(updated_at=future)
    await Workshop.update({Workshop.title: "New"}).where(Workshop.id == workshop.id)
    row = await Workshop.select(Workshop.updated_at).where(Workshop.id == workshop.id).first()
    assert row == {"updated_at": future + timedelta(milliseconds=1)}


async def test_updates_at_the_same_moment_get_different_times() -> None:
    """Twenty concurrent updates of one row leave it twenty steps later."""
    workshop = await make_workshop()
    returned = await asyncio.gather(
        *(
            Workshop.update({Workshop.title: f"Title {number}"})
            .where(Workshop.id == workshop.id)
            .returning(Workshop.updated_at)
            for number in range(20)
        )
    )
    assert len({rows[0]["updated_at"] for rows in returned}) == 20


async def test_a_failed_save_leaves_the_time_in_memory() -> None:
    """updated_at is still a time when the database refuses the row."""
    workshop = await make_workshop()
    workshop.status = "nonsense"
    with pytest.raises(asyncpg.CheckViolationError):
        await workshop.save()
    assert isinstance(workshop.updated_at, datetime)


async def test_an_aware_time_is_stored_as_utc() -> None:
    """An assigned time with a zone is converted, and cut to milliseconds."""
    step = await step_of(await make_workshop(), "empathize")
    step.started_at = datetime(2026, 1, 2, 3, 4, 5, 678999, timezone(timedelta(hours=2)))
    await step.save()
    assert step.started_at == datetime(2026, 1, 2, 1, 4, 5, 678000)
    await step.refresh()
    assert step.started_at == datetime(2026, 1, 2, 1, 4, 5, 678000)


@pytest.mark.parametrize("output", ["[]", "null", '"text"', "3"])
async def test_an_output_that_is_no_object_is_refused_by_the_database(output: str) -> None:
    """A JSON null or array never gets into the table."""
    step = await step_of(await make_workshop(), "empathize")
    step.output = output
    with pytest.raises(asyncpg.CheckViolationError, match="workshop_steps_output_check"):
        await step.save()


async def test_a_row_inserted_by_plain_sql_gets_the_utc_time_of_the_database(
    database: str,
) -> None:
    """The default does not depend on the time zone of the session."""
    connection = await asyncpg.connect(database, server_settings={"timezone": "Asia/Tokyo"})
    try:
        created_at = await connection.fetchval(
            'INSERT INTO step_definitions (id, "order", name, description)'
            " VALUES ('extra', 11, 'Extra', 'One more.') RETURNING created_at"
        )
    finally:
        await connection.close()
    assert abs(created_at - utc_now()) < timedelta(minutes=5)


async def test_times_are_utc_whatever_the_time_zone_of_the_process(project_directory: Path) -> None:
    """A process in New York stores UTC."""
    program = (
        "import asyncio\n"
        "from workshops.tables import Workshop\n"
        "async def main():\n"
        "    workshop = Workshop(clerk_user_id='u', title='t', original_idea='i')\n"
        "    await workshop.save()\n"
        "    workshop.title = 'x'\n"
        "    await workshop.save()\n"
        "    print(workshop.created_at.isoformat(), workshop.updated_at.isoformat())\n"
        "asyncio.run(main())\n"
    )
    result = subprocess.run(  # noqa: ASYNC221
        [sys.executable, "-c", program],
        cwd=project_directory,
        env={**os.environ, "TZ": "America/New_York"},
        capture_output=True,
        text=True,
        check=True,
    )
    for text in result.stdout.split():
        assert abs(datetime.fromisoformat(text) - utc_now()) < timedelta(minutes=5)


async def test_deleting_a_workshop_deletes_all_that_belongs_to_it() -> None:
    """The five foreign keys cascade."""
    workshop = await make_workshop()
    await Session(workshop_id=workshop.id).save()
    await BuildPack(workshop_id=workshop.id, title="Pack").save()
    await Workshop.delete().where(Workshop.id == workshop.id)
    counts = [await table.count() for table in TABLES if table is not StepDefinition]
    assert not any(counts)


async def test_a_workshop_has_at_most_one_open_session() -> None:
    """The database refuses a second one, and allows another after the first has ended."""
    workshop = await make_workshop()
    first = Session(workshop_id=workshop.id)
    await first.save()
    with pytest.raises(asyncpg.UniqueViolationError, match="sessions_one_open_per_workshop"):
        await Session(workshop_id=workshop.id).save()
    first.ended_at = utc_now()
    await first.save()
    await Session(workshop_id=workshop.id).save()
