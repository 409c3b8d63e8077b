"""What PostgreSQL's catalogue says of our tables, beside what they should be.

Both are read by the same queries from the same server: the DDL of what should be
is run in the session's temporary schema and rolled back. So PostgreSQL itself
brings every type, default and CHECK into one form, and nothing has to be parsed
here. A constraint is compared by what it does, not by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import resources
from typing import NamedTuple

import asyncpg

from workshops.database.distribution import NAMES
from workshops.tables import INDEXES, TABLES


class Difference(NamedTuple):
    """One thing in which the database is not what it should be.

    What is ``harmless`` is of another application: no write of ours depends on it.
    """

    where: str
    expected: str
    found: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


NOTHING = "nothing"

_LEFT_ASIDE = r" on delete [a-z ]+ on update no action|(?i: not valid| \(invalid\))$"

# Citus holds a rule on one node only: see workshops.database.distribution.
_ON_A_CLUSTER = {
    "primary key using btree (id)": "primary key using btree (workshop_id, id)",
    "unique using btree (share_token)": "index using btree (share_token)",
}

# The design whose tables these are, statement by statement as drizzle-kit creates them.
DRIZZLE_DESIGN = resources.files("workshops.database").joinpath("drizzle.sql").read_text("utf-8")

_TABLES = "(SELECT name AS table, to_regclass(name) AS oid FROM unnest($1::text[]) AS name) AS t"

_COLUMNS = f"""
SELECT "table", attname AS name,
       format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' not null' ELSE '' END
       || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
       || CASE WHEN attidentity <> '' THEN ' default identity' ELSE '' END AS definition
FROM {_TABLES} JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
ORDER BY array_position($1, "table"), attnum
"""

_NAMES_OF_COLUMNS = """
ARRAY(SELECT attname::text FROM unnest({keys}) WITH ORDINALITY AS k (attnum, ordinality)
      JOIN pg_attribute a ON a.attnum = k.attnum AND attrelid = {table} ORDER BY ordinality)
"""
_ACTION = """
CASE {} WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
        WHEN 'n' THEN 'set null' ELSE 'set default' END
"""

_FOREIGN_KEYS = f"""
SELECT "table", columns, true AS enforced,
    format('foreign key (%s) references %s (%s) on delete %s on update %s%s',
    array_to_string(columns, ', '),
    (SELECT relname FROM pg_class WHERE oid = confrelid), array_to_string(parents, ', '),
    {_ACTION.format("confdeltype")}, {_ACTION.format("confupdtype")},
    CASE WHEN convalidated THEN '' ELSE ' not valid' END) AS definition
FROM {_TABLES} JOIN pg_constraint ON conrelid = t.oid AND contype = 'f',
LATERAL (SELECT {_NAMES_OF_COLUMNS.format(keys="conkey", table="conrelid")} AS columns,
         {_NAMES_OF_COLUMNS.format(keys="confkey", table="confrelid")} AS parents) AS names
"""

_CHECKS = f"""
SELECT "table", {_NAMES_OF_COLUMNS.format(keys="conkey", table="conrelid")} AS columns,
    true AS enforced, lower(left(definition, 5)) || substr(definition, 6) AS definition
FROM {_TABLES} JOIN pg_constraint ON conrelid = t.oid AND contype = 'c',
LATERAL (SELECT pg_get_constraintdef(pg_constraint.oid) AS definition) AS text
"""

# A unique constraint and a unique index are the same promise, so both are read as indexes.
_INDEXES = f"""
SELECT "table", {_NAMES_OF_COLUMNS.format(keys="indkey", table="indrelid")} AS columns,
       indisunique OR indisexclusion AS enforced,
       CASE WHEN indisprimary THEN 'primary key' WHEN indisunique THEN 'unique' ELSE 'index' END
       || ' using '
       || regexp_replace(substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)'),
                         ' WITH \\([^)]*\\)', '')  -- how full its pages are
       || CASE WHEN indisvalid THEN '' ELSE ' (invalid)' END AS definition
