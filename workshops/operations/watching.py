"""Hearing of changes, to show progress as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import NamedTuple

from workshops.errors import ChangeLogMissingError
from workshops.projection import listening
from workshops.statements import validation
from workshops.statements.execution import fetch_row


class WorkshopChange(NamedTuple):
    """Something of a workshop has changed, or the workshop is new, or is gone.

    ``workshop_id`` is None where it may be any of them: read again what is shown.
    """

    workshop_id: str | None


async def watch_workshops(*workshop_ids: str) -> AsyncGenerator[WorkshopChange, None]:
    """Yield a change whenever one of these workshops has changed, or any, if none is named.

    It does not matter who writes: these operations, an operator, another application. A
    change comes about a second after its commit; several of one workshop meanwhile are one.
    The first one comes at once for each workshop that is named (else one of None), and again
    after the database was away: so what is read at each change is never older than the
    last one. All that watch in a process share one connection, outside of the pool, and
    one that is slow or gone costs nothing. One round trip at the beginning::

        async for _ in operations.watch_workshops(workshop_id):
            await send(await operations.get_workshop(workshop_id, include=("steps",)))

    It goes on for ever: leave the loop, or cancel the task. Deleted workshops are
    changes, too: reading them then raises ``NotFoundError``.

    Raises:
        ChangeLogMissingError: a ConflictError; the operators' tables are not installed.
        DatabaseUnavailableError: the database is away at the beginning.
    """
    for workshop_id in workshop_ids:
        validation.key("workshop_id", workshop_id)
    row = await fetch_row("SELECT to_regclass('workshops_admin.changes') IS NULL AS missing")
    if row is None or row["missing"]:
        raise ChangeLogMissingError
    async with listening(*workshop_ids) as subscription:
        while not subscription.closed:
            changed = await subscription.next()
            for each in changed if changed is not None else workshop_ids or (None,):
                yield WorkshopChange(each)
