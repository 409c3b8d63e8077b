"""What PostgreSQL's catalogue says of our tables, beside what the classes say.

Both are read by the same queries from the same server: the classes' own DDL is
run in the session's temporary schema and rolled back. So PostgreSQL itself brings
every type, default and CHECK into one form, and nothing has to be parsed here.
A constraint is compared by what it does, not by its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import asyncpg
from piccolo.table import Table

from workshops.tables import TABLES
from workshops.tables.indexes import INDEXES


class Difference(NamedTuple):
    """One thing in which the database is not what the classes say."""

    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


NOTHING = "nothing"

_COLUMNS = """
SELECT attname AS name,
       format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' not null' ELSE '' END
       || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS definition
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
"""

_FOREIGN_KEYS = """
SELECT format('foreign key (%s) references %s (%s) on delete %s on update %s%s',
    (SELECT string_agg(attname, ', ' ORDER BY ordinality)
     FROM unnest(conkey) WITH ORDINALITY AS k (attnum, ordinality)
     JOIN pg_attribute a ON a.attnum = k.attnum AND attrelid = conrelid),
    (SELECT relname FROM pg_class WHERE oid = confrelid),
    (SELECT string_agg(attname, ', ' ORDER BY ordinality)
     FROM unnest(confkey) WITH ORDINALITY AS k (attnum, ordinality)
     JOIN pg_attribute a ON a.attnum = k.attnum AND attrelid = confrelid),
    CASE confdeltype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
                     WHEN 'n' THEN 'set null' ELSE 'set default' END,
    CASE confupdtype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
                     WHEN 'n' THEN 'set null' ELSE 'set default' END,
    CASE WHEN convalidated THEN '' ELSE ' not valid' END) AS definition
FROM pg_constraint WHERE conrelid = $1 AND contype = 'f'
"""

_CHECKS = """
SELECT lower(left(definition, 5)) || substr(definition, 6) AS definition
FROM (SELECT pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE conrelid = $1 AND contype = 'c') AS checks
"""

# A unique constraint and a unique index are the same promise, so both are read as indexes.
_INDEXES = """
SELECT CASE WHEN indisprimary THEN 'primary key' WHEN indisunique THEN 'unique' ELSE 'index' END
       || ' using ' || amname || ' ('
       || (SELECT string_agg(pg_get_indexdef(indexrelid, k, true)
                  || CASE WHEN indoption[k - 1] & 1 = 1 THEN ' desc' ELSE '' END, ', ' ORDER BY k)
           FROM generate_series(1, indnkeyatts) AS k)
       || ')'
       || CASE WHEN indnatts > indnkeyatts THEN ' include (' ||
          (SELECT string_agg(pg_get_indexdef(indexrelid, k, true), ', ' ORDER BY k)
           FROM generate_series(indnkeyatts + 1, indnatts) AS k) || ')' ELSE '' END
       || coalesce(' where ' || pg_get_expr(indpred, indrelid, true), '')
       || CASE WHEN pg_get_indexdef(indexrelid) LIKE '%NULLS NOT DISTINCT%'
          THEN ' nulls not distinct' ELSE '' END
       || CASE WHEN indisvalid THEN '' ELSE ' (invalid)' END AS definition
FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_am am ON am.oid = i.relam
WHERE indrelid = $1
"""


async def schema_differences(
    connection: asyncpg.Connection, tables: Iterable[type[Table]] = TABLES
) -> list[Difference]:
    """Return in what the live tables are not what their classes say, in a stable order.

    The live tables are found by the connection's ``search_path``. It needs the
    right to make temporary tables, and leaves nothing behind.
    """
    names = [table._meta.tablename for table in tables]
    live = {name: await connection.fetchval("SELECT to_regclass($1)::oid", name) for name in names}
    transaction = connection.transaction()
    await transaction.start()
    try:
        found = {name: await _describe(connection, oid) for name, oid in live.items() if oid}
        await connection.execute("SET LOCAL search_path = pg_temp")
        for table in tables:
            for statement in table.create_table().ddl:
                await connection.execute(statement)
        for statement in INDEXES:
            await connection.execute(statement)
        expected = {
            name: await _describe(
                connection, await connection.fetchval("SELECT to_regclass($1)::oid", name)
            )
            for name in names
        }
    finally:
        await transaction.rollback()
    differences: list[Difference] = []
    for name in names:
        if name not in found:
            differences.append(Difference(f"table {name}", "the table", NOTHING))
        else:
            differences += _compare(name, expected[name], found[name])
    return differences


class _Description(NamedTuple):
    columns: dict[str, str]
    rules: set[str]


async def _describe(connection: asyncpg.Connection, oid: int) -> _Description:
    async def definitions(query: str) -> list[Any]:
        return await connection.fetch(query, oid)  # type: ignore[no-any-return]

    return _Description(
        columns={row["name"]: row["definition"] for row in await definitions(_COLUMNS)},
        rules={
            row["definition"]
            for query in (_FOREIGN_KEYS, _CHECKS, _INDEXES)
            for row in await definitions(query)
        },
    )


def _compare(table: str, expected: _Description, found: _Description) -> list[Difference]:
    differences = [
        Difference(f"{table}.{column}", definition, found.columns.get(column, NOTHING))
        for column, definition in expected.columns.items()
        if found.columns.get(column) != definition
    ]
    differences += [
        Difference(f"{table}.{column}", NOTHING, definition)
        for column, definition in found.columns.items()
        if column not in expected.columns
    ]
    differences += [
        Difference(table, rule, NOTHING) for rule in sorted(expected.rules - found.rules)
    ]
    differences += [
        Difference(table, NOTHING, rule) for rule in sorted(found.rules - expected.rules)
    ]
    return differences
