"""The Piccolo app ``workshops``: tables, migrations and commands.

Another Piccolo project registers it as ``"workshops.piccolo_app"``.
"""

from pathlib import Path

from piccolo.conf.apps import AppConfig, Command

from workshops.commands.check import check
from workshops.commands.demo import demo
from workshops.commands.maintenance import (
    backup,
    distribute,
    doctor,
    migrate,
    operator,
    refresh,
    restore,
    version,
)
from workshops.commands.serve import serve
from workshops.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="workshops",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=list(TABLES),
    commands=[
        backup,
        check,
        demo,
        distribute,
        doctor,
        migrate,
        operator,
        refresh,
        restore,
        serve,
        Command(version, aliases=["--version"]),
    ],
)
