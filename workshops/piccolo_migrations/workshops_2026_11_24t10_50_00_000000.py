from enum import Enum

from piccolo.constraints import Check
from piccolo.table import Table

from workshops.columns import SingleLineText
from workshops.database.building import PatientManager


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-24T10:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Allow steps that need regeneration"


async def work_on_them_again():
    """A step that needs regeneration is, for the version before, one in progress."""
    await MigrationTable.raw(
        "UPDATE workshop_steps SET status = 'in_progress', completed_at = NULL"
        " WHERE status = 'needs_regeneration'"
    )


async def forwards():
    manager = PatientManager(migration_id=ID, app_name="workshops", description=DESCRIPTION)

    manager.add_raw_backwards(work_on_them_again)

    manager.drop_constraint(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        constraint_name="workshop_steps_status_check",
        schema=None,
    )

    manager.add_constraint(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        constraint_name="workshop_steps_known_status_check",
        constraint_class=Check,
        params={
            "condition": "status IN ('not_started', 'in_progress', 'complete', 'needs_regeneration')"
        },
        schema=None,
    )

    # Nothing in the database: Piccolo keeps the choices of a column in its own record.
    manager.alter_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="status",
        db_column_name="status",
        params={
            "choices": Enum(
                "StepStatus",
                {
                    "not_started": "not_started",
                    "in_progress": "in_progress",
                    "complete": "complete",
                    "needs_regeneration": "needs_regeneration",
                },
            )
        },
        old_params={
            "choices": Enum(
                "StepStatus",
                {
                    "not_started": "not_started",
                    "in_progress": "in_progress",
                    "complete": "complete",
                },
            )
        },
        column_class=SingleLineText,
        old_column_class=SingleLineText,
        schema=None,
    )

    return manager
