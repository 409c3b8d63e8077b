"""The files of an embedded server, who owns them, the locks on them, and who holds these.

A pid in a file proves nothing: it may have been given to another process. What proves that
no process of an earlier server is left is ``server.lock``: PostgreSQL inherits the locked
descriptor, all its processes share it, and the kernel gives the lock back when the last of
them ends.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    SHARED = EXCLUSIVE = 0  # Importable there, for those who set DATABASE_URL.
else:
    import fcntl

    SHARED = fcntl.LOCK_SH
    EXCLUSIVE = fcntl.LOCK_EX

ORPHAN_SECONDS = 1.0
SHUTDOWN_SECONDS = 15.0


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be used. The message says why, in a sentence."""


class ProgramFailedError(EmbeddedServerError):
    """A PostgreSQL program has failed, and the log says why."""


class Layout:
    """Where the files are (the package says what each is). ``home``, of mode 0700, holds them all.

    Everything in it belongs to the owner of ``home``, also when root runs the
    server for another user; only the cluster may belong to a less privileged one.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cluster = home / "cluster"
        self.unfinished_cluster = home / "cluster.unfinished"
        self.password = home / "password"
        self.lease = home / "lease"
        self.supervisor_lock = home / "supervisor.lock"
        self.server_lock = home / "server.lock"
        self.ready = home / "ready"
        self.socket = home / "socket"
        self.log = home / "server.log"

    def create(self) -> None:
        """Make the directory, or make sure that an existing one is ours and private.

        Raises:
            EmbeddedServerError: it belongs to another user, or its path is too long.
        """
        # PostgreSQL keeps paths in 1,024 bytes (MAXPGPATH), some with a name after them.
        if len(os.fsencode(self.unfinished_cluster)) > 960:
            raise EmbeddedServerError(f"The path {self.home} is too long for PostgreSQL.")
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.home.stat()
        if os.geteuid() not in (0, status.st_uid):
            raise EmbeddedServerError(f"The directory {self.home} belongs to another user.")
        if stat.S_IMODE(status.st_mode) & 0o066:
            self.home.chmod(0o700)
        ignore = self.home / ".gitignore"
        if not ignore.exists():
            self.write(ignore, "*\n")

    def give(self, path: Path | int) -> None:
        """Give a file that root has made to the owner of ``home``."""
        if os.geteuid() == 0:
            owner = self.home.stat()
            if os.stat(path).st_uid != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid)

    def open(self, path: Path, flags: int) -> int:
        """Open a file of the server, made with mode 0600 where it does not exist."""
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        self.give(descriptor)
        return descriptor

    def write(self, path: Path, text: str) -> None:
        """Write a file so that a reader sees all of it or none."""
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = self.open(draft, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def lock(self, path: Path, kind: int) -> int:
        """Wait for a lock on a file; closing the returned descriptor gives it back.

        A forked child shares the lock, an executed program does not get it.
        """
        descriptor = self.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, kind)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def try_lock(self, path: Path, kind: int) -> int | None:
        """Return a lock on a file, or None if another lock prevents it."""
        try:
            return self.lock(path, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return None

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Keep others from trying locks meanwhile, so that no one mistakes a try for a use."""
        descriptor = os.open(self.home, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def take_supervisor_lock(self) -> int | None:
        """Return the supervisor's lock if there is no supervisor."""
        with self.gate():
            lock = self.try_lock(self.supervisor_lock, EXCLUSIVE)
            if lock is not None:
                self.ready.unlink(missing_ok=True)  # of a supervisor that was killed
            return lock

    def is_used(self) -> bool | None:
        """Tell whether anybody uses the server; None while it shuts down."""
        with self.gate():
            for kind, answer in ((EXCLUSIVE, False), (SHARED, True)):
                if (lock := self.try_lock(self.lease, kind)) is not None:
                    os.close(lock)
                    return answer
        return None


def cannot_use(error: OSError) -> EmbeddedServerError:
    """Return what to tell about a file that cannot be read or written."""
    what = error.filename or "its files"
    reason = (error.strerror or str(error)).lower()
    return EmbeddedServerError(f"The embedded PostgreSQL cannot use {what}: {reason}.")


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
