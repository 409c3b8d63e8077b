"""Piccolo's configuration: the database and the apps of this project."""

import sys
import warnings

from piccolo.conf.apps import AppRegistry

from workshops.database import DatabaseEngine, DatabaseSettings, SettingsError, read_settings

if sys.argv[1:2] == ["workshops"]:
    # Piccolo warns of pending migrations before any command. Those of `piccolo workshops`
    # run them, or say themselves which command does.
    warnings.filterwarnings("ignore", message=r"(?s).*been run - the app")

try:
    DB = DatabaseEngine(read_settings(DatabaseSettings))
except SettingsError as error:
    sys.exit(str(error))

APP_REGISTRY = AppRegistry(
    apps=[
        "workshops.piccolo_app",
        "workshops.admin.piccolo_app",
        "piccolo.apps.user.piccolo_app",
    ]
)
