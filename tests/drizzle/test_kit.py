"""drizzle-kit against a shared database: its application goes on, and we repair what it drops."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Server
from tests.database.test_adoption import contents
from tests.drizzle.conftest import drizzle_kit, piccolo, product


def name_of(url: str) -> str:
    """The database that a URL of the test server names."""
    return url.rpartition("/")[2].partition("?")[0]


async def write(url: str) -> None:
    """Let the other application do all that it does."""
    answer = await product(url, "write", "1")
    assert answer["errors"] == {}
    assert answer["done"] > 50


@pytest.mark.parametrize("as_advised", [False, True])
async def test_push_breaks_no_write_and_migrate_repairs_what_it_dropped(
    server: Server, shared_url: str, as_advised: bool
) -> None:
    """It drops our constraints, indexes and the tables beside the six; no row of these is lost.

    With the table filter of docs/adoption.md it leaves Piccolo's tables alone.
    """
    database = name_of(shared_url)
    await piccolo(shared_url, "operator", "create", "grace")
    before = await contents(server, database)
    printed = await drizzle_kit(shared_url, "push", "--force", "--verbose", as_advised=as_advised)
    assert 'DROP CONSTRAINT "workshop_steps_known_status_check"' in printed
    assert ('DROP TABLE "migration" CASCADE' in printed) is not as_advised
    assert await contents(server, database) == before
    await write(shared_url)

    before = await contents(server, database)
    result = await piccolo(shared_url, "migrate")
    assert ("The six tables are there already" in result.out) is not as_advised
    assert await contents(server, database) == before
    await piccolo(shared_url, "check")
    await write(shared_url)
    operators = await piccolo(shared_url, "operator", "list")
    assert ("grace" in operators.out) is as_advised


async def test_its_migrations_go_on_after_the_adoption(
    node: None, server: Server, empty_database: str, tmp_path: Path
) -> None:
    """generate, migrate, check and pull work, before and after; a column of its own is a notice."""
    url = server.url(empty_database)
    out = tmp_path / "migrations"
    await drizzle_kit(url, "generate", "--name=design", out=out)
    await drizzle_kit(url, "migrate", out=out)
    await product(url, "seed")
    await product(url, "create", "3")
    await piccolo(url, "migrate")

    assert "No schema changes" in await drizzle_kit(url, "generate", out=out)
    await drizzle_kit(url, "generate", "--custom", "--name=soft_delete", out=out)
    (added,) = out.glob("*_soft_delete.sql")
    added.write_text('ALTER TABLE "workshops" ADD COLUMN "deleted_at" timestamp (3);')
    await drizzle_kit(url, "check", out=out)
    await drizzle_kit(url, "migrate", out=out)
    await write(url)
    check = await piccolo(url, "check")
    assert "columns of another application: workshops.deleted_at" in check.out

    await drizzle_kit(url, "pull", out=tmp_path / "pulled")
    pulled = (tmp_path / "pulled/schema.ts").read_text()
    for table in ("workshops", "workshop_members", "workshop_steps", "sessions", "build_packs"):
        assert f'pgTable("{table}"' in pulled
    assert "workshop_steps_known_status_check" in pulled
    assert "workshops_admin" not in pulled
