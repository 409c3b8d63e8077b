"""A disk that can be filled up, without taking anybody's room.

Who may mount gets a file system in memory, whose size is set to what is used of it. Who
may not sets a limit to the size of the files that PostgreSQL writes: it meets the limit
where it would meet the end of a quota.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil  # type: ignore[import-untyped]

from tests.database.embedded.processes import ServerProcesses

_LARGEST = 4 * 2**30
_LEAST = 2**30


class Disk(Protocol):
    """Where the database is."""

    how: str
    """What fills it up, or why nothing can."""

    def fill(self, server: ServerProcesses) -> None:
        """Let it be full."""

    def empty(self, server: ServerProcesses) -> None:
        """Let there be room again."""

    def leave(self) -> None:
        """Give it back."""


class MemoryDisk:
    """A tmpfs, for which root is needed."""

    how = "a file system in memory"

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        self._size = size
        _mount("-t", "tmpfs", "-o", f"size={size},mode=0700", "workshops-torture", str(directory))

    def fill(self, server: ServerProcesses) -> None:
        """Shrink it to what is used; what is written meanwhile may be in the way of that."""
        for _ in range(100):
            used = shutil.disk_usage(self._directory).used
            with suppress(OSError):
                self._resize(used + 4096)
                return
        raise OSError("The file system could not be filled.")

    def empty(self, server: ServerProcesses) -> None:
        """Give it its size back."""
        self._resize(self._size)

    def leave(self) -> None:
        """Take it away."""
        subprocess.run(["umount", "--lazy", self._directory], check=True)

    def _resize(self, size: int) -> None:
        _mount("-o", f"remount,size={size}", str(self._directory))


class LimitedFiles:
    """A limit to the size of files that the processes of the server may write."""

    how = "a limit of file sizes"

    def fill(self, server: ServerProcesses) -> None:
        """Limit the files to a megabyte."""
        self._limit(server, 2**20)

    def empty(self, server: ServerProcesses) -> None:
        """Let them write what they want again."""
        self._limit(server, psutil.RLIM_INFINITY)

    def leave(self) -> None:
        """Do nothing."""

    def _limit(self, server: ServerProcesses, size: int) -> None:
        for process in server.processes():
            with suppress(psutil.NoSuchProcess):
                _, most = process.rlimit(psutil.RLIMIT_FSIZE)
                process.rlimit(psutil.RLIMIT_FSIZE, (size, most))


class EndlessDisk:
    """The disk of a system that offers neither."""

    how = ""

    def fill(self, server: ServerProcesses) -> None:
        """Do nothing."""

    def empty(self, server: ServerProcesses) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""


def new_disk(directory: Path) -> Disk:
    """Return the disk that this process may use for the directory."""
    if sys.platform != "linux":
        return EndlessDisk()
    if os.geteuid() != 0:
        return LimitedFiles()
    size = min(_LARGEST, psutil.virtual_memory().available // 2)
    if size > _LEAST:
        with suppress(OSError):  # a container's root may not mount, nor limit other accounts
            return MemoryDisk(directory, size)
    return EndlessDisk()


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip())
