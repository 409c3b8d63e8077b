"""The read-only list of progress: see WorkshopProgress in workshops/admin/tables.py."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T12:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Create the view of every workshop's progress"

# The title is looked up, not joined: so a page is sorted and cut to its few rows
# among the narrow summaries, before any workshop is read.
VIEW = """
CREATE VIEW workshop_progress AS
SELECT s.workshop_id AS id,
    (SELECT w.title FROM workshops w WHERE w.id = s.workshop_id) AS title,
    s.clerk_user_id,
    s.org_id,
    s.status,
    NULLIF(s.current_step_id, '') AS current_step_id,
    s.steps_complete,
    s.steps_total,
    s.progress,
    s.last_activity_at,
    s.created_at
FROM workshop_summaries s
"""


async def create_view():
    await MigrationTable.raw(VIEW)


async def drop_view():
    await MigrationTable.raw("DROP VIEW IF EXISTS workshop_progress")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(create_view)
    manager.add_raw_backwards(drop_view)

    return manager
