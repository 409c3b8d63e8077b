"""What is done to the processes. Each returns when nothing holds them up any more."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from tests.torture.house import House

Fault = Callable[[House, random.Random], Awaitable[None]]

_OURS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
    ORDER BY pid"""


async def _backends(house: House, dice: random.Random) -> list[int]:
    """Return some of the server's processes that serve a connection."""
    connection = await house.connect()
    try:
        pids = [row["pid"] for row in await connection.fetch(_OURS)]
    finally:
        await connection.close()
    return dice.sample(pids, dice.randint(1, max(1, len(pids) // 2))) if pids else []


async def kill_a_backend(house: House, dice: random.Random) -> None:
    """Kill one: PostgreSQL then ends all others and recovers."""
    for pid in (await _backends(house, dice))[:1]:
        await _kill(psutil.Process(pid), ends=house.server.postmaster().children())


async def kill_the_postmaster(house: House, dice: random.Random) -> None:
    """Kill the parent of them all; the supervisor starts another."""
    await _kill(house.server.postmaster())


async def kill_the_supervisor(house: House, dice: random.Random) -> None:
    """Kill who would start PostgreSQL again, which ends with it; who uses it starts both."""
    await _kill(house.server.supervisor(), ends=[house.server.postmaster()])


async def kill_supervisor_and_postmaster(house: House, dice: random.Random) -> None:
    """Kill both at once: no process is left that could tidy up."""
    await _kill(house.server.supervisor(), house.server.postmaster())


async def kill_the_driver(house: House, dice: random.Random) -> None:
    """Kill the application in whatever it does; its successor repeats it."""
    await _kill(house.driver)


async def kill_the_site(house: House, dice: random.Random) -> None:
    """Kill who keeps the operators' view."""
    await _kill(house.site)


async def kill_everything(house: House, dice: random.Random) -> None:
    """Kill every process there is, as the end of a machine does."""
    await _kill(house.driver, house.site, *house.server.processes())


async def freeze_the_server(house: House, dice: random.Random) -> None:
    """Stop all of PostgreSQL, for less or for longer than anybody waits for it."""
    await _freeze(house.server.processes(), dice)


async def freeze_some_backends(house: House, dice: random.Random) -> None:
    """Stop some of the processes of connections, with the locks that they hold."""
    await _freeze([psutil.Process(pid) for pid in await _backends(house, dice)], dice)


async def freeze_the_driver(house: House, dice: random.Random) -> None:
    """Stop the application, with the locks that it holds."""
    await _freeze([house.driver], dice)


async def terminate_connections(house: House, dice: random.Random) -> None:
    """End connections as an administrator does."""
    await _signal_backends(house, dice, "pg_terminate_backend")


async def cancel_statements(house: House, dice: random.Random) -> None:
    """Cancel what runs on connections."""
    await _signal_backends(house, dice, "pg_cancel_backend")


async def fill_the_disk(house: House, dice: random.Random) -> None:
    """Let the disk be full for some seconds."""
    house.disk.fill(house.server)
    await asyncio.sleep(dice.uniform(1, 5))
    house.disk.empty(house.server)


FAULTS: dict[str, Fault] = {
    "a backend is killed": kill_a_backend,
    "the postmaster is killed": kill_the_postmaster,
    "the supervisor is killed": kill_the_supervisor,
    "supervisor and postmaster are killed": kill_supervisor_and_postmaster,
    "the server is frozen": freeze_the_server,
    "some backends are frozen": freeze_some_backends,
    "connections are terminated": terminate_connections,
    "statements are cancelled": cancel_statements,
    "the disk is full": fill_the_disk,
    "the driver is killed": kill_the_driver,
    "the driver is frozen": freeze_the_driver,
    "the site, which folds, is killed": kill_the_site,
    "everything is killed": kill_everything,
}

STARTS_ANEW = (kill_the_driver, kill_the_site, kill_everything)
"""After these, importing the application takes most of the time."""


async def _signal_backends(house: House, dice: random.Random, function: str) -> None:
    connection = await house.connect()
    try:
        for _ in range(10):
            pids = [row["pid"] for row in await connection.fetch(_OURS)]
            await connection.execute(
                f"SELECT {function}(pid) FROM unnest($1::int[]) AS pid",
                dice.sample(pids, (len(pids) + 1) // 2),
            )
            await asyncio.sleep(dice.random() * 0.1)
    finally:
        await connection.close()


async def _freeze(processes: list[psutil.Process], dice: random.Random) -> None:
    try:
        _send(signal.SIGSTOP, processes)
        await asyncio.sleep(dice.choice([0.5, 2, 5, 9]) * dice.uniform(0.8, 1.2))
    finally:
        _send(signal.SIGCONT, processes)


async def _kill(*processes: psutil.Process, ends: Sequence[psutil.Process] = ()) -> None:
    """Kill all of them before any can act on the end of another.

    :param ends: What ends with them, and is waited for: it answers to the last.
    """
    # Children of ours are waited for by their house.
    others = [process for process in processes if process.ppid() != os.getpid()]
    _send(signal.SIGSTOP, processes)
    _send(signal.SIGKILL, processes)
    await asyncio.to_thread(psutil.wait_procs, [*others, *ends], timeout=20)


def _send(
    number: signal.Signals, processes: list[psutil.Process] | tuple[psutil.Process, ...]
) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
