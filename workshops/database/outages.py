"""What the loss of the database, or its rejection, means to a caller: in one place.

Of a connection that cannot be made, ``why_unavailable`` tells why, in words without the
password. Of an error later on, ``outage`` tells three things apart: the statement surely
did not run, because there was no connection to send it on; the server has undone it; or the
connection broke while it ran, and nobody knows.
"""

from __future__ import annotations

import socket
import ssl

import asyncpg

from workshops.database.embedded import EmbeddedServerError
from workshops.errors import DatabaseUnavailableError

_NOT_CONNECTED = (
    asyncpg.CannotConnectNowError,  # it starts up or shuts down
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionRejectionError,
    ConnectionRefusedError,
    FileNotFoundError,  # of the server's socket
    socket.gaierror,
)
_NOT_ALLOWED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
_UNDONE = (
    asyncpg.InsufficientResourcesError,  # the disk is full
    asyncpg.InternalServerError,  # so is a quota, which has no code of its own
    asyncpg.PostgresSystemError,  # the disk cannot be read
    asyncpg.ReadOnlySQLTransactionError,  # a stand-by, or a primary that has become one
)
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it shuts down, or an operator ended the connection
    asyncpg.InternalClientError,  # it was lost this moment: its end has not been read yet
    OSError,  # a time-out is one
)

NOT_SENT = "The database cannot be reached at the moment. Nothing was changed; try again later."


class CommandError(Exception):
    """What a command is to do cannot be done. The message says why, in a sentence."""


class SettingsError(CommandError):
    """A setting cannot be used. The message says which and what to do, and holds no secret."""


class MigrationBlockedError(CommandError):
    """A migration cannot run: of the rows that are there, or of who is using the tables."""


def why_unavailable(error: Exception) -> tuple[str, bool]:
    """Return why a connection failed, and whether waiting may help."""
    match error:
        case EmbeddedServerError() | SettingsError():
            return str(error).rstrip("."), False
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return "the server refuses this user and password", False
        case asyncpg.InvalidCatalogNameError():
            return "there is no such database on the server", False
        case asyncpg.CannotConnectNowError():
            return "the server is starting up or shutting down", True
        case asyncpg.TooManyConnectionsError():
            return "the server has no connection left", True
        case asyncpg.PostgresError():
            return str(error).rstrip("."), False
        case TimeoutError():
            return "no answer in time", True
        case ssl.SSLError():
            return f"no secure connection ({error.reason or 'TLS failed'})", False
        case OSError(strerror=str(reason)) if reason:
            return reason[0].lower() + reason[1:].rstrip("."), True
        case OSError():  # of asyncpg's own: a whole clause
            return str(error).rstrip(".") or "connection refused", "SSL upgrade" not in str(error)
        case _:
            # Anything else comes from reading the URL, whose text must not be shown.
            return "the connection settings cannot be used", False


def outage(error: Exception, *, undone: bool) -> DatabaseUnavailableError | None:
    """Return what an error of a statement means, or None if it is not an outage.

    :param undone: Whether what was under way is undone with the connection, as in a
        transaction before its COMMIT.
    """
    match error:
        case DatabaseUnavailableError():
            return error
        case asyncpg.OutdatedSchemaCacheError():
            return None
        case asyncpg.InterfaceError():
            # Mistakes in the use of asyncpg 0.32 are InterfaceErrors too (upstream:
            # test_closed_connection_is_an_outage).
            gone = "clos" in str(error) or "released" in str(error)
            return DatabaseUnavailableError(NOT_SENT) if gone else None
        case asyncpg.QueryCanceledError():
            problem = "The database did not answer in time. Nothing was changed; try again later."
        case _ if isinstance(error, _NOT_CONNECTED):
            problem = NOT_SENT
        case _ if isinstance(error, _NOT_ALLOWED):
            return DatabaseUnavailableError(
                "The database does not let this application in. Nothing was changed.",
                transient=False,
            )
        case _ if isinstance(error, _UNDONE):
            problem = "The database cannot do this at the moment. Nothing was changed."
        case _ if not isinstance(error, _LOST):
            return None
        case _ if undone:
            problem = "The connection to the database broke. Nothing was changed; try again."
        case _:
            return DatabaseUnavailableError(
                "The connection to the database broke while this was being done. It may or may "
                "not have been: look before you try again.",
                safe_to_repeat=False,
            )
    return DatabaseUnavailableError(problem)
