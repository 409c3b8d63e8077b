"""The schema that the migrations build, and how they are run."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.commands.running import PROJECT, Result, run, run_program
from tests.commands.serving import free_port
from tests.conftest import Server
from tests.database.test_adoption import contents
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import BuildPack

# What earlier versions made of a database, by version: SQL.
VERSIONS = {
    path.stem: path.read_text() for path in sorted((Path(__file__).parent / "versions").glob("*"))
}


async def tables_of(server: Server, database: str) -> set[str]:
    """The names of the tables and views in a database."""
    connection = await server.connect(database)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v', 'm')"
        )
    finally:
        await connection.close()
    return {row["relname"] for row in rows}


async def test_piccolo_builds_the_schema_from_nothing_and_removes_it(
    server: Server, empty_database: str
) -> None:
    """forwards all makes the tables, auto finds nothing left to do, backwards removes them."""
    url = server.url(empty_database)
    result = await run("migrations", "forwards", "all", DATABASE_URL=url)
    assert result.code == 0, result
    assert {
        "workshops",
        "workshop_members",
        "step_definitions",
        "workshop_steps",
        "sessions",
        "build_packs",
        "piccolo_user",
    } <= await tables_of(server, empty_database)

    check = await run("workshops", "check", DATABASE_URL=url)
    assert (check.code, check.err) == (0, ""), check

    for app in ("workshops", "workshops_admin"):
        result = await run("migrations", "new", app, "--auto", DATABASE_URL=url)
        assert "No changes detected" in result.out, result

    result = await run("migrations", "backwards", "all", "all", "--auto_agree", DATABASE_URL=url)
    assert result.code == 0, result
    assert await tables_of(server, empty_database) == {"migration"}


async def test_any_number_of_migrations_at_once_all_succeed(
    server: Server, empty_database: str
) -> None:
    """Four processes started together on an empty database migrate it once."""
    url = server.url(empty_database)
    results = await asyncio.gather(
        *(run("workshops", "migrate", DATABASE_URL=url) for _ in range(4))
    )
    assert [result.code for result in results] == [0] * 4, results
    assert sum("migrations were run" in result.out for result in results) == 1
    assert sum("Nothing to do" in result.out for result in results) == 3


async def test_the_ten_definitions_are_loaded_in_order(
    server: Server, migrated_database: str
) -> None:
    """The migrations make of an empty database what ``step_catalog`` says."""
    url = server.url(migrated_database)
    connection = await server.connect(migrated_database)
    rows = await connection.fetch(
        'SELECT id, "order", name, description FROM step_definitions ORDER BY "order"'
    )
    assert [tuple(row) for row in rows] == [tuple(step) for step in STEP_CATALOG]

    await connection.execute("UPDATE step_definitions SET name = 'Listen' WHERE id = 'empathize'")
    await connection.execute("DELETE FROM step_definitions WHERE id = 'pack'")
    await connection.execute("DELETE FROM migration WHERE name = '2026-11-22T11:42:30:000000'")
    again = await run("workshops", "migrate", DATABASE_URL=url)
    assert again.code == 0, again
    assert await connection.fetchval("SELECT count(*) FROM step_definitions") == (
        len(STEP_CATALOG) - 1
    )
    assert await connection.fetchval("SELECT name FROM step_definitions WHERE id='empathize'") == (
        "Listen"
    )
    await connection.close()


async def test_a_migration_killed_in_the_middle_leaves_nothing_behind(
    server: Server, empty_database: str
) -> None:
    """The run is one transaction: ending its connection undoes all of it."""
    url = server.url(empty_database)
    connection = await server.connect(empty_database)
    # The run waits here, halfway: its first app is done, piccolo_user cannot be created.
    await connection.execute("BEGIN; CREATE TABLE piccolo_user (id int)")
    observer = await server.connect("postgres")
    running = asyncio.create_task(run("workshops", "migrate", DATABASE_URL=url))
    waiting = None
    while waiting is None and not running.done():
        waiting = await observer.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'",
            empty_database,
        )
    assert waiting is not None, running.result()
    await observer.execute("SELECT pg_terminate_backend($1)", waiting)
    await observer.close()
    result = await running
    assert result.code != 0
    await connection.execute("ROLLBACK")
    assert await tables_of(server, empty_database) <= {"migration"}
    await connection.close()

    assert (await run("workshops", "migrate", DATABASE_URL=url)).code == 0


async def test_check_names_every_difference(server: Server, migrated_database: str) -> None:
    """check lists what differs in columns, defaults, keys, CHECKs and indexes, and exits with 1."""
    url = server.url(migrated_database)
    connection = await server.connect(migrated_database)
    (check,) = (constraint._meta.name for constraint in BuildPack._meta.constraints)
    for statement in (
        "ALTER TABLE workshops ALTER status DROP DEFAULT",
        "ALTER TABLE workshops ALTER org_id SET NOT NULL",
        "ALTER TABLE build_packs ALTER updated_at TYPE timestamp(6)",
        "ALTER TABLE sessions ADD note text",
        f"ALTER TABLE build_packs DROP CONSTRAINT {check}",
        f"ALTER TABLE build_packs ADD CONSTRAINT {check}"
        " CHECK (format_type IN ('markdown', 'pdf'))",
        "DROP INDEX workshop_steps_status",
        "ALTER TABLE workshop_steps DROP CONSTRAINT workshop_steps_step_id_fkey",
        "DELETE FROM migration WHERE app_name = 'workshops_admin'",
    ):
        await connection.execute(statement)
    await connection.close()
    result = await run("workshops", "check", DATABASE_URL=url)
    assert result.code == 1
    for expected in (
        "workshops.status: expected text not null default 'draft'::text, found text not null",
        "workshops.org_id: expected text, found text not null",
        "found timestamp(6) without time zone not null",
        "columns of another application: sessions.note",
        "build_packs: expected check",
        "workshop_steps: expected index using btree (status), found nothing",
        "workshop_steps: expected foreign key (step_id) references step_definitions (id)"
        " on delete cascade on update no action, found nothing",
        "pending in workshops_admin",
    ):
        assert expected in result.out


async def test_check_ends_quietly_where_its_output_does(
    migrated_database: str, server: Server
) -> None:
    """`check | head` prints no traceback."""
    result = await run_program(
        "bash",
        "-c",
        f"{sys.executable} -m piccolo.main workshops check | true",
        DATABASE_URL=server.url(migrated_database),
    )
    assert result == (0, "", "")


async def test_a_dependency_that_an_app_does_not_name_is_what_it_is_told(
    server: Server, empty_database: str, tmp_path: Path
) -> None:
    """An application's own app that forgot migration_dependencies; nothing is changed."""
    app = tmp_path / "notes"
    (app / "piccolo_migrations").mkdir(parents=True)
    (app / "__init__.py").touch()
    (app / "piccolo_migrations/__init__.py").touch()
    (app / "piccolo_app.py").write_text(
        "from pathlib import Path\n"
        "from piccolo.conf.apps import AppConfig\n"
        "APP_CONFIG = AppConfig(app_name='notes', table_classes=[],\n"
        "    migrations_folder_path=Path(__file__).parent / 'piccolo_migrations')\n"
    )
    (app / "piccolo_migrations/notes_2026_11_01t10_00_00_000000.py").write_text(
        "from piccolo.apps.migrations.auto.migration_manager import MigrationManager\n"
        "from piccolo.table import Table\n"
        "ID = '2026-11-01T10:00:00:000000'\n"
        "async def create():\n"
        "    await Table.raw('CREATE TABLE notes (workshop_id text REFERENCES workshops)')\n"
        "async def forwards():\n"
        "    manager = MigrationManager(migration_id=ID, app_name='notes', description='')\n"
        "    manager.add_raw(create)\n"
        "    return manager\n"
    )
    (tmp_path / "piccolo_conf.py").write_text(
        "from piccolo.conf.apps import AppRegistry\n"
        "from workshops.database import DatabaseEngine, DatabaseSettings, read_settings\n"
        "DB = DatabaseEngine(read_settings(DatabaseSettings))\n"
        "APP_REGISTRY = AppRegistry(apps=['notes.piccolo_app', 'workshops.piccolo_app'])\n"
    )

    async def piccolo_workshops(*arguments: str) -> Result:
        command = (sys.executable, "-W", "ignore", "-m", "piccolo.main", "workshops", *arguments)
        return await run_program(
            *command,
            directory=tmp_path,
            PYTHONPATH=f"{tmp_path}:{PROJECT}",
            DATABASE_URL=server.url(empty_database),
        )

    result = await piccolo_workshops("migrate")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        'A migration of notes failed and nothing was changed: relation "workshops" does not '
        "exist. If another app makes it, name that app in migration_dependencies of notes's "
        "AppConfig.\n"
    )

    config = app / "piccolo_app.py"
    dependent = "migration_dependencies=['workshops.piccolo_app'], table_classes"
    config.write_text(config.read_text().replace("table_classes", dependent))
    result = await piccolo_workshops("migrate")
    assert result.code == 0, result

    # The operators' site has tables of its own, which no migration of these apps can make.
    for command in (("operator", "list"), ("serve", f"--port={free_port()}")):
        result = await piccolo_workshops(*command)
        assert result.code == 1
        assert "does not register workshops.admin.piccolo_app and piccolo.apps.user" in result.err


