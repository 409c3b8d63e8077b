"""``piccolo workshops migrate``: run the migrations, safely."""

from __future__ import annotations

import functools

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.migrations import run_migrations


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
    print(
        f"{len(done)} migrations were run." if done else "Nothing to do: no migration is pending."
    )
