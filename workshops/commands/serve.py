"""``piccolo workshops serve``: the admin in a browser, with all that it needs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from workshops.commands.failures import fails_with_a_sentence
from workshops.database import DatabaseEngine
from workshops.database.migrations import (
    counted,
    pending_migrations,
    project_engine,
    run_migrations,
)
from workshops.database.transactions import own_connection
from workshops.tables import Workshop

DEMO_WORKSHOPS = 60
FIRST_OPERATOR = "admin"
MOST_WORKERS = 64

# Any constant will do; this one is "prepare" in ASCII.
_LOCK = 0x70726570617265


@fails_with_a_sentence
def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    migrate: bool = False,
    demo: bool = False,
    workers: int = 1,
) -> None:
    """Serve the admin, the progress pages and the health check until Ctrl-C.

    The embedded database is migrated, filled with a demo if it is empty, and given
    an operator, unasked. A database named by DATABASE_URL is not ours:
    nothing is put into it but what --migrate and --demo ask for.

    :param host:
        The address to listen on.
    :param port:
        The port to listen on.
    :param migrate:
        Run pending migrations first.
    :param demo:
        Write demo workshops first, if there is no workshop.
    :param workers:
        How many processes serve. SIGHUP replaces them, one after the other.

    """
    from workshops.serving import Server, options

    if not 1 <= workers <= MOST_WORKERS:
        sys.exit(f"--workers must be a number from 1 to {MOST_WORKERS}, such as --workers=2.")
    for number in (signal.SIGTERM, signal.SIGHUP):  # by default it would skip every ``finally``
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    listener = _bind(host, port)
    url = f"http://{_shown(host)}:{port}/"
    engine = project_engine()
    embedded = isinstance(engine, DatabaseEngine) and engine.embedded is not None
    try:
        # Reads the admin's settings and may exit with a sentence, before anything is written.
        from workshops.app import app

        asyncio.run(_prepare(migrate=migrate or embedded, demo=demo or embedded, embedded=embedded))
        if workers > 1:
            listener.close()
            print(f"Serving {url} by {workers} processes (stop with Ctrl-C)", flush=True)
            with tempfile.TemporaryDirectory(prefix="workshops-") as directory:
                os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory  # they count together
                application = "workshops.serving:app_of_worker"
                address: dict[str, Any] = {"host": host, "port": port}
                uvicorn.run(application, factory=True, workers=workers, **address, **options())
            return
        with _told(host, port):  # two that are only bound do not see each other
            listener.listen()
        server = Server(uvicorn.Config(app, **options()), url=url)
        server.run(sockets=[listener])
        if not server.started:
            sys.exit(1)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        if isinstance(engine, DatabaseEngine):
            engine.stop_embedded()


async def _prepare(*, migrate: bool, demo: bool, embedded: bool) -> None:
    """Bring the database to where the server can start, or exit with a sentence."""
    engine = project_engine()
    if isinstance(engine, DatabaseEngine):
        await engine.wait_until_available()
    pending = await run_migrations() if migrate else await pending_migrations()
    if pending and not migrate:
        missing = counted(pending, "migration has", "migrations have")
        sys.exit(
            f"{missing} not been run on this database. "
            "Run: piccolo workshops migrate (or serve with --migrate)."
        )
    async with own_connection(engine) as connection, connection.transaction():
        # Of several first starts at once, one writes the demo and makes the operator.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await _fill(demo=demo, embedded=embedded)


async def _fill(*, demo: bool, embedded: bool) -> None:
    """Write the demo and make an operator, where they are missing and wanted."""
    from workshops.admin.operators import create_operator, has_operators
    from workshops.demo import write_demo

    if demo and not await Workshop.exists():
        counts = await write_demo(DEMO_WORKSHOPS)
        print(
            f"A demo was written: {counts.workshops} workshops. "
            "(Remove it with: piccolo workshops demo --clear)"
        )
    if demo:
        print(
            "See the board move: piccolo workshops demo --live (or make live), in another terminal."
        )
    if await has_operators():
        return
    if not embedded:
        print("There is no operator yet. Create one: piccolo workshops operator create NAME")
        return
    password = await create_operator(FIRST_OPERATOR, superuser=True)
    print(
        "\nLog in with this operator. The password is shown only now:\n\n"
        f"    user name  {FIRST_OPERATOR}\n    password   {password}\n"
    )


def _bind(host: str, port: int) -> socket.socket:
    """Bind first: a port that is taken is told before anything is written.

    It does not listen yet, so that a proxy sends nothing to a server that is not ready.
    """
    if not 0 < port < 65536:
        sys.exit(f"There is no port {port}: choose one from 1 to 65535, such as --port=8000.")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with _told(host, port):
        listener.bind((host, port))
    return listener


@contextmanager
def _told(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        other = port + 1 if port < 65535 else 8000
        sys.exit(
            f"Cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}. "
            f"Choose another port: make serve PORT={other} (or --port={other})."
        )


def _shown(host: str) -> str:
    """The host as a browser on this machine can open it."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
