"""What migrations installed beside the tables, and another program may have dropped.

``drizzle-kit push`` drops what it does not know. A migration that can put such things
back has two functions: ``missing`` names them, ``repair`` installs them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from piccolo.apps.migrations.commands.base import BaseMigrationManager


def _repairing() -> Iterator[Any]:
    """Yield the newest migration of each app that can be repaired, as a module."""
    manager = BaseMigrationManager()
    for app_name in manager.get_sorted_app_names():
        folder = manager.get_app_config(app_name).resolved_migrations_folder_path
        modules = manager.get_migration_modules(folder)
        for id in reversed(manager.get_migration_ids(modules)):
            if hasattr(modules[id], "repair"):
                yield modules[id]
                break


async def missing_objects() -> list[str]:
    """Return the names of what is missing. It only reads."""
    return [name for migration in _repairing() for name in await migration.missing()]


async def repair() -> None:
    """Install what is missing, where the migrations have been run."""
    for migration in _repairing():
        if await migration.missing():
            await migration.repair()
