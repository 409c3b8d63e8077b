"""Piccolo's configuration: the database and the apps of this application."""

from piccolo.conf.apps import AppRegistry

from workshops.database import engine_from_environment

DB = engine_from_environment()  # DATABASE_URL, else the embedded PostgreSQL

APP_REGISTRY = AppRegistry(
    apps=[
        "notes.piccolo_app",
        "workshops.piccolo_app",
        "workshops.admin.piccolo_app",
        "piccolo.apps.user.piccolo_app",
    ]
)
