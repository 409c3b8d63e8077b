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

Each concrete error carries the identifiers that it is about as attributes and
builds its message from them: a sentence that can be shown to a person. No message
holds a whole row, a text that somebody wrote, or a share token. A violated
constraint of the database becomes one of them in ``workshops.constraints``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import ClassVar


class WorkshopsError(Exception):
    """The base of all errors that this package raises on purpose."""

    sentence: ClassVar[str] = ""

    def __post_init__(self) -> None:
        # What pickle makes a copy from.
        self.args = tuple(getattr(self, each.name) for each in fields(self) if each.init)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.sentence.format(**self.__dict__) or super().__str__()


class NotFoundError(WorkshopsError):
    """What was asked for does not exist."""


class ConflictError(WorkshopsError):
    """What is stored stands against it; another try needs a fresh look at it first."""


@dataclass(eq=False)
class InvalidInputError(WorkshopsError):
    """An argument cannot be used; nothing was written.

    ``field`` names it; ``problem`` says what is wrong, without repeating the value.
    """

    sentence = "{field} {problem}."

    field: str
    problem: str


class InvalidTransitionError(WorkshopsError):
    """The state machine (docs/state-machines.md) does not allow it."""


@dataclass(eq=False)
class WorkshopNotFoundError(NotFoundError):
    """There is no such workshop."""

    sentence = "There is no workshop {workshop_id}."

    workshop_id: str


@dataclass(eq=False)
class SharedWorkshopNotFoundError(NotFoundError):
    """No shared workshop has this token; the token, a secret, is not kept here."""

    sentence = "No shared workshop has this token."


@dataclass(eq=False)
class StepNotFoundError(NotFoundError):
    """The workshop has no such step."""

    sentence = "Workshop {workshop_id} has no step {step_id}."

    workshop_id: str
    step_id: str


@dataclass(eq=False)
class StepDefinitionNotFoundError(NotFoundError):
    """There is no such step definition."""

    sentence = "There is no step definition {step_id}."

    step_id: str


@dataclass(eq=False)
class MemberNotFoundError(NotFoundError):
    """The person is not a member of the workshop."""

    sentence = "{clerk_user_id} is not a member of workshop {workshop_id}."

    workshop_id: str
    clerk_user_id: str


@dataclass(eq=False)
class SessionNotFoundError(NotFoundError):
    """There is no such session."""

    sentence = "There is no session {session_id}."

    session_id: str


@dataclass(eq=False)
class BuildPackNotFoundError(NotFoundError):
    """There is no such build pack."""

    sentence = "There is no build pack {build_pack_id}."

    build_pack_id: str


@dataclass(eq=False)
class BuildPackEmptyError(NotFoundError):
    """The build pack has no content, as one that another application has only begun."""

    sentence = "Build pack {build_pack_id} has no content."

    build_pack_id: str


@dataclass(eq=False)
class StaleStepError(ConflictError):
    """The step was changed after the caller had read it; nothing was overwritten.

    ``expected`` is the ``updated_at`` that the caller gave, ``actual`` the stored one.
    """

    sentence = (
        "Step {step_id} of workshop {workshop_id} has been changed: its last change was at "
        "{actual:%Y-%m-%d %H:%M:%S.%f} UTC, not at {expected:%Y-%m-%d %H:%M:%S.%f}."
    )

    workshop_id: str
    step_id: str
    expected: datetime
    actual: datetime


@dataclass(eq=False)
class StaleWorkshopError(ConflictError):
    """The workshop was changed after the caller had read it; nothing was overwritten.

    ``expected`` is the ``updated_at`` that the caller gave, ``actual`` the stored one.
    """

    sentence = (
        "Workshop {workshop_id} has been changed: its last change was at "
        "{actual:%Y-%m-%d %H:%M:%S.%f} UTC, not at {expected:%Y-%m-%d %H:%M:%S.%f}."
    )

    workshop_id: str
    expected: datetime
    actual: datetime


@dataclass(eq=False)
class NoStepDefinitionsError(ConflictError):
    """The database holds no step definitions: a workshop would have no steps."""

    sentence = (
        "There are no step definitions, so that a workshop would have no steps. Load them with "
        "workshops.step_catalog.load_step_definitions(); piccolo workshops migrate does it, too."
    )


@dataclass(eq=False)
class MessagesNotAListError(ConflictError):
    """The step's output has something else than a list under ``messages``."""

    sentence = (
        'In the output of step {step_id} of workshop {workshop_id}, "messages" is not a list: '
        "no message can be added."
    )

    workshop_id: str
    step_id: str


@dataclass(eq=False)
class MemberExistsError(ConflictError):
    """The person is a member already."""

    sentence = "{clerk_user_id} is already a member of workshop {workshop_id}."

    workshop_id: str
    clerk_user_id: str


