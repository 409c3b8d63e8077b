"""The Piccolo app ``workshops_admin``: what the operators' site itself keeps."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from workshops.admin.accounts import AdminSession
from workshops.admin.audit import AuditEntry
from workshops.admin.operators import SecondFactor

APP_CONFIG = AppConfig(
    app_name="workshops_admin",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[AdminSession, AuditEntry, SecondFactor],
    migration_dependencies=["workshops.piccolo_app", "piccolo.apps.user.piccolo_app"],
)
