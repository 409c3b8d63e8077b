"""How each table appears in the admin: columns, filters, order, menu.

Three rules hold for every list of the product's tables:

- the primary key is no visible column: shown together with another link column
  it makes Piccolo Admin 1.14 draw an empty page;
- it begins with the newest rows, by a time that never changes and has an index (one on
  ``updated_at`` would slow every write), and ends its order with the primary key, so
  that pages neither repeat nor miss rows of the same time;
- every timestamp has a resolution of a millisecond: with the default of a second
  a Save would cut the stored times.
"""

from __future__ import annotations

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Column, Time, Timestamp, Timestamptz
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import OrderBy

from workshops.admin.rules import hooks
from workshops.admin.tables import AdminSession, AuditEntry, WorkshopProgress
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

# The groups of the menu; it sorts them by name.
ACCESS = "Access"
WORKSHOPS = "Workshops"
SETUP = "Setup"


def newest_first(column: Column) -> list[OrderBy]:
    """Return the order by a time, latest first."""
    key = column._meta.table._meta.primary_key
    return [OrderBy(column, ascending=False), OrderBy(key, ascending=False)]


def in_milliseconds(table: type[Table]) -> dict[Timestamp | Timestamptz | Time, float | int]:
    """Return the time resolution of all timestamps of a table."""
    return {column: 0.001 for column in table._meta.columns if isinstance(column, Timestamp)}


