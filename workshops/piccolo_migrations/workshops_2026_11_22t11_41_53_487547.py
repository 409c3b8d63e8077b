from piccolo.constraints import Check, Unique
from piccolo.table import Table

from workshops.database.building import (
    PatientManager,
    statements_for_keys,
    stop_if_rows_break_a_rule,
)


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T11:41:53:487547"
VERSION = "1.38.0"
DESCRIPTION = "Add the constraints beyond the Drizzle design"

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


async def align_an_adopted_database():
    """Bring what the Drizzle design created in line; nothing happens to our own tables."""
    for statement in await statements_for_keys():
        await MigrationTable.raw(statement)
    for table, column in TIMESTAMP_DEFAULTS:
        await MigrationTable.raw(
            f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT (now() AT TIME ZONE 'utc')"
        )


async def leave_the_status_to_its_successor():
    """Not look through all steps for a CHECK that a later migration replaces, if that is there."""
    await MigrationTable.raw(
        """
        DO $do$
        BEGIN
            IF EXISTS (
                SELECT FROM pg_constraint WHERE conname = 'workshop_steps_known_status_check'
                AND conrelid = 'workshop_steps'::regclass
            ) AND NOT EXISTS (
                SELECT FROM pg_constraint WHERE conname = 'workshop_steps_status_check'
                AND conrelid = 'workshop_steps'::regclass
            ) THEN
                ALTER TABLE workshop_steps ADD CONSTRAINT workshop_steps_status_check
                    CHECK (status IN ('not_started', 'in_progress', 'complete',
                        'needs_regeneration')) NOT VALID;
            END IF;
        END $do$
        """
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
    manager = PatientManager(
        migration_id=ID, app_name="workshops", description=DESCRIPTION
    )

    manager.add_raw(stop_if_rows_break_a_rule)
    manager.add_raw(align_an_adopted_database)
    manager.add_raw(leave_the_status_to_its_successor)
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
