"""Migrations, all or nothing, by one process at a time; and what was dropped is put back.

``drizzle-kit push`` drops what it does not know. A migration that can put back what it has
installed beside the tables has two functions: ``missing`` names it, ``repair`` installs it
again. The constraints and indexes of the six tables are put back as their classes say.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
from piccolo.apps.migrations.commands.base import BaseMigrationManager, MigrationResult
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from workshops.database.building import (
    build_beside_writers,
    has_large_tables,
    missing_rules,
)
from workshops.database.catalogue import Difference, design_differences
from workshops.database.distribution import has_keys_of_a_cluster
from workshops.database.outages import MigrationBlockedError, SettingsError
from workshops.database.transactions import own_connection, run_in_a_moment

logger = logging.getLogger(__name__)

# Any constant will do; this one is "workshop" in ASCII.
_LOCK = 0x776F726B73686F70

_TURN = 0.2  # seconds between two looks at whether it is our turn

CREATE_TABLES = "2026-11-22T11:41:14:685088"
"""The migration that creates the six tables, and adopts those that are there."""


@dataclass(frozen=True)
class PendingMigration:
    """A migration that has not been run on this database."""

    app_name: str
    id: str
    description: str


def counted(migrations: list[PendingMigration], one: str, more: str) -> str:
    """Return how many there are, before the words for one or for more."""
    return f"{len(migrations)} {one if len(migrations) == 1 else more}"


def project_engine() -> PostgresEngine:
    """Return the engine of the project's ``piccolo_conf``.

    Raises:
        SettingsError: it is not one for PostgreSQL.
    """
    engine = engine_finder()
    if not isinstance(engine, PostgresEngine):
        raise SettingsError("piccolo_conf.py must define DB as a PostgresEngine.")
    return engine


def _apps() -> list[AppConfig]:
    """Return the apps of the project, in the order of their migrations."""
    manager = BaseMigrationManager()
    return [manager.get_app_config(name) for name in manager.get_sorted_app_names()]


def _migrations() -> Iterator[tuple[str, str, Any]]:
    """Yield the app, the id and the module of each migration, in their order."""
    manager = BaseMigrationManager()
    for app in _apps():
        modules = manager.get_migration_modules(app.resolved_migrations_folder_path)
        for id in manager.get_migration_ids(modules):
            yield app.app_name, id, modules[id]


async def pending_migrations() -> list[PendingMigration]:
    """Return what ``run_migrations`` would run, in order. It only reads."""
    done: set[tuple[str, str]] = set()
    if await Migration.table_exists():
        rows = await Migration.select(Migration.app_name, Migration.name)
        done = {(row["app_name"], row["name"]) for row in rows}
    return [
        PendingMigration(app_name, id, getattr(module, "DESCRIPTION", ""))
        for app_name, id, module in _migrations()
        if (app_name, id) not in done
    ]


async def _repairable() -> list[Any]:
    """Return the modules of the migrations that can put back what they have installed."""
    if await has_keys_of_a_cluster():
        return []
    return [module for _, _, module in _migrations() if hasattr(module, "repair")]


async def missing_objects() -> list[str]:
    """Return the names of what was installed beside the tables and is gone. It only reads."""
    return [name for module in await _repairable() for name in await module.missing()]


async def _repair() -> None:
    for rule, valid in (await missing_rules()).items():
        for statement in rule.statements(valid=valid, concurrently=False):
            await Migration.raw(statement)
    for module in await _repairable():  # each on top of what those before it have put back
        if await module.missing():
            await module.repair()


def project_tables() -> list[str]:
    """Return the names of all tables that the project's apps and Piccolo itself have."""
    return [Migration._meta.tablename] + [
        table._meta.tablename for app in _apps() for table in app.table_classes
    ]


def unregistered_apps() -> list[str]:
    """Return what the operators' site needs and the project's ``APP_REGISTRY`` lacks.

    No migration can make the tables of an app that is not registered.
    """
    registered = {app.app_name for app in _apps()}
    needed = {
        "workshops_admin": "workshops.admin.piccolo_app",
        "user": "piccolo.apps.user.piccolo_app",
    }
    return [module for name, module in needed.items() if name not in registered]


async def tables_to_adopt() -> list[Difference] | None:
    """Return what the six tables have beyond their design, or None if there are no such tables.

    For the migration that creates them: it is recorded without being run if the
    Drizzle design has created them, or if the record of our own migrations was lost.

    Raises:
        MigrationBlockedError: there are some of these tables, and they are something else.
    """
    if await _is_recorded("workshops", CREATE_TABLES):
        return None
    engine = project_engine()
    transaction = engine.current_transaction.get()
    async with (
        contextlib.nullcontext(transaction.connection) if transaction else own_connection(engine)
    ) as connection:
        found = await design_differences(connection)
    if differences := [difference for difference in found or () if not difference.harmless]:
        raise MigrationBlockedError(
            "This database has tables with the names of ours that are made otherwise. Nothing was "
            "changed. Make them what is expected, or use another database:\n  - "
            + "\n  - ".join(map(str, differences))
        )
    return found