FROM {_TABLES} JOIN pg_index ON indrelid = t.oid
"""

_STEP_ID = "foreign key (step_id) references step_definitions (id)"
_STEP_ID_CASCADES = f"{_STEP_ID} on delete cascade on update no action"
_STEP_ID_STAYS = f"{_STEP_ID} on delete no action on update no action"


class _Rule(NamedTuple):
    """A constraint or an index: its columns, and whether a write can break it."""

    columns: frozenset[str]
    enforced: bool


class _Description(NamedTuple):
    columns: dict[str, str]
    rules: dict[str, _Rule]


async def schema_differences(
    connection: asyncpg.Connection, *, distributed: bool = False
) -> list[Difference]:
    """Return in what the live tables are not what their classes say, in a stable order.

    The live tables are found by the connection's ``search_path``. It needs the
    right to make temporary tables, and leaves nothing behind.

    Either is right of ``step_id``: CASCADE, as a new database has it, and NO ACTION,
    as the Drizzle design created it.
    """
    found = await _describe(connection)

    def same(rule: str) -> str:
        if distributed:
            rule = _ON_A_CLUSTER.get(rule, rule)
        return _STEP_ID_CASCADES if rule == _STEP_ID_STAYS else rule

    differences = _compare(await _describe(connection, _ddl_of_the_classes()), found, same)
    return differences + [
        Difference(name, _STEP_ID_CASCADES, _STEP_ID_STAYS, harmless=True)
        for name, table in found.items()
        if _STEP_ID_STAYS in table.rules
    ]


async def design_differences(connection: asyncpg.Connection) -> list[Difference] | None:
    """Return in what the live tables are neither the Drizzle design's nor already ours.

    None if there is not one of the six tables. What a foreign key does on delete is
    not looked at, nor whether a killed run has left something half made.
    """
    found = await _describe(connection)
    design = await _describe(connection, [DRIZZLE_DESIGN])
    if not design.keys() & found.keys():
        return None
    ours = await _describe(connection, _ddl_of_the_classes())

    def same(rule: str) -> str:
        return re.sub(_LEFT_ASIDE, "", rule)

    # What a later migration has added or changed is ours: a column, and the rules below.
    for name, table in design.items():
        if name in found:
            table.columns.update(found[name].columns.items() & ours[name].columns.items())
    own = {(name, same(rule)) for name, table in ours.items() for rule in table.rules}
    return [
        difference
        for difference in _compare(design, found, same)
        if (difference.where, same(difference.found)) not in own
    ]


async def tables_of_others(connection: asyncpg.Connection, known: Iterable[str]) -> list[str]:
    """Return the names of the tables beside ours, in the same schema, that are not ``known``."""
    names = await connection.fetchval(
        "SELECT array_agg(relname::text ORDER BY relname) FROM pg_class"
        " WHERE relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL ($1)"
        " AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2))"
        " AND NOT EXISTS (SELECT FROM pg_depend"
        " WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')",
        [*known],
        NAMES[0],
    )
    return names or []


def _ddl_of_the_classes() -> list[str]:
    return [statement for table in TABLES for statement in table.create_table().ddl] + [*INDEXES]


async def _describe(
    connection: asyncpg.Connection, ddl: Iterable[str] = ()
) -> dict[str, _Description]:
    """Describe the live tables, or those that ``ddl`` makes, as far as they are there."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if ddl:
            await connection.execute("SET LOCAL search_path = pg_temp")
            await connection.execute(";\n".join(ddl))
        described: dict[str, _Description] = {}
        for row in await connection.fetch(_COLUMNS, NAMES):
            table = described.setdefault(row["table"], _Description({}, {}))
            table.columns[row["name"]] = row["definition"]
        for query in (_FOREIGN_KEYS, _CHECKS, _INDEXES):
            for row in await connection.fetch(query, NAMES):
                rule = _Rule(frozenset(row["columns"]), row["enforced"])
                described[row["table"]].rules[row["definition"]] = rule
        return described
    finally:
        await transaction.rollback()


def _compare(
    expected: dict[str, _Description],
    found: dict[str, _Description],
    same: Callable[[str], str],
) -> list[Difference]:
    """Compare descriptions; two rules are equal if ``same`` makes them so."""
    differences = []
    for name, table in expected.items():
        if name not in found:
            differences.append(Difference(f"table {name}", "the table", NOTHING))
            continue
        columns = found[name].columns
        differences += [
            Difference(f"{name}.{column}", definition, columns.get(column, NOTHING))
            for column, definition in table.columns.items()
            if columns.get(column) != definition
        ]
        differences += [
            Difference(
                f"{name}.{column}",
                NOTHING,
                definition,
                harmless=" not null" not in definition or " default " in definition,
            )
            for column, definition in columns.items()
            if column not in table.columns
        ]
        wanted = {same(rule) for rule in table.rules}
        there = {same(rule) for rule in found[name].rules}
        differences += [
            Difference(name, rule, NOTHING)
            for rule in sorted(table.rules)
            if same(rule) not in there
        ]
        for text, rule in sorted(found[name].rules.items()):
            if same(text) not in wanted:
                # An index that enforces nothing, or a rule for columns that we do not write.
                theirs = bool(rule.columns) and not rule.columns & table.columns.keys()
                differences.append(Difference(name, NOTHING, text, theirs or not rule.enforced))
    return differences