async def test_check_counts_the_rows_that_break_an_invariant(
    server: Server, migrated_database: str
) -> None:
    """Each broken rule is told with the number of rows and some of their ids."""
    url = server.url(migrated_database)
    connection = await server.connect(migrated_database)
    await connection.execute(
        "INSERT INTO workshops (id, clerk_user_id, title, original_idea, status, visibility)"
        " VALUES ('ws_1', 'u', 't', 'i', 'completed', 'shared'),"
        " ('ws_2', 'u', 't', 'i', 'draft', 'private');"
        "INSERT INTO workshop_steps (id, workshop_id, step_id, status) VALUES"
        " ('wst_1', 'ws_1', 'empathize', 'complete'), ('wst_2', 'ws_1', 'define', 'in_progress');"
        "INSERT INTO sessions (id, workshop_id, started_at, ended_at) VALUES"
        " ('ses_1', 'ws_1', '2026-01-02', '2026-01-01')"
    )
    await connection.close()
    result = await run("workshops", "check", DATABASE_URL=url)
    assert result.code == 1
    for expected in (
        "1 workshops lack the row of a step: ws_2",
        "2 workshops have no owner among their members: ws_1, ws_2",
        "1 workshops are completed while a step is not complete: ws_1",
        "1 workshops are shared without a share token: ws_1",
        "1 steps are complete without completed_at: wst_1",
        "1 steps are in progress without started_at: wst_2",
        "1 sessions ended before they began: ses_1",
    ):
        assert expected in result.out


