"""Piccolo's configuration: the database and the apps of this project."""

import sys

from piccolo.conf.apps import AppRegistry

from workshops.database import DatabaseEngine, DatabaseSettings, SettingsError, read_settings

try:
    DB = DatabaseEngine(read_settings(DatabaseSettings))
except SettingsError as error:
    sys.exit(str(error))

APP_REGISTRY = AppRegistry(
    apps=[
        "piccolo_app",
        "workshops.admin.piccolo_app",
        "piccolo.apps.user.piccolo_app",
    ]
)
