"""What is installed beside the six tables comes back, and is taken over from older versions."""

from __future__ import annotations

import asyncpg
import pytest

from tests.commands.running import run
from tests.conftest import Server
from workshops.database.migrations import missing_objects, project_engine
from workshops.tables import TABLES, Workshop

OURS = """
SELECT format('%s %s', relkind, c.oid::regclass) FROM pg_class c
WHERE relnamespace = 'workshops_admin'::regnamespace
UNION ALL
SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
    attnotnull, pg_get_expr(adbin, adrelid))
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'workshops_admin'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0
UNION ALL
SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE relnamespace = 'workshops_admin'::regnamespace
UNION ALL
SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE connamespace = 'workshops_admin'::regnamespace AND contype <> 'n'
UNION ALL
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'workshops_admin'::regnamespace
UNION ALL
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1
"""
"""Everything that the migrations of the admin make, in words."""


async def described(server: Server, database: str) -> list[str]:
    """What there is of ours in a database."""
    connection = await server.connect(database)
    try:
        return [row[0] for row in await connection.fetch(OURS)]
    finally:
        await connection.close()


async def change(server: Server, database: str, *statements: str) -> None:
    """Do what another program, or an older version of this one, did to a database."""
    connection: asyncpg.Connection = await server.connect(database)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("loss", "missing"),
    [
        ("DROP SCHEMA workshops_admin CASCADE", "table summaries"),
        ("DROP TABLE workshops_admin.changes", "table changes"),
        ("DROP TRIGGER admin_delete ON workshops", "trigger admin_delete of workshops"),
        ("DROP TABLE workshops_admin.notes", "table notes"),
        ("DROP TABLE workshops_admin.log_in_attempts", "table log_in_attempts"),
        ("DROP FUNCTION workshops_admin.followed_up CASCADE", "function followed_up"),
        (
            "ALTER TABLE workshops_admin.follow_ups DROP CONSTRAINT follow_ups_assigned_to_fkey",
            "foreign key of workshops_admin.follow_ups",
        ),
    ],
)
async def test_migrate_installs_what_was_dropped(
    server: Server, migrated_database: str, loss: str, missing: str
) -> None:
    """check names what is missing; migrate puts it back as it was, none being pending."""
    url = server.url(migrated_database)
    whole = await described(server, migrated_database)
    await change(server, migrated_database, loss)
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 1
    assert f"missing: {missing} (piccolo workshops migrate)" in check.out
    migrate = await run("workshops", "migrate", DATABASE_URL=url)
    assert migrate.code == 0, migrate
    assert await described(server, migrated_database) == whole
    assert (await run("workshops", "refresh", DATABASE_URL=url)).code == 0
    check = await run("workshops", "check", DATABASE_URL=url)
    assert check.code == 0, check


async def test_migrate_says_that_a_table_of_the_product_is_gone(
    server: Server, migrated_database: str
) -> None:
    """It has no rows to put back, and does not advise what was just run."""
    await change(server, migrated_database, "DROP TABLE sessions")
    migrate = await run("workshops", "migrate", DATABASE_URL=server.url(migrated_database))
    assert migrate.code == 1
    assert '"sessions" does not exist' in migrate.err
    assert "from a backup" in migrate.err


async def test_check_misses_each_trigger_of_a_table(database: str) -> None:
    """Whatever migration has made it can put it back."""
    triggers = await Workshop.raw(
        "SELECT tgname AS name, tgrelid::regclass::text AS table FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgrelid = ANY ({}::text[]::regclass[])",
        [table._meta.tablename for table in TABLES],
    )
    assert len(triggers) > 20
    for trigger in triggers:
        async with project_engine().transaction() as transaction:
            await Workshop.raw(f"DROP TRIGGER {trigger['name']} ON {trigger['table']}")
            assert f"trigger {trigger['name']} of {trigger['table']}" in await missing_objects()
            await transaction.rollback()  # type: ignore[no-untyped-call]


OLD_TRIGGERS = (
    ("workshop_summaries_insert", "workshops", "workshop_summaries_on_workshops"),
    ("workshop_summaries_change", "workshop_steps", "workshop_summaries_on_change"),
    ("workshop_summaries_order", "step_definitions", "workshop_summaries_on_order"),
    *(
        ("admin_audit", table, "admin_audit_write")
        for table in ("workshops", "build_packs", "piccolo_user", "admin_sessions")
    ),
    ("admin_audit_keep", "admin_audit_log", "admin_audit_keep"),
)


async def test_older_version_is_taken_over(server: Server, migrated_database: str) -> None:
    """Log-ins, second factors and the log move to the schema of ours, and old objects go."""
    whole = await described(server, migrated_database)
    admin_tables = ("admin_sessions", "admin_second_factors", "admin_audit_log")
    await change(
        server,
        migrated_database,
        *(f"ALTER TABLE workshops_admin.{table} SET SCHEMA public" for table in admin_tables),
        "DROP TRIGGER admin_audit_keep ON admin_audit_log",
        "DROP TRIGGER admin_audit_forget ON admin_audit_log",
        "DROP SCHEMA workshops_admin CASCADE",
        "INSERT INTO admin_audit_log (action, operator) VALUES ('logged_in', 'grace')",
        "CREATE TABLE workshop_summaries (workshop_id text)",
        "CREATE TABLE workshop_titles (workshop_id text)",
        "CREATE VIEW workshop_progress AS SELECT workshop_id FROM workshop_summaries",
        *(
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE 'an old trigger'; END $$;"
            f" CREATE TRIGGER {trigger} AFTER UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
            for trigger, table, function in OLD_TRIGGERS
        ),
        "CREATE FUNCTION workshop_title_parts(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "DELETE FROM migration WHERE app_name = 'workshops_admin' AND name >= '2026-11-24'",
        "INSERT INTO migration (app_name, name) SELECT 'workshops_admin', name FROM unnest(ARRAY ["
        " '2026-11-22T12:10:00:000000', '2026-11-22T15:20:00:000000']) AS name",
    )
    url = server.url(migrated_database)
    migrate = await run("workshops", "migrate", DATABASE_URL=url)
    assert "5 migrations were run." in migrate.out, migrate
    assert await described(server, migrated_database) == whole
    connection = await server.connect(migrated_database)
    try:
        assert await connection.fetchval("SELECT operator FROM workshops_admin.admin_audit_log")
        left = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname ~ '^(admin|workshop_(summaries|titles|progress))'"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname ~ '^(admin|workshop_)'"
            " UNION ALL SELECT name FROM migration WHERE app_name = 'workshops_admin'"
            " AND name BETWEEN '2026-11-22T12' AND '2026-11-24'"
        )
        assert left == []
    finally:
        await connection.close()
