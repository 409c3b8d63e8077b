"""Making sure that no process of an earlier server is left, before a new one starts.

A pid in a file proves nothing: it may have been given to another process. What
proves it is ``server.lock``: PostgreSQL inherits the locked descriptor, all its
processes share it, and the kernel gives the lock back when the last of them ends.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from .layout import EXCLUSIVE, EmbeddedServerError, Layout

ORPHAN_SECONDS = 1.0
SHUTDOWN_SECONDS = 15.0


def claim_server_lock(layout: Layout) -> int:
    """Return the server's lock, after ending what an earlier server has left behind.

    The caller holds the supervisor's lock. A whole server is asked to shut down,
    processes that have lost their postmaster get a second to notice; then both are
    killed, which loses no committed data.

    Raises:
        EmbeddedServerError: some process does not end.
    """
    began = time.monotonic()
    asked: int | None = None
    while (lock := layout.try_lock(layout.server_lock, EXCLUSIVE)) is None:
        waited = time.monotonic() - began
        if asked is None and (asked := _postmaster(layout)) is not None:
            with suppress(ProcessLookupError):
                os.kill(asked, signal.SIGINT)
        if waited > (ORPHAN_SECONDS if asked is None else SHUTDOWN_SECONDS):
            for pid in _holders(layout.server_lock):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if waited > 2 * SHUTDOWN_SECONDS:
            raise EmbeddedServerError(
                f"Processes of an earlier PostgreSQL in {layout.cluster} do not end."
            )
        time.sleep(0.02)
    return lock


def clear_stale_files(layout: Layout, sockets: Path) -> None:
    """Remove what a killed server has left, the caller holding the server's lock.

    PostgreSQL itself would take a live process that has got the old pid for the old
    server. A server that was started by hand in the same cluster does not
    hold our lock; its file stays, and PostgreSQL refuses to start beside it.
    """
    if not _runs_in(_recorded_pid(layout), layout.cluster):
        (layout.cluster / "postmaster.pid").unlink(missing_ok=True)
    for path in sockets.glob(".s.PGSQL.*"):
        path.unlink(missing_ok=True)


def _recorded_pid(layout: Layout) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int((layout.cluster / "postmaster.pid").read_text().splitlines()[0])
    return None


def _postmaster(layout: Layout) -> int | None:
    """Return the pid of a postmaster that holds the server's lock, if there is one."""
    pid = _recorded_pid(layout)
    if sys.platform == "linux":
        return pid if pid in _holders(layout.server_lock) else None
    # No way to see who holds the lock. If the socket, which nobody else can make,
    # answers, then the server that wrote the file is there.
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(Path(layout.socket.read_text()) / "postgres" / ".s.PGSQL.5432"))
        return pid
    return None


def _holders(path: Path) -> set[int]:
    """Return the other processes that have a file open, as far as this system shows."""
    wanted = path.stat()
    holders = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for descriptor in (entry / "fd").iterdir():
                with suppress(OSError):
                    if os.path.samestat(descriptor.stat(), wanted):
                        holders.add(int(entry.name))
    return holders - {os.getpid()}


def _runs_in(pid: int | None, directory: Path) -> bool:
    if pid is None:
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False
