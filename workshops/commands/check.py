"""``piccolo workshops check``: what of the database is not as it should be."""

from __future__ import annotations

import sys

import asyncpg

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.building import missing_rules
from workshops.database.catalogue import NOTHING, Difference, schema_differences, tables_of_others
from workshops.database.distribution import has_keys_of_a_cluster, is_distributed
from workshops.database.migrations import (
    missing_objects,
    pending_migrations,
    project_engine,
    project_tables,
    unregistered_apps,
)
from workshops.projection import compare

# Rules that hold between rows, which no constraint can express. The operations keep them;
# another application that writes to the same database, or an operator with a SQL prompt, may not.
_INVARIANTS = {
    "workshops lack the row of a step": (
        "workshops w LEFT JOIN (SELECT workshop_id, count(*) AS steps FROM workshop_steps"
        " GROUP BY 1) s ON s.workshop_id = w.id",
        # A step that was added later is not one of those that were completed.
        "status <> 'completed' AND coalesce(steps, 0) < (SELECT count(*) FROM step_definitions)",
    ),
    "workshops have no owner among their members": (
        "workshops w",
        "NOT EXISTS (SELECT FROM workshop_members m"
        " WHERE m.workshop_id = w.id AND m.role = 'owner')",
    ),
    "workshops are completed while a step is not complete": (
        "workshops w",
        "status = 'completed' AND EXISTS (SELECT FROM workshop_steps s"
        " WHERE s.workshop_id = w.id AND s.status <> 'complete')",
    ),
    "workshops are shared without a share token": (
        "workshops",
        "visibility = 'shared' AND share_token IS NULL",
    ),
    "workshops are private and still have a share token": (
        "workshops",
        "visibility = 'private' AND share_token IS NOT NULL",
    ),
    "steps are complete without completed_at": (
        "workshop_steps",
        "status = 'complete' AND completed_at IS NULL",
    ),
    "steps have a completed_at and were never complete": (
        "workshop_steps",
        "status NOT IN ('complete', 'needs_regeneration') AND completed_at IS NOT NULL",
    ),
    "steps are in progress without started_at": (
        "workshop_steps",
        "status = 'in_progress' AND started_at IS NULL",
    ),
    "steps are not started and yet have a started_at or an output": (
        "workshop_steps",
        "status = 'not_started' AND (started_at IS NOT NULL OR output IS NOT NULL)",
    ),
    "steps were completed before they were started": (
        "workshop_steps",
        "completed_at < started_at",
    ),
    "sessions ended before they began": ("sessions", "ended_at < started_at"),
    "step definitions share their order with another": (
        "step_definitions",
        '"order" IN (SELECT "order" FROM step_definitions GROUP BY 1 HAVING count(*) > 1)',
    ),
}


async def broken_invariants(connection: asyncpg.Connection) -> list[str]:
    """Return how many rows break a rule, and the ids of a few. One query a rule; it only reads."""
    broken = []
    for rule, (table, condition) in _INVARIANTS.items():
        row = await connection.fetchrow(
            "SELECT count(*), (array_agg(id ORDER BY id))[:3] AS examples"
            f" FROM (SELECT id FROM {table} WHERE {condition}) AS broken"
        )
        if row["count"]:
            more = ", ..." if row["count"] > len(row["examples"]) else ""
            broken.append(f"{row['count']} {rule}: {', '.join(row['examples'])}{more}")
    return broken


@fails_with_a_sentence
async def check() -> None:
    """Compare the live database with the table classes; exit with 1 on any difference.

    It compares types, nullability, defaults, keys, uniques, CHECKs and indexes
    through PostgreSQL's catalogue, lists pending migrations, and counts rows that
    break an invariant. It changes nothing. What another application has added, and
    no write of ours depends on, is a notice.
    """
    async with project_engine().transaction() as transaction:
        connection = transaction.connection
        distributed = await is_distributed()
        found = await schema_differences(connection, distributed=distributed)
        missing = any(difference.where.startswith("table ") for difference in found)
        rows = [] if missing else await broken_invariants(connection)
        theirs = await tables_of_others(connection, project_tables())
        pending = await pending_migrations()
    view = [] if pending or distributed else await _view()
    differences = [difference for difference in found if not difference.harmless]
    _section("Schema", "agrees with the table classes", [str(item) for item in differences])
    _section(
        "Migrations",
        "none is pending",
        [f"pending in {item.app_name}: {item.id} {item.description}" for item in pending],
    )
    if view is None:
        print("View        not looked at: it is yet to be computed (piccolo workshops refresh)")
    elif distributed:
        print("View        not compared: on a cluster it is computed anew every ten seconds")
    elif not pending:
        _section("View", "the operators' view is what the tables say", view)
    if missing:
        print("Rows        not looked at: tables are missing")
    else:
        _section("Rows", "no row breaks an invariant", rows)
    if notices := _notices([item for item in found if item.harmless], theirs):
        _section("Notices", "", notices)
    if differences or pending or rows or view:
        if pending:
            print("\nRun the pending migrations with: piccolo workshops migrate")
        elif await missing_rules():
            print("\nPut back what was dropped with: piccolo workshops migrate")
        elif not distributed and await has_keys_of_a_cluster():
            print("\nThe tables are made for a cluster. Spread them: piccolo workshops distribute")
        sys.exit(1)


def _notices(harmless: list[Difference], tables: list[str]) -> list[str]:
    """Say what is there beside ours, in a line for each kind of it."""
    columns = [item.where for item in harmless if "." in item.where]
    lines = [
        f"{item.where}: {item.found}"
        + ("" if item.expected == NOTHING else ", as the Drizzle design creates it")
        for item in harmless
        if item.where not in columns
    ]
    if columns:
        lines.append(f"columns of another application: {', '.join(columns)}")
    if tables:
        lines.append(f"tables of another application: {', '.join(tables)}")
    return lines


async def _view() -> list[str] | None:
    """Return what is wrong with what the operators' view is made of; None if nobody can know."""
    if unregistered_apps():
        return []
    if missing := await missing_objects():
        return [f"missing: {name} (piccolo workshops migrate)" for name in missing]
    found = await compare()
    if found.behind is None:
        return None
    if not found.different:
        return []
    examples = ", ".join(found.examples)
    return [f"{found.different} workshops differ: {examples} (piccolo workshops refresh --all)"]


def _section(title: str, all_well: str, problems: list[str]) -> None:
    print(f"{title:<12}{'ok: ' + all_well if not problems else ''}".rstrip())
    for problem in problems:
        print(f"  - {problem}")
