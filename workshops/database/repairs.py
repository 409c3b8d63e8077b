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

from workshops.database.building import Rule, missing_rules
from workshops.database.distribution import is_distributed
from workshops.tables import Workshop


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


async def missing_constraints() -> dict[Rule, bool | None]:
    """Return the constraints and indexes of the six tables that are not there, or only half."""
    return {} if await is_distributed() else await missing_rules()


async def repair() -> None:
    """Install what is missing, where the migrations have been run."""
    for rule, valid in (await missing_constraints()).items():
        for statement in rule.statements(valid=valid, concurrently=False):
            await Workshop.raw(statement)
    for migration in _repairing():
        if await migration.missing() and not await is_distributed():
            await migration.repair()
