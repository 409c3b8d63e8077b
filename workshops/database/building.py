"""How the constraints and indexes of the six tables are made: beside writers, or all at once.

Beside writers nobody waits: an index is built CONCURRENTLY, a constraint is added unvalidated,
which takes a moment, and validated afterwards. What a killed run has left half made, such as
an index that is not valid, the next one finishes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.postgres import PostgresTransaction

from workshops.database.distribution import NAMES, PLACES, has_keys_of_a_cluster
from workshops.database.outages import MigrationBlockedError
from workshops.database.transactions import own_connection, run_in_a_moment
from workshops.tables import INDEXES, TABLES, Workshop

LARGE = 8 * 2**20
"""Bytes of a table from which on nobody should wait until all of it was read: 50,000 steps."""


class Rule(NamedTuple):
    """A constraint or an index beyond those of single columns, as the classes say it.

    :param kind: CHECK or UNIQUE of a constraint, UNIQUE INDEX or INDEX.
    :param definition: The condition of a CHECK, or what follows the table where an index is made.
    """

    name: str
    table: str
    kind: str
    definition: str

    @property
    def columns(self) -> list[str]:
        """The columns that it is about."""
        (table,) = (table for table in TABLES if table._meta.tablename == self.table)
        words = set(re.findall(r"\w+", self.definition))
        return [column._meta.name for column in table._meta.columns if column._meta.name in words]

    @property
    def of_one_node(self) -> bool:
        """Whether all rows that a UNIQUE compares are on one node of a cluster."""
        return self.table not in PLACES or PLACES[self.table] in self.columns

    @property
    def broken(self) -> str:
        """The condition of rows that break it."""
        if self.kind == "CHECK":
            return f"NOT {self.definition}"
        columns, _, where = self.definition.strip("()").replace('"', "").partition(") WHERE ")
        rows = f"SELECT {columns} FROM {self.table}" + (f" WHERE {where}" if where else "")
        found = f"({columns}) IN ({rows} GROUP BY {columns} HAVING count(*) > 1)"
        return f"{where} AND {found}" if where else found

    @property
    def removal(self) -> str:
        """What removes it while it is half made."""
        if self.kind == "CHECK":
            return f"ALTER TABLE {self.table} DROP CONSTRAINT IF EXISTS {self.name}"
        return f"DROP INDEX CONCURRENTLY IF EXISTS {self.name}"

    def statements(self, *, valid: bool | None, concurrently: bool) -> Iterator[str]:
        """Yield what makes it.

        :param valid: Of what is there of it: False if it is half made, None if it is not there.
        """
        constraint = f"CONSTRAINT {self.name}"
        if self.kind == "CHECK":
            if valid is None:
                yield f"ALTER TABLE {self.table} ADD {constraint} CHECK {self.definition} NOT VALID"
            yield f"ALTER TABLE {self.table} VALIDATE {constraint}"
            return
        if self.kind == "UNIQUE" and valid is None and not concurrently:
            yield f"ALTER TABLE {self.table} ADD {constraint} UNIQUE {self.definition}"
            return
        way = "CONCURRENTLY " if concurrently else ""
        if valid is False:
            yield f"DROP INDEX {way}{self.name}"
        if not valid:
            kind = "INDEX" if self.kind == "INDEX" else "UNIQUE INDEX"
            yield f"CREATE {kind} {way}{self.name} ON {self.table} {self.definition}"
        if self.kind == "UNIQUE":
            yield f"ALTER TABLE {self.table} ADD {constraint} UNIQUE USING INDEX {self.name}"


def _rules() -> Iterator[Rule]:
    for table in TABLES:
        for constraint in table._meta.constraints:
            kind, _, definition = constraint.ddl.partition(" ")
            yield Rule(constraint._meta.name, table._meta.tablename, kind, definition)
    for statement in INDEXES:
        found = re.fullmatch(r"CREATE ((?:UNIQUE )?INDEX) (\w+) ON (\w+) (.+)", statement)
        assert found is not None, statement
        kind, name, place, definition = found.groups()
        yield Rule(name, place, kind, definition)


RULES = tuple(_rules())

_MISSING = """
SELECT name, CASE kind WHEN 'CHECK' THEN convalidated ELSE indisvalid END AS valid
FROM unnest({}::text[], {}::text[], {}::text[], {}::text[]) AS rule (name, place, kind, columns)
LEFT JOIN pg_index ON indexrelid = to_regclass(name)
LEFT JOIN pg_constraint ON conname = name AND conrelid = to_regclass(place)
WHERE CASE WHEN kind IN ('CHECK', 'UNIQUE') THEN convalidated ELSE indisvalid END IS NOT true
    AND string_to_array(columns, ' ') <@ ARRAY(SELECT attname::text FROM pg_attribute
        WHERE attrelid = to_regclass(place) AND NOT attisdropped)
"""


async def missing_rules() -> dict[Rule, bool | None]:
    """Return what is not there, or only half: False of such a one, or None. It only reads.

    What is about a column that a migration has yet to add is not missing, nor what a cluster
    cannot hold.
    """
    rules = RULES
    if await has_keys_of_a_cluster():
        rules = tuple(rule for rule in RULES if rule.kind != "UNIQUE" or rule.of_one_node)
    rows = await Workshop.raw(
        _MISSING,
        [rule.name for rule in rules],
        [rule.table for rule in rules],
        [rule.kind for rule in rules],
        [" ".join(rule.columns) for rule in rules],
    )
    valid = {row["name"]: row["valid"] for row in rows}
    return {rule: valid[rule.name] for rule in rules if rule.name in valid}


# Another application may have added columns, and foreign keys of them, which stay as they are.
_KEYS = """
SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name,
    confdeltype = 'c' AND confupdtype = 'a' AS right
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
WHERE contype = 'f' AND attname = 'workshop_id' AND confrelid = to_regclass('workshops')
    AND conrelid = ANY (SELECT to_regclass(name) FROM unnest({}::text[]) AS name)
    AND NOT (confdeltype = 'c' AND confupdtype = 'a' AND convalidated)
