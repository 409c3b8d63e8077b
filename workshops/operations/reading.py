"""Reading a workshop: whole, by its share link, a step of it, and whenever it has changed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple, cast, get_args, overload

from piccolo.columns import Column
from piccolo.querystring import QueryString

from workshops.errors import (
    ChangeLogMissingError,
    SharedWorkshopNotFoundError,
    StepNotFoundError,
    UnknownValueError,
    WorkshopNotFoundError,
)
from workshops.projection import listening
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.statements import validation
from workshops.statements.execution import fetch_row, fetch_rows
from workshops.statements.records import columns
from workshops.statements.steps import make_step
from workshops.statements.workshops import missing
from workshops.states import StepStatus, Visibility
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep
from workshops.types import StepWithDefinition, WorkshopDetail, WorkshopPart, WorkshopParts

PARTS: frozenset[str] = frozenset(get_args(WorkshopPart))
"""All that a workshop can be read with."""


def select_details(parts: frozenset[str] = PARTS, *, token: bool = True) -> ParentSelect[Any]:
    """Return the select of workshops with what belongs to them.

    :param parts: What of it; the outputs come with their steps, the contents with their packs.
    :param token: Whether the share token is there, a secret.
    """
    definition, session, pack = WorkshopStep.step_id, Session, BuildPack
    selected: list[Any] = _but(Workshop, None if token else Workshop.share_token)
    if parts & {"steps", "outputs"}:
        steps = Workshop.steps(_with_definitions(output="outputs" in parts))
        selected.append(steps.order_by(definition.order, definition.id))
    if "members" in parts:
        selected.append(Workshop.members().order_by(WorkshopMember.created_at, WorkshopMember.id))
    if "sessions" in parts:
        sessions = Workshop.sessions()
        selected.append(sessions.order_by(session.started_at, session.id, ascending=False))
    if parts & {"build_packs", "contents"}:
        packs = Workshop.build_packs(*_but(pack, None if "contents" in parts else pack.content))
        selected.append(packs.order_by(pack.created_at, pack.id, ascending=False))
    return Workshop.select(*selected)


def _with_definitions(*, output: bool = True) -> list[Column]:
    """Return the columns of a step with the name and the order of its definition."""
    definition = WorkshopStep.step_id
    return [
        *_but(WorkshopStep, None if output else WorkshopStep.output),
        definition.name.as_alias("name"),
        definition.order.as_alias("order"),
    ]


def _but(table: Any, left_out: Column | None) -> list[Any]:
    return [column for column in table.all_columns() if column is not left_out]


@cache
def _by_id(parts: frozenset[str], token: bool) -> Prepared:
    return Prepared(lambda: select_details(parts, token=token).where(Workshop.id == Parameter(1)))


async def fetch_details(select: Prepared, *arguments: Any) -> list[WorkshopDetail]:
    """Return the workshops that a prepared ``select_details`` finds. One round trip."""
    return cast("list[WorkshopDetail]", await fetch_rows(select, *arguments))


@overload
async def get_workshop(
    workshop_id: str, *, include: None = None, include_share_token: bool = False
) -> WorkshopDetail: ...


@overload
async def get_workshop(
    workshop_id: str, *, include: Collection[WorkshopPart], include_share_token: bool = False
) -> WorkshopParts: ...


async def get_workshop(
    workshop_id: str,
    *,
    include: Collection[WorkshopPart] | None = None,
    include_share_token: bool = False,
) -> WorkshopDetail | WorkshopParts:
    """Return a workshop with its steps, members, sessions and build packs. One round trip.

    A dictionary of the workshop's columns and::

        steps        in definition order: the columns of each, and name and order
                     of its definition
        members      oldest first
        sessions     newest first
        build_packs  newest first

    ``include`` names the parts to read, if not all: ``steps``, ``members``, ``sessions``
    and ``build_packs``, of which ``outputs`` and ``contents`` (steps and packs with them)
    are the large ones. The share token, a secret, is there only with
    ``include_share_token``, for the owner.

    Raises:
        InvalidInputError: ``include`` names something else.
        NotFoundError: there is no such workshop.
    """
    select = _by_id(_parts(include), bool(include_share_token))
    details = await fetch_details(select, validation.key("workshop_id", workshop_id))
    if not details:
        raise WorkshopNotFoundError(workshop_id)
    return details[0]


def _parts(include: Any) -> frozenset[str]:
    if include is None:
        return PARTS
    with suppress(TypeError):  # it is no collection, or one of what no part can be
        if not isinstance(include, str) and (parts := frozenset(include)) <= PARTS:
            return parts
    raise UnknownValueError("include", get_args(WorkshopPart))


_SHARED = Prepared(
    lambda: select_details(token=False).where(
        Workshop.share_token == Parameter(1), Workshop.visibility == Visibility.shared
    )
)


async def get_shared_workshop(token: str) -> WorkshopDetail:
    """Return the shared workshop that has this token, as ``get_workshop`` does. One round trip.

    Raises:
        NotFoundError: no shared workshop has it. A private one is never found.
    """
    details = await fetch_details(_SHARED, validation.key("token", token))
    if not details:
        raise SharedWorkshopNotFoundError
    return details[0]


_CURRENT = f"""
    SELECT current.*
    FROM workshops w LEFT JOIN LATERAL (
        SELECT {columns(WorkshopStep, "s")}
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = $1 AND s.status <> '{StepStatus.complete}'
        ORDER BY d."order", d.id LIMIT 1
    ) AS current ON true
    WHERE w.id = $1"""


async def current_step(workshop_id: str) -> WorkshopStep | None:
    """Return the first step by definition order that is not complete, or None. One round trip.

    Raises:
        NotFoundError: there is no such workshop.
    """
    validation.key("workshop_id", workshop_id)
    record = await fetch_row(_CURRENT, workshop_id)
    if record is None:
        raise WorkshopNotFoundError(workshop_id)
    return make_step(record) if record["id"] is not None else None


_STEP = f"""
    SELECT {columns(WorkshopStep, "s")} FROM workshop_steps s
    WHERE s.workshop_id = $1 AND s.step_id = $2"""


async def get_step(workshop_id: str, step_id: str) -> WorkshopStep:
    """Return one step of a workshop. One round trip; if there is none, another one to tell why.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("step_id", step_id)
    record = await fetch_row(_STEP, workshop_id, step_id)
    if record is None:
        raise await missing(workshop_id, StepNotFoundError(workshop_id, step_id))
    return make_step(record)


