"""The folder: nothing is lost, whoever commits when, dies, or finds the queue full."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.admin.progress.conftest import make_workshop
from tests.conftest import Server
from tests.operations.concurrency import until_waiting
from tests.projection.truth import check
from workshops import operations, projection
from workshops.projection.folder import _LOCK, _NOTIFY
from workshops.statements.execution import engine, fetch
from workshops.tables import Workshop

pytestmark = pytest.mark.usefixtures("database")

RENAME = "UPDATE workshops SET title = $2 WHERE id = $1"


async def waiting() -> list[str | None]:
    """The workshops that the entries of the queue name."""
    return [row["workshop_id"] for row in await fetch("SELECT * FROM workshops_admin.changes")]


@pytest.fixture
async def another(server: Server) -> AsyncIterator[asyncpg.Connection]:
    """A connection of another application to the same database."""
    [row] = await fetch("SELECT current_database() AS name")
    connection = await server.connect(row["name"])
    yield connection
    await connection.close()


async def test_transaction_appends_a_workshop_once() -> None:
    """However many rows of a workshop a transaction writes, it is one entry."""
    await projection.refresh()
    workshop = await make_workshop()
    assert await waiting() == [workshop.id]
    await projection.refresh()
    async with engine().transaction():
        await operations.complete_step(workshop.id, "empathize")
        await operations.append_step_message(workshop.id, "define", {"role": "user"})
    assert await waiting() == [workshop.id]


async def test_undone_part_of_a_transaction_takes_its_entry_along(
    another: asyncpg.Connection,
) -> None:
    """After a rollback to a savepoint the next change appends again."""
    workshop = await make_workshop()
    await projection.refresh()
    async with another.transaction():
        undone = another.transaction()
        await undone.start()
        await another.execute(RENAME, workshop.id, "undone")
        await undone.rollback()
        await another.execute(RENAME, workshop.id, "kept")
    assert await waiting() == [workshop.id]
    assert [row["title"] for row in await check()] == ["kept"]


async def test_commits_in_another_order_are_followed(another: asyncpg.Connection) -> None:
    """A change that began first and is committed last is folded when it is committed."""
    first, second = await make_workshop(), await make_workshop()
    await projection.refresh()
    transaction = another.transaction()
    await transaction.start()
    await another.execute(RENAME, first.id, "late")
    await fetch(RENAME, second.id, "early")
    await projection.refresh()
    assert (await projection.freshness()).current
    await transaction.commit()
    assert {row["title"] for row in await check()} == {"late", "early"}


async def test_killed_folder_loses_nothing(another: asyncpg.Connection) -> None:
    """A folder that dies in the middle leaves the entries, and the next one takes them."""
    await projection.refresh()
    workshop = await make_workshop()
    # It waits here, half-way: the entries are deleted, the summaries are locked.
    transaction = another.transaction()
    await transaction.start()
    await another.execute("LOCK TABLE workshops_admin.summaries")
    folding = asyncio.create_task(projection.fold())
    stuck = "SELECT pid FROM pg_locks WHERE NOT granted"
    while not (rows := await another.fetch(stuck)):
        assert not folding.done()
    assert await projection.fold() is None, "there is one at a time"
    await another.execute("SELECT pg_terminate_backend($1)", rows[0]["pid"])
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await folding
    await transaction.rollback()
    assert await waiting() == [workshop.id]
    assert len(await check()) == 1


async def test_batches_are_bounded() -> None:
    """A run takes as many entries as it may, and says that more wait."""
    await projection.refresh()
    workshops = [await make_workshop() for _ in range(3)]
    freshness = await projection.freshness()
    assert (freshness.waiting, freshness.rebuilding) == (3, False)
    assert await projection.fold(2) == projection.Fold(entries=2, workshops=2, more=True)
    assert (await projection.freshness()).waiting == 1
    assert await projection.fold(2) == projection.Fold(entries=1, workshops=1, more=False)
    assert {row["workshop_id"] for row in await check()} == {each.id for each in workshops}


@pytest.mark.parametrize("ends", [True, False])
async def test_background_has_its_turn_before_pages(
    another: asyncpg.Connection, ends: bool
) -> None:
    """One who waits for another folder is next, whoever else tries; after its time it gives up."""
    await projection.refresh()
    workshop = await make_workshop()
    page = another.transaction()
    await page.start()
    await another.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    assert await projection.fold() is None
    background = asyncio.create_task(projection.fold(wait=60 if ends else 0.05))
    if ends:
        await until_waiting(1)
        await page.rollback()
        assert await background == projection.Fold(entries=1, workshops=1, more=False)
    else:
        assert await background is None
        await page.rollback()
        assert await waiting() == [workshop.id]


async def test_page_is_exact_up_to_the_oldest_change_that_waits() -> None:
    """as_of is the time of the first change that waits, and now when none does."""
    await make_workshop()
    await projection.refresh()
    [before] = await fetch("SELECT clock_timestamp() AT TIME ZONE 'utc' AS now")
    await make_workshop()
    [after] = await fetch("SELECT clock_timestamp() AT TIME ZONE 'utc' AS now")
    behind = await projection.freshness()
    assert behind.as_of is not None
    assert before["now"] < behind.as_of < after["now"]
    caught_up = await projection.catch_up()
    assert caught_up.current
    assert caught_up.as_of is not None
    assert caught_up.as_of > after["now"]


async def overfill_the_queue(*workshops: str) -> None:
    """Let the queue count as full, with some entries."""
    await projection.refresh()
    for workshop in workshops:
        await fetch("UPDATE workshops SET title = title || '!' WHERE id = $1", workshop)
    await fetch("SELECT setval('workshops_admin.changes_waiting', 10001)")


async def test_full_queue_is_cut_and_nothing_is_lost() -> None:
    """What is removed from the queue is made up for by computing everything."""
    workshops = [(await make_workshop()).id for _ in range(3)]
    await overfill_the_queue(*workshops)
    assert len(await waiting()) == 3
    await fetch("SELECT workshops_admin.bound_changes()")
    assert await waiting() == []
    behind = await projection.freshness()
    assert behind.rebuilding
    assert (await projection.compare()).behind is None
    assert await projection.fold() == projection.Fold(entries=0, workshops=None, more=False)
    assert {row["title"] for row in await check()} == {"a bakery without waste!"}
    await fetch("SELECT workshops_admin.bound_changes()")
    assert (await projection.freshness()).current, "it counts from the beginning again"


async def test_entries_that_are_being_removed_hold_up_nobody(another: asyncpg.Connection) -> None:
    """A removal that is not committed keeps neither folders nor writers waiting, nor is it lost."""
    workshop, other = (await make_workshop()).id, (await make_workshop()).id
    await overfill_the_queue(workshop)
    removal = another.transaction()
    await removal.start()
    await another.execute("SELECT workshops_admin.bound_changes()")
    await fetch(RENAME, other, "meanwhile")
    assert await waiting() == [workshop, other]
    assert await projection.fold() == projection.Fold(entries=1, workshops=None, more=False)
    assert await waiting() == [workshop]
    await removal.rollback()
    assert await waiting() == [workshop]
    assert {row["title"] for row in await check()} == {"a bakery without waste!", "meanwhile"}


async def test_writers_keep_the_queue_bounded(another: asyncpg.Connection) -> None:
    """In the long run each append to a full queue removes more than it adds."""
    workshop = await make_workshop()
    await overfill_the_queue()
    await fetch(
        "INSERT INTO workshops_admin.changes (workshop_id) SELECT $1 FROM generate_series(1, 5000)",
        workshop.id,
    )
    while len(await waiting()) >= 5000:
        await another.execute(
            "DO $$ BEGIN FOR n IN 1..100 LOOP"
            " UPDATE workshops SET title = title || '.'; COMMIT; END LOOP; END $$"
        )
    assert (await projection.freshness()).rebuilding
    await check()


async def test_listeners_hear_which_workshops_changed(another: asyncpg.Connection) -> None:
    """The identifiers come with the folder's commit; null means all of them."""
    await projection.refresh()
    heard: asyncio.Queue[str] = asyncio.Queue()
    await another.add_listener(
        projection.CHANNEL, lambda _connection, _pid, _channel, text: heard.put_nowait(text)
    )
    workshops = [await make_workshop() for _ in range(3)]
    await projection.refresh()
    assert set(json.loads(await heard.get())) == {each.id for each in workshops}
    await Workshop.delete().where(Workshop.id == workshops[0].id)
    await projection.refresh()
    assert json.loads(await heard.get()) == [workshops[0].id]
    await projection.refresh(everything=True)
    assert json.loads(await heard.get()) is None


async def test_payloads_are_short_enough(another: asyncpg.Connection) -> None:
    """Many or odd identifiers are spread over several payloads, each under 8,000 bytes."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    await another.add_listener(
        "payloads", lambda _connection, _pid, _channel, text: heard.put_nowait(text)
    )
    workshops = {f'ws_{n}"é' * 20 for n in range(1000)}
    sent = await fetch(_NOTIFY, "payloads", [*workshops])
    payloads = [await heard.get() for _ in sent]
    assert max(len(payload.encode()) for payload in payloads) < 8000
    assert sorted(id for payload in payloads for id in json.loads(payload)) == sorted(workshops)


async def test_background_keeps_up(another: asyncpg.Connection) -> None:
    """While the site is served, changes are folded without anybody asking."""
    await projection.refresh()
    heard: asyncio.Queue[str] = asyncio.Queue()
    await another.add_listener(
        projection.CHANNEL, lambda _connection, _pid, _channel, text: heard.put_nowait(text)
    )
    async with projection.keeping_up():
        for _ in range(2):
            workshop = await make_workshop()
            assert json.loads(await heard.get()) == [workshop.id]
