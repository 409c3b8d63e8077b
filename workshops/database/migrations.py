"""Migrations, all or nothing, by one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import time
from dataclasses import dataclass

import asyncpg
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

logger = logging.getLogger(__name__)

# Any constant will do; this one is "workshop" in ASCII.
_LOCK = 0x776F726B73686F70

# Shorter than PostgreSQL's deadlock_timeout (1 s), so that nobody fails because of us.
_LOCK_TIMEOUT = "500ms"
_LOCK_PAUSE = 0.5  # seconds, in which the others go on
_LOCK_PATIENCE = 60.0  # seconds


class MigrationBlockedError(Exception):
    """A migration cannot run: of the rows that are there, or of who is using the tables.

    Nothing was changed.
    """


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
    duplicate key.) Who reads or writes the tables meanwhile waits for the end.

    Raises:
        MigrationBlockedError: existing rows stand in the way, or somebody has used
            the tables in one transaction for a minute.
        DatabaseUnavailableError: there is no database.
    """
    async with project_engine().transaction() as transaction:
        await Migration.raw("SELECT pg_advisory_xact_lock({}::bigint)", _LOCK)
        pending = await pending_migrations()
        if pending:
            await _lock_tables(transaction)
        for app_name in dict.fromkeys(migration.app_name for migration in pending):
            # Piccolo prints its progress; the caller has the result instead.
            with contextlib.redirect_stdout(io.StringIO()) as output:
                result = await ForwardsMigrationManager(app_name=app_name).run()
            logger.debug("%s", output.getvalue())
            if not result.success:
                raise MigrationBlockedError(f"{app_name}: {result.message}")
    return pending


async def _lock_tables(transaction: PostgresTransaction) -> None:
    """Take all tables of all apps at once, or none of them and try again.

    Migrations that took them one by one would meet the application's transactions
    half-way, and PostgreSQL would end one of the two to break the deadlock. And who
    waits long for a table keeps all others waiting behind.
    """
    manager = BaseMigrationManager()
    names = {
        table._meta.get_formatted_tablename()
        for app_name in manager.get_sorted_app_names()
        for table in manager.get_app_config(app_name).table_classes
    }
    tables = await Migration.raw(
        "SELECT name FROM unnest({}::text[]) AS name JOIN pg_class ON oid = to_regclass(name)"
        " WHERE relkind IN ('r', 'p') ORDER BY name",
        sorted(names),
    )
    if not tables:
        return
    statement = f"LOCK TABLE {', '.join(table['name'] for table in tables)}"
    await Migration.raw(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
    savepoint = await transaction.savepoint()
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            await Migration.raw(statement)
            break
        except asyncpg.LockNotAvailableError as error:
            if time.monotonic() > deadline:
                raise MigrationBlockedError(
                    "The tables are in use: for a minute, there was no moment without a "
                    "transaction on one of them. Nothing was changed; see pg_stat_activity."
                ) from error
            await savepoint.rollback_to()  # type: ignore[no-untyped-call]
            await asyncio.sleep(_LOCK_PAUSE)
    await Migration.raw("SET LOCAL lock_timeout = DEFAULT")
