"""Which error the violation of a constraint means: by the constraint's name, in one place.

The database is the source of truth; a test holds this list against its catalogue. What follows
from a table's class is not written down: its key, its foreign keys, and the CHECKs of its states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import EnumType
from typing import Any

from asyncpg import CheckViolationError, IntegrityConstraintViolationError
from piccolo.constraints import Check

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
from workshops.states import one_of
from workshops.tables import TABLES, StepDefinition, Workshop

ErrorOfKey = Callable[[Mapping[str, str]], WorkshopsError]
"""Makes the error from the violated key: column -> value, as far as the server told it."""


def _means(error: type[WorkshopsError], *known: Any, of: tuple[str, ...] = ()) -> ErrorOfKey:
    """Return what makes the error: from what is known, and these columns of the key."""
    return lambda key: error(*known, *(key.get(column, "") for column in of))


# What it means that the row of a foreign key is not there.
_PARENTS: dict[object, type[WorkshopsError]] = {
    Workshop: WorkshopNotFoundError,
    StepDefinition: StepDefinitionNotFoundError,
}


def _of_the_classes() -> Iterator[tuple[str, ErrorOfKey]]:
    for table in TABLES:
        name = table._meta.tablename
        yield f"{name}_pkey", _means(DuplicateValueError, name, "id")
        for key in table._meta.foreign_key_columns:
            parent = key._foreign_key_meta.resolved_references
            if parent in _PARENTS:
                error = _means(_PARENTS[parent], of=(key._meta.name,))
                yield f"{name}_{key._meta.name}_fkey", error
                # A database that the Drizzle design created keeps the names of its foreign keys.
                yield f"{name}_{key._meta.name}_{parent._meta.tablename}_id_fk", error
        states = {
            one_of(column._meta.name, column._meta.choices): column
            for column in table._meta.columns
            if isinstance(column._meta.choices, EnumType)
        }
        for check in table._meta.constraints:
            condition = check.get_condition_str() if isinstance(check, Check) else ""
            if column := states.get(condition):
                known: Any = column._meta.choices
                yield check._meta.name, _means(UnknownValueError, column._meta.name, tuple(known))


CONSTRAINTS: dict[str, ErrorOfKey] = {
    **dict(_of_the_classes()),
    "workshops_share_token_unique": _means(DuplicateValueError, "workshops", "share_token"),
    "workshop_members_workshop_user_unique": _means(
        MemberExistsError, of=("workshop_id", "clerk_user_id")
    ),
    "workshop_steps_workshop_step_unique": _means(StepExistsError, of=("workshop_id", "step_id")),
    "workshop_steps_output_check": _means(InvalidInputError, "output", "must be a JSON object"),
    "sessions_one_open_per_workshop": _means(SessionOpenError, of=("workshop_id",)),
}
"""Every named constraint and unique index, and the error that its violation means."""

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
