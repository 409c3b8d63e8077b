"""What can go wrong, as a tree::

    WorkshopsError
    ├── NotFoundError                    what was asked for does not exist
    │   ├── WorkshopNotFoundError
    │   ├── SharedWorkshopNotFoundError
    │   ├── StepNotFoundError
    │   ├── StepDefinitionNotFoundError
    │   ├── MemberNotFoundError
    │   ├── SessionNotFoundError
    │   ├── BuildPackNotFoundError
    │   └── BuildPackEmptyError
    ├── ConflictError                    what is stored stands against it
    │   ├── StaleStepError
    │   ├── StaleWorkshopError
    │   ├── NoStepDefinitionsError
    │   ├── MessagesNotAListError
    │   ├── MemberExistsError
    │   ├── LastOwnerError
    │   ├── StepExistsError
    │   ├── SessionOpenError
    │   ├── DuplicateValueError
    │   ├── SharedDatabaseError
    │   ├── ChangeLogMissingError
    │   └── TransactionConflictError
    ├── InvalidInputError                an argument cannot be used; nothing was written
    │   ├── TooLongError
    │   └── UnknownValueError
    ├── InvalidTransitionError           the state machine does not allow it
    │   ├── WorkshopTransitionError
    │   ├── OpenStepsError
    │   ├── WorkshopNotOpenError
    │   ├── StepTransitionError
    │   └── SessionClosedError
    └── DatabaseUnavailableError         the database does not answer

Each concrete error carries the identifiers that it is about; its message, which can be shown
to a person, is made of them. No message holds a whole row, a text that a person wrote, or a
share token. ``workshops.constraints`` makes them of violated constraints of the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import ClassVar, dataclass_transform


@dataclass_transform(eq_default=False, field_specifiers=(field,))
class WorkshopsError(Exception):
    """The base of all errors that this package raises on purpose."""

    sentence: ClassVar[str] = ""

    def __init_subclass__(cls, *, says: str = "", init: bool = True) -> None:
        cls.sentence = says or cls.sentence
        if says or cls.__annotations__:
            dataclass(eq=False)(cls)

    def __post_init__(self) -> None:
        # What pickle makes a copy from.
        self.args = tuple(getattr(self, each.name) for each in fields(self) if each.init)  # type: ignore[arg-type]

    def __str__(self) -> str:
        values = {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in vars(self).items()}
        return self.sentence.format(**values) or super().__str__()


# ``init=False``: a kind is raised with any message, as an exception is.
class NotFoundError(WorkshopsError, init=False):
    """What was asked for does not exist."""


class ConflictError(WorkshopsError, init=False):
    """What is stored stands against it; another try needs a fresh look at it first."""


class InvalidTransitionError(WorkshopsError, init=False):
    """The state machine (docs/state-machines.md) does not allow it."""


class InvalidInputError(WorkshopsError, says="{field} {problem}."):
    """``field`` names the argument; ``problem`` says what is wrong, without repeating the value."""

    field: str
    problem: str


class WorkshopNotFoundError(NotFoundError, says="There is no workshop {workshop_id}."):
    workshop_id: str


class SharedWorkshopNotFoundError(NotFoundError, says="No shared workshop has this token."):
    """No shared workshop has this token; the token, a secret, is not kept here."""


class StepNotFoundError(NotFoundError, says="Workshop {workshop_id} has no step {step_id}."):
    workshop_id: str
    step_id: str


class StepDefinitionNotFoundError(NotFoundError, says="There is no step definition {step_id}."):
    step_id: str


class MemberNotFoundError(
    NotFoundError, says="{clerk_user_id} is not a member of workshop {workshop_id}."
):
    workshop_id: str
    clerk_user_id: str


class SessionNotFoundError(NotFoundError, says="There is no session {session_id}."):
    session_id: str


class BuildPackNotFoundError(NotFoundError, says="There is no build pack {build_pack_id}."):
    build_pack_id: str


class BuildPackEmptyError(NotFoundError, says="Build pack {build_pack_id} has no content."):
    build_pack_id: str


_STALE = (
    " has been changed: its last change was at {actual:%F %T.%f} UTC, not at {expected:%F %T.%f}."
)


class StaleStepError(ConflictError, says="Step {step_id} of workshop {workshop_id}" + _STALE):
    """``expected`` is the ``updated_at`` that the caller gave, ``actual`` the stored one."""

    workshop_id: str
    step_id: str
    expected: datetime
    actual: datetime


class StaleWorkshopError(ConflictError, says="Workshop {workshop_id}" + _STALE):
    workshop_id: str
    expected: datetime
    actual: datetime


class NoStepDefinitionsError(
    ConflictError,
    says="There are no step definitions, so that a workshop would have no steps. Load them with "
    "workshops.step_catalog.load_step_definitions(); piccolo workshops migrate does it, too.",
):
    """The database holds no step definitions: a workshop would have no steps."""


class MessagesNotAListError(
    ConflictError,
    says='In the output of step {step_id} of workshop {workshop_id}, "messages" is not a list: '
    "no message can be added.",
):
    workshop_id: str
    step_id: str


class MemberExistsError(
    ConflictError, says="{clerk_user_id} is already a member of workshop {workshop_id}."
):
    workshop_id: str
    clerk_user_id: str


class LastOwnerError(
    ConflictError,
    says="{clerk_user_id} is the last owner of workshop {workshop_id} and can be neither removed "
    "nor demoted. Transfer the ownership first.",
):
    workshop_id: str
    clerk_user_id: str


class StepExistsError(ConflictError, says="Workshop {workshop_id} already has a step {step_id}."):
    workshop_id: str
    step_id: str


class SessionOpenError(ConflictError, says="Workshop {workshop_id} already has an open session."):
    workshop_id: str


class DuplicateValueError(ConflictError, says="Another row of {table} has the same {field}."):
    table: str
    field: str


class SharedDatabaseError(
    ConflictError,
    says="Idle sessions are not closed: another application uses this database "
    "(SHARED_DATABASE=1), never ends a session, and finds its chat by the newest one.",
):
    """Sessions stay open in a database that another application shares (SHARED_DATABASE=1)."""


class ChangeLogMissingError(
    ConflictError,
    says="The log of changes is missing. Register workshops.admin.piccolo_app in piccolo_conf.py, "
    "and make its tables with `piccolo workshops migrate`.",
):
    """Changes cannot be heard of: the tables of the operators' view are not installed."""


