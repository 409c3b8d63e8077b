"""``piccolo workshops backup`` and ``restore``: the whole database in a file, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.backup import BackupError, Progress, back_up
from workshops.database.backup import restore as restore_backup
from workshops.database.environment import engine_of_project
from workshops.database.migrations import pending_migrations


@fails_with_a_sentence
async def backup(file: str, force: bool = False) -> None:
    """Write the whole database to a file that pg_restore reads, and its checksum beside it.

    :param file:
        The file to write.
    :param force:
        Write over a file that exists.

    """
    with _shown("Writing tables") as progress:
        await back_up(engine_of_project(), Path(file), force=force, progress=progress)
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
        checked = await restore_backup(
            engine_of_project(), Path(file), force=force, progress=progress
        )
    print(f"The database holds what was in {file}.")
    if not checked:
        print(f"Its checksum was not looked at: there is no {file}.sha256.")
    if pending := await pending_migrations():
        print(f"{len(pending)} migrations are newer than it. Run: piccolo workshops migrate")


@contextmanager
def _shown(what: str) -> Iterator[Progress]:
    """A progress bar on standard error, where that is a terminal; errors as a sentence."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    try:
        with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, of: bar.update(task, completed=done, total=of)
    except BackupError as error:
        sys.exit(str(error))
