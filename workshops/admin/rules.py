"""What may be changed through the admin's tables, and how: one rule for each table and method.

Where an operation exists it makes the change, so the admin obeys the same state
machines and checks as the application. What is left to the library is written
after the rule has checked it. All of it happens in one transaction, under a lock
of the row that is compared; a workshop is locked before what belongs to it, as
the operations do, so that nobody waits in a circle.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import JSONB, Column
from piccolo.table import Table
from piccolo_api.crud.hooks import Hook, HookType
from starlette.requests import Request

from workshops import operations
from workshops.admin.crud import AlreadyWrittenError
from workshops.admin.read_only import EDITABLE, NOT_WRITTEN
from workshops.admin.refusals import FieldsRefusedError, RefusedError
from workshops.admin.tables import AdminSession, AuditEntry, WorkshopProgress
from workshops.admin.versions import check_version, lock_row, stored_value
from workshops.columns import utc_now
from workshops.errors import InvalidInputError, SessionClosedError, WorkshopNotFoundError
from workshops.operations import validation
from workshops.states import FormatType, StepStatus, Visibility, WorkshopStatus
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)
from workshops.tables.workshops import TITLE_LENGTH

CONTENT_LENGTH = 10_000_000
"""The longest content of a build pack and the longest prompt, in characters."""

Values = dict[str, Any]


class Change:
    """A PATCH of one row: what is stored, and what differs from it in the request."""

    def __init__(self, table: type[Table], stored: Values, posted: Values) -> None:
        self.table = table
        self.stored = stored
        self.changes = {
            name: value
            for name, value in ((name, stored_value(value)) for name, value in posted.items())
            if name != "updated_at" and not _same(table, name, stored[name], value)
        }

    def check_fields(self) -> None:
        """Refuse a change of a field that cannot be changed.

        A secret is never sent to the browser, so its field comes back empty: that is
        no change.
        """
        editable = EDITABLE[self.table._meta.tablename]
        problems = {}
        for name in sorted(self.changes.keys() - set(editable)):
            if self.table._meta.get_column_by_name(name)._meta.secret and not self.changes[name]:
                del self.changes[name]
            else:
                problems[name] = "cannot be changed here."
        if problems:
            raise FieldsRefusedError(problems)

    def columns(self) -> dict[Column | str, Any]:
        """Return the changes for the library to write.

        Raises:
            AlreadyWrittenError: there are none.
        """
        if not self.changes:
            raise AlreadyWrittenError
        return {
            self.table._meta.get_column_by_name(name): value for name, value in self.changes.items()
        }


def _same(table: type[Table], name: str, stored: Any, posted: Any) -> bool:
    if isinstance(table._meta.get_column_by_name(name), JSONB):
        return _canonical(stored) == _canonical(posted)
    return bool(stored == posted)


def _canonical(text: str | None) -> str | None:
    """Return JSON in one spelling; in Python ``True == 1 == 1.0``, in JSON they differ."""
    return None if text is None else json.dumps(_parse_json(text), sort_keys=True)


def _parse_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise InvalidInputError("output", f"holds {constant}, which JSON does not have")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise InvalidInputError("output", "has too many levels") from None
    except ValueError:
        raise InvalidInputError("output", "is not JSON") from None


async def _start(table: type[Table], row_id: Any, posted: Values, request: Request) -> Change:
    """Lock the row (and its workshop before it) and compare the versions."""
    if any(column._meta.name == "workshop_id" for column in table._meta.columns):
        await table.raw(
            "SELECT FROM workshops WHERE id = "
            f"(SELECT workshop_id FROM {table._meta.tablename} WHERE id = {{}}) FOR NO KEY UPDATE",
            row_id,
        )
    stored = await lock_row(table, row_id)
    check_version(stored, posted, request.state.row_version)
    change = Change(table, stored, posted)
    change.check_fields()
    return change


# Changes


async def change_workshop(change: Change) -> dict[Column | str, Any]:
    """Change a workshop by ``update_workshop`` and ``set_workshop_status``."""
    row_id = change.stored["id"]
    status = change.changes.pop("status", None)
    if change.changes:
        await operations.update_workshop(row_id, **change.changes)
    if status is not None:
        await operations.set_workshop_status(
            row_id, validation.state("status", status, WorkshopStatus).value
        )
    raise AlreadyWrittenError


async def change_step(change: Change) -> dict[Column | str, Any]:
    """Change a step by the operation that its new status means; the times follow from it."""
    stored = change.stored
    key = (stored["workshop_id"], stored["step_id"])
    status = change.changes.get("status")
    output = change.changes.get("output")
    if "output" in change.changes and output is None and status != StepStatus.not_started:
        raise FieldsRefusedError(
            {"output": "cannot be emptied alone. Reset the step: set its status to Not Started."}
        )
    content = None if output is None else _parse_json(output)
    if output is not None and not isinstance(content, dict):
        raise InvalidInputError("output", "must be a JSON object")
    match status:
        case None if content is not None:
            await operations.save_step_output(*key, content)
        case None:
            pass
        case StepStatus.not_started if content is not None:
            raise FieldsRefusedError({"output": "must be empty in a step that is not started."})
        case StepStatus.not_started:
            await operations.reset_step(*key)
        case StepStatus.in_progress:
            await operations.start_step(*key)
            if content is not None:
                await operations.save_step_output(*key, content)
        case StepStatus.complete:
            await operations.complete_step(*key, output=content)
        case _:
            validation.state("status", status, StepStatus)
    raise AlreadyWrittenError


async def change_member(change: Change) -> dict[Column | str, Any]:
    """Change a member's role; the last owner stays one."""
    if "role" in change.changes:
        await operations.set_member_role(
            change.stored["workshop_id"],
            change.stored["clerk_user_id"],
            role=change.changes["role"],
        )
    raise AlreadyWrittenError


