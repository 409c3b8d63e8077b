"""The tables that the admin shows: the product's, and its own."""

from __future__ import annotations

from functools import partial

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import ForeignKey, Integer, Text
from piccolo.columns.readable import Readable
from piccolo.table import Table

from workshops.admin import rules
from workshops.admin.accounts import AdminSession
from workshops.admin.audit import SCHEMA, AuditEntry
from workshops.admin.follow_up import NOTE_LENGTH, FollowUp, Note
from workshops.admin.registry import AdminTable, register, write
from workshops.admin.saved_views import SavedView
from workshops.columns import SingleLineText, UTCTimestamp
from workshops.statements import validation
from workshops.states import STEP, WORKSHOP, FormatType, WorkshopStatus
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)
from workshops.tables.workshops import TITLE_LENGTH
from workshops.types import WorkshopChanges


class WorkshopProgress(
    Table,
    tablename="workshop_progress",
    schema=SCHEMA,
    help_text="How far each workshop has come. It can be read only.",
):
    """A view over the summaries of ``workshops.projection``. Nothing is written to it."""

    id = Text(primary_key=True, default=None, help_text="The workshop.")
    title = SingleLineText(default=None, help_text="What the workshop is called.")
    clerk_user_id = SingleLineText(default=None, help_text="Who created it.")
    org_id = SingleLineText(default=None, null=True, help_text="Its organisation, if any.")
    status = SingleLineText(default=None, choices=WorkshopStatus, help_text="Where it stands.")
    current_step_id = ForeignKey(
        StepDefinition,
        default=None,
        null=True,
        help_text="The first step that is not complete; empty when all are.",
    )
    steps_complete = Integer(default=None, help_text="How many steps are complete.")
    steps_total = Integer(default=None, help_text="How many steps there are.")
    progress = Integer(default=None, help_text="Per cent of the steps that are complete.")
    last_activity_at = UTCTimestamp(help_text="When anything of it last changed (UTC).")
    created_at = UTCTimestamp(help_text="When it was created (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.title])


# The groups of the menu; it sorts them by name.
ACCESS = "Access"
WORKSHOPS = "Workshops"
SETUP = "Setup"

register(
    AdminTable(
        Workshop,
        columns=(
            Workshop.title,
            Workshop.clerk_user_id,
            Workshop.org_id,
            Workshop.status,
            Workshop.visibility,
            Workshop.created_at,
            Workshop.updated_at,
        ),
        filters=(Workshop.template_id, Workshop.id),
        newest_by=Workshop.created_at,
        menu_group=WORKSHOPS,
        editable=(
            *map(Workshop._meta.get_column_by_name, WorkshopChanges.__annotations__),
            Workshop.status,
        ),
        statuses=WORKSHOP,
        add=rules.add_workshop,
        change=rules.change_workshop,
        delete=rules.delete_workshop,
    ),
    AdminTable(
        WorkshopStep,
        columns=(
            WorkshopStep.workshop_id,
            WorkshopStep.step_id,
            WorkshopStep.status,
            WorkshopStep.started_at,
            WorkshopStep.completed_at,
            WorkshopStep.created_at,
            WorkshopStep.updated_at,
        ),
        link=WorkshopStep.updated_at,
        newest_by=WorkshopStep.created_at,
        then_by=(WorkshopStep.workshop_id, WorkshopStep.step_id.order),
        menu_group=WORKSHOPS,
        editable=(WorkshopStep.status, WorkshopStep.output),
        statuses=STEP,
        add=rules.add_step,
        change=rules.change_step,
        delete=rules.delete_step,
    ),
    AdminTable(
        WorkshopMember,
        columns=(
            WorkshopMember.clerk_user_id,
            WorkshopMember.workshop_id,
            WorkshopMember.role,
            WorkshopMember.created_at,
        ),
        newest_by=WorkshopMember.created_at,
        menu_group=WORKSHOPS,
        editable=(WorkshopMember.role,),
        add=rules.add_member,
        change=rules.change_member,
        delete=rules.delete_member,
    ),
    AdminTable(
        Session,
        columns=(Session.started_at, Session.ended_at, Session.workshop_id),
        newest_by=Session.started_at,
        menu_group=WORKSHOPS,
        editable=(Session.ended_at,),
        add=rules.add_session,
        change=rules.change_session,
        delete=write,
    ),
    AdminTable(
        BuildPack,
        columns=(
            BuildPack.title,
            BuildPack.workshop_id,
            BuildPack.format_type,
            BuildPack.created_at,
            BuildPack.updated_at,
        ),
        filters=(BuildPack.content,),
        newest_by=BuildPack.created_at,
        menu_group=WORKSHOPS,
        editable=(BuildPack.title, BuildPack.content, BuildPack.format_type),
        checks={
            "title": partial(validation.text, limit=TITLE_LENGTH),
            "content": partial(validation.text, limit=rules.CONTENT_LENGTH, blank=True),
            "format_type": partial(validation.state, states=FormatType),
        },
        add=rules.add_build_pack,
        change=write,
        delete=write,
    ),
    AdminTable(
        StepDefinition,
        columns=(
            StepDefinition.order,
            StepDefinition.name,
            StepDefinition.description,
            StepDefinition.updated_at,
        ),
        filters=(StepDefinition.prompt_template,),
        link=StepDefinition.name,
        order_by=(StepDefinition.order,),
        menu_group=SETUP,
        editable=(
            StepDefinition.order,
            StepDefinition.name,
            StepDefinition.description,
            StepDefinition.prompt_template,
        ),
        checks={
            "order": partial(validation.count, least=1, most=10_000),
            "name": partial(validation.line, limit=rules.NAME_LENGTH),
            "description": partial(validation.text, limit=rules.DESCRIPTION_LENGTH),
            "prompt_template": partial(validation.text, limit=rules.PROMPT_LENGTH, blank=True),
        },
        change=rules.change_definition,
        delete=rules.delete_definition,
        not_added=(
            "A step definition is added by a migration: it needs a name in code, and every "
            "workshop a row for it."
        ),
    ),
    AdminTable(
        BaseUser,
        columns=(
            BaseUser.username,
            BaseUser.first_name,
            BaseUser.last_name,
            BaseUser.email,
            BaseUser.active,
            BaseUser.superuser,
            BaseUser.last_login,
        ),
        order_by=(BaseUser.username,),
        menu_group=ACCESS,
        editable=(
            BaseUser.username,
            BaseUser.password,
            BaseUser.first_name,
            BaseUser.last_name,
            BaseUser.email,
            BaseUser.active,
            BaseUser.admin,
            BaseUser.superuser,
        ),
        checks={
            "username": rules.check_username,
            "password": rules.check_password,
            "email": partial(validation.text, limit=255),
        },
        superusers_only=(BaseUser.email,),
        add=rules.add_operator,
        change=rules.change_operator,
        delete=rules.delete_operator,
    ),
    AdminTable(
        AdminSession,
        columns=(AdminSession.expiry_date, AdminSession.user_id, AdminSession.max_expiry_date),
        newest_by=AdminSession.expiry_date,
        menu_group=ACCESS,
        delete=write,
        not_added="A log-in is made by logging in.",
    ),
    AdminTable(
        AuditEntry,
        columns=(
            AuditEntry.created_at,
            AuditEntry.operator,
            AuditEntry.action,
            AuditEntry.table_name,
            AuditEntry.row_id,
            AuditEntry.summary,
            AuditEntry.address,
        ),
        newest_by=AuditEntry.created_at,
        menu_group=ACCESS,
    ),
    AdminTable(
        WorkshopProgress,
        columns=(
            WorkshopProgress.title,
            WorkshopProgress.clerk_user_id,
            WorkshopProgress.org_id,
            WorkshopProgress.status,
            WorkshopProgress.steps_complete,
            WorkshopProgress.progress,
            WorkshopProgress.current_step_id,
            WorkshopProgress.last_activity_at,
        ),
        filters=(WorkshopProgress.created_at,),
        newest_by=WorkshopProgress.last_activity_at,
        menu_group=WORKSHOPS,
    ),
    AdminTable(
        Note,
        columns=(Note.text, Note.workshop_id, Note.author, Note.created_at),
        newest_by=Note.created_at,
        menu_group=WORKSHOPS,
        editable=(Note.text,),
        checks={"text": partial(validation.text, limit=NOTE_LENGTH)},
        change=write,
        delete=write,
        not_added="A note is written on the page of its workshop, or for several on the board.",
    ),
    AdminTable(
        FollowUp,
        columns=(FollowUp.id, FollowUp.assigned_to, FollowUp.contacted_on, FollowUp.updated_at),
        newest_by=FollowUp.updated_at,
        menu_group=WORKSHOPS,
    ),
    AdminTable(
        SavedView,
        columns=(
            SavedView.name,
            SavedView.owner_id,
            SavedView.shared,
            SavedView.query,
            SavedView.created_at,
        ),
        order_by=(SavedView.name,),
        menu_group=SETUP,
        delete=write,
        not_added="A view is saved on the board, with the filters that it shows.",
    ),
)
