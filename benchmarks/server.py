"""An embedded PostgreSQL for the time of a benchmark, with databases of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg

from workshops.database.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parent.parent


# Each reads all of one index, and of a vacuumed table nothing else.
_INDEXED = """
    SELECT format('SELECT count(*) FROM (SELECT %1$s FROM %2$s %3$s ORDER BY %1$s OFFSET 0) x',
        (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ', ' ORDER BY n)
         FROM generate_series(1, indnkeyatts) AS n),
        indrelid::regclass, 'WHERE ' || pg_get_expr(indpred, indrelid)) AS statement
    FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND indexprs IS NULL"""


class Server:
    """A running PostgreSQL where this benchmark may make databases."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    @contextlib.asynccontextmanager
    async def connect(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection, which waits as long as a statement takes."""
        connection = await asyncpg.connect(**{**self.config, "database": database})
        try:
            yield connection
        finally:
            await connection.close()

    async def create_database(self, name: str, *, template: str = "template0") -> None:
        """Make a database, a copy of another one perhaps."""
        async with self.connect("postgres") as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")

    async def drop_database(self, name: str) -> None:
        """Drop a database."""
        async with self.connect("postgres") as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def environment(self, database: str) -> dict[str, str]:
        """Return the variables by which a process finds a database: libpq's, and ours."""
        config = {name: str(value) for name, value in self.config.items()}
        address = urlencode({"host": config["host"], "port": config["port"]})
        password = quote(config["password"], safe="")
        return {
            **os.environ,
            "PGHOST": config["host"],
            "PGPORT": config["port"],
            "PGUSER": config["user"],
            "PGPASSWORD": config["password"],
            "PGDATABASE": database,
            "DATABASE_URL": f"postgresql://{config['user']}:{password}@/{database}?{address}",
            "DATABASE_POOL_SIZE": "16",
            "PYTHONPATH": str(ROOT),
        }

    def run_piccolo(self, database: str, *arguments: str) -> None:
        """Run a ``piccolo`` command on a database."""
        subprocess.run(
            [sys.executable, "-m", "piccolo.main", *arguments],
            cwd=ROOT,
            env=self.environment(database),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    async def reading(self, database: str, tables: Iterable[str]) -> list[str]:
        """Return what reads vacuumed tables and their indexes whole, in one transaction.

        Then their pages are in the server's buffers, as those of a database at work are, and
        mapped into the memory of the connection's process, as after a day in a pool.
        ``pg_prewarm`` would do the first, but the embedded server has no such extension.
        """
        async with self.connect(database) as connection:
            indexes = await connection.fetch(_INDEXED, [*tables])
        return [
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL max_parallel_workers_per_gather = 0",
            "SET LOCAL enable_seqscan = off",
            "SET LOCAL enable_indexscan = off",
            *(f"SELECT count({table}) FROM {table} WHERE id >= ''" for table in tables),
            "SET LOCAL enable_indexscan = on",
            "SET LOCAL enable_bitmapscan = off",
            "SET LOCAL enable_sort = off",
            *(row["statement"] for row in indexes),
        ]

    async def warm(self, database: str, tables: Iterable[str]) -> None:
        """Read tables and their indexes into the server's buffers."""
        async with self.connect(database) as connection, connection.transaction():
            for statement in await self.reading(database, tables):
                await connection.execute(statement)

    async def version(self) -> str:
        """Return the version of PostgreSQL."""
        async with self.connect("postgres") as connection:
            return str(await connection.fetchval("SHOW server_version"))


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a temporary directory, as in production: durable, with a quarter of
    the machine's memory for its buffers, as PostgreSQL's documentation has it."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with tempfile.TemporaryDirectory(prefix="workshops-bench-") as directory:
        embedded = EmbeddedServer(Path(directory))
        embedded.start()
        embedded.stop()
        with (Path(directory) / "postgres" / "cluster" / "postgresql.conf").open("a") as settings:
            settings.write(f"shared_buffers = '{memory // 4 // 2**20}MB'\n")
        embedded.start()
        try:
            yield Server(embedded.connection_config())
        finally:
            embedded.stop()