async def change_session(change: Change) -> dict[Column | str, Any]:
    """Close an open session, once; nothing else of it changes."""
    ended_at = change.stored["ended_at"]
    if change.changes and ended_at is not None:
        raise SessionClosedError(change.stored["id"], ended_at)
    if change.changes and change.changes["ended_at"] < change.stored["started_at"]:
        raise FieldsRefusedError({"ended_at": "must not be before started_at."})
    return change.columns()


async def change_definition(change: Change) -> dict[Column | str, Any]:
    """Change what a step is called and how it is explained."""
    _check_texts(change.changes, name=100, description=20_000, prompt_template=CONTENT_LENGTH)
    if "order" in change.changes:
        validation.count("order", change.changes["order"], least=1, most=10_000)
    return change.columns()


async def change_build_pack(change: Change) -> dict[Column | str, Any]:
    """Correct a build pack."""
    _check_texts(change.changes, title=TITLE_LENGTH, content=CONTENT_LENGTH)
    if "format_type" in change.changes:
        validation.state("format_type", change.changes["format_type"], FormatType)
    return change.columns()


async def change_operator(change: Change) -> dict[Column | str, Any]:
    """Change an operator; whoever loses access, or gets a new password, is logged out."""
    changes = change.changes
    if not changes.get("password"):
        changes.pop("password", None)
    for name in ("active", "admin", "superuser"):
        if name in changes and not isinstance(changes[name], bool):
            raise FieldsRefusedError({name: "must be true or false."})
    _check_texts(changes, username=100, email=255)
    if not all(changes.get(name, True) for name in ("active", "admin", "superuser")):
        await _keep_a_superuser(change.stored["id"])
    if "password" in changes or not all(changes.get(name, True) for name in ("active", "admin")):
        await AdminSession.delete().where(AdminSession.user_id == change.stored["id"])
    return change.columns()


