"""``piccolo workshops serve``: the admin in a browser, with all that it needs."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn

from workshops.commands.failures import fails_with_a_sentence
from workshops.database import DatabaseEngine
from workshops.database.migrations import pending_migrations, project_engine, run_migrations
from workshops.tables import Workshop

DEMO_WORKSHOPS = 60
FIRST_OPERATOR = "admin"


def serve(
    host: str = "127.0.0.1", port: int = 8000, migrate: bool = False, demo: bool = False
) -> None:
    """Serve the admin, the progress pages and the health check until Ctrl-C.

    The embedded database is migrated, filled with a demo if it is empty, and given
    an operator, unasked. A database named by DATABASE_URL is somebody's own:
    nothing is put into it but what --migrate and --demo ask for.

    :param host:
        The address to listen on.
    :param port:
        The port to listen on.
    :param migrate:
        Run pending migrations first.
    :param demo:
        Write demo workshops first, if there is no workshop.

    """
    _stop_on(signal.SIGTERM, signal.SIGHUP)
    listener = _listen(host, port)
    engine = project_engine()
    embedded = isinstance(engine, DatabaseEngine) and engine.embedded is not None
    try:
        # Reads the admin's settings and may exit with a sentence, before anything is written.
        from workshops.app import app

        asyncio.run(_prepare(migrate=migrate or embedded, demo=demo or embedded, embedded=embedded))
        config = uvicorn.Config(
            app, access_log=False, log_level="warning", lifespan="on", proxy_headers=False
        )
        server = _Server(config, url=f"http://{_shown(host)}:{port}/admin/")
        server.run(sockets=[listener])
        if not server.started:
            sys.exit(1)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        if isinstance(engine, DatabaseEngine):
            engine.stop_embedded()


@fails_with_a_sentence
async def _prepare(*, migrate: bool, demo: bool, embedded: bool) -> None:
    """Bring the database to where the server can start, or exit with a sentence."""
    from workshops.admin.operators import create_operator, has_operators
    from workshops.demo import write_demo

    engine = project_engine()
    await engine.start_connection_pool()
    try:
        pending = await run_migrations() if migrate else await pending_migrations()
        if pending and not migrate:
            sys.exit(
                f"{len(pending)} migrations have not been run on this database. "
                "Run them with: piccolo workshops migrate (or serve with --migrate)."
            )
        if demo and not await Workshop.exists():
            counts = await write_demo(DEMO_WORKSHOPS)
            print(
                f"A demo was written: {counts.workshops} workshops. "
                "(Remove it with: piccolo workshops demo --clear)"
            )
        if not await has_operators():
            if embedded:
                password = await create_operator(FIRST_OPERATOR, superuser=True)
                print(
                    "\nLog in with this operator. The password is shown only now:\n\n"
                    f"    user name  {FIRST_OPERATOR}\n    password   {password}\n"
                )
            else:
                print(
                    "There is no operator yet. Create one: piccolo workshops operator create NAME"
                )
    finally:
        await engine.close_connection_pool()


class _Server(uvicorn.Server):
    """Uvicorn, which says where to look once it answers."""

    def __init__(self, config: uvicorn.Config, *, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"Serving {self.url} (stop with Ctrl-C)", flush=True)


def _stop_on(*signals: signal.Signals) -> None:
    """Let a signal end the process in order: by default it would skip every ``finally``."""

    def stop(number: int, frame: FrameType | None) -> Any:
        sys.exit(128 + number)

    for number in signals:
        signal.signal(number, stop)


def _listen(host: str, port: int) -> socket.socket:
    """Bind first: a port that is taken is told before anything is written."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        sys.exit(
            f"Cannot listen on {host}:{port}: {reason.lower()}. "
            f"Choose another port: make serve PORT={port + 1} (or --port={port + 1})."
        )
    return listener


def _shown(host: str) -> str:
    """The host as a browser on this machine can open it."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
