"""What operators keep beside the workshops: notes, follow-ups, and named views of the board.

No key points at a table of the product: its writers never wait for what is kept here. What
belongs to a deleted workshop is removed by the folder of the change log
(``workshops.projection``), which hears of every write here too. Every statement may be run
again, as those of the migration before.
"""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-24T14:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Keep operators' notes, follow-ups and views of the board"

TABLES = {
    "notes": """
        id text PRIMARY KEY,
        workshop_id text NOT NULL,
        text text NOT NULL,
        author text NOT NULL,
        created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'utc')
    """,
    "follow_ups": """
        id text PRIMARY KEY,
        assigned_to integer,
        contacted_on date,
        updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'utc')
    """,
    "saved_views": """
        id text PRIMARY KEY,
        owner_id integer,
        name text NOT NULL,
        query text NOT NULL,
        shared boolean NOT NULL DEFAULT false,
        created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        CONSTRAINT saved_views_owner_id_name UNIQUE (owner_id, name)
    """,
}

INDEXES = (
    "CREATE INDEX IF NOT EXISTS notes_workshop_id ON workshops_admin.notes (workshop_id)",
    "CREATE INDEX IF NOT EXISTS notes_created_at ON workshops_admin.notes (created_at)",
    "CREATE INDEX IF NOT EXISTS follow_ups_assigned_to ON workshops_admin.follow_ups (assigned_to)",
    "CREATE INDEX IF NOT EXISTS follow_ups_updated_at ON workshops_admin.follow_ups (updated_at)",
)

# A deleted operator is assigned to nothing, and leaves the views that others share.
OPERATORS = {"follow_ups": "assigned_to", "saved_views": "owner_id"}

# The number of an operator may be that of an earlier one, whose table was dropped.
KEY = """
DO $do$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'workshops_admin.{table}'::regclass AND contype = 'f'
    ) THEN
        UPDATE workshops_admin.{table} SET {column} = NULL;
        ALTER TABLE workshops_admin.{table} ADD FOREIGN KEY ({column})
            REFERENCES piccolo_user (id) ON DELETE SET NULL;
    END IF;
END $do$
"""

# The entry of the change log comes with the note: where the workshop was deleted at the same
# moment, the folder sees both, and whoever looks at the workshop sees the note.
FUNCTION = """
CREATE OR REPLACE FUNCTION workshops_admin.followed_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    workshop text := COALESCE(to_jsonb(NEW), to_jsonb(OLD)) ->> TG_ARGV[0];
BEGIN
    PERFORM workshops_admin.audit_write(TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    PERFORM workshops_admin.append_change(workshop, workshop);
    RETURN NULL;
END $$
"""

TRIGGERS = {
    "notes": "followed_up('workshop_id')",
    "follow_ups": "followed_up('id')",
    "saved_views": "audit_row()",
}


async def run(statement: str, *arguments: object) -> Any:
    # Piccolo takes braces for places of arguments.
    if not arguments:
        statement = statement.replace("{", "{{").replace("}", "}}")
    return await MigrationTable.raw(statement, *arguments)


async def repair():
    """Install everything; what is there stays as it is."""
    for table, columns in TABLES.items():
        await run(f"CREATE TABLE IF NOT EXISTS workshops_admin.{table} ({columns})")
    for statement in INDEXES:
        await run(statement)
    for table, column in OPERATORS.items():
        await run(KEY.replace("{table}", table).replace("{column}", column))
    await run(FUNCTION)
    for table, function in TRIGGERS.items():
        await run(
            "CREATE OR REPLACE TRIGGER admin_audit AFTER INSERT OR UPDATE OR DELETE"
            f" ON workshops_admin.{table} FOR EACH ROW"
            " WHEN (current_setting('workshops.operator', true) <> '')"
            f" EXECUTE FUNCTION workshops_admin.{function}"
        )


async def missing():
    """Return the names of what ``repair`` would install and is not there."""
    rows = await run(
        "SELECT 'table ' || name AS thing FROM unnest({}::text[]) AS name"
        " WHERE to_regclass('workshops_admin.' || name) IS NULL"
        " UNION ALL SELECT 'function followed_up'"
        " WHERE to_regproc('workshops_admin.followed_up') IS NULL"
        " UNION ALL SELECT 'trigger admin_audit of workshops_admin.' || name"
        " FROM unnest({}::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_trigger"
        " WHERE tgname = 'admin_audit' AND tgrelid = to_regclass('workshops_admin.' || name))"
        " UNION ALL SELECT 'foreign key of workshops_admin.' || name"
        " FROM unnest({}::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = to_regclass('workshops_admin.' || name))",
        list(TABLES),
        list(TRIGGERS),
        list(OPERATORS),
    )
    return [row["thing"] for row in rows]


async def remove():
    for table in TABLES:
        await run(f"DROP TABLE IF EXISTS workshops_admin.{table}")
    await run("DROP FUNCTION IF EXISTS workshops_admin.followed_up")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(repair)
    manager.add_raw_backwards(remove)

    return manager
