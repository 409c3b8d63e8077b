"""Reads from streaming replicas: which one holds enough, and who may not use it.

Once a second each replica is asked how far it has replayed the primary's log, and then the
primary how far it has written it. A replica that is as far as the primary was at a moment
holds everything that was committed before that moment: so its age is known without the
clocks of two machines, and is about a second while the primary has nothing to do.

A statement goes to a replica if

- it runs inside ``replica_reads()``, and in no transaction;
- the replica's age is within ``DATABASE_REPLICA_LAG``;
- the replica holds what the same task has written before.

Else, and after every failure of a replica, it goes to the primary.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import re
import time
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncpg

from workshops.background import in_background

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workshops.database.engine import DatabaseEngine

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""How long a server may take to say how far it is."""

_NEVER = -math.inf

_WRITTEN = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"
# A server that is no stand-by, or no longer, gives no position.
_REPLAYED = """
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint END
"""

_WRITE_WORDS = re.compile(r"\b(insert|update|delete|merge|truncate|create|alter|drop|call)\b", re.I)


@dataclass(slots=True)
class _Reads:
    """Where the statements of a task may be read, and when it last wrote."""

    from_replicas: bool
    wrote_at: float = _NEVER


_reads: ContextVar[_Reads | None] = ContextVar("workshops_reads", default=None)


def replica_reads() -> contextlib.AbstractContextManager[None]:
    """Let the block read from a replica, where there is one that is fresh enough.

    What it reads may be older by ``DATABASE_REPLICA_LAG`` seconds, but never older than what
    the same task has written. Statements that write go to the primary as ever.
    """
    return _reading(from_replicas=True)


def primary_reads() -> contextlib.AbstractContextManager[None]:
    """Let the block read from the primary, whatever stands around it."""
    return _reading(from_replicas=False)


@contextlib.contextmanager
def _reading(*, from_replicas: bool) -> Iterator[None]:
    outer = _reads.get()
    inner = _Reads(from_replicas, outer.wrote_at if outer else _NEVER)
    token = _reads.set(inner)
    try:
        yield
    finally:
        _reads.reset(token)
        if inner.wrote_at > _NEVER:
            note_write(inner.wrote_at)


def note_write(moment: float | None = None) -> None:
    """Let what the task reads from now on hold what it has written."""
    moment = time.monotonic() if moment is None else moment
    if (reads := _reads.get()) is None:
        _reads.set(_Reads(False, moment))
    else:
        reads.wrote_at = max(moment, reads.wrote_at)


@lru_cache(maxsize=1024)
def writes(statement: str) -> bool:
    """Tell whether a statement may write; one that calls a function which does is not seen."""
    return _WRITE_WORDS.search(statement) is not None


class Place:
    """A server that is asked where it is in the log, on a connection of its own."""

    def __init__(self, name: str, engine: DatabaseEngine, question: str) -> None:
        self.name = name
        self.engine = engine
        self.holds = _NEVER
        """Everything that was committed before this moment (``time.monotonic()``) is there."""
        self._question = question
        self._connection: Any = None
        self._out = False

    async def position(self) -> int | None:
        """Return its position in the log; None if it is no stand-by."""
        async with asyncio.timeout(ANSWER_SECONDS):
            if self._connection is None or self._connection.is_closed():
                self._connection = await self.engine.get_new_connection()
            position: int | None = await self._connection.fetchval(self._question)
        return position

    async def replayed(self) -> int | None:
        """Return how far a stand-by is; if it does not answer, end what is waiting for it."""
        try:
            position = await self.position()
            if position is None:
                self.leave_out("it is not a stand-by")
        except Exception as error:
            self.leave_out(repr(error))
            self.hang_up()
            if self.engine.pool is not None:
                self.engine.pool.terminate()
            self.engine.pool = await self.engine.make_pool(min_size=0)
            return None
        return position

    def hang_up(self) -> None:
        """Close the connection without a word."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def leave_out(self, reason: str) -> None:
        """Read nothing from it until it has answered again."""
        self.holds = _NEVER
        if not self._out:
            self._out = True
            logger.warning("%s is left out: %s", self.name, reason)

    def take_in(self, holds: float) -> None:
        """Read from it what was committed before a moment."""
        self.holds = holds
        if self._out:
            self._out = False
            logger.warning("%s is used again", self.name)


class Replicas:
    """The stand-bys of a primary, watched while its pool is open."""

    def __init__(self, primary: DatabaseEngine, nodes: dict[str, DatabaseEngine]) -> None:
        self.replicas = [Place(name, engine, _REPLAYED) for name, engine in nodes.items()]
        self.lag = primary.settings.database_replica_lag
        self._primary = Place("the primary", primary, _WRITTEN)
        self._positions: deque[tuple[float, int]] = deque()
        self._watch = contextlib.AsyncExitStack()
        self._looked = asyncio.Event()

    async def start(self) -> None:
        """Open the pools, without a connection yet, and watch."""
        for replica in self.replicas:
            replica.engine.pool = await replica.engine.make_pool(min_size=0)
        await self._watch.enter_async_context(in_background(self._keep_looking))

    async def stop(self) -> None:
        """Close everything."""
        await self._watch.aclose()
        self._primary.hang_up()
        for replica in self.replicas:
            replica.hang_up()
            replica.holds = _NEVER
            await replica.engine.close_connection_pool()

    def choose(self) -> Place | None:
        """Return a replica from which the task may read now."""
        reads = _reads.get()
        if reads is None or not reads.from_replicas:
            return None
        since = max(reads.wrote_at, time.monotonic() - self.lag)
        fresh = [replica for replica in self.replicas if replica.holds > since]
        return random.choice(fresh) if fresh else None

    async def wait_for(self, moment: float) -> None:
        """Wait until whatever is read from any replica holds what was committed before."""
        while any(time.monotonic() - self.lag < r.holds <= moment for r in self.replicas):
            await self._looked.wait()

    async def run(self, statement: str, args: Sequence[Any] | None) -> Any:
        """Run a statement on a replica, or on the primary if it writes or none can be asked."""
        written = writes(statement)
        if not written and (replica := self.choose()) is not None:
            try:
                return await replica.engine._run_in_pool(statement, args)
            except asyncpg.QueryCanceledError:
                raise  # it took too long, as it would there
            except Exception as error:
                # Not its fault: a function in the statement writes, a migration has not made
                # there yet what it reads, or what it was reading has been vacuumed away.
                written = isinstance(error, asyncpg.ReadOnlySQLTransactionError)
                if isinstance(error, _GONE) or not isinstance(error, asyncpg.PostgresError):
                    replica.leave_out(repr(error))
        try:
            return await self._primary.engine._run_here(statement, args)
        finally:
            if written:
                note_write()

    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            self._looked.set()
            self._looked.clear()
            await asyncio.sleep(min(1.0, self.lag / 4))

    async def look(self) -> None:
        """Find out what each replica holds."""
        replayed = await asyncio.gather(*(replica.replayed() for replica in self.replicas))
        now = time.monotonic()
        try:
            written = await self._primary.position()
        except Exception:  # what is known grows too old
            self._primary.hang_up()
            return
        assert written is not None
        self._positions.append((now, written))
        while self._positions[0][0] < now - self.lag:
            self._positions.popleft()
        for replica, position in zip(self.replicas, replayed, strict=True):
            if position is None:
                continue
            if position > written:
                replica.leave_out("it is ahead of the primary, so it follows another one")
                continue
            held = [moment for moment, written in self._positions if written <= position]
            if held:
                replica.take_in(held[-1])
            else:
                replica.leave_out(f"it is more than {self.lag:g} seconds behind")


_GONE = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