async def test_check_needs_no_right_to_create_anything_lasting(
    server: Server, migrated_database: str
) -> None:
    """A role that may only read and make temporary tables can check."""
    connection = await server.connect(migrated_database)
    await connection.execute(
        "REVOKE CREATE ON SCHEMA public FROM pg_database_owner, PUBLIC;"
        f"REVOKE CREATE ON DATABASE {migrated_database} FROM CURRENT_USER, PUBLIC"
    )
    if await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await connection.close()
        pytest.skip("TEST_DATABASE_URL names a superuser, from whom no right can be taken")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE scratch ()")
    await connection.close()
    result = await run("workshops", "check", DATABASE_URL=server.url(migrated_database))
    assert result.code == 0, result


async def test_a_missing_schema_is_told_in_a_sentence(server: Server, empty_database: str) -> None:
    """check on an empty database lists missing tables and pending migrations."""
    result = await run("workshops", "check", DATABASE_URL=server.url(empty_database))
    assert result.code == 1
    assert "table workshops: expected the table, found nothing" in result.out
    assert "Run the pending migrations with: piccolo workshops migrate" in result.out
    assert "Traceback" not in result.out + result.err


async def test_piccolo_lists_each_migration_once(server: Server, migrated_database: str) -> None:
    """No app is in the registry twice, under two paths."""
    result = await run("migrations", "check", DATABASE_URL=server.url(migrated_database))
    lines = [line for line in result.out.splitlines() if " | " in line]
    assert len(lines) > 5
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("app", ["workshops", "workshops_admin"])
async def test_migrations_run_backwards_and_forwards_over_rows(
    server: Server, migrated_database: str, app: str
) -> None:
    """One by one, down to the tables themselves; the rows of the six are what they were."""
    url = server.url(migrated_database)
    assert (await run("workshops", "demo", "--count=5", DATABASE_URL=url)).code == 0
    before = await contents(server, migrated_database)
    connection = await server.connect(migrated_database)
    query = "SELECT array_agg(name ORDER BY name DESC) FROM migration WHERE app_name = $1"
    ids = await connection.fetchval(query, app)
    for id in ids[:-1]:
        result = await run("migrations", "backwards", app, id, "--auto_agree", DATABASE_URL=url)
        assert result.code == 0, result
    assert await connection.fetchval(query, app) == ids[-1:]
    await connection.close()
    assert await contents(server, migrated_database) == before
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    assert await contents(server, migrated_database) == before


