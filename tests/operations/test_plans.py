"""How PostgreSQL finds the rows, with so many that reading a table would be felt."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from benchmarks.exercises import EXERCISES, Exercise, operation_names
from benchmarks.filling import SHORT_OUTPUT, TABLES, fill
from tests.cluster import not_on_a_cluster
from tests.conftest import Server
from workshops.database import DatabaseEngine
from workshops.database.migrations import project_engine
from workshops.database.settings import DatabaseSettings
from workshops.tables import TABLES as SIX_TABLES

WORKSHOPS = 50_000
pytestmark = not_on_a_cluster("one node, or all (read by tests/database/test_distribution.py)")
_NO_PLAN = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET ", "LOCK ")


@pytest.fixture(scope="module")
async def large(server: Server, _template: str) -> AsyncIterator[DatabaseEngine]:
    """The tables' engine for this module: a database of its own with 50,000 workshops."""
    name = await server.create_database(template=_template)
    connection = await server.connect(name)
    await fill(connection, WORKSHOPS, output=SHORT_OUTPUT)
    await connection.close()
    engine = DatabaseEngine(DatabaseSettings(database_url=SecretStr(server.url(name))))
    await engine.start_connection_pool()
    usual = project_engine()
    for table in SIX_TABLES:
        table._meta.db = engine
    yield engine
    for table in SIX_TABLES:
        table._meta.db = usual
    await engine.close_connection_pool()
    await server.drop_database(name)


def test_every_operation_is_exercised() -> None:
    """A new operation comes with an exercise, so that its plans are read here too."""
    assert {exercise.operation for exercise in EXERCISES} == operation_names()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.label)
async def test_no_operation_reads_a_whole_table(large: DatabaseEngine, exercise: Exercise) -> None:
    """Each statement finds its rows by an index, planned for its arguments and for any."""
    sent: list[tuple[str, tuple[Any, ...]]] = []
    transaction = large.transaction()
    async with transaction:
        connection = transaction.connection
        (arguments,) = await exercise.inputs(connection, 1)

        def note(query: asyncpg.connection.LoggedQuery) -> None:
            sent.append((query.query, tuple(query.args or ())))

        connection.add_query_logger(note)
        await exercise.call(*arguments)
        connection.remove_query_logger(note)
        read = {
            f"{node['Node Type']} of {node['Relation Name']}: {statement}"
            for statement, values in sent
            if not statement.lstrip().startswith(_NO_PLAN)
            for plan in await _plans(connection, statement, values)
            for node in _whole_scans(plan)
        }
        await transaction.rollback()  # type: ignore[no-untyped-call]
    assert sent
    assert not read


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM workshops WHERE title = $1",
        "SELECT count(*) FROM workshop_steps WHERE id <> $1",
    ],
)
async def test_reading_a_whole_table_is_noticed(large: DatabaseEngine, statement: str) -> None:
    """A table without a fitting index is seen in both plans, and so is all of an index."""
    async with large.transaction() as transaction:
        for plan in await _plans(transaction.connection, statement, ("a",)):
            assert list(_whole_scans(plan))


async def _plans(
    connection: asyncpg.Connection, statement: str, values: tuple[Any, ...]
) -> list[dict[str, Any]]:
    """Return the plan for these arguments, and the one that is kept for all."""
    explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE planned AS {statement}")
    nothing = f"({', '.join(['NULL'] * len(values))})" if values else ""
    generic = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE planned{nothing}")
    await connection.execute("DEALLOCATE planned")
    await connection.execute("SET LOCAL plan_cache_mode = auto")
    return [json.loads(plan)[0]["Plan"] for plan in (explained, generic)]


def _whole_scans(node: dict[str, Any], *, limited: bool = False) -> Iterator[dict[str, Any]]:
    """Yield what reads a large table from end to end: without an index, or all of an index."""
    limited = limited or node["Node Type"] == "Limit"
    if node.get("Relation Name") in TABLES and (
        node["Node Type"] == "Seq Scan"
        or (node["Node Type"].startswith("Index") and "Index Cond" not in node and not limited)
    ):
        yield node
    for child in node.get("Plans", ()):
        yield from _whole_scans(child, limited=limited)