async def _keep_a_superuser(but: int) -> None:
    """Refuse to take access from the last superuser; others wait until we have decided."""
    rows = await BaseUser.raw(
        "SELECT id FROM piccolo_user WHERE active AND admin AND superuser ORDER BY id FOR UPDATE"
    )
    if [row["id"] for row in rows] == [but]:
        raise RefusedError(409, "This is the last superuser; nobody could change anything.")


def _check_texts(values: Values, **limits: int) -> None:
    for name, limit in limits.items():
        if name in values and (
            values[name] is not None or name not in ("content", "prompt_template")
        ):
            blank = name in ("content", "prompt_template")
            validation.text(name, values[name], limit=limit, blank=blank)


# Additions


async def add_workshop(row: Workshop) -> Workshop:
    """Add a workshop with its owner and its steps."""
    if (row.status or WorkshopStatus.draft) != WorkshopStatus.draft:
        raise FieldsRefusedError({"status": "must be Draft: a new workshop has no step started."})
    if row.share_token:
        raise FieldsRefusedError({"share_token": "is made when the workshop is shared."})
    workshop = await operations.create_workshop(
        clerk_user_id=row.clerk_user_id,
        title=row.title,
        original_idea=row.original_idea,
        org_id=row.org_id or None,
        template_id=row.template_id or None,
        visibility=row.visibility or Visibility.private,  # type: ignore[arg-type]
    )
    raise AlreadyWrittenError(workshop.id)


async def add_member(row: WorkshopMember) -> WorkshopMember:
    """Add a member."""
    member = await operations.add_member(row.workshop_id, row.clerk_user_id, role=row.role)
    raise AlreadyWrittenError(member.id)


async def add_step(row: WorkshopStep) -> Any:
    """Add a step row that a workshop lacks: not started and empty, as a new one is."""
    await _require_workshop(row.workshop_id)
    await _require_definition(row.step_id)
    row.status = row.status or StepStatus.not_started
    if row.status != StepStatus.not_started or row.output is not None:
        raise FieldsRefusedError({"status": "must be Not Started: a new step is empty."})
    row.started_at = row.completed_at = None
    return _stamped(row)


async def add_session(row: Session) -> Session:
    """Open a session."""
    await _require_workshop(row.workshop_id)
    session = await operations.record_activity(row.workshop_id)
    raise AlreadyWrittenError(session.id)


async def add_build_pack(row: BuildPack) -> Any:
    """Add a build pack that was written by hand."""
    await _require_workshop(row.workshop_id)
    _check_texts(
        {"title": row.title, "content": row.content},
        title=TITLE_LENGTH,
        content=CONTENT_LENGTH,
    )
    row.format_type = validation.state(
        "format_type", row.format_type or FormatType.markdown, FormatType
    )
    return _stamped(row)


def _stamped(row: Any) -> Any:
    row.created_at = utc_now()
    if hasattr(row, "updated_at"):
        row.updated_at = row.created_at
    return row


async def _require_workshop(workshop_id: str) -> None:
    if not await Workshop.exists().where(Workshop.id == workshop_id):
        raise FieldsRefusedError({"workshop_id": str(WorkshopNotFoundError(workshop_id))})


async def _require_definition(step_id: str) -> None:
    if not await StepDefinition.exists().where(StepDefinition.id == step_id):
        raise FieldsRefusedError({"step_id": f"There is no step definition {step_id}."})


# Deletions


async def delete_workshop(row_id: str) -> None:
    """Refuse, saying what would go with it and where to do it."""
    counts = await count_belongings(row_id)
    raise RefusedError(
        409,
        f"With this workshop would go {belongings(counts)}. To delete it, use the form "
        "“Delete a workshop” and type its title there.",
    )


