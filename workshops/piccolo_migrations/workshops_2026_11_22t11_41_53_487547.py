from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from workshops.database.migrations import MigrationBlockedError


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T11:41:53:487547"
VERSION = "1.38.0"
DESCRIPTION = "Add the constraints beyond the Drizzle design"

# Constraint, table, how its breaking rows are found. The statements name the rows
# themselves, so that whoever runs the migration can look at them.
BREAKING_ROWS = (
    (
        "workshops_status_check",
        "workshops",
        "status NOT IN ('draft', 'active', 'paused', 'completed')",
    ),
    (
        "workshops_visibility_check",
        "workshops",
        "visibility NOT IN ('private', 'shared')",
    ),
    (
        "workshops_share_token_unique",
        "workshops",
        "share_token IN (SELECT share_token FROM workshops GROUP BY 1 HAVING count(*) > 1)",
    ),
    (
        "workshop_steps_status_check",
        "workshop_steps",
        "status NOT IN ('not_started', 'in_progress', 'complete', 'needs_regeneration')",
    ),
    (
        "workshop_steps_output_check",
        "workshop_steps",
        "jsonb_typeof(output) <> 'object'",
    ),
    (
        "workshop_steps_workshop_step_unique",
        "workshop_steps",
        "(workshop_id, step_id) IN (SELECT workshop_id, step_id FROM workshop_steps"
        " GROUP BY 1, 2 HAVING count(*) > 1)",
    ),
    (
        "build_packs_format_type_check",
        "build_packs",
        "format_type NOT IN ('markdown', 'pdf', 'json')",
    ),
    (
        "sessions_one_open_per_workshop",
        "sessions",
        "ended_at IS NULL AND workshop_id IN (SELECT workshop_id FROM sessions"
        " WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1)",
    ),
)

TIMESTAMP_DEFAULTS = (
    ("workshops", "created_at"),
    ("workshops", "updated_at"),
    ("workshop_members", "created_at"),
    ("step_definitions", "created_at"),
    ("step_definitions", "updated_at"),
    ("workshop_steps", "created_at"),
    ("workshop_steps", "updated_at"),
    ("sessions", "started_at"),
    ("sessions", "created_at"),
    ("build_packs", "created_at"),
    ("build_packs", "updated_at"),
)


async def stop_if_rows_break_a_constraint():
    """Say what stands in the way before anything is changed."""
    problems = []
    for constraint, table, condition in BREAKING_ROWS:
        rows = await MigrationTable.raw(f"SELECT count(*) FROM {table} WHERE {condition}")
        if count := rows[0]["count"]:
            problems.append(
                f"{constraint}: {count} {'row breaks' if count == 1 else 'rows break'} it. "
                f"Find them with: SELECT * FROM {table} WHERE {condition}"
            )
    if problems:
        raise MigrationBlockedError(
            "Existing rows break constraints that this migration adds; nothing was changed. "
            "Correct the rows and run the migrations again.\n  " + "\n  ".join(problems)
        )


async def align_an_adopted_database():
    """Bring what the Drizzle design created in line; nothing happens to our own tables.

    Constraints of ours are there if the record of our migrations was lost.
    """
    for constraint, table, _ in BREAKING_ROWS:
        if constraint != "sessions_one_open_per_workshop":
            await MigrationTable.raw(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
    foreign_keys = await MigrationTable.raw(
        "SELECT conname, conrelid::regclass::text AS table, confrelid::regclass::text AS parent,"
        " a.attname AS column FROM pg_constraint"
        " JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]"
        " WHERE contype = 'f' AND conrelid IN ('workshop_members'::regclass,"
        " 'workshop_steps'::regclass, 'sessions'::regclass, 'build_packs'::regclass)"
        " AND (confdeltype <> 'c' OR confupdtype <> 'a') AND a.attname <> 'step_id'"
    )
    for key in foreign_keys:
        await MigrationTable.raw(
            f'ALTER TABLE {key["table"]} DROP CONSTRAINT "{key["conname"]}",'
            f' ADD CONSTRAINT "{key["conname"]}" FOREIGN KEY ("{key["column"]}")'
            f' REFERENCES {key["parent"]} ("id") ON DELETE CASCADE ON UPDATE NO ACTION'
        )
    for table, column in TIMESTAMP_DEFAULTS:
        await MigrationTable.raw(
            f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT (now() AT TIME ZONE 'utc')"
        )


async def allow_one_open_session():
    """Add a partial index, which Piccolo cannot declare."""
    await MigrationTable.raw(
        "CREATE UNIQUE INDEX IF NOT EXISTS sessions_one_open_per_workshop"
        " ON sessions (workshop_id) WHERE ended_at IS NULL"
    )


async def allow_several_open_sessions():
    await MigrationTable.raw("DROP INDEX IF EXISTS sessions_one_open_per_workshop")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops", description=DESCRIPTION
    )

    manager.add_raw(stop_if_rows_break_a_constraint)
    manager.add_raw(align_an_adopted_database)
    manager.add_raw(allow_one_open_session)
    manager.add_raw_backwards(allow_several_open_sessions)

    manager.add_constraint(
        table_class_name="Workshop",
        tablename="workshops",
        constraint_name="workshops_share_token_unique",
        constraint_class=Unique,
        params={"columns": ["share_token"], "nulls_distinct": True},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="Workshop",
        tablename="workshops",
        constraint_name="workshops_status_check",
        constraint_class=Check,
        params={
            "condition": "status IN ('draft', 'active', 'paused', 'completed')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="Workshop",
        tablename="workshops",
        constraint_name="workshops_visibility_check",
        constraint_class=Check,
        params={"condition": "visibility IN ('private', 'shared')"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        constraint_name="workshop_steps_output_check",
        constraint_class=Check,
        params={"condition": "jsonb_typeof(output) = 'object'"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        constraint_name="workshop_steps_status_check",
        constraint_class=Check,
        # A database that the other application has used for a while holds the fourth one too.
        params={
            "condition": "status IN ('not_started', 'in_progress', 'complete', 'needs_regeneration')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        constraint_name="workshop_steps_workshop_step_unique",
        constraint_class=Unique,
        params={"columns": ["workshop_id", "step_id"], "nulls_distinct": True},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="BuildPack",
        tablename="build_packs",
        constraint_name="build_packs_format_type_check",
        constraint_class=Check,
        params={"condition": "format_type IN ('markdown', 'pdf', 'json')"},
        schema=None,
    )

    return manager
