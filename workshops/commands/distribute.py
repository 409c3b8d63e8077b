"""``piccolo workshops distribute``: from one PostgreSQL to a Citus cluster."""

from __future__ import annotations

import sys

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.distribution import DistributionError
from workshops.database.distribution import distribute as distribute_tables
from workshops.database.migrations import pending_migrations, project_engine


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