async def run_migrations(tell: Callable[[str], None] = logger.info) -> list[PendingMigration]:
    """Run every pending migration of every app, and return those that were run.

    A database that the Drizzle design created is adopted: the first migration is
    recorded without being run. ``tell`` is called with what was found there.

    All of them run in one transaction under one advisory lock: of several callers
    one migrates and the others wait and find nothing to do, and a process killed
    in the middle leaves the database as it was. (Piccolo records a migration
    outside the migration's own transaction, and two runs at once fail with a
    duplicate key.) Who reads or writes the tables meanwhile waits for the end. What
    would take long, the constraints and indexes of large tables, is made before, in no
    transaction and with nobody waiting; of a process killed then the next run keeps it.

    Raises:
        MigrationBlockedError: existing rows or tables stand in the way, a migration
            failed, or another program has used the tables in one transaction for a minute.
        DatabaseUnavailableError: there is no database.
    """
    while True:
        async with project_engine().transaction() as transaction:
            await Migration.raw("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            # A migration takes as long as it takes.
            for limit in ("statement", "lock", "idle_in_transaction_session"):
                await Migration.raw(f"SET LOCAL {limit}_timeout = 0")
            # An index that is built beside the writers waits for every statement that is older:
            # so none may wait for the lock, and none of this transaction be at work meanwhile.
            turn = await Migration.raw(
                "SELECT pg_try_advisory_xact_lock({}::bigint) AS ours", _LOCK
            )
            if turn[0]["ours"]:
                return await _migrate(transaction, tell)
        await asyncio.sleep(_TURN)


async def _migrate(
    transaction: PostgresTransaction, tell: Callable[[str], None]
) -> list[PendingMigration]:
    pending = await pending_migrations()
    if (more := await tables_to_adopt()) is not None:
        tell(
            "The six tables are there already: they are taken over with their rows, and"
            " stay as they are"
            + (f", with {', '.join(map(_what, more))}" if more else "")
            + ".\nIf another application goes on writing to them, set SHARED_DATABASE=1;"
            " docs/adoption.md says why."
        )
    if await has_large_tables() and await missing_rules():
        await build_beside_writers(transaction, tell)
    if pending or await missing_objects() or await missing_rules():
        await _lock_tables(transaction)
    for app_name in dict.fromkeys(migration.app_name for migration in pending):
        # Piccolo prints its progress; the caller has the result instead.
        with contextlib.redirect_stdout(io.StringIO()) as output:
            result = await _run_app(app_name)
        logger.debug("%s", output.getvalue())
        if not result.success:
            raise MigrationBlockedError(f"{app_name}: {result.message}")
    try:
        await _repair()
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.UndefinedTableError) as error:
        raise MigrationBlockedError(
            "What another program has dropped cannot be put back, and nothing was changed: "
            f"{error}. Correct the rows, or restore the table from a backup, and run this again."
        ) from error
    return pending


async def has_lost_its_record(app_name: str, id: str, table: str, column: str = "") -> bool:
    """Tell whether the migration that made a table or a column was run, and its record dropped."""
    found = await Migration.raw(
        "SELECT EXISTS (SELECT FROM pg_attribute"
        " WHERE attrelid = to_regclass({}) AND {} IN ('', attname::text)) AS there",
        table,
        column,
    )
    return bool(found[0]["there"]) and not await _is_recorded(app_name, id)


async def _is_recorded(app_name: str, id: str) -> bool:
    recorded = Migration.exists().where(Migration.app_name == app_name, Migration.name == id)
    return await Migration.table_exists() and await recorded


def _what(extra: Difference) -> str:
    return extra.where if "." in extra.where else f"{extra.found} of {extra.where}"


async def _run_app(app_name: str) -> MigrationResult:
    """Run an app's migrations; what the server refuses becomes a sentence with an advice."""
    try:
        return await ForwardsMigrationManager(app_name=app_name).run()
    except asyncpg.PostgresError as error:
        match error:
            case asyncpg.UndefinedTableError():
                advice = (
                    "If another app makes it, name that app in migration_dependencies of "
                    f"{app_name}'s AppConfig."
                )
            case asyncpg.DuplicateTableError() | asyncpg.DuplicateObjectError():
                advice = (
                    "Rename or drop what is there; or if it is what the migration makes, record it "
                    f"as run: piccolo migrations forwards {app_name} ID --fake."
                )
            case asyncpg.InsufficientPrivilegeError():
                advice = "Run the migrations with DATABASE_URL naming the owner of the tables."
            case asyncpg.IntegrityConstraintViolationError():
                advice = "Correct the rows and run the migrations again."
            case _:
                raise
        raise MigrationBlockedError(
            f"A migration of {app_name} failed and nothing was changed: {error}. {advice}"
        ) from error


async def _lock_tables(transaction: PostgresTransaction) -> None:
    """Take all tables of all apps at once, or none of them and try again.

    Migrations that took them one by one would meet the application's transactions
    half-way, and PostgreSQL would end one of the two to break the deadlock.
    """
    names = {
        table._meta.get_formatted_tablename() for app in _apps() for table in app.table_classes
    }
    tables = await Migration.raw(
        "SELECT name FROM unnest({}::text[]) AS name JOIN pg_class ON oid = to_regclass(name)"
        " WHERE relkind IN ('r', 'p') ORDER BY name",
        sorted(names),
    )
    if not tables:
        return
    statement = f"LOCK TABLE {', '.join(table['name'] for table in tables)}"
    await run_in_a_moment(transaction.connection, statement)
