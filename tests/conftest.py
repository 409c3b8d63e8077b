"""Every test runs against a real PostgreSQL that the real migrations have built.

The server is an embedded one in a temporary directory, or the one that
``TEST_DATABASE_URL`` names; there, a database of our own is made and dropped. The tests of
operations and relations also run on a Citus cluster: ``TEST_CITUS_URL`` names a database on
its coordinator, empty or used by an earlier run, which is migrated and distributed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest

from workshops.database.embedded import EmbeddedServer
from workshops.database.settings import parse_database_url

# No test asserts a time: the machine may be busy.
hypothesis.settings.register_profile("project", deadline=None, max_examples=50)
hypothesis.settings.load_profile("project")

_DIRECTORY = Path(tempfile.mkdtemp(prefix="workshops-tests-"))
_CITUS = os.environ.get("TEST_CITUS_URL")
_SERVER = EmbeddedServer(_DIRECTORY / "postgres", durable=False)


def _server_config() -> dict[str, Any]:
    if url := _CITUS or os.environ.get("TEST_DATABASE_URL"):
        return parse_database_url(url)
    _SERVER.start()
    return _SERVER.connection_config()


class Server:
    """The server of this test run, where tests may make databases of their own."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    async def connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(**{**self.config, "database": database})

    async def run(self, statement: str) -> None:
        connection = await self.connect("postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_database(self, template: str = "template0") -> str:
        name = f"test_{secrets.token_hex(6)}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return name

    async def drop_database(self, name: str) -> None:
        """Drop a database, as soon as no autovacuum, which only a superuser may end, is in it."""
        async with asyncio.timeout(120):
            while True:
                try:
                    await self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                except asyncpg.InsufficientPrivilegeError:
                    await asyncio.sleep(0.2)
                else:
                    return

    def url(self, database: str) -> str:
        """The DATABASE_URL of a database on this server."""
        from urllib.parse import quote, urlencode

        config = self.config
        user = quote(str(config.get("user", "")), safe="")
        password = quote(str(config.get("password", "")), safe="")
        parameters = {"host": config["host"], "port": config["port"]}
        if "statement_cache_size" in config:
            parameters["pgbouncer"] = "true"
        query = urlencode(parameters)
        return f"postgresql://{user}:{password}@/{database}?{query}"


_server: Server
_database: str


def pytest_configure(config: pytest.Config) -> None:
    """Make the database before ``piccolo_conf`` is imported, which reads DATABASE_URL."""
    global _server, _database
    for name in ("DATABASE_POOLER", "DATABASE_POOL_SIZE", "PRODUCTION", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)
    _server = Server(_server_config())
    if _CITUS:
        os.environ["DATABASE_URL"] = _CITUS
        return
    _database = asyncio.run(_server.create_database())
    os.environ["DATABASE_URL"] = _server.url(_database)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no process, no database and no directory behind."""
    if not _CITUS:
        asyncio.run(_server.drop_database(_database))
    _SERVER.stop()
    shutil.rmtree(_DIRECTORY, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Server:
    """The PostgreSQL server of this test run."""
    return _server


@pytest.fixture(scope="session")
async def _template(server: Server) -> AsyncIterator[str]:
    """A copy of the migrated database, made while nothing is connected to it."""
    from workshops.database.distribution import distribute
    from workshops.database.migrations import project_engine, run_migrations

    await run_migrations()
    if _CITUS:
        await distribute(project_engine())
        yield ""
        return
    name = await server.create_database(template=_database)
    yield name
    await server.drop_database(name)


@pytest.fixture(scope="session")
async def _pool(_template: str) -> AsyncIterator[None]:
    from workshops.database.migrations import project_engine

    engine = project_engine()
    await engine.start_connection_pool()
    yield
    await engine.close_connection_pool()


@pytest.fixture
async def database(_pool: None) -> str:
    """The migrated database, where only the ten step definitions are; returns its DATABASE_URL."""
    from workshops.step_catalog import STEP_CATALOG
    from workshops.tables import TABLES, StepDefinition

    names = ", ".join(table._meta.tablename for table in TABLES)
    await StepDefinition.raw(
        f"TRUNCATE {names}, piccolo_user, workshops_admin.admin_sessions,"
        " workshops_admin.changes, workshops_admin.summaries, workshops_admin.operator_changes,"
        " workshops_admin.notes, workshops_admin.follow_ups, workshops_admin.saved_views,"
        " workshops_admin.log_in_attempts"
        " RESTART IDENTITY CASCADE"
    )
    await StepDefinition.insert(*(StepDefinition(**step._asdict()) for step in STEP_CATALOG))
    return os.environ["DATABASE_URL"]


@pytest.fixture
async def empty_database(server: Server) -> AsyncIterator[str]:
    """The name of a new database without any table, dropped after the test."""
    name = await server.create_database()
    yield name
    await server.drop_database(name)


@pytest.fixture
async def migrated_database(server: Server, _template: str) -> AsyncIterator[str]:
    """The name of a new database with the whole schema, dropped after the test."""
    name = await server.create_database(template=_template)
    yield name
    await server.drop_database(name)


@pytest.fixture
def project_directory() -> Path:
    """The root of the project, from which ``piccolo`` is run."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory whose path is short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="ws-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
