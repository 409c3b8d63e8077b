"""Hearing which workshops changed: one connection a process, however many listen.

The folder notifies a channel when it has written summaries. A *hub* listens to it as long
as anybody is subscribed, keeps the view up to date meanwhile (``keeping_up``), and tells
every subscription. A subscription holds what its owner has not asked for yet: a set of
identifiers, and above ``MOST`` of them only that everything may have changed. So a slow
listener costs a bounded set, and one that is gone costs nothing.

Where notifications do not arrive, behind a pooler in transaction mode, the hub looks
every second whether the folder has written anything, and then says "everything".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import weakref
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta

import asyncpg

from workshops.background import in_background
from workshops.columns import utc_now
from workshops.database.engine import DatabaseEngine
from workshops.errors import DatabaseUnavailableError
from workshops.projection.folder import CHANNEL, PAUSE, keeping_up
from workshops.statements.execution import engine, fetch_row

logger = logging.getLogger(__name__)

MOST = 1_000
"""How many identifiers a subscription holds before it says "everything"."""

_PULSE = 20.0  # seconds after which a silent connection is tried
_PULSE_PATIENCE = 5.0  # seconds
_CLOCKS = timedelta(seconds=2)  # by how much the clocks of two servers may differ

_OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DatabaseUnavailableError,
)


class Subscription:
    """What one listener has not heard of yet.

    :param workshop_ids: Which workshops it wants to hear of; none: of all.
    """

    def __init__(self, workshop_ids: Collection[str]) -> None:
        self._wanted = frozenset(workshop_ids)
        self._changed: set[str] = set()
        self._everything = False
        self._told = asyncio.Event()
        self.closed = False

    def tell(self, workshop_ids: Collection[str] | None) -> None:
        """Note that these workshops changed; None: any of them may have."""
        if workshop_ids is None:
            self._everything = True
        elif self._wanted:
            self._changed |= self._wanted.intersection(workshop_ids)
        else:
            self._changed.update(workshop_ids)
        if len(self._changed) > MOST:
            self._everything = True
        if self._everything:
            self._changed.clear()
        if self._everything or self._changed:
            self._told.set()

    def close(self) -> None:
        self.closed = True
        self._told.set()

    async def next(self) -> frozenset[str] | None:
        """Wait for changes, and return the workshops; None: any of them may have changed.

        A subscription that was closed returns at once, with what there is, if anything.
        """
        await self._told.wait()
        changed = None if self._everything else frozenset(self._changed)
        self._everything = False
        self._changed.clear()
        if not self.closed:
            self._told.clear()
        return changed


class _Hub:
    """The listener of one event loop; it runs while there are subscriptions."""

    def __init__(self) -> None:
        self.subscriptions: set[Subscription] = set()
        self._silent_since: datetime | None = None
        """When it has told of something last; None while it does not hear of changes."""

    def add(self, subscription: Subscription, since: datetime | None) -> None:
        self.subscriptions.add(subscription)
        if self._silent_since and not (since and self._silent_since < since - _CLOCKS):
            subscription.tell(None)

    async def run(self) -> None:
        database = engine()
        pooled = isinstance(database, DatabaseEngine) and database.settings.behind_pooler
        failing = False
        async with keeping_up():
            while True:
                try:
                    await (self._look() if pooled else self._listen())
                    failing = False
                except _OUTAGES as error:
                    if not failing:
                        logger.warning("Changes are not heard of at the moment: %r", error)
                    failing = True
                finally:
                    self._silent_since = None
                await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        """Hear notifications until the connection is lost."""
        connection = await engine().get_new_connection()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._tell(None)  # whatever happened before
            while not lost.is_set():
                try:
                    await asyncio.wait_for(lost.wait(), _PULSE)
                except TimeoutError:
                    await connection.execute("SELECT 1", timeout=_PULSE_PATIENCE)
        finally:
            connection.terminate()

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self._tell(json.loads(str(payload)))

    async def _look(self) -> None:
        """Look at the time of the summaries, again and again."""
        known: object = self
        while True:
            row = await fetch_row("SELECT as_of FROM workshops_admin.state")
            if row is not None and row["as_of"] != known:
                known = row["as_of"]
                self._tell(None)
            await asyncio.sleep(PAUSE)

    def _tell(self, workshop_ids: Collection[str] | None) -> None:
        self._silent_since = utc_now()
        for subscription in self.subscriptions:
            subscription.tell(workshop_ids)


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Hub] = weakref.WeakKeyDictionary()


@contextlib.asynccontextmanager
async def listening(
    *workshop_ids: str, since: datetime | None = None
) -> AsyncIterator[Subscription]:
    """Subscribe to changes of these workshops, or of all, for the length of a block.

    The first thing to hear is that everything may have changed: it comes as soon as
    changes are heard of, and again after each time that they could not be.

    :param since: Do without the first one if surely nothing changed since then (UTC).
    """
    hub = _hubs.setdefault(asyncio.get_running_loop(), _Hub())
    subscription = Subscription(workshop_ids)
    hub.add(subscription, since)
    try:
        async with in_background(hub.run):
            yield subscription
    finally:
        hub.subscriptions.discard(subscription)


def stop_listening() -> None:
    """Close every subscription of this event loop, so that a server that stops can end."""
    if hub := _hubs.get(asyncio.get_running_loop()):
        for subscription in hub.subscriptions:
            subscription.close()
