"""``piccolo workshops`` ``check``, ``refresh``, ``doctor``, ``distribute`` and ``version``."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed

from workshops import projection
from workshops.commands.failures import fails_with_a_sentence
from workshops.database.catalogue import NOTHING, Difference, schema_differences, tables_of_others
from workshops.database.distribution import DistributionError, is_distributed
from workshops.database.distribution import distribute as distribute_tables
from workshops.database.environment import engine_of_project
from workshops.database.invariants import broken_invariants
from workshops.database.migrations import (
    pending_migrations,
    project_engine,
    project_tables,
    unregistered_apps,
)
from workshops.database.repairs import missing_constraints, missing_objects
from workshops.projection import compare


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
        found = await schema_differences(connection)
        missing = any(difference.where.startswith("table ") for difference in found)
        rows = [] if missing else await broken_invariants(connection)
        theirs = await tables_of_others(connection, project_tables())
        pending = await pending_migrations()
    distributed = await is_distributed()
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
        _section("Rows", "no row breaks an invariant", [str(item) for item in rows])
    if notices := _notices([item for item in found if item.harmless], theirs):
        _section("Notices", "", notices)
    if differences or pending or rows or view:
        if pending:
            print("\nRun the pending migrations with: piccolo workshops migrate")
        elif await missing_constraints():
            print("\nPut back what was dropped with: piccolo workshops migrate")
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


@fails_with_a_sentence
async def refresh(all: bool = False) -> None:
    """Fold the changes that wait into what the progress pages show.

    A site that is served does it every second by itself. Nobody waits for it.

    :param all:
        Compute all of it anew, whatever waits: after a restore without triggers, or
        when ``piccolo workshops check`` finds a difference.
    """
    engine = project_engine()
    await engine.start_connection_pool()
    try:
        await projection.refresh(everything=all, told=_tell)
    finally:
        await engine.close_connection_pool()
    print("The operators' view is up to date.")


def _tell(done: projection.Fold) -> None:
    of = "of all workshops" if done.workshops is None else f"of {done.workshops:,} workshops"
    print(f"{done.entries:,} changes {of}")


@fails_with_a_sentence
async def doctor() -> None:
    """Say in plain words how the database is, and what to do; exit with 1 if there is something.

    It looks at settings, versions, latency, connections, clocks, bloat, indexes, the
    projection, replicas and long transactions, and changes nothing.
    """
    # A project that registers only `workshops` does not have the admin's tables.
    from workshops.observability.doctor import examine

    findings = await examine(engine_of_project())
    for finding in findings:
        print(f"{finding.subject:<14}{finding.sentence}")
        if finding.advice:
            print(f"{'':<14}-> {finding.advice}")
    if any(finding.advice for finding in findings):
        sys.exit(1)


@fails_with_a_sentence
async def distribute() -> None:
    """Spread the tables over the nodes of a Citus cluster, all rows of a workshop together.

    All or nothing, and safe to run twice. The workshops that are there are moved; nobody
    can write meanwhile.
    """
    if await pending_migrations():
        sys.exit("Migrations are pending. Run first: piccolo workshops migrate")
    try:
        done = await distribute_tables(project_engine())
    except DistributionError as error:
        sys.exit(str(error))
    print("The tables are distributed." if done else "Nothing to do: they are distributed.")


@fails_with_a_sentence
def version() -> None:
    """Print the version of this package."""
    print(f"workshops {installed('workshops')}")
