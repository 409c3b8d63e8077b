"""How long it takes until everything answers again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from tests.torture.house import GoneError, House

MOST_SECONDS = 60.0
"""After which the service counts as gone for good."""

_POLL_SECONDS = 0.02

# Writes a few bytes into the log of transactions, and into no table.
_WRITE = "SELECT pg_logical_emit_message(true, 'torture', 'x')"


@dataclass
class Recovery:
    """Seconds from the end of a fault: until the database, the site and the driver's writes."""

    database: float
    site: float
    writes: float

    @property
    def service(self) -> float:
        """How much later than the database the slower one of site and writes came back."""
        return max(0.0, max(self.site, self.writes) - self.database)


@dataclass
class Heard:
    """What the record says so far."""

    done: int = 0
    last_done_at: float = 0.0
    errors: Counter[tuple[str, bool]] = field(default_factory=Counter)
    violations: list[dict[str, Any]] = field(default_factory=list)

    def listen(self, house: House) -> None:
        """Read on."""
        for line in house.reader.new():
            if line["kind"] == "done":
                self.done += 1
                self.last_done_at = line["at"]
            elif line["kind"] == "error":
                self.errors[line["error"], line["safe"]] += 1
            elif line["kind"] == "violation":
                self.violations.append(line)


async def recover(house: House, heard: Heard) -> Recovery:
    """Wait until the database takes writes, and site and driver do their work again.

    Raises:
        GoneError: one of them does not.
    """
    began, told_at = time.monotonic(), time.time()

    async def until(answers: Any, what: str) -> float:
        while not await answers():
            if time.monotonic() - began > MOST_SECONDS:
                raise GoneError(f"{what} did not come back within {MOST_SECONDS:.0f} seconds.")
            house.keep()
            await asyncio.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    async def database() -> bool:
        try:
            connection = await house.connect()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        try:
            await connection.execute(_WRITE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        finally:
            connection.terminate()
        return True

    async def site() -> bool:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(f"http://127.0.0.1:{house.port}/health")
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    async def writes() -> bool:
        heard.listen(house)
        return heard.last_done_at > told_at

    house.keep()
    found = await asyncio.gather(
        until(database, "the database"), until(site, "the site"), until(writes, "the driver")
    )
    return Recovery(*found)
