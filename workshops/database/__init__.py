"""The database: settings, engine, the embedded server, and migrations under a lock."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workshops.database.engine import DatabaseEngine
from workshops.database.outages import SettingsError
from workshops.database.replicas import primary_reads, replica_reads
from workshops.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from workshops.database.settings import (
        DatabaseSettings,
        engine_from_environment,
        read_settings,
    )

__all__ = [
    "DatabaseEngine",
    "DatabaseSettings",
    "DatabaseUnavailableError",
    "SettingsError",
    "engine_from_environment",
    "primary_reads",
    "read_settings",
    "replica_reads",
]


def __getattr__(name: str) -> Any:
    """Load what reads the environment when it is used: it needs pydantic, and applications do not.

    That is a third of the time of ``import workshops``.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.settings"), name)
