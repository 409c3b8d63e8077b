"""How uvicorn serves the application: patient with slow clients, but not without end.

=====================  ========================================================
``REQUEST_TIMEOUT``    Seconds within which a request must be in, head and body, and
                       within which a client must take a piece of the answer (30).
``SHUTDOWN_TIMEOUT``   Seconds that requests may go on after SIGTERM or Ctrl-C (10).
=====================  ========================================================
"""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import signal
import socket
import threading
from typing import Annotated, Any

import h11
import uvicorn
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from uvicorn.protocols.http.h11_impl import H11Protocol

from workshops.database import read_settings
from workshops.projection import stop_listening

ARRIVAL_SECONDS = 1.0
"""How long a new connection may wait for its request while the server stops."""


class ServerSettings(BaseSettings):
    """The settings above. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    request_timeout: Annotated[float, Field(gt=0, le=3600)] = 30
    shutdown_timeout: Annotated[int, Field(ge=0, le=3600)] = 10


@functools.cache
def server_settings() -> ServerSettings:
    """Return the settings of this process.

    Raises:
        SettingsError: one of them cannot be used.
    """
    return read_settings(ServerSettings)


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 with a limit for slow clients: uvicorn 0.54 has one only between requests.

    (upstream: test_request_has_a_time_limit)
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._seconds = server_settings().request_timeout
        self._begun = False
        self._reading = self._limit()
        self._writing: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writing = self._limit()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def shutdown(self) -> None:
        stop_listening()  # a stream of changes would go on for minutes
        if self._begun:
            super().shutdown()
        else:  # it was accepted this moment, and its request is on the way
            self.loop.call_later(ARRIVAL_SECONDS, super().shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._reading, self._writing):
            if timer is not None:
                timer.cancel()

    def _watch_request(self) -> None:
        """Run the limit while a part of a request is missing."""
        state = self.conn.their_state
        self._begun = self._begun or state is not h11.IDLE
        waiting = state is h11.SEND_BODY or (
            state is h11.IDLE and bool(not self._begun or self.conn.trailing_data[0])
        )
        if not waiting and self._reading is not None:
            self._reading.cancel()
            self._reading = None
        elif waiting and self._reading is None:
            self._reading = self._limit()

    def _limit(self) -> asyncio.TimerHandle | None:
        return self.loop.call_later(self._seconds, self.transport.abort)


class Server(uvicorn.Server):
    """Uvicorn, which says where to look once it answers."""

    def __init__(self, config: uvicorn.Config, *, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"Serving {self.url} (stop with Ctrl-C)", flush=True)  # noqa: T201


def options() -> dict[str, Any]:
    """Return the arguments of ``uvicorn.Config``.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return {
        "http": ImpatientProtocol,
        "timeout_graceful_shutdown": server_settings().shutdown_timeout,
        "timeout_worker_healthcheck": 60,  # seconds that the start of one of several may take
        "access_log": False,
        "log_level": "warning",
        "lifespan": "on",
        "proxy_headers": False,  # the application reads them, of TRUSTED_PROXIES only
    }


def app_of_worker() -> Any:
    """Return the application of one of several workers, which ends when its parent has ended.

    Uvicorn 0.54 leaves its workers at work, with the port, when the parent is killed.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None, "only a worker has a parent"

    def end_with_it() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_it, daemon=True).start()
    from workshops.app import app

    return app
