"""Both applications at work on the same workshops."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from tests.commands.running import run_program
from tests.drizzle.conftest import PYTHON_ZONE, piccolo, product


async def ours(url: str, *command: str) -> Any:
    """Run our side as a program, and return its answer."""
    result = await run_program(
        sys.executable, "-m", "tests.drizzle.ours", *command, DATABASE_URL=url, TZ=PYTHON_ZONE
    )
    assert result.code == 0, result
    return json.loads(result.out)


def comparable(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by key, with all times as JavaScript writes them."""

    def value(name: str, value: Any) -> Any:
        if name.endswith("_at") and value is not None:
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
            return moment.isoformat(timespec="milliseconds")
        return value

    return {
        table: sorted(
            ({name: value(name, row[name]) for name in row} for row in of_table),
            key=lambda row: str(row["id"]),
        )
        for table, of_table in rows.items()
    }


async def test_no_write_fails_and_no_message_is_lost(shared_url: str) -> None:
    """Sixteen callers, eight of each side, on six workshops; both read the same afterwards."""
    theirs, mine = await asyncio.gather(
        product(shared_url, "write", "4"), ours(shared_url, "write", "4")
    )
    assert (theirs["errors"], mine["errors"]) == ({}, {})
    assert theirs["done"] > 500
    assert mine["done"]["complete_step"] > 10
    assert len(mine["messages"]) > 100

    by_drizzle = await product(shared_url, "read")
    outputs = {
        (step["workshop_id"], step["step_id"]): step["output"] or {}
        for step in by_drizzle["workshop_steps"]
    }
    stored = {
        (*key, message["text"])
        for key, output in outputs.items()
        for message in output.get("messages", ())
    }
    assert {tuple(message) for message in mine["messages"]} == stored
    assert sum(len(output.get("said", ())) for output in outputs.values()) == theirs["said"]

    assert comparable(by_drizzle) == comparable(await ours(shared_url, "read"))
    check = await piccolo(shared_url, "check")
    assert "no row breaks an invariant" in check.out


async def test_times_that_the_database_sets_are_utc_after_the_adoption(drizzle_url: str) -> None:
    """On a server in another zone the design's own defaults are local times."""
    connection = await asyncpg.connect(drizzle_url)

    async def error_of_new_row() -> timedelta:
        (id,) = await product(drizzle_url, "create", "1")
        query = "SELECT created_at FROM workshops WHERE id = $1"
        created_at: datetime = await connection.fetchval(query, id)
        return abs(created_at - datetime.now(UTC).replace(tzinfo=None))

    assert await error_of_new_row() > timedelta(hours=1)
    await piccolo(drizzle_url, "migrate")
    assert await error_of_new_row() < timedelta(hours=1)
    await connection.close()


async def test_updated_at_goes_back_unless_the_schema_is_as_advised(drizzle_url: str) -> None:
    """The other application writes its own clock's time, whatever is stored."""
    (id,) = await product(drizzle_url, "create", "1")
    connection = await asyncpg.connect(drizzle_url)
    ahead = await connection.fetchval(
        "UPDATE workshops SET updated_at = (now() AT TIME ZONE 'utc') + interval '1 hour'"
        " RETURNING updated_at"
    )
    query = "SELECT updated_at FROM workshops WHERE id = $1"
    await product(drizzle_url, "rename", id, AS_ADVISED="1")
    assert await connection.fetchval(query, id) == ahead + timedelta(milliseconds=1)
    await product(drizzle_url, "rename", id)
    assert await connection.fetchval(query, id) < ahead
    await connection.close()
