"""``piccolo workshops check``: is the database what the code says it is?"""

from __future__ import annotations

import sys

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.catalogue import schema_differences
from workshops.database.invariants import broken_invariants
from workshops.database.migrations import pending_migrations, project_engine


@fails_with_a_sentence
async def check() -> None:
    """Compare the live database with the table classes; exit with 1 on any difference.

    It compares types, nullability, defaults, keys, uniques, CHECKs and indexes
    through PostgreSQL's catalogue, lists pending migrations, and counts rows that
    break an invariant. It changes nothing.
    """
    connection = await project_engine().get_new_connection()
    try:
        differences = await schema_differences(connection)
        missing = any(difference.where.startswith("table ") for difference in differences)
        rows = [] if missing else await broken_invariants(connection)
    finally:
        await connection.close()
    pending = await pending_migrations()
    _section("Schema", "agrees with the table classes", [str(item) for item in differences])
    _section(
        "Migrations",
        "none is pending",
        [f"pending in {item.app_name}: {item.id} {item.description}" for item in pending],
    )
    if missing:
        print("Rows        not looked at: tables are missing")
    else:
        _section("Rows", "no row breaks an invariant", [str(item) for item in rows])
    if differences or pending or rows:
        if pending:
            print("\nRun the pending migrations with: piccolo workshops migrate")
        sys.exit(1)


def _section(title: str, all_well: str, problems: list[str]) -> None:
    print(f"{title:<12}{'ok: ' + all_well if not problems else ''}".rstrip())
    for problem in problems:
        print(f"  - {problem}")