def table_configs() -> list[TableConfig]:
    """Return the configuration of every table in the admin."""
    return [
        TableConfig(
            Workshop,
            visible_columns=[
                Workshop.title,
                Workshop.clerk_user_id,
                Workshop.org_id,
                Workshop.status,
                Workshop.visibility,
                Workshop.created_at,
                Workshop.updated_at,
            ],
            visible_filters=[
                Workshop.title,
                Workshop.clerk_user_id,
                Workshop.org_id,
                Workshop.status,
                Workshop.visibility,
                Workshop.template_id,
                Workshop.created_at,
                Workshop.updated_at,
                Workshop.id,
            ],
            link_column=Workshop.title,
            order_by=newest_first(Workshop.created_at),
            time_resolution=in_milliseconds(Workshop),
            hooks=hooks(Workshop),
            menu_group=WORKSHOPS,
        ),
        TableConfig(
            WorkshopStep,
            visible_columns=[
                WorkshopStep.workshop_id,
                WorkshopStep.step_id,
                WorkshopStep.status,
                WorkshopStep.started_at,
                WorkshopStep.completed_at,
                WorkshopStep.created_at,
                WorkshopStep.updated_at,
            ],
            visible_filters=[
                WorkshopStep.workshop_id,
                WorkshopStep.step_id,
                WorkshopStep.status,
                WorkshopStep.started_at,
                WorkshopStep.completed_at,
                WorkshopStep.updated_at,
            ],
            link_column=WorkshopStep.updated_at,
            order_by=newest_first(WorkshopStep.created_at),
            time_resolution=in_milliseconds(WorkshopStep),
            hooks=hooks(WorkshopStep),
            menu_group=WORKSHOPS,
        ),
        TableConfig(
            WorkshopMember,
            visible_columns=[
                WorkshopMember.clerk_user_id,
                WorkshopMember.workshop_id,
                WorkshopMember.role,
                WorkshopMember.created_at,
            ],
            visible_filters=[
                WorkshopMember.clerk_user_id,
                WorkshopMember.workshop_id,
                WorkshopMember.role,
                WorkshopMember.created_at,
            ],
            link_column=WorkshopMember.clerk_user_id,
            order_by=newest_first(WorkshopMember.created_at),
            time_resolution=in_milliseconds(WorkshopMember),
            hooks=hooks(WorkshopMember),
            menu_group=WORKSHOPS,
        ),
        TableConfig(
            Session,
            visible_columns=[Session.started_at, Session.ended_at, Session.workshop_id],
            visible_filters=[Session.workshop_id, Session.started_at, Session.ended_at],
            link_column=Session.started_at,
            order_by=newest_first(Session.started_at),
            time_resolution=in_milliseconds(Session),
            hooks=hooks(Session),
            menu_group=WORKSHOPS,
        ),
        TableConfig(
            BuildPack,
            visible_columns=[
                BuildPack.title,
                BuildPack.workshop_id,
                BuildPack.format_type,
                BuildPack.created_at,
                BuildPack.updated_at,
            ],
            visible_filters=[
                BuildPack.title,
                BuildPack.workshop_id,
                BuildPack.format_type,
                BuildPack.content,
                BuildPack.created_at,
                BuildPack.updated_at,
            ],
            link_column=BuildPack.title,
            order_by=newest_first(BuildPack.created_at),
            time_resolution=in_milliseconds(BuildPack),
            hooks=hooks(BuildPack),
            menu_group=WORKSHOPS,
        ),
        TableConfig(
            StepDefinition,
            visible_columns=[
                StepDefinition.order,
                StepDefinition.name,
                StepDefinition.description,
                StepDefinition.updated_at,
            ],
            visible_filters=[
                StepDefinition.order,
                StepDefinition.name,
                StepDefinition.description,
                StepDefinition.prompt_template,
                StepDefinition.updated_at,
            ],
            link_column=StepDefinition.name,
            order_by=[OrderBy(StepDefinition.order), OrderBy(StepDefinition.id)],
            time_resolution=in_milliseconds(StepDefinition),
            hooks=hooks(StepDefinition),
            menu_group=SETUP,
        ),
        TableConfig(
            BaseUser,
            visible_columns=[
                BaseUser.username,
                BaseUser.first_name,
                BaseUser.last_name,
                BaseUser.email,
                BaseUser.active,
                BaseUser.superuser,
                BaseUser.last_login,
            ],
            visible_filters=[
                BaseUser.username,
                BaseUser.first_name,
                BaseUser.last_name,
                BaseUser.email,
                BaseUser.active,
                BaseUser.superuser,
                BaseUser.last_login,
            ],
            link_column=BaseUser.username,
            order_by=[OrderBy(BaseUser.username)],
            time_resolution=in_milliseconds(BaseUser),
            hooks=hooks(BaseUser),
            menu_group=ACCESS,
        ),
        TableConfig(
            AdminSession,
            visible_columns=[
                AdminSession.expiry_date,
                AdminSession.user_id,
                AdminSession.max_expiry_date,
            ],
            visible_filters=[
                AdminSession.user_id,
                AdminSession.expiry_date,
                AdminSession.max_expiry_date,
            ],
            link_column=AdminSession.expiry_date,
            order_by=newest_first(AdminSession.expiry_date),
            time_resolution=in_milliseconds(AdminSession),
            hooks=hooks(AdminSession),
            menu_group=ACCESS,
        ),
        TableConfig(
            AuditEntry,
            visible_columns=[
                AuditEntry.created_at,
                AuditEntry.operator,
                AuditEntry.action,
                AuditEntry.table_name,
                AuditEntry.row_id,
                AuditEntry.summary,
                AuditEntry.address,
            ],
            visible_filters=[
                AuditEntry.row_id,
                AuditEntry.operator,
                AuditEntry.action,
                AuditEntry.table_name,
                AuditEntry.summary,
                AuditEntry.address,
                AuditEntry.created_at,
            ],
            link_column=AuditEntry.created_at,
            order_by=newest_first(AuditEntry.created_at),
            time_resolution=in_milliseconds(AuditEntry),
            hooks=hooks(AuditEntry),
            menu_group=ACCESS,
        ),
        TableConfig(
            WorkshopProgress,
            visible_columns=[
                WorkshopProgress.title,
                WorkshopProgress.clerk_user_id,
                WorkshopProgress.org_id,
                WorkshopProgress.status,
                WorkshopProgress.steps_complete,
                WorkshopProgress.progress,
                WorkshopProgress.current_step_id,
                WorkshopProgress.last_activity_at,
            ],
            visible_filters=[
                WorkshopProgress.title,
                WorkshopProgress.clerk_user_id,
                WorkshopProgress.org_id,
                WorkshopProgress.status,
                WorkshopProgress.current_step_id,
                WorkshopProgress.progress,
                WorkshopProgress.last_activity_at,
                WorkshopProgress.created_at,
            ],
            link_column=WorkshopProgress.title,
            order_by=newest_first(WorkshopProgress.last_activity_at),
            time_resolution=in_milliseconds(WorkshopProgress),
            hooks=hooks(WorkshopProgress),
            menu_group=WORKSHOPS,
        ),
    ]
