"""Why a database cannot be reached, in words without the password."""

from __future__ import annotations

import ssl

import asyncpg

from workshops.database.embedded import EmbeddedServerError


class SettingsError(Exception):
    """A setting cannot be used. The message says which and what to do, and holds no secret."""


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