"""


async def statements_for_keys() -> list[str]:
    """Return what lets the keys cascade by which rows belong to a workshop."""
    statements = []
    for key in await Workshop.raw(_KEYS, NAMES):
        table, name = key["table"], key["name"]
        if not key["right"]:
            statements.append(
                f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name}"
                " FOREIGN KEY (workshop_id) REFERENCES workshops (id)"
                " ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID"
            )
        statements.append(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    return statements


async def stop_if_rows_break_a_rule(
    fetch: Callable[[str], Awaitable[list[Any]]] = Workshop.raw,
) -> None:
    """Say what stands in the way of the rules that are missing, before anything is changed.

    The statements name the rows, so that the one who runs the migration can look at them.

    Raises:
        MigrationBlockedError: there are such rows.
    """
    problems = []
    for rule in await missing_rules():
        if rule.kind != "INDEX":
            rows = await fetch(f"SELECT count(*) FROM {rule.table} WHERE {rule.broken}")
            if count := rows[0]["count"]:
                problems.append(
                    f"{rule.name}: {count} {'row breaks' if count == 1 else 'rows break'} it. "
                    f"Find them with: SELECT * FROM {rule.table} WHERE {rule.broken}"
                )
    if problems:
        raise MigrationBlockedError(
            "Existing rows break constraints that this migration adds; nothing was changed. "
            "Correct the rows and run the migrations again.\n  " + "\n  ".join(problems)
        )


class PatientManager(MigrationManager):
    """A migration that leaves out the constraints that are there.

    They were made beside the writers, or the record of our migrations was lost.
    """

    async def _run_add_constraints(self, backwards: bool = False) -> None:
        # Piccolo has no public place for it. What it knows of the schema stays the same.
        if not backwards:
            added = self.add_constraints.add_constraints
            rows = await Workshop.raw(
                "SELECT conname FROM pg_constraint WHERE conname = ANY ({}::text[])"
                " AND conrelid = ANY (SELECT to_regclass(name) FROM unnest({}::text[]) AS name)",
                [item.constraint._meta.name for item in added],
                NAMES,
            )
            there = {row["conname"] for row in rows}
            added[:] = [item for item in added if item.constraint._meta.name not in there]
        await super()._run_add_constraints(backwards=backwards)


async def has_large_tables() -> bool:
    """Tell whether one of the six tables is so large that it takes a while to read it."""
    rows = await Workshop.raw(
        "SELECT max(pg_relation_size(to_regclass(name))) AS size FROM unnest({}::text[]) AS name",
        NAMES,
    )
    return (rows[0]["size"] or 0) > LARGE


async def build_beside_writers(
    transaction: PostgresTransaction, tell: Callable[[str], None]
) -> None:
    """Make every rule that is missing while others go on writing; nobody waits over a second.

    On a connection of its own, in no transaction. The given one holds the lock of the
    migrations, and has locked no table.

    Raises:
        MigrationBlockedError: rows stand in the way, or a transaction does for a minute.
    """
    engine = transaction.engine
    async with own_connection(engine) as connection:
        if engine.config.get("statement_cache_size") != 0:  # a pooler would keep it for others
            await connection.execute("SET statement_timeout = 0")
        # Killed runs leave their last statement at work, and this waits for its end.
        async with connection.transaction():
            there = await connection.fetchval(
                "SELECT string_agg(name, ', ') FROM unnest($1::text[]) AS name"
                " WHERE to_regclass(name) IS NOT NULL",  # a table that a migration has yet to add
                NAMES,
            )
            await connection.execute(f"LOCK TABLE {there} IN SHARE UPDATE EXCLUSIVE MODE")
        await stop_if_rows_break_a_rule(connection.fetch)
        keys = await statements_for_keys()
        missing = await missing_rules()
        # An index waits for every older transaction that still sees something. PostgreSQL keeps
        # what a prepared statement has seen until the transaction runs another one; this ends it.
        await transaction.connection.execute("SELECT 1")
        for statement in keys:
            async with _refusing(connection):
                await _run(connection, statement)
        for number, (rule, valid) in enumerate(missing.items(), 1):
            tell(f"{number} of {len(missing)}: {rule.name}, while others go on writing")
            async with _refusing(connection, rule.removal):
                for statement in rule.statements(valid=valid, concurrently=True):
                    await _run(connection, statement)


@contextlib.asynccontextmanager
async def _refusing(connection: asyncpg.Connection, removal: str = "") -> AsyncIterator[None]:
    """Say what a row breaks, and remove what is left of it, which would go on refusing rows."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        if removal:
            await _run(connection, removal)
        raise MigrationBlockedError(
            f"{error.constraint_name}: a row breaks it: {error}. "
            "Correct the rows and run the migrations again."
        ) from error


async def _run(connection: asyncpg.Connection, statement: str) -> None:
    """Run a statement that reads a table without a limit, any other if it takes but a moment."""
    if "CONCURRENTLY" in statement or "VALIDATE" in statement:
        await connection.execute(statement)
    else:
        await run_in_a_moment(connection, statement)