async def count_belongings(workshop_id: str) -> dict[str, Any]:
    """Return how many steps, members, sessions and build packs a workshop has."""
    [counts] = await Workshop.raw(
        "SELECT (SELECT count(*) FROM workshop_members WHERE workshop_id = w.id) AS members,"
        " (SELECT count(*) FROM workshop_steps WHERE workshop_id = w.id) AS steps,"
        " (SELECT count(*) FROM sessions WHERE workshop_id = w.id) AS sessions,"
        " (SELECT count(*) FROM build_packs WHERE workshop_id = w.id) AS packs"
        " FROM (SELECT {}::text AS id) w",
        workshop_id,
    )
    return dict(counts)


def belongings(counts: dict[str, Any]) -> str:
    """Say how much belongs to a workshop: "10 steps, 1 member, ..."."""
    return ", ".join(
        plural(counts[name], noun)
        for name, noun in (
            ("steps", "step"),
            ("members", "member"),
            ("sessions", "session"),
            ("packs", "build pack"),
        )
    )


def plural(number: int, noun: str) -> str:
    """Return a number and what it counts: "1 step", "10 steps"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


async def delete_member(row_id: str) -> None:
    """Remove a member, unless it is the last owner."""
    member = await WorkshopMember.objects().get(WorkshopMember.id == row_id)
    if member is not None:
        await operations.remove_member(member.workshop_id, member.clerk_user_id)
    raise AlreadyWrittenError


async def delete_step(row_id: str) -> None:
    """Refuse: a workshop has every step."""
    raise RefusedError(
        409, "A workshop keeps a row for each step. To empty one, set its status to Not Started."
    )


async def delete_definition(row_id: str) -> None:
    """Refuse while workshops have this step: their work would go with it."""
    # The lock keeps new steps from referring to it until the deletion is decided.
    await StepDefinition.raw("SELECT FROM step_definitions WHERE id = {} FOR UPDATE", row_id)
    if used := await WorkshopStep.count().where(WorkshopStep.step_id == row_id):
        raise RefusedError(
            409,
            f"{used:,} {'workshop has' if used == 1 else 'workshops have'} this step, and their "
            "work in it would go too. It cannot be deleted.",
        )


async def delete_operator(row_id: int) -> None:
    """Delete an operator and their log-ins, but not the last superuser."""
    await _keep_a_superuser(row_id)


async def allow(row_id: Any) -> None:
    """Let the library delete the row."""


Rule = Callable[[Any], Awaitable[Any]]

RULES: dict[type[Table], tuple[Rule | None, Rule | None, Rule | None]] = {
    Workshop: (add_workshop, change_workshop, delete_workshop),
    WorkshopMember: (add_member, change_member, delete_member),
    StepDefinition: (None, change_definition, delete_definition),
    WorkshopStep: (add_step, change_step, delete_step),
    Session: (add_session, change_session, allow),
    BuildPack: (add_build_pack, change_build_pack, allow),
    BaseUser: (None, change_operator, delete_operator),
    AdminSession: (None, None, allow),
    AuditEntry: (None, None, None),
    WorkshopProgress: (None, None, None),
}
"""How each table is added to, changed and deleted from; None: not at all.

The library adds operators itself.
"""


def hooks(table: type[Table]) -> list[Hook]:
    """Return a table's rules as hooks of the library."""
    add, change, delete = RULES[table]

    async def before_adding(row: Any) -> Any:
        assert add is not None  # NOT_ADDED
        return await add(row)

    async def before_changing(
        row_id: Any, values: dict[Column, Any], request: Request
    ) -> dict[Column | str, Any]:
        if change is None:
            raise RefusedError(405, NOT_WRITTEN)
        posted = {column._meta.name: value for column, value in values.items()}
        changed: dict[Column | str, Any] = await change(
            await _start(table, row_id, posted, request)
        )
        return changed

    async def before_deleting(row_id: Any) -> None:
        if delete is None:
            raise RefusedError(405, NOT_WRITTEN)
        await delete(row_id)

    return [
        Hook(HookType.pre_save, before_adding),
        Hook(HookType.pre_patch, before_changing),
        Hook(HookType.pre_delete, before_deleting),
    ]
