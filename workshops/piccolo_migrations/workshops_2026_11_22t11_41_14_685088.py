from enum import Enum

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.column_types import JSONB, Integer, Text
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Unique
from piccolo.table import Table

from workshops.columns import CascadeForeignKey, PrefixedKey, SingleLineText, UTCNow, UTCTimestamp
from workshops.database.migrations import tables_to_adopt


class StepDefinition(Table, tablename="step_definitions", schema=None):
    id = Text(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class Workshop(Table, tablename="workshops", schema=None):
    id = PrefixedKey(
        default=None,
        prefix="ws",
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-22T11:41:14:685088"
VERSION = "1.38.0"
DESCRIPTION = "Create the six tables"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops", description=DESCRIPTION
    )
    # Then it is recorded without being run.
    manager.fake = await tables_to_adopt() is not None

    manager.add_table(
        class_name="WorkshopStep",
        tablename="workshop_steps",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="Session", tablename="sessions", schema=None, columns=None
    )

    manager.add_table(
        class_name="StepDefinition",
        tablename="step_definitions",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="WorkshopMember",
        tablename="workshop_members",
        schema=None,
        columns=None,
    )

    manager.add_table(
        class_name="BuildPack", tablename="build_packs", schema=None, columns=None
    )

    manager.add_table(
        class_name="Workshop", tablename="workshops", schema=None, columns=None
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="id",
        db_column_name="id",
        column_class_name="PrefixedKey",
        column_class=PrefixedKey,
        params={
            "default": None,
            "prefix": "wst",
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="workshop_id",
        db_column_name="workshop_id",
        column_class_name="CascadeForeignKey",
        column_class=CascadeForeignKey,
        params={
            "references": Workshop,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="step_id",
        db_column_name="step_id",
        column_class_name="CascadeForeignKey",
        column_class=CascadeForeignKey,
        params={
            "references": StepDefinition,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="status",
        db_column_name="status",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": "not_started",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "StepStatus",
                {
                    "not_started": "not_started",
                    "in_progress": "in_progress",
                    "complete": "complete",
                },
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="output",
        db_column_name="output",
        column_class_name="JSONB",
        column_class=JSONB,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="started_at",
        db_column_name="started_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="completed_at",
        db_column_name="completed_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopStep",
        tablename="workshop_steps",
        column_name="updated_at",
        db_column_name="updated_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Session",
        tablename="sessions",
        column_name="id",
        db_column_name="id",
        column_class_name="PrefixedKey",
        column_class=PrefixedKey,
        params={
            "default": None,
            "prefix": "ses",
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Session",
        tablename="sessions",
        column_name="workshop_id",
        db_column_name="workshop_id",
        column_class_name="CascadeForeignKey",
        column_class=CascadeForeignKey,
        params={
            "references": Workshop,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Session",
        tablename="sessions",
        column_name="started_at",
        db_column_name="started_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Session",
        tablename="sessions",
        column_name="ended_at",
        db_column_name="ended_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Session",
        tablename="sessions",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="id",
        db_column_name="id",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="order",
        db_column_name="order",
        column_class_name="Integer",
        column_class=Integer,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="name",
        db_column_name="name",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 100,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="description",
        db_column_name="description",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="prompt_template",
        db_column_name="prompt_template",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="StepDefinition",
        tablename="step_definitions",
        column_name="updated_at",
        db_column_name="updated_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        column_name="id",
        db_column_name="id",
        column_class_name="PrefixedKey",
        column_class=PrefixedKey,
        params={
            "default": None,
            "prefix": "wm",
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        column_name="workshop_id",
        db_column_name="workshop_id",
        column_class_name="CascadeForeignKey",
        column_class=CascadeForeignKey,
        params={
            "references": Workshop,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        column_name="clerk_user_id",
        db_column_name="clerk_user_id",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        column_name="role",
        db_column_name="role",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="id",
        db_column_name="id",
        column_class_name="PrefixedKey",
        column_class=PrefixedKey,
        params={
            "default": None,
            "prefix": "bp",
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="workshop_id",
        db_column_name="workshop_id",
        column_class_name="CascadeForeignKey",
        column_class=CascadeForeignKey,
        params={
            "references": Workshop,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="title",
        db_column_name="title",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 200,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="format_type",
        db_column_name="format_type",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": "markdown",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "FormatType",
                {"markdown": "markdown", "pdf": "pdf", "json": "json"},
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="content",
        db_column_name="content",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="BuildPack",
        tablename="build_packs",
        column_name="updated_at",
        db_column_name="updated_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="id",
        db_column_name="id",
        column_class_name="PrefixedKey",
        column_class=PrefixedKey,
        params={
            "default": None,
            "prefix": "ws",
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="clerk_user_id",
        db_column_name="clerk_user_id",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="title",
        db_column_name="title",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 200,
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="original_idea",
        db_column_name="original_idea",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="status",
        db_column_name="status",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": "draft",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "WorkshopStatus",
                {
                    "draft": "draft",
                    "active": "active",
                    "paused": "paused",
                    "completed": "completed",
                },
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="org_id",
        db_column_name="org_id",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="template_id",
        db_column_name="template_id",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="visibility",
        db_column_name="visibility",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": "private",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": Enum(
                "Visibility", {"private": "private", "shared": "shared"}
            ),
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="share_token",
        db_column_name="share_token",
        column_class_name="SingleLineText",
        column_class=SingleLineText,
        params={
            "length": 255,
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": True,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="created_at",
        db_column_name="created_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Workshop",
        tablename="workshops",
        column_name="updated_at",
        db_column_name="updated_at",
        column_class_name="UTCTimestamp",
        column_class=UTCTimestamp,
        params={
            "default": UTCNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="WorkshopMember",
        tablename="workshop_members",
        constraint_name="workshop_members_workshop_user_unique",
        constraint_class=Unique,
        params={
            "columns": ["workshop_id", "clerk_user_id"],
            "nulls_distinct": True,
        },
        schema=None,
    )

    return manager
