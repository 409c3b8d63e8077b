from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

from workshops.step_catalog import STEP_CATALOG


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T11:42:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Load the ten step definitions into an empty table"


async def load_step_definitions():
    """Load the catalogue, unless the table holds any definition: those are somebody's own."""
    await MigrationTable.raw("LOCK TABLE step_definitions IN SHARE ROW EXCLUSIVE MODE")
    values = ", ".join("({}, {}::integer, {}, {})" for _ in STEP_CATALOG)
    await MigrationTable.raw(
        'INSERT INTO step_definitions (id, "order", name, description)'
        f" SELECT * FROM (VALUES {values}) AS catalog"
        " WHERE NOT EXISTS (SELECT FROM step_definitions)",
        *(value for step in STEP_CATALOG for value in step),
    )


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops", description=DESCRIPTION
    )

    manager.add_raw(load_step_definitions)

    return manager
