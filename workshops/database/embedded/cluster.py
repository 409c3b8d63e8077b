"""PostgreSQL's data directory and programs: making a cluster, starting a server on it."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from .layout import (
    EmbeddedServerError,
    Layout,
    ProgramFailedError,
    claim_server_lock,
    clear_stale_files,
)
from .privileges import child_setup, choose_account

MAJOR_VERSION = "18"
PORT = 5432
"""Only a part of the socket's name: no network address is listened on."""

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "300",  # the benchmark's contestants have 16 each
    # Not /dev/shm: it is 64 MB in a container, and open to others of the same user.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",
}
# Not synchronous_commit: it would lose commits when a process is killed, and with fsync
# off it costs nothing.
_CARELESS_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class Cluster:
    """The data directory in ``layout`` with the PostgreSQL programs that work on it.

    A cluster that is not ``durable`` does not survive a crash of the operating system.
    Every program is started with the descriptor of the server's lock, which it shares for
    its life.

    Raises:
        EmbeddedServerError: root has no account to run the programs as.
    """

    def __init__(self, layout: Layout, programs: Path, *, durable: bool) -> None:
        self._layout = layout
        self._programs = programs
        self._durable = durable
        self._account = choose_account(layout, programs / "postgres")
        self._private: Path | None = None
        self._server_lock = -1

    def start(self, *, first: bool) -> subprocess.Popen[bytes]:
        """Start the server, which is not ready then; the ``first`` time make what it needs.

        Raises:
            EmbeddedServerError: it cannot be made, or an existing one cannot be used.
        """
        self._server_lock = claim_server_lock(self._layout)
        try:
            if first:
                self._prepare()
            sockets = self._socket_directory()
            clear_stale_files(self._layout, sockets)
            settings = {**_SETTINGS, "unix_socket_directories": f'"{sockets}"'}
            if not self._durable:
                settings |= _CARELESS_SETTINGS
            options = (f"-c{name}={value}" for name, value in settings.items())
            return self._popen("postgres", f"-D{self._layout.cluster}", *options)
        finally:
            os.close(self._server_lock)

    def _prepare(self) -> None:
        """Make the cluster if there is none, and the password if there is none."""
        layout = self._layout
        if not layout.cluster.exists():
            self._create()
            return
        try:
            version = (layout.cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedServerError(f"{layout.cluster} holds no PostgreSQL data.") from None
        if version != MAJOR_VERSION:
            raise EmbeddedServerError(
                f"{layout.cluster} holds data of PostgreSQL {version}, which PostgreSQL "
                f"{MAJOR_VERSION} cannot read. Dump it with the old version, or move it away."
            )
        if not layout.password.exists():
            password = secrets.token_urlsafe(24)
            clear_stale_files(layout, layout.cluster)
            self._run_sql(layout.cluster, f"ALTER ROLE workshops PASSWORD '{password}'")
            layout.write(layout.password, password)

    def _create(self) -> None:
        """Make the cluster beside its place and move it there when it is complete."""
        layout = self._layout
        draft = layout.unfinished_cluster
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        self._hand_over(draft)
        if not layout.password.exists():
            layout.write(layout.password, secrets.token_urlsafe(24))
        self._run(
            "initdb",
            f"--pgdata={draft}",
            "--username=postgres",
            "--auth=reject",
            "--encoding=UTF8",
            # The same order and letters on every machine, whatever locales it has.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(() if self._durable else ("--no-sync",)),
        )
        self._run_sql(
            draft,
            # Not a superuser: as in production, and a superuser can read the files of
            # the account that the server runs as, and execute programs.
            "CREATE ROLE workshops LOGIN CREATEDB PASSWORD "
            f"'{layout.password.read_text(encoding='utf-8').strip()}'",
            "CREATE DATABASE workshops OWNER workshops TEMPLATE template0 ENCODING 'UTF8'",
        )
        with (draft / "pg_hba.conf").open("w", encoding="utf-8") as file:
            file.write("local all workshops scram-sha-256\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(layout.cluster)

    def is_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Tell whether a server that was started here accepts connections."""
        try:
            lines = (self._layout.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # The eighth line is the status, which pg_ctl goes by too.
        return len(lines) >= 8 and int(lines[0]) == server.pid and lines[7].strip() == "ready"

    def _socket_directory(self) -> Path:
        """Return the directory for the socket, in one that only the owner can enter.

        Its name is random, because anybody could make a predictable one first. Not
        in ``XDG_RUNTIME_DIR``, which goes away when its user logs out, under a
        server in a terminal multiplexer. A path of a socket has about a hundred bytes.
        """
        layout = self._layout
        directory = private_socket_directory(layout)
        if directory is None:
            roots = [root for root in ("/tmp", tempfile.gettempdir()) if os.access(root, os.W_OK)]
            directory = Path(tempfile.mkdtemp(prefix="workshops-", dir=roots[0] if roots else None))
            layout.give(directory)
            layout.write(layout.socket, str(directory))
        if self._account is not None and self._account.capability is None:
            directory.chmod(0o711)
        self._private = directory
        sockets = directory / "postgres"
        sockets.mkdir(mode=0o700, exist_ok=True)
        self._hand_over(sockets)
        return sockets

    def remove_socket(self) -> None:
        """Remove the socket's directory, the server having ended; also after its data is gone."""
        if self._private is not None:
            remove_socket_directory(self._layout, self._private)

    def _hand_over(self, directory: Path) -> None:
        if self._account is not None:
            os.chown(directory, self._account.uid, self._account.gid)

    def _run_sql(self, directory: Path, *statements: str) -> None:
        """Execute statements without a server; one that fails ends the run."""
        # The statements hold the password: they are not to be logged.
        settings = ("exit_on_error=on", "log_checkpoints=off", "log_min_error_statement=panic")
        self._run(
            "postgres",
            "--single",
            f"-D{directory}",
            *(f"-c{setting}" for setting in settings),
            "postgres",
            input="".join(f"{statement}\n" for statement in statements),
        )

    def _run(self, program: str, *arguments: str, input: str = "") -> None:
        process = self._popen(program, *arguments, stdin=subprocess.PIPE)
        process.communicate(input.encode())
        if process.returncode != 0:
            raise ProgramFailedError(f"{program} could not make the database")

    def _popen(
        self, program: str, *arguments: str, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        variables = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        environment = {name: os.environ[name] for name in variables if name in os.environ}
        try:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                # Neither the PG... variables nor the secrets of the process that came first.
                env={**environment, "LC_ALL": "C"},
                stdin=stdin,
                stdout=2,  # the log
                pass_fds=(self._server_lock,),
                # The supervisor has a single thread, so code may run between fork and exec.
                preexec_fn=child_setup(self._account),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedServerError(
                f"{self._programs / program} cannot be run: {error}"
            ) from error


def private_socket_directory(layout: Layout) -> Path | None:
    """Return the directory that holds the socket's, if it exists and is only its owner's."""
    try:
        directory = Path(layout.socket.read_text(encoding="utf-8"))
        status = directory.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    private = stat.S_ISDIR(status.st_mode) and not stat.S_IMODE(status.st_mode) & 0o066
    return directory if private and status.st_uid == layout.home.stat().st_uid else None


def remove_socket_directory(layout: Layout, directory: Path) -> None:
    """Remove what ``private_socket_directory`` returned, and its record."""
    with suppress(OSError):
        if layout.socket.read_text(encoding="utf-8") == str(directory):
            layout.socket.unlink()
    shutil.rmtree(directory, ignore_errors=True)
