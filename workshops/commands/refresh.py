"""``piccolo workshops refresh``: bring the operators' view up to date."""

from __future__ import annotations

import sys

from workshops import projection
from workshops.commands.failures import fails_with_a_sentence
from workshops.database.migrations import project_engine


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
    except projection.NotKeptError as error:
        sys.exit(str(error))
    finally:
        await engine.close_connection_pool()
    print("The operators' view is up to date.")


def _tell(done: projection.Fold) -> None:
    of = "of all workshops" if done.workshops is None else f"of {done.workshops:,} workshops"
    print(f"{done.entries:,} changes {of}")