async def test_a_step_that_needs_regeneration_is_in_progress_for_the_version_before(
    server: Server, migrated_database: str
) -> None:
    """Going back finds another word for it, so that the older CHECK takes the rows."""
    url = server.url(migrated_database)
    assert (await run("workshops", "demo", "--count=5", DATABASE_URL=url)).code == 0
    connection = await server.connect(migrated_database)
    id = await connection.fetchval(
        "UPDATE workshop_steps SET status = 'needs_regeneration' WHERE id ="
        " (SELECT id FROM workshop_steps WHERE status = 'complete' LIMIT 1) RETURNING id"
    )
    arguments = ("workshops", "2026-11-24T10:50:00:000000", "--auto_agree")
    result = await run("migrations", "backwards", *arguments, DATABASE_URL=url)
    assert result.code == 0, result
    row = await connection.fetchrow("SELECT * FROM workshop_steps WHERE id = $1", id)
    assert (row["status"], row["completed_at"]) == ("in_progress", None)
    await connection.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_an_earlier_version_made_becomes_what_this_one_makes(
    server: Server, empty_database: str, version: str
) -> None:
    """Its rows and operators stay, check is clean, and nothing of the old schema is left over."""
    connection = await server.connect(empty_database)
    await connection.execute(VERSIONS[version])
    await connection.execute("RESET search_path")
    operators = await connection.fetch("SELECT * FROM piccolo_user")
    before = await contents(server, empty_database)
    url = server.url(empty_database)
    result = await run("workshops", "migrate", DATABASE_URL=url)
    assert result.code == 0, result
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check
    assert "another application" not in check.out
    # But for the steps that a version since has added, and the places of those behind them.
    theirs = [json.loads(row)["id"] for row in before["step_definitions"]]
    query = 'DELETE FROM step_definitions WHERE id <> ALL ($1) RETURNING "order" AS place'
    added = sorted((row["place"] for row in await connection.fetch(query, theirs)), reverse=True)
    for place in added:
        query = 'UPDATE step_definitions SET "order" = "order" - 1 WHERE "order" > $1'
        await connection.execute(query, place)
    assert await contents(server, empty_database) == before
    assert await connection.fetch("SELECT * FROM piccolo_user") == operators
    await connection.close()