@dataclass(eq=False)
class LastOwnerError(ConflictError):
    """The person is the workshop's last owner: a workshop always has one."""

    sentence = (
        "{clerk_user_id} is the last owner of workshop {workshop_id} and can be neither removed "
        "nor demoted. Transfer the ownership first."
    )

    workshop_id: str
    clerk_user_id: str


@dataclass(eq=False)
class StepExistsError(ConflictError):
    """The workshop has this step already."""

    sentence = "Workshop {workshop_id} already has a step {step_id}."

    workshop_id: str
    step_id: str


@dataclass(eq=False)
class SessionOpenError(ConflictError):
    """The workshop has an open session already."""

    sentence = "Workshop {workshop_id} already has an open session."

    workshop_id: str


@dataclass(eq=False)
class DuplicateValueError(ConflictError):
    """Another row of the table has this value, which must be unique."""

    sentence = "Another row of {table} has the same {field}."

    table: str
    field: str


@dataclass(eq=False)
class SharedDatabaseError(ConflictError):
    """Sessions stay open in a database that another application shares (SHARED_DATABASE=1)."""

    sentence = (
        "Idle sessions are not closed: another application uses this database (SHARED_DATABASE=1), "
        "never ends a session, and finds its chat by the newest one."
    )


@dataclass(eq=False)
class ChangeLogMissingError(ConflictError):
    """Changes cannot be heard of: the tables of the operators' view are not installed."""

    sentence = (
        "The log of changes is missing. Register workshops.admin.piccolo_app in piccolo_conf.py, "
        "and make its tables with `piccolo workshops migrate`."
    )


@dataclass(eq=False)
class TransactionConflictError(ConflictError):
    """PostgreSQL has undone the transaction, so that another one can go on.

    To break a deadlock, mostly. Nothing was written. An operation has been tried
    several times by then; a transaction of the caller's is the caller's to try again.
    """

    sentence = (
        "The database has undone this because another transaction was at work on the same rows. "
        "Nothing was changed; try again."
    )


@dataclass(eq=False)
class TooLongError(InvalidInputError):
    """A value is over its limit; ``size`` and ``limit`` count ``unit``."""

    problem: str = field(init=False)
    size: int
    limit: int
    unit: str = "characters"

    def __post_init__(self) -> None:
        self.problem = f"has {self.size:,} {self.unit}; at most {self.limit:,} are allowed"
        super().__post_init__()


@dataclass(eq=False)
class UnknownValueError(InvalidInputError):
    """A value is none of those that are allowed."""

    problem: str = field(init=False)
    allowed: tuple[str, ...]

    def __post_init__(self) -> None:
        self.problem = f"must be one of {', '.join(self.allowed)}"
        super().__post_init__()


@dataclass(eq=False)
class WorkshopTransitionError(InvalidTransitionError):
    """The workshop cannot go from the status that it has to the one that is wanted."""

    sentence = "Workshop {workshop_id} is {status} and cannot become {wanted}."

    workshop_id: str
    status: str
    wanted: str


@dataclass(eq=False)
class OpenStepsError(InvalidTransitionError):
    """A workshop cannot be completed while steps are open; ``step_ids`` names them in order."""

    sentence = "Workshop {workshop_id} cannot be completed while {steps} are open."

    workshop_id: str
    step_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps = ", ".join(self.step_ids)


@dataclass(eq=False)
class WorkshopNotOpenError(InvalidTransitionError):
    """The steps of a workshop are worked on only while it is draft or active."""

    sentence = (
        "Workshop {workshop_id} is {status}: its steps can be worked on only while it is draft "
        "or active."
    )

    workshop_id: str
    status: str


@dataclass(eq=False)
class StepTransitionError(InvalidTransitionError):
    """The step's status does not allow the operation."""

    sentence = "Step {step_id} of workshop {workshop_id} is {state} and cannot be {done}."

    workshop_id: str
    step_id: str
    status: str
    operation: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = self.status.replace("_", " ")
        self.done = {
            "start_step": "started",
            "save_step_output": "written to",
            "merge_step_output": "written to",
            "append_step_message": "written to",
            "complete_step": "completed",
            "reopen_step": "reopened",
            "request_regeneration": "marked for regeneration",
            "reset_step": "reset",
        }.get(self.operation, f"changed by {self.operation}")


@dataclass(eq=False)
class SessionClosedError(InvalidTransitionError):
    """The session was closed before."""

    sentence = "Session {session_id} was closed at {ended_at:%Y-%m-%d %H:%M:%S} UTC."

    session_id: str
    ended_at: datetime


@dataclass(eq=False)
class DatabaseUnavailableError(WorkshopsError):
    """The database cannot be reached, does not answer in time, or has gone away meanwhile.

    ``transient`` tells whether waiting may help. ``safe_to_repeat`` tells whether
    surely nothing was written, so that the same call, or the caller's transaction, can
    be made again; if not, a change may have been stored: look before repeating it.
    """

    sentence = "{message}"

    message: str
    transient: bool = True
    safe_to_repeat: bool = True
