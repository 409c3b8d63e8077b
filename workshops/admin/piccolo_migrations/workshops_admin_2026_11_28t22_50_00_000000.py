"""Find the first and the last by progress at each stage: ``workshops.admin.progress``.

The index keeps its name, so that the migration which made it first finds it there. The
release before sorts more slowly by progress as soon as it is the new one.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-28T22:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Index the progress by stage"

BY_STAGE = "(status, current_step_id, progress, last_activity_at, workshop_id, created_at)"
BEFORE = "(progress, last_activity_at, workshop_id, status, current_step_id, created_at)"

DROP = "DROP INDEX IF EXISTS workshops_admin.summaries_by_progress"
CREATE = "CREATE INDEX IF NOT EXISTS summaries_by_progress ON workshops_admin.summaries "

# The board takes for granted that a workshop has had no activity before its creation.
COMPUTE_ANEW = """
INSERT INTO workshops_admin.changes (workshop_id)
SELECT workshop_id FROM workshops_admin.summaries WHERE last_activity_at < created_at
"""


async def repair():
    """Make the index, in place of another one of its name."""
    for statement in (DROP, CREATE + BY_STAGE, COMPUTE_ANEW):
        await MigrationTable.raw(statement)


async def missing():
    """Return the names of what ``repair`` would install and is not there."""
    [row] = await MigrationTable.raw(
        "SELECT COALESCE(pg_get_indexdef(to_regclass({})), '') LIKE {} AS there",
        "workshops_admin.summaries_by_progress",
        f"% {BY_STAGE}",
    )
    return [] if row["there"] else ["index summaries_by_progress"]


async def remove():
    for statement in (DROP, CREATE + BEFORE):
        await MigrationTable.raw(statement)


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(repair)
    manager.add_raw_backwards(remove)

    return manager
