"""Where all processes count how often an address has tried a password: ``workshops.admin.protection``.

Both statements may be run again, as those of the migrations before.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-24T19:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Count the attempts to log in, for all processes at once"


async def repair():
    """Install the table; one that is there stays as it is."""
    await MigrationTable.raw(
        """
        CREATE UNLOGGED TABLE IF NOT EXISTS workshops_admin.log_in_attempts (
            address bytea PRIMARY KEY,
            moments timestamptz[] NOT NULL,
            forgotten_at timestamptz NOT NULL
        )
        """
    )


async def missing():
    """Return the names of what ``repair`` would install and is not there."""
    [row] = await MigrationTable.raw(
        "SELECT to_regclass('workshops_admin.log_in_attempts') IS NULL AS gone"
    )
    return ["table log_in_attempts"] if row["gone"] else []


async def remove():
    await MigrationTable.raw("DROP TABLE IF EXISTS workshops_admin.log_in_attempts")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(repair)
    manager.add_raw_backwards(remove)

    return manager