def select_context() -> ParentSelect[Any]:
    """Return the select of ``step_context``: $1 is the workshop, $2 the step."""
    step, definition = WorkshopStep, WorkshopStep.step_id
    earlier = QueryString(
        '({}, {}) < (SELECT d."order", d.id FROM step_definitions d WHERE d.id = {})',
        definition.order,
        definition.id,
        Parameter(2),
    )
    return Workshop.select(
        Workshop.steps.count(step.step_id == Parameter(2)).as_alias("this"),
        Workshop.steps(_with_definitions())
        .where(earlier)
        .order_by(definition.order, definition.id)
        .as_alias("earlier"),
    ).where(Workshop.id == Parameter(1))


_CONTEXT = Prepared(select_context)


async def step_context(workshop_id: str, step_id: str) -> list[StepWithDefinition]:
    """Return all steps before this one in definition order, with their outputs. One round trip.

    Each row holds the step's columns, and ``name`` and ``order`` of its definition,
    whatever its status; the first step has no context: ``[]``.

    Raises:
        NotFoundError: there is no such workshop, or no such step in it.
    """
    validation.key("workshop_id", workshop_id)
    validation.key("step_id", step_id)
    rows = await fetch_rows(_CONTEXT, workshop_id, step_id)
    if not rows:
        raise WorkshopNotFoundError(workshop_id)
    if not rows[0]["this"]:
        raise StepNotFoundError(workshop_id, step_id)
    return cast("list[StepWithDefinition]", rows[0]["earlier"])


class WorkshopChange(NamedTuple):
    """Something of a workshop has changed, or the workshop is new, or is gone.

    ``workshop_id`` is None where it may be any of them: read again what is shown.
    """

    workshop_id: str | None


async def watch_workshops(*workshop_ids: str) -> AsyncGenerator[WorkshopChange, None]:
    """Yield a change whenever one of these workshops has changed, or any, if none is named.

    It does not matter who writes: these operations, an operator, another application. A
    change comes about a second after its commit; several of one workshop meanwhile are one.
    The first one comes at once for each workshop that is named (else one of None), and again
    after the database was away: so what is read at each change is never older than the
    last one. All that watch in a process share one connection, outside of the pool, and
    one that is slow or gone costs nothing. One round trip at the beginning::

        async for _ in operations.watch_workshops(workshop_id):
            await send(await operations.get_workshop(workshop_id, include=("steps",)))

    It goes on for ever: leave the loop, or cancel the task. Deleted workshops are
    changes, too: reading them then raises ``NotFoundError``.

    Raises:
        ChangeLogMissingError: a ConflictError; the operators' tables are not installed.
        DatabaseUnavailableError: the database is away at the beginning.
    """
    for workshop_id in workshop_ids:
        validation.key("workshop_id", workshop_id)
    row = await fetch_row("SELECT to_regclass('workshops_admin.changes') IS NULL AS missing")
    if row is None or row["missing"]:
        raise ChangeLogMissingError
    async with listening(*workshop_ids) as subscription:
        while not subscription.closed:
            changed = await subscription.next()
            for each in changed if changed is not None else workshop_ids or (None,):
                yield WorkshopChange(each)
