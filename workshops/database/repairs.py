"""What migrations installed beside the tables, and another program may have dropped.

``drizzle-kit push`` drops what it does not know. A migration that can put such things
back has two functions: ``missing`` names them, ``repair`` installs them again. Each puts
back its own, after those before it. The constraints and indexes of the six tables are put
back as their classes say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from piccolo.apps.migrations.commands.base import BaseMigrationManager

from workshops.database.distribution import is_distributed
from workshops.tables import INDEXES, TABLES, Workshop


def _repairing() -> Iterator[Any]:
    """Yield the migrations that can be repaired, as modules, in their order."""
    manager = BaseMigrationManager()
    for app_name in manager.get_sorted_app_names():
        folder = manager.get_app_config(app_name).resolved_migrations_folder_path
        modules = manager.get_migration_modules(folder)
        for id in manager.get_migration_ids(modules):
            if hasattr(modules[id], "repair"):
                yield modules[id]


async def missing_objects() -> list[str]:
    """Return the names of what is missing, where it can be there. It only reads."""
    if await is_distributed():
        return []
    return [name for migration in _repairing() for name in await migration.missing()]


async def missing_constraints() -> list[str]:
    """Return the statements that put back constraints and indexes of the six tables."""
    if await is_distributed():
        return []
    statements = {
        constraint._meta.name: (
            f"ALTER TABLE {table._meta.tablename} ADD CONSTRAINT"
            f" {constraint._meta.name} {constraint.ddl}"
        )
        for table in TABLES
        for constraint in table._meta.constraints
    } | {statement.partition(" ON ")[0].split()[-1]: statement for statement in INDEXES}
    # The index of a unique constraint has the constraint's name.
    names = await Workshop.raw(
        "SELECT name FROM unnest({}::text[]) AS name WHERE to_regclass(name) IS NULL"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = name"
        " AND conrelid::regclass::text = ANY ({}::text[]))",
        [*statements],
        [table._meta.tablename for table in TABLES],
    )
    return [statements[row["name"]] for row in names]


async def repair() -> None:
    """Install what is missing, where the migrations have been run."""
    for statement in await missing_constraints():
        await Workshop.raw(statement)
    for migration in _repairing():
        if await migration.missing() and not await is_distributed():
            await migration.repair()
