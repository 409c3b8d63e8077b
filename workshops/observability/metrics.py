"""What is measured: ``/metrics`` for Prometheus, and statements that take long in the log."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from workshops.database.transactions import own_connection
from workshops.health import Probe
from workshops.projection import freshness
from workshops.states import WorkshopStatus

if TYPE_CHECKING:
    from asyncpg.connection import LoggedQuery

    from workshops.database import DatabaseEngine

logger = logging.getLogger(__name__)

COUNT_SECONDS = 30.0
"""How long the counts of workshops are kept: they read the whole table."""

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATEMENT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30)

TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client keeps the measures of processes that count together."""


class Metrics:
    """The measures of this process, or of all workers of ``serve --workers`` together."""

    def __init__(self, engine: DatabaseEngine, token: str) -> None:
        self._engine = engine
        self._expected = f"Bearer {token}".encode()
        self._probe = Probe(self._look_at_database)
        self._counted_at = -COUNT_SECONDS
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "workshops_request_seconds",
            "Requests by the pattern of their path; a status of 500 and more is an error",
            ("method", "route", "status"),
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._statements = Histogram(
            "workshops_statement_seconds",
            "Statements of the pool",
            ("failed",),
            buckets=_STATEMENT_BUCKETS,
            registry=self.registry,
        )
        self._up = self._gauge("workshops_database_up", "Whether the database answers")
        self._pool = self._gauge(
            "workshops_pool_connections",
            "Connections of the pool; waiting: callers",
            "state",
            mode="livesum",
        )
        self._age = self._gauge(
            "workshops_projection_age_seconds",
            "Age of the oldest change not yet in the board; on a cluster, of the board",
        )
        self._waiting = self._gauge(
            "workshops_projection_changes", "Changes that are not yet in the board"
        )
        self._workshops = self._gauge("workshops_by_status", "Workshops", "status")

    def _gauge(
        self, name: str, description: str, *labels: str, mode: Any = "livemostrecent"
    ) -> Gauge:
        return Gauge(name, description, labels, registry=self.registry, multiprocess_mode=mode)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, status).observe(seconds)

    def observe_statement(self, done: LoggedQuery) -> None:
        failed = "no" if done.exception is None else "yes"
        self._statements.labels(failed).observe(done.elapsed)

    async def _look(self) -> None:
        """Bring the gauges up to date, in five seconds those of the database too."""
        pool = self._engine.pool
        size, idle = (pool.get_size(), pool.get_idle_size()) if pool else (0, 0)
        states = {"used": size - idle, "idle": idle, "waiting": self._engine.waiting}
        for state, number in states.items():
            self._pool.labels(state).set(number)
        try:
            await self._probe()
        except Exception as error:
            logger.warning("The measures of the database cannot be taken: %r", error)

    async def _look_at_database(self) -> None:
        ask = self._engine._run_in_pool
        self._up.set(0)  # until it has answered
        rows = await ask("SELECT to_regclass('workshops_admin.changes') IS NOT NULL")
        self._up.set(1)
        if rows[0][0]:
            found = await freshness()
            self._age.set(0 if found.current and not found.untold else found.age)
            self._waiting.set(found.waiting)
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            rows = await ask("SELECT status, count(*) FROM workshops GROUP BY status")
            counts = dict.fromkeys(WorkshopStatus, 0) | dict(rows)
            for status, number in counts.items():
                self._workshops.labels(str(status)).set(number)
            self._counted_at = time.monotonic()

    async def page(self, request: Request) -> Response:
        """Answer who has the token."""
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, self._expected):
            return PlainTextResponse(
                "METRICS_TOKEN is needed.\n", 401, headers={"WWW-Authenticate": "Bearer"}
            )
        await self._look()
        registry = self.registry
        if directory := os.environ.get(TOGETHER):
            registry = CollectorRegistry()
            _forget_the_dead(Path(directory))
            MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _forget_the_dead(directory: Path) -> None:
    """Leave out the pools of workers that have ended; what they have counted stays."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in directory.glob("gauge_live*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]


class SlowStatements:
    """Is told of every statement of a pool, and logs those over a threshold.

    The plan is the one for any values: PostgreSQL makes it without those of the statement,
    and does not run it. One plan is asked for at a time; meanwhile others are logged
    without.
    """

    def __init__(self, engine: DatabaseEngine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._asking: asyncio.Task[None] | None = None

    def __call__(self, done: LoggedQuery) -> None:
        if done.elapsed < self._seconds:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._explain(done))
        else:
            _log(done, "another plan was being asked for")

    async def _explain(self, done: LoggedQuery) -> None:
        try:
            async with (
                own_connection(self._engine) as connection,
                connection.transaction(readonly=True),
            ):
                await connection.execute(
                    "SET LOCAL plan_cache_mode = force_generic_plan;"
                    "SET LOCAL statement_timeout = '5s'"
                )
                await connection.execute(f"PREPARE slow AS {done.query}")
                values = ", ".join(["NULL"] * len(done.args))
                execute = f"EXECUTE slow({values})" if values else "EXECUTE slow"
                try:
                    async with connection.transaction():
                        plan = await connection.fetch(f"EXPLAIN {execute}")
                finally:  # a pooler keeps the session, and the rollback what was prepared in it
                    await connection.execute("DEALLOCATE slow")
        except Exception as error:
            _log(done, f"no plan: {type(error).__name__}")
        else:
            _log(done, "\n".join(row[0] for row in plan))


def _log(done: LoggedQuery, plan: str) -> None:
    statement = " ".join(done.query.split())
    logger.warning(
        "A statement took %.2f s: %s\n%s",
        done.elapsed,
        statement,
        plan,
        extra={
            "fields": {
                "message": "slow statement",
                "statement": statement,
                "seconds": round(done.elapsed, 3),
                "failed": done.exception is not None,
                "plan": plan,
            }
        },
    )
