"""The commands that look after a database: ``migrate``, ``backup``, ``operator`` and others."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn
from rich.progress import Progress as Bar

from workshops import projection
from workshops.commands.failures import fails_with_a_sentence
from workshops.database import DatabaseEngine, SettingsError
from workshops.database.backup import Progress, back_up
from workshops.database.backup import restore as restore_backup
from workshops.database.distribution import distribute as distribute_tables
from workshops.database.distribution import has_keys_of_a_cluster
from workshops.database.migrations import (
    counted,
    pending_migrations,
    project_engine,
    run_migrations,
)

ACTIONS = ("create", "disable", "reset-password", "remove-second-factor", "list")


@fails_with_a_sentence
async def migrate() -> None:
    """Run every pending migration of every app, all or nothing, under a lock.

    The constraints and indexes of large tables are made before, while others go on writing.

    Any number of them may be started at the same moment: one migrates, the others
    wait for it and find nothing to do. A database that the Drizzle design created
    is taken over as it is.
    """
    done = await run_migrations(tell=functools.partial(print, flush=True))
    for migration in done:
        print(f"{migration.app_name} {migration.id} {migration.description}".rstrip())
    if done:
        print(counted(done, "migration was run.", "migrations were run."))
    else:
        print("Nothing to do: no migration is pending.")


@fails_with_a_sentence
async def backup(file: str, force: bool = False) -> None:
    """Write the whole database to a file that pg_restore reads, and its checksum beside it.

    :param file:
        The file to write.
    :param force:
        Write over a file that exists.

    """
    with _shown("Writing tables") as progress:
        await back_up(_our_engine(), Path(file), force=force, progress=progress)
    print(f"{file} holds the database ({os.stat(file).st_size:,} bytes), {file}.sha256 its sum.")


@fails_with_a_sentence
async def restore(file: str, force: bool = False) -> None:
    """Put a backup into the database, all or nothing.

    :param file:
        The file that backup has written.
    :param force:
        Replace the data that the database holds.

    """
    with _shown("Reading tables") as progress:
        checked = await restore_backup(_our_engine(), Path(file), force=force, progress=progress)
    print(f"The database holds what was in {file}.")
    if not checked:
        print(f"Its checksum was not looked at: there is no {file}.sha256.")
    if pending := await pending_migrations():
        newer = counted(pending, "migration is newer", "migrations are newer")
        print(f"{newer} than it. Run: piccolo workshops migrate")


@fails_with_a_sentence
async def operator(action: str, name: str = "", email: str = "", viewer: bool = False) -> None:
    """Manage the operators: create, disable, reset-password, remove-second-factor, or list.

    :param action:
        create NAME, disable NAME, reset-password NAME, remove-second-factor NAME, or list.
    :param name:
        The operator's user name.
    :param email:
        The operator's e-mail address, for create.
    :param viewer:
        For create: may look at everything and change nothing.

    """
    # A project that registers only `workshops` does not have the admin's tables.
    from workshops.admin import operators

    if action not in ACTIONS:
        sys.exit(f"Unknown action {action!r}: use {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}.")
    if action != "list" and not name:
        sys.exit(f"Which operator? Use: piccolo workshops operator {action} NAME")
    match action:
        case "create":
            password = await operators.create_operator(name, superuser=not viewer, email=email)
            print(f"Operator {name} was created. The password is shown only now: {password}")
        case "disable":
            await operators.disable_operator(name)
            print(f"Operator {name} can log in no more.")
        case "reset-password":
            password = await operators.reset_password(name)
            print(f"The new password of {name} is shown only now: {password}")
        case "remove-second-factor":
            await operators.remove_second_factor(name)
            print(f"Operator {name} logs in with the password alone now.")
        case "list":
            for found in await operators.list_operators():
                may = "may change things" if found.superuser else "may look"
                print(f"{found.username}  {found.email}  {may if found.active else 'disabled'}")


def _our_engine() -> DatabaseEngine:
    engine = project_engine()
    if not isinstance(engine, DatabaseEngine):
        raise SettingsError(
            "This needs DB = engine_from_environment() in piccolo_conf.py: "
            "from workshops.database import engine_from_environment"
        )
    return engine


def progress_bar(*more: ProgressColumn) -> Bar:
    """Return a progress bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *more)
    return Bar(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def _shown(what: str) -> Iterator[Progress]:
    with progress_bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


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

    findings = await examine(_our_engine())
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
    # Of a backup that was restored, they are for tables that are distributed.
    if await pending_migrations() and not await has_keys_of_a_cluster():
        sys.exit("Migrations are pending. Run first: piccolo workshops migrate")
    done = await distribute_tables(project_engine())
    print("The tables are distributed." if done else "Nothing to do: they are distributed.")


@fails_with_a_sentence
def version() -> None:
    """Print the version of this package."""
    print(f"workshops {installed('workshops')}")
