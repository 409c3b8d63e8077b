"""The Piccolo app ``notes``."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from notes.tables import Note

APP_CONFIG = AppConfig(
    app_name="notes",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Note],
    migration_dependencies=["workshops.piccolo_app"],
)
