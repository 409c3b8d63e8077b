"""The database: settings, engine, the embedded server, and migrations under a lock."""

from workshops.database.engine import DatabaseEngine
from workshops.database.environment import engine_from_environment
from workshops.database.settings import DatabaseSettings, SettingsError, read_settings
from workshops.errors import DatabaseUnavailableError

__all__ = [
    "DatabaseEngine",
    "DatabaseSettings",
    "DatabaseUnavailableError",
    "SettingsError",
    "engine_from_environment",
    "read_settings",
]
