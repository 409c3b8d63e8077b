"""``piccolo workshops doctor``: what is well, and what is not."""

from __future__ import annotations

import asyncpg
import pytest

from tests.commands.running import run
from tests.conftest import Server
from tests.database.test_engine import engine_for
from workshops.observability import doctor
from workshops.observability.doctor import Finding, examine


async def test_every_subject_is_looked_at(database: str) -> None:
    """One line each, and no advice where nothing is to be done."""
    result = await run("workshops", "doctor", PRODUCTION="1", ALLOWED_HOSTS="admin.example.com")
    assert result.err == ""
    subjects = [line.split()[0] for line in result.out.splitlines() if not line.startswith(" ")]
    expected = "settings versions latency connections time bloat indexes projection transactions"
    assert list(dict.fromkeys(subjects)) == expected.split(), result.out
    assert "PRODUCTION" not in result.out
    assert result.code == ("->" in result.out)


async def found(url: str, subject: str) -> list[Finding]:
    """What the doctor says of a subject."""
    return [finding for finding in await examine(engine_for(url)) if finding.subject == subject]


async def test_a_long_transaction_is_named(
    server: Server, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the process and the statement that ends it."""
    monkeypatch.setattr(doctor, "LONG_TRANSACTION", "0 seconds")
    connection = await server.connect(migrated_database)
    async with connection.transaction():
        await connection.execute("LOCK workshops")
        pid = connection.get_server_pid()
        (finding,) = (
            finding
            for finding in await found(server.url(migrated_database), "transactions")
            if f"process {pid} " in finding.sentence
        )
    await connection.close()
    assert "idle in transaction" in finding.sentence
    assert f"pg_terminate_backend({pid})" in finding.advice


async def test_a_locked_table_holds_up_no_other_check(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check that reads it is given up, and the one that names who has locked it is made."""
    monkeypatch.setattr(doctor, "PATIENCE", 1)
    monkeypatch.setattr(doctor, "LONG_TRANSACTION", "0 seconds")
    connection = await asyncpg.connect(database)
    async with connection.transaction():
        await connection.execute("LOCK workshops_admin.changes")
        findings = await examine(engine_for(database))
    pid = connection.get_server_pid()
    await connection.close()
    told = [finding.sentence for finding in findings if finding.subject == "projection"]
    assert told == ["could not be looked at within 1 seconds"]
    assert any(f"process {pid} " in finding.sentence for finding in findings)


async def test_dead_rows_and_a_broken_index_are_named(
    server: Server, migrated_database: str
) -> None:
    """With the statement that mends them."""
    connection = await server.connect(migrated_database)
    await connection.execute(
        "CREATE TABLE big WITH (autovacuum_enabled = off) AS SELECT 1 AS n"
        " FROM generate_series(1, 20000)"
    )
    await connection.execute("DELETE FROM big")
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("INSERT INTO big VALUES (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON big (n)")
    await connection.close()
    url = server.url(migrated_database)
    (bloat,) = await found(url, "bloat")
    assert bloat.advice == "VACUUM (ANALYZE) big;"
    assert [finding.advice for finding in await found(url, "indexes")] == ["REINDEX INDEX broken;"]


async def test_pending_migrations_are_told(server: Server, empty_database: str) -> None:
    """Also where there is no table yet."""
    result = await run("workshops", "doctor", DATABASE_URL=server.url(empty_database))
    assert result.code == 1
    assert "have not been run" in result.out
    assert "projection    this database has none" in result.out
