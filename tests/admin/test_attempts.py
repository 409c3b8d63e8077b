"""How often an address may try a password, whichever process it asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from workshops.admin.protection import count_attempt, forgetting
from workshops.statements.execution import fetch
from workshops.web.rejections import RejectedError

Limit = Callable[[str], Awaitable[None]]


def limit_of(limit: int, seconds: float = 300) -> Limit:
    """The limit as one process has it."""
    return partial(count_attempt, limit=limit, timespan=timedelta(seconds=seconds))


async def tried(limit: Limit, address: str = "192.0.2.1") -> int:
    """Try once: 200, or the status of the rejection."""
    try:
        await limit(address)
    except RejectedError as rejection:
        return rejection.status
    return 200


async def pass_time(seconds: float) -> None:
    """Let whatever was counted be so much older."""
    await fetch(
        "UPDATE workshops_admin.log_in_attempts SET forgotten_at = forgotten_at - $1::interval,"
        " moments = ARRAY (SELECT moment - $1::interval FROM unnest(moments) AS moment)",
        timedelta(seconds=seconds),
    )


async def kept() -> list[int]:
    """How many attempts each entry holds."""
    rows = await fetch("SELECT cardinality(moments) FROM workshops_admin.log_in_attempts")
    return [row[0] for row in rows]


async def test_limit_ends_by_itself(database: str) -> None:
    """Attempts that are older than the window count no longer; refused ones never do."""
    limit = limit_of(2, 100)
    assert await tried(limit) == 200
    await pass_time(40)
    assert [await tried(limit) for _ in range(3)] == [200, 429, 429]
    assert await tried(limit, "192.0.2.2") == 200
    await pass_time(59)  # of the first attempt 99
    assert await tried(limit) == 429
    await pass_time(1)
    assert [await tried(limit) for _ in range(2)] == [200, 429]
    await pass_time(100)
    assert [await tried(limit) for _ in range(3)] == [200, 200, 429]


async def test_as_many_as_may_pass_at_the_same_moment(database: str) -> None:
    """Of twenty at once, on connections of their own, seven pass, whichever process counts."""
    processes = (limit_of(7), limit_of(7))
    statuses = await asyncio.gather(*(tried(process) for process in processes for _ in range(10)))
    assert sorted(statuses) == [200] * 7 + [429] * 13
    assert await kept() == [7]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "another", False),
    ],
)
async def test_limit_counts_a_network_as_one(
    database: str, one: str, other: str, together: bool
) -> None:
    """Whoever has one address of an IPv6 network has them all; other addresses stand alone."""
    limit = limit_of(1)
    assert await tried(limit, one) == 200
    assert await tried(limit, other) == (429 if together else 200)


async def test_nothing_is_kept_that_does_not_count(database: str) -> None:
    """Old attempts leave an entry with its next one, and the entry goes where there is none."""
    limit = limit_of(5, 100)
    for address in ("192.0.2.1", "192.0.2.2"):
        assert await tried(limit, address) == 200
    await pass_time(60)
    assert await tried(limit) == 200
    await pass_time(60)
    assert await tried(limit) == 200
    assert sorted(await kept()) == [1, 2]
    async with forgetting(), asyncio.timeout(120):
        while len(await kept()) > 1:
            pass
    assert await kept() == [2]
    await pass_time(101)
    async with forgetting(every=0), asyncio.timeout(120):
        while await kept():
            pass


async def test_no_address_is_kept(database: str) -> None:
    """Only a digest, of the same length whatever it is of."""
    await tried(limit_of(5), "192.0.2.77")
    [entry] = await fetch("SELECT address FROM workshops_admin.log_in_attempts")
    assert len(entry["address"]) == 32
    assert b"192.0.2.77" not in entry["address"]


async def test_forgetting_goes_on_when_the_table_is_back(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program may have dropped it; the log says so, and the site is served on."""
    limit = limit_of(5, 100)
    assert await tried(limit) == 200
    await pass_time(101)
    await fetch("ALTER TABLE workshops_admin.log_in_attempts RENAME TO attempts_away")
    try:
        with caplog.at_level(logging.WARNING):
            async with forgetting(every=0), asyncio.timeout(120):
                while "Old log-in attempts are not deleted" not in caplog.text:
                    await fetch("SELECT")
                await fetch("ALTER TABLE workshops_admin.attempts_away RENAME TO log_in_attempts")
                while await kept():
                    pass
    finally:
        await fetch("ALTER TABLE IF EXISTS workshops_admin.attempts_away RENAME TO log_in_attempts")
