"""The process that runs PostgreSQL for as long as it is used."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from .cluster import Cluster
from .layout import EXCLUSIVE, EmbeddedServerError, Layout, ProgramFailedError, cannot_use

READY = b"ready"
"""What a supervisor prints when the server answers; anything else is why it does not."""

QUICK_SECONDS = 10.0
MOST_QUICK_FAILURES = 5
_POLL_SECONDS = 0.1


class Supervisor:
    """One run of PostgreSQL, restarted when it crashes.

    Standard output is a pipe to the client that has started it, for one answer.

    It holds the supervisor's lock from its start to its end, and at the end the lease,
    exclusively and longer: so a client that has its lease never meets a supervisor
    which is about to end.
    """

    _cluster: Cluster

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._home = layout.home.stat()
        self._answered = False
        self._log_start = os.fstat(2).st_size
        self._lease: int | None = None
        self._told_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)

    def _stop_soon(self, number: int, frame: object) -> None:
        self._told_to_stop = True

    def run(self, cluster: Cluster) -> None:
        """Serve until nobody uses the server.

        Raises:
            EmbeddedServerError: it cannot start, or crashes again and again.
        """
        self._cluster = cluster
        failures = 0
        while not self._is_over():
            began = time.monotonic()
            was_ready = self._serve_once(first=failures == 0)
            if self._is_over():
                break
            if not self._answered and not was_ready:
                raise ProgramFailedError("PostgreSQL did not start")
            failures = failures + 1 if time.monotonic() - began < QUICK_SECONDS else 1
            if failures > MOST_QUICK_FAILURES:
                raise ProgramFailedError("PostgreSQL ends again and again")
            say(f"PostgreSQL ended by itself; starting it again (failure {failures})")
            time.sleep(_POLL_SECONDS * 2**failures)

    def _serve_once(self, *, first: bool) -> bool:
        """Run PostgreSQL until it ends or is no longer used; return whether it was ready."""
        server = self._cluster.start(first=first)
        ready = False
        try:
            while server.poll() is None and not self._is_over():
                if not ready and self._cluster.is_ready(server):
                    ready = True
                    self._layout.write(self._layout.ready, "")
                    self.tell(READY)
                else:
                    time.sleep(_POLL_SECONDS if ready else _POLL_SECONDS / 5)
        finally:
            if server.poll() is None:
                end(server)
            if self._is_home():
                self._layout.ready.unlink(missing_ok=True)
        return ready

    def _is_home(self) -> bool:
        """Tell whether the directory is still the one that this supervisor was started for."""
        try:
            return os.path.samestat(self._layout.home.stat(), self._home)
        except FileNotFoundError:
            return False

    def _is_over(self) -> bool:
        if not self._is_home():
            # Deleted or moved away. What is there now may be another server's.
            raise EmbeddedServerError(f"The directory {self._layout.home} was taken away.")
        if self._lease is None:
            self._lease = self._layout.try_lock(self._layout.lease, EXCLUSIVE)
        return self._lease is not None or self._told_to_stop

    def tell(self, text: bytes) -> None:
        """Answer the client that started this supervisor, once."""
        if not self._answered:
            self._answered = True
            with suppress(BrokenPipeError):
                os.write(1, text)
            os.dup2(2, 1)

    def explain(self, error: EmbeddedServerError) -> str:
        """Return the message of an error, with the reason that the log gives, if it does."""
        if not isinstance(error, ProgramFailedError):
            return str(error)
        with self._layout.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace").strip()
        # The first says it; what follows is its consequences.
        found = re.search(r"\b(?:FATAL|PANIC|ERROR|error): +(.+)", text)
        reason = found[1].rstrip() if found else text.partition("\n")[0]
        return f"{error}: {reason} (see {self._layout.log})."


def end(server: subprocess.Popen[bytes]) -> None:
    """Shut PostgreSQL down: fast, else at once, else by force."""
    steps = ((signal.SIGINT, 30), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
    for number, patience in steps:
        server.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(patience)
            return


def say(text: str) -> None:
    """Write a line into the log."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    print(f"{now} [{os.getpid()}] supervisor: {text}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    """Run a supervisor: arguments home, programs, durable, and an inherited descriptor.

    That of the supervisor's lock, which is only kept.
    """
    if os.fork():
        os._exit(0)  # the client need not wait for us, however long it lives
    home, programs, durable, lock = sys.argv[1:]
    os.set_inheritable(int(lock), False)
    os.umask(0o077)
    signal.signal(signal.SIGHUP, lambda number, frame: None)
    layout = Layout(Path(home))
    supervisor = Supervisor(layout)
    failure = cluster = None
    try:
        cluster = Cluster(layout, Path(programs), durable=durable == "durable")
        supervisor.run(cluster)
    except EmbeddedServerError as error:
        failure = supervisor.explain(error)
    except OSError as error:
        failure = str(cannot_use(error))
    if failure:
        say(failure)
        supervisor.tell(failure.encode())
    if cluster is not None:
        cluster.remove_socket()
    # Before the lease, which the end of the process gives back: at once, because a
    # client that sees this lock free takes the supervisor for ended.
    os.close(int(lock))
    os._exit(1 if failure else 0)