class TransactionConflictError(
    ConflictError,
    says="The database has undone this because another transaction was at work on the same rows. "
    "Nothing was changed; try again.",
):
    """An operation has been tried several times by then; a caller's transaction has not."""


class TooLongError(InvalidInputError):
    problem: str = field(init=False)
    size: int
    limit: int
    unit: str = "characters"

    def __post_init__(self) -> None:
        self.problem = f"has {self.size:,} {self.unit}; at most {self.limit:,} are allowed"
        super().__post_init__()


class UnknownValueError(InvalidInputError):
    problem: str = field(init=False)
    allowed: tuple[str, ...]

    def __post_init__(self) -> None:
        self.problem = f"must be one of {', '.join(self.allowed)}"
        super().__post_init__()


class WorkshopTransitionError(
    InvalidTransitionError, says="Workshop {workshop_id} is {status} and cannot become {wanted}."
):
    workshop_id: str
    status: str
    wanted: str


class OpenStepsError(
    InvalidTransitionError,
    says="Workshop {workshop_id} cannot be completed while {step_ids} are open.",
):
    workshop_id: str
    step_ids: tuple[str, ...]


class WorkshopNotOpenError(
    InvalidTransitionError,
    says="Workshop {workshop_id} is {status}: its steps can be worked on only while it is draft "
    "or active.",
):
    workshop_id: str
    status: str


class StepTransitionError(
    InvalidTransitionError,
    says="Step {step_id} of workshop {workshop_id} is {state} and cannot be {done}.",
):
    workshop_id: str
    step_id: str
    status: str
    operation: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = self.status.replace("_", " ")
        self.done = {
            "start_step": "started",
            "complete_step": "completed",
            "reopen_step": "reopened",
            "request_regeneration": "marked for regeneration",
            "reset_step": "reset",
        }.get(self.operation, f"changed by {self.operation}")


class SessionClosedError(
    InvalidTransitionError,
    says="Session {session_id} was closed at {ended_at:%F %T} UTC.",
):
    session_id: str
    ended_at: datetime


class DatabaseUnavailableError(WorkshopsError, says="{message}"):
    """The database cannot be reached, does not answer in time, or has gone away meanwhile.

    ``transient`` tells whether waiting may help. ``safe_to_repeat`` tells whether
    surely nothing was written, so that the same call, or the caller's transaction, can
    be made again; if not, a change may have been stored: look before repeating it.
    """

    message: str
    transient: bool = True
    safe_to_repeat: bool = True
