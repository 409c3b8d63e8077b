"""Backup and restore: every row comes back, and nothing is lost by mistake."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from piccolo.apps.user.tables import BaseUser

from tests.commands.running import run
from tests.conftest import Server
from workshops.admin.follow_up import FollowUp, Note
from workshops.admin.operators import create_operator
from workshops.admin.saved_views import SavedView
from workshops.database.backup import BackupError, find_tool
from workshops.demo import write_demo
from workshops.statements.execution import fetch
from workshops.tables import Workshop

TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


ATTEMPT = "INSERT INTO workshops_admin.log_in_attempts VALUES ('x', ARRAY[now()], now())"


async def contents(connection: asyncpg.Connection) -> dict[str, Any]:
    """A fingerprint of each table that has rows, sequences included by what they give next."""
    found = {}
    for (name,) in await connection.fetch(TABLES):
        found[name] = await connection.fetchval(
            f"SELECT count(*) || md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t"
        )
    sequences = await connection.fetch("SELECT sequencename, last_value FROM pg_sequences")
    return {**found, **{f"sequence {name}": str(value) for name, value in sequences}}


async def write_follow_up() -> None:
    """A row in each table of what operators keep."""
    workshop, operator = await Workshop.objects().first(), await BaseUser.objects().first()
    assert workshop is not None
    assert operator is not None
    for row in (
        Note(workshop_id=workshop.id, text="Called.\nShe goes on.", author="grace"),
        FollowUp(id=workshop.id, assigned_to=operator.id, contacted_on=date(2026, 1, 31)),
        SavedView(owner_id=operator.id, name="Mine", query="?assigned=me", shared=True),
    ):
        await row.save()


async def test_every_row_comes_back(
    server: Server, database: str, empty_database: str, tmp_path: Path
) -> None:
    """Into an empty database, operators and projection included; check finds no difference."""
    await write_demo(12)
    await create_operator("grace", superuser=True)
    await write_follow_up()
    await fetch(ATTEMPT)
    file = tmp_path / "a backup"
    made = await run("workshops", "backup", str(file))
    assert (made.code, made.err) == (0, ""), made
    assert file.stat().st_mode & 0o777 == 0o600

    target = server.url(empty_database)
    restored = await run("workshops", "restore", str(file), DATABASE_URL=target)
    assert (restored.code, restored.err) == (0, ""), restored
    assert restored.out == f"The database holds what was in {file}.\n"
    one = await asyncpg.connect(database)
    other = await server.connect(empty_database)
    before, after = await contents(one), await contents(other)
    # Of log-ins that failed lately nothing is kept.
    assert before["workshops_admin.log_in_attempts"].startswith("1")
    before["workshops_admin.log_in_attempts"] = None
    assert after == before
    assert before["public.workshops"].startswith("12")
    assert before["public.piccolo_user"].startswith("1")
    for table in ("notes", "follow_ups", "saved_views"):
        assert before[f"workshops_admin.{table}"].startswith("1")
    await one.close()

    # The triggers are at work again, on the restored rows.
    await other.execute("UPDATE workshops SET title = title || '!'")
    await other.close()
    check = await run("workshops", "check", DATABASE_URL=target)
    assert check.code == 0, check

    again = await run("workshops", "restore", str(file), DATABASE_URL=target)
    assert again.code == 1
    assert again.err.startswith("The database holds data (")
    forced = await run("workshops", "restore", str(file), "--force", DATABASE_URL=target)
    assert forced.code == 0, forced
    other = await server.connect(empty_database)
    assert await contents(other) == before
    await other.close()


async def test_a_migrated_database_without_workshops_counts_as_empty(
    server: Server, database: str, migrated_database: str, tmp_path: Path
) -> None:
    """Definitions, the record of migrations and attempts to log in are replaced without --force."""
    file = tmp_path / "backup"
    await write_demo(2)
    assert (await run("workshops", "backup", str(file))).code == 0
    connection = await server.connect(migrated_database)
    await connection.execute(ATTEMPT)
    await connection.close()
    result = await run(
        "workshops", "restore", str(file), DATABASE_URL=server.url(migrated_database)
    )
    assert result.code == 0, result


async def test_a_damaged_file_is_refused(
    server: Server, database: str, empty_database: str, tmp_path: Path
) -> None:
    """By its checksum; without the checksum, by pg_restore, and nothing was changed."""
    file = tmp_path / "backup"
    assert (await run("workshops", "backup", str(file))).code == 0
    second = await run("workshops", "backup", str(file))
    assert second.err == f"{file} exists already. Choose another name, or write over it: --force\n"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    target = server.url(empty_database)
    result = await run("workshops", "restore", str(file), DATABASE_URL=target)
    assert "is damaged: its checksum" in result.err
    (tmp_path / "backup.sha256").write_bytes(b"")  # as a full disk leaves it
    result = await run("workshops", "restore", str(file), DATABASE_URL=target)
    assert "is damaged: its checksum" in result.err
    (tmp_path / "backup.sha256").unlink()
    result = await run("workshops", "restore", str(file), DATABASE_URL=target)
    assert result.code == 1
    assert result.err.startswith("pg_restore failed: ")
    connection = await server.connect(empty_database)
    # Piccolo makes this one before any command.
    assert [row["name"] for row in await connection.fetch(TABLES)] == ["public.migration"]
    await connection.close()


async def test_a_table_that_the_backup_lacks_is_told(
    server: Server, empty_database: str, migrated_database: str, tmp_path: Path
) -> None:
    """That of a newer release would stay, and the next migration could not make it."""
    file = tmp_path / "backup"
    old, new = server.url(empty_database), server.url(migrated_database)
    assert (await run("workshops", "backup", str(file), DATABASE_URL=old)).code == 0
    result = await run("workshops", "restore", str(file), "--force", DATABASE_URL=new)
    assert result.code == 1
    assert "that would stay as they are: public.build_packs, " in result.err


def test_a_missing_tool_is_named() -> None:
    """With the package of Debian that has it."""
    with pytest.raises(BackupError, match=r"apt install postgresql-client-99"):
        find_tool("pg_dump", 99)
    assert "18" in str(find_tool("pg_dump", 18))


async def test_a_file_that_is_not_there(database: str, tmp_path: Path) -> None:
    """One sentence."""
    result = await run("workshops", "restore", str(tmp_path / "none"))
    assert (result.code, result.err) == (1, f"There is no file {tmp_path / 'none'}.\n")
