"""A workshop with what belongs to it, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from functools import cache
from typing import Any, cast, get_args, overload

from piccolo.columns import Column

from workshops.errors import UnknownValueError, WorkshopNotFoundError
from workshops.operations.step_reads import with_definitions
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.statements import validation
from workshops.statements.execution import fetch_rows
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep
from workshops.types import WorkshopDetail, WorkshopPart, WorkshopParts

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
        steps = Workshop.steps(with_definitions(output="outputs" in parts))
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
