"""Backup, restore and migrations of a database that is spread over a Citus cluster."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tests.cluster import on_a_cluster
from tests.commands.running import run
from tests.conftest import Server
from workshops import operations
from workshops.columns import SingleLineText
from workshops.database.building import missing_rules
from workshops.database.distribution import distribute, has_keys_of_a_cluster, is_distributed
from workshops.database.migrations import project_engine, run_migrations
from workshops.demo import write_demo
from workshops.tables import TABLES, BuildPack, Workshop, WorkshopStep

pytestmark = on_a_cluster

CLUSTER = """
SELECT nodename, nodeport, count(shardid) AS shards
FROM pg_dist_node LEFT JOIN citus_shards USING (nodename, nodeport) GROUP BY 1, 2 ORDER BY 2
"""


async def test_backup_comes_back_to_the_nodes(database: str, tmp_path: Path) -> None:
    """Over a distributed database, whose nodes stay, and whose tables are distributed again."""
    await write_demo(6)
    file = str(tmp_path / "backup")
    nodes = await Workshop.raw(CLUSTER)
    before = [await table.select().order_by(table.all_columns()[0]) for table in TABLES]
    made = await run("workshops", "backup", file)
    assert (made.code, made.err) == (0, ""), made
    await operations.create_workshop(clerk_user_id="user_ada", title="A", original_idea="")
    refused = await run("workshops", "restore", file)
    assert "Replace all of it with: --force" in refused.err
    restored = await run("workshops", "restore", file, "--force")
    assert (restored.code, restored.err) == (0, ""), restored
    assert await is_distributed()
    assert await Workshop.raw(CLUSTER) == nodes
    after = [await table.select().order_by(table.all_columns()[0]) for table in TABLES]
    assert after == before
    checked = await run("workshops", "check")
    assert checked.code == 0, checked


async def test_backup_is_refused_where_it_does_not_fit(
    server: Server, database: str, empty_database: str, tmp_path: Path
) -> None:
    """That of a cluster in a database without Citus, and that of one in a distributed one."""
    spread, single = str(tmp_path / "spread"), str(tmp_path / "single")
    other = server.url(empty_database)
    assert (await run("workshops", "backup", spread)).code == 0
    refused = await run("workshops", "restore", spread, DATABASE_URL=other)
    assert (refused.code, refused.out) == (1, "")
    assert "is of a Citus cluster, and the database is none." in refused.err
    for command in (("migrate",), ("backup", single)):
        assert (await run("workshops", *command, DATABASE_URL=other)).code == 0
    refused = await run("workshops", "restore", single, "--force")
    assert (refused.code, refused.out) == (1, "")
    assert "Restore it into a new database that has the extension citus" in refused.err
    assert await is_distributed()


async def test_restored_tables_wait_for_their_nodes(database: str) -> None:
    """As a restore leaves them that was ended before: migrate changes nothing, check says what."""
    await write_demo(2)
    async with project_engine().transaction():
        await Workshop.raw("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")
        await Workshop.raw(
            "SELECT undistribute_table('workshops', cascade_via_foreign_keys => true)"
        )
    try:
        assert not await is_distributed()
        assert await has_keys_of_a_cluster()
        assert await run_migrations() == []
        assert await missing_rules() == {}
        checked = await run("workshops", "check")
        assert checked.code == 1
        assert checked.out.endswith("Spread them: piccolo workshops distribute\n")
        await Workshop.raw(
            "CREATE TABLE page_notes (id text PRIMARY KEY, workshop_id text REFERENCES workshops)"
        )
        refused = await run("workshops", "distribute")
        assert (refused.code, refused.out) == (1, "")
        key = "page_notes_workshop_id_fkey"
        assert refused.err.endswith(f"\n  ALTER TABLE page_notes DROP CONSTRAINT {key};\n")
    finally:
        await Workshop.raw("DROP TABLE IF EXISTS page_notes")
        assert await distribute(project_engine())
    assert await Workshop.count() == 2


async def test_what_was_dropped_is_put_back(database: str) -> None:
    """By one of two that migrate at once: what a new version adds is declared in the same way."""
    await Workshop.raw("DROP INDEX workshop_steps_created_at")
    for rule in ("output_check", "workshop_step_unique"):
        await Workshop.raw(f"ALTER TABLE workshop_steps DROP CONSTRAINT workshop_steps_{rule}")
    checked = await run("workshops", "check")
    assert checked.code == 1
    assert checked.out.endswith("Put back what was dropped with: piccolo workshops migrate\n")
    first, second = await asyncio.gather(*(run("workshops", "migrate") for _ in range(2)))
    assert (first.code, second.code) == (0, 0), (first, second)
    checked = await run("workshops", "check")
    assert checked.code == 0, checked
    made = await operations.create_workshop(clerk_user_id="user_a", title="A", original_idea="")
    with pytest.raises(asyncpg.UniqueViolationError):
        await WorkshopStep.insert(WorkshopStep(workshop_id=made.id, step_id="define"))


async def test_new_version_adds_a_column(database: str) -> None:
    """As a migration does, with an index and a value for the rows that are there."""
    made = await operations.create_workshop(clerk_user_id="user_a", title="A", original_idea="")
    manager = MigrationManager(migration_id="1", app_name="workshops", description="")
    manager.add_column(
        "WorkshopStep",
        "workshop_steps",
        "language",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={"null": True, "default": None, "index": True},
    )
    async with project_engine().transaction() as transaction:
        await manager.run()
        await WorkshopStep.raw("UPDATE workshop_steps SET language = 'en'")
        rows = await WorkshopStep.raw(
            "SELECT DISTINCT language FROM workshop_steps WHERE workshop_id = {}", made.id
        )
        assert rows == [{"language": "en"}]
        await transaction.rollback()  # type: ignore[no-untyped-call]


async def test_doctor_looks_at_the_nodes(database: str) -> None:
    """Whether they answer each other, and how old the operators' view is."""
    late = "Is a server running, which does it unasked?"
    await run("workshops", "refresh")
    result = await run("workshops", "doctor")
    assert late not in result.out
    assert re.search(r"^cluster +\d+ nodes; connections, bloat", result.out, re.MULTILINE), result
    await Workshop.raw("UPDATE workshops_admin.state SET as_of = as_of - INTERVAL '2 minutes'")
    assert late in (await run("workshops", "doctor")).out


async def test_table_of_a_new_version_joins_the_others(database: str) -> None:
    """A migration makes it on the coordinator; then it is distributed with its rows."""
    made = await operations.create_workshop(clerk_user_id="user_a", title="A", original_idea="")
    await operations.generate_build_pack(made.id)
    key = "CONSTRAINT build_packs_workshop_id_fkey"
    for statement in (
        f"ALTER TABLE build_packs DROP {key}",
        "SELECT undistribute_table('build_packs')",
        "ALTER TABLE build_packs DROP CONSTRAINT build_packs_pkey",
        "ALTER TABLE build_packs ADD CONSTRAINT build_packs_pkey PRIMARY KEY (id)",
        f"ALTER TABLE build_packs ADD {key} FOREIGN KEY (workshop_id) REFERENCES workshops (id)"
        " ON DELETE CASCADE",
    ):
        await Workshop.raw(statement)
    assert await is_distributed()
    assert await distribute(project_engine())
    assert not await distribute(project_engine())
    assert await BuildPack.count() == 1
    checked = await run("workshops", "check")
    assert checked.code == 0, checked
