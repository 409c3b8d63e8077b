"""What an experienced colleague would look at first, in plain words with what to do.

Each check is one query that reads statistics, and changes nothing.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import TYPE_CHECKING

import asyncpg

from workshops.admin.settings import AdminSettings
from workshops.database import read_settings
from workshops.database.distribution import is_distributed
from workshops.database.engine import MINIMUM_VERSION
from workshops.database.migrations import counted, pending_migrations
from workshops.database.transactions import own_connection
from workshops.projection import freshness

if TYPE_CHECKING:
    from workshops.database import DatabaseEngine

SLOW_ROUND_TRIP = 0.01
CLOCK_SECONDS = 2.0
LONG_TRANSACTION = "1 minute"
PROJECTION_SECONDS = 60
REPLICA_SECONDS = 10
KEPT_LOG = 2**30  # bytes
PATIENCE = 10.0
"""Seconds after which a check is given up: somebody holds what it reads."""


@dataclass(frozen=True)
class Finding:
    """What a check says. ``advice`` is empty where nothing is to be done."""

    subject: str
    sentence: str
    advice: str


Told = AsyncIterator[tuple[str, str]]
"""The sentences of a check, and what each advises."""


async def examine(engine: DatabaseEngine) -> list[Finding]:
    """Return what every check says, in order, or why it could not be made.

    Raises:
        DatabaseUnavailableError: there is no database to look at.
    """
    findings = []
    async with own_connection(engine) as connection:
        for check in CHECKS:
            try:
                async with asyncio.timeout(PATIENCE):
                    told = [each async for each in check(engine, connection)]
            except TimeoutError:
                reason = f"could not be looked at within {PATIENCE:g} seconds"
                advice = "Somebody has locked a table, or the server hangs: see transactions."
                told = [(reason, advice)]
            except asyncpg.PostgresError as error:
                advice = "Run it with DATABASE_URL naming the owner of the tables."
                told = [(f"could not be looked at: {error}", advice)]
            findings += [Finding(check.__name__.strip("_"), *each) for each in told]
    return findings


async def _settings(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    production = read_settings(AdminSettings).production
    where = f"{engine.address}, pool of {engine.settings.database_pool_size}"
    yield f"database {where}, {'production' if production else 'PRODUCTION=0'}", ""
    if await c.fetchval(
        "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only')::bool"
    ):
        yield (
            "the database takes no writes",
            "A provider sets that when the disk is full. Then: "
            "ALTER DATABASE ... RESET default_transaction_read_only;",
        )
    if engine.embedded is None and not production:
        yield "PRODUCTION is not set", "Behind HTTPS, set PRODUCTION=1 and ALLOWED_HOSTS."


async def _versions(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    server = c.get_server_version()
    shown = await c.fetchval("SELECT current_setting('server_version')")
    packages = ", ".join(f"{name} {version(name)}" for name in ("workshops", "piccolo", "asyncpg"))
    old = server.major < MINIMUM_VERSION
    advice = f"Upgrade PostgreSQL to {MINIMUM_VERSION} or newer." if old else ""
    yield f"PostgreSQL {shown}, {packages}", advice


async def _migrations(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    if pending := await pending_migrations():
        yield f"{counted(pending, 'has', 'have')} not been run", "piccolo workshops migrate"


async def _latency(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    taken = []
    for _ in range(20):
        began = perf_counter()
        await c.fetchval("SELECT 1")
        taken.append(perf_counter() - began)
    median = statistics.median(taken)
    slow = median > SLOW_ROUND_TRIP
    advice = "Run the application nearer to its database, or look at its load." if slow else ""
    yield f"a round trip takes {median * 1000:.1f} ms", advice


async def _connections(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    used, most = await c.fetchrow(
        "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
        " WHERE backend_type = 'client backend'"
    )
    full = used + engine.settings.database_pool_size > most
    advice = "Lower DATABASE_POOL_SIZE, or put PgBouncer in front." if full else ""
    yield f"{used} of {most} are in use", advice


async def _time(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    theirs, zone = await c.fetchrow("SELECT clock_timestamp(), current_setting('TimeZone')")
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    advice = "Let both machines keep their time by NTP." if apart > CLOCK_SECONDS else ""
    yield f"sessions are in {zone}, the clocks are {apart:.1f} s apart", advice
    if zone != "UTC":
        yield "sessions are not in UTC", "Take TimeZone out of DATABASE_URL."


async def _bloat(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    rows = await c.fetch(
        "SELECT relid::regclass::text AS name, n_dead_tup AS dead, n_live_tup AS live"
        " FROM pg_stat_user_tables WHERE n_dead_tup > 10000 AND n_dead_tup > n_live_tup * 0.3"
    )
    for row in rows:
        dead = f"{row['dead']:,} dead rows beside {row['live']:,} live ones"
        yield f"{row['name']} has {dead}", f"VACUUM (ANALYZE) {row['name']};"
    age = await c.fetchval(
        "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()"
    )
    if age > 1_000_000_000:
        yield f"the oldest row is {age:,} transactions old", "VACUUM;"
    if not rows:
        yield "no table has many dead rows", ""


async def _indexes(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    rows = await c.fetch(
        "SELECT i.indexrelid::regclass::text AS name, NOT x.indisvalid AS broken,"
        " pg_size_pretty(pg_relation_size(i.indexrelid)) AS size"
        " FROM pg_stat_user_indexes i JOIN pg_index x USING (indexrelid)"
        " WHERE NOT x.indisvalid OR i.idx_scan = 0 AND NOT x.indisunique"
        " AND pg_relation_size(i.indexrelid) > 50 * 1024 * 1024"
    )
    for row in rows:
        if row["broken"]:
            yield f"{row['name']} is not valid", f"REINDEX INDEX {row['name']};"
        else:
            yield (
                f"{row['name']} ({row['size']}) was never used since the statistics began",
                "If all kinds of work have run since, ask whether it is needed.",
            )
    scanned = await c.fetch(
        "SELECT relid::regclass::text AS name, seq_scan, seq_tup_read / seq_scan AS each"
        " FROM pg_stat_user_tables"
        " WHERE seq_scan > 1000 AND n_live_tup > 100000 AND seq_tup_read / seq_scan > 50000"
    )
    for row in scanned:
        yield (
            f"{row['name']} was read whole {row['seq_scan']:,} times",
            "piccolo workshops check names missing indexes; SLOW_STATEMENT finds the statement.",
        )
    if not rows and not scanned:
        yield "none is broken, unused or missed", ""


async def _projection(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    if not await c.fetchval("SELECT to_regclass('workshops_admin.changes') IS NOT NULL"):
        yield "this database has none", ""
        return
    found = await freshness()
    late = found.rebuilding or (not found.current and found.age > PROJECTION_SECONDS)
    unasked = "Is a server running, which does it unasked? Or: piccolo workshops refresh"
    advice = unasked if late else ""
    waiting = f"{found.waiting:,} changes wait" if found.waiting else "up to date"
    if found.untold:
        waiting = "on a cluster it is computed anew every ten seconds while a server runs"
    elif found.rebuilding:
        waiting = "it has to be computed anew"
    yield waiting, advice


async def _replicas(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    if await c.fetchval("SELECT pg_is_in_recovery()"):
        # With nothing left to replay, an old last transaction only says that nobody writes.
        behind = await c.fetchval(
            "SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
            " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
            " END::float8"
        )
        lag = "it does not say how far behind" if behind is None else f"{behind:.1f} s behind"
        yield (
            f"this is a stand-by, which takes no writes, {lag}",
            "DATABASE_URL is for the primary; put this one into DATABASE_REPLICA_URLS.",
        )
    rows = await c.fetch(
        "SELECT application_name AS name, extract(epoch FROM replay_lag)::float8 AS lag"
        " FROM pg_stat_replication WHERE state IS NOT NULL"  # it is shown to whom may see it
    )
    for row in rows:
        late = (row["lag"] or 0) > REPLICA_SECONDS
        advice = "Look at its load and at the network." if late else ""
        yield f"{row['name']} is {row['lag'] or 0:.1f} s behind", advice
    slots = await c.fetch(
        "SELECT slot_name AS name, pg_size_pretty(kept) AS kept FROM pg_replication_slots,"
        " LATERAL (SELECT CASE WHEN NOT pg_is_in_recovery()"
        " THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END) log (kept)"
        " WHERE NOT active AND kept > $1",
        KEPT_LOG,
    )
    for row in slots:
        yield (
            f"nobody reads the replication slot {row['name']}, which keeps {row['kept']} of log",
            f"Start its reader, or: SELECT pg_drop_replication_slot('{row['name']}');",
        )


async def _cluster(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    if not await is_distributed():
        return
    rows = await c.fetch(
        "SELECT to_nodename || ':' || to_nodeport AS name, bool_and(COALESCE(result, false))"
        " AS well FROM citus_check_cluster_node_health() GROUP BY 1 ORDER BY 1"
    )
    for row in rows:
        if not row["well"]:
            yield f"{row['name']} does not answer to all nodes", "Look at its log and the network."
    where = "connections, bloat, indexes and transactions are those of the coordinator"
    yield f"{len(rows)} nodes; {where}", ""


async def _transactions(engine: DatabaseEngine, c: asyncpg.Connection) -> Told:
    rows = await c.fetch(
        "SELECT pid, application_name AS name, state, cardinality(pg_blocking_pids(pid)) AS behind,"
        " date_trunc('second', now() - xact_start)::text AS age FROM pg_stat_activity"
        " WHERE xact_start < now() - $1::text::interval AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' ORDER BY xact_start",
        LONG_TRANSACTION,
    )
    for row in rows:
        name = f"process {row['pid']} ({row['name'] or 'no name'})"
        state = "waits for a lock" if row["behind"] else row["state"]
        yield (
            f"{name} has one open for {row['age']}, {state}",
            f"What it changed is locked. To end it: SELECT pg_terminate_backend({row['pid']});",
        )
    hidden = await c.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL"
        " AND query = '<insufficient privilege>'"
    )
    unseen = f" (of {hidden} other users' nobody knows: GRANT pg_read_all_stats)" if hidden else ""
    if unseen or not rows:
        yield f"none is open for more than {LONG_TRANSACTION}{unseen}", ""


CHECKS = (
    _settings,
    _versions,
    _migrations,
    _latency,
    _connections,
    _time,
    _bloat,
    _indexes,
    _projection,
    _replicas,
    _cluster,
    _transactions,
)
