"""Migrations, all or nothing, by one process at a time."""

from __future__ import annotations

import contextlib
import io
import logging
from dataclasses import dataclass

from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine

logger = logging.getLogger(__name__)

# Any constant will do; this one is "workshop" in ASCII.
_LOCK = 0x776F726B73686F70


class MigrationBlockedError(Exception):
    """A migration cannot run on the rows that are there. Nothing was changed."""


@dataclass(frozen=True)
class PendingMigration:
    """A migration that has not been run on this database."""

    app_name: str
    id: str
    description: str


def project_engine() -> PostgresEngine:
    """Return the PostgreSQL engine of the project's ``piccolo_conf``."""
    engine = engine_finder()
    if not isinstance(engine, PostgresEngine):
        raise TypeError("piccolo_conf.py must define DB as a PostgresEngine.")
    return engine


async def pending_migrations() -> list[PendingMigration]:
    """Return what ``run_migrations`` would run, in order. It only reads."""
    manager = BaseMigrationManager()
    done: set[tuple[str, str]] = set()
    if await Migration.table_exists():
        rows = await Migration.select(Migration.app_name, Migration.name)
        done = {(row["app_name"], row["name"]) for row in rows}
    return [
        PendingMigration(app_name, id, getattr(modules[id], "DESCRIPTION", ""))
        for app_name in manager.get_sorted_app_names()
        for modules in [
            manager.get_migration_modules(
                manager.get_app_config(app_name).resolved_migrations_folder_path
            )
        ]
        for id in manager.get_migration_ids(modules)
        if (app_name, id) not in done
    ]


async def run_migrations() -> list[PendingMigration]:
    """Run every pending migration of every app, and return those that were run.

    All of them run in one transaction under one advisory lock: of several callers
    one migrates and the others wait and find nothing to do, and a process killed
    in the middle leaves the database as it was. (Piccolo records a migration
    outside the migration's own transaction, and two runs at once fail with a
    duplicate key.)

    Raises:
        MigrationBlockedError: existing rows stand in the way.
        DatabaseUnavailableError: there is no database.
    """
    async with project_engine().transaction():
        await Migration.raw("SELECT pg_advisory_xact_lock({}::bigint)", _LOCK)
        pending = await pending_migrations()
        for app_name in dict.fromkeys(migration.app_name for migration in pending):
            # Piccolo prints its progress; the caller has the result instead.
            with contextlib.redirect_stdout(io.StringIO()) as output:
                result = await ForwardsMigrationManager(app_name=app_name).run()
            logger.debug("%s", output.getvalue())
            if not result.success:
                raise MigrationBlockedError(f"{app_name}: {result.message}")
    return pending
