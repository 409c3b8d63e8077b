"""Which error the violation of a constraint means: by the constraint's name, in one place.

The database is the source of truth; a test holds this list against its catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from asyncpg import CheckViolationError, IntegrityConstraintViolationError

from workshops.errors import (
    DuplicateValueError,
    InvalidInputError,
    MemberExistsError,
    SessionOpenError,
    StepDefinitionNotFoundError,
    StepExistsError,
    UnknownValueError,
    WorkshopNotFoundError,
    WorkshopsError,
)
from workshops.states import FormatType, StepStatus, Visibility, WorkshopStatus

ErrorOfKey = Callable[[Mapping[str, str]], WorkshopsError]
"""Makes the error from the violated key: column -> value, as far as the server told it."""


def _workshop_missing(key: Mapping[str, str]) -> WorkshopsError:
    return WorkshopNotFoundError(key.get("workshop_id", ""))


def _duplicate(table: str, column: str) -> ErrorOfKey:
    return lambda key: DuplicateValueError(table, column)


def _refused(column: str, states: type[StrEnum]) -> ErrorOfKey:
    return lambda key: UnknownValueError(column, tuple(states))


CONSTRAINTS: dict[str, ErrorOfKey] = {
    "workshops_pkey": _duplicate("workshops", "id"),
    "workshops_share_token_unique": _duplicate("workshops", "share_token"),
    "workshops_status_check": _refused("status", WorkshopStatus),
    "workshops_visibility_check": _refused("visibility", Visibility),
    "workshop_members_pkey": _duplicate("workshop_members", "id"),
    "workshop_members_workshop_id_fkey": _workshop_missing,
    "workshop_members_workshop_user_unique": lambda key: MemberExistsError(
        key.get("workshop_id", ""), key.get("clerk_user_id", "")
    ),
    "step_definitions_pkey": _duplicate("step_definitions", "id"),
    "workshop_steps_pkey": _duplicate("workshop_steps", "id"),
    "workshop_steps_workshop_id_fkey": _workshop_missing,
    "workshop_steps_step_id_fkey": lambda key: StepDefinitionNotFoundError(key.get("step_id", "")),
    "workshop_steps_workshop_step_unique": lambda key: StepExistsError(
        key.get("workshop_id", ""), key.get("step_id", "")
    ),
    "workshop_steps_known_status_check": _refused("status", StepStatus),
    "workshop_steps_output_check": lambda key: InvalidInputError("output", "must be a JSON object"),
    "sessions_pkey": _duplicate("sessions", "id"),
    "sessions_workshop_id_fkey": _workshop_missing,
    "sessions_one_open_per_workshop": lambda key: SessionOpenError(key.get("workshop_id", "")),
    "build_packs_pkey": _duplicate("build_packs", "id"),
    "build_packs_workshop_id_fkey": _workshop_missing,
    "build_packs_format_type_check": _refused("format_type", FormatType),
}
"""Every named constraint and unique index, and the error that its violation means."""

# A database that the Drizzle design created keeps the names of its foreign keys.
CONSTRAINTS |= {
    f"{table}_{column}_{parent}_id_fk": CONSTRAINTS[f"{table}_{column}_fkey"]
    for table, column, parent in (
        ("workshop_members", "workshop_id", "workshops"),
        ("workshop_steps", "workshop_id", "workshops"),
        ("workshop_steps", "step_id", "step_definitions"),
        ("sessions", "workshop_id", "workshops"),
        ("build_packs", "workshop_id", "workshops"),
    )
}

# A distributed database puts the number of the shard behind the name.
_SHARD = re.compile(r"_[0-9]+$")

# "Key (workshop_id, clerk_user_id)=(ws_1, user_1) already exists.", in any language.
_KEY = re.compile(r"\((?P<columns>[^()]+)\)=\((?P<values>.*)\)", re.DOTALL)


def domain_error(violation: IntegrityConstraintViolationError) -> WorkshopsError | None:
    """Return the error that a violated constraint means, or None if it is not one of ours.

    To be raised ``from violation``. Of what the server reports only the values of
    the violated key are used: the detail of a violated CHECK is the whole row.
    """
    name = violation.constraint_name or ""
    constraint = CONSTRAINTS.get(name) or CONSTRAINTS.get(_SHARD.sub("", name))
    if constraint is None:
        return None
    key: dict[str, str] = {}
    match = _KEY.search(violation.detail or "")
    if match and not isinstance(violation, CheckViolationError):
        columns = match["columns"].split(", ")
        # Only the last value of a key of ours is free text, which may hold a comma.
        key = dict(zip(columns, match["values"].split(", ", len(columns) - 1), strict=False))
    return constraint(key)
