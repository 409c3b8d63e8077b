"""What is answered while the database is away: a sentence with status 503.

The pool connects again by itself, so the first request after an outage works.
"""

from __future__ import annotations

import socket

import asyncpg
from starlette.types import Message, Send

from workshops.admin.refusals import RefusedError
from workshops.database import DatabaseUnavailableError

OUTAGES = (
    DatabaseUnavailableError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it starts or shuts down
    asyncpg.InsufficientResourcesError,  # no connection left, the disk is full
    asyncpg.ReadOnlySQLTransactionError,  # a stand-by
    asyncpg.ObjectNotInPrerequisiteStateError,  # it takes no connections
    asyncpg.InterfaceError,  # the connection was lost before
    asyncpg.InternalClientError,  # it was lost this moment: its end has not been read yet
    ConnectionError,
    FileNotFoundError,  # of the server's socket
    socket.gaierror,
    TimeoutError,
)
"""How an outage shows: before a statement, during it, or in place of a connection."""

NO_DATABASE = "The database does not answer at the moment. Nothing was changed; try again later."
NOT_SAVED = "The database did not save this. Nothing was changed; try again."
UNKNOWN = (
    "The connection to the database broke while this was being saved. It may or may not have "
    "been: look before you try again."
)


def refusal_of_commit(error: Exception) -> RefusedError:
    """Return what an operator is told when a transaction could not be ended."""
    return RefusedError(503, UNKNOWN if isinstance(error, OUTAGES) else NOT_SAVED)


class HeldErrors:
    """A ``send`` that keeps back an answer of status 500 until its cause is known.

    Starlette sends that answer before it raises the error again.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Send a message, or keep it."""
        if self._held or (message["type"] == "http.response.start" and message["status"] == 500):
            self._held.append(message)
            return
        self.begun = True
        await self._send(message)

    async def let_go(self) -> None:
        """Send what was kept: the cause is another."""
        for message in self._held:
            await self._send(message)
        self._held.clear()
