"""The database: settings, engine, the embedded server, and migrations under a lock."""

from workshops.database.engine import DatabaseEngine, DatabaseUnavailableError
from workshops.database.settings import DatabaseSettings, SettingsError, read_settings

__all__ = [
    "DatabaseEngine",
    "DatabaseSettings",
    "DatabaseUnavailableError",
    "SettingsError",
    "read_settings",
]
