"""The states that a text column may hold, and how they follow each other.

They are stored as plain text with a named CHECK, never as a database enum type, so that
another application that shares the database can read and extend them. The operations take
their conditions from the machines below, and the diagrams in docs/state-machines.md are
drawn from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class WorkshopStatus(StrEnum):
    """Where a workshop stands: ``draft -> active <-> paused``, ``active <-> completed``."""

    draft = "draft"
    active = "active"
    paused = "paused"
    completed = "completed"


class StepStatus(StrEnum):
    """How far one step of a workshop has come.

    A step that needs regeneration was complete and is to be worked on again: its
    output stays, and it does not count as done.
    """

    not_started = "not_started"
    in_progress = "in_progress"
    complete = "complete"
    needs_regeneration = "needs_regeneration"


class Visibility(StrEnum):
    """Who may read a workshop: its members, or anyone who holds its share token."""

    private = "private"
    shared = "shared"


class FormatType(StrEnum):
    """The file format of a build pack."""

    markdown = "markdown"
    pdf = "pdf"
    json = "json"


class MemberRole(StrEnum):
    """The known roles of a member.

    The column stays open text: a product may store a role of its own, which is
    why there is no CHECK on it.
    """

    owner = "owner"
    editor = "editor"
    viewer = "viewer"


def one_of(column: str, states: Iterable[object]) -> str:
    """Return the condition of the CHECK that a column holds one of the states.

    A state that is added here needs a migration that replaces the CHECK by one of another
    name (Piccolo compares constraints by name), and its place in the Literal of
    ``workshops.types.rows``; a test names whichever is forgotten.
    """
    values = ", ".join(f"'{state}'" for state in states)
    return f"{column} IN ({values})"


class Transition(NamedTuple):
    """One arrow: from where, to where, and the operations that take it."""

    source: str
    target: str
    operations: tuple[str, ...]


class StateMachine(NamedTuple):
    """The states of a thing: where it begins, and every arrow there is."""

    initial: str
    begins_with: str
    transitions: tuple[Transition, ...]

    def allows(self, operation: str, source: str, target: str) -> bool:
        """Tell whether an operation may go from one state to another."""
        return source in self.sources(operation, target)

    def sources(self, operation: str, target: str | None = None) -> tuple[str, ...]:
        """Return the states from which an operation may start, to reach ``target`` if given."""
        return tuple(
            dict.fromkeys(
                arrow.source
                for arrow in self.transitions
                if operation in arrow.operations and target in (None, arrow.target)
            )
        )


_STARTING = ("start_step", "save_step_output", "merge_step_output", "append_step_message")
STEP_WORK = (*_STARTING, "complete_step")
"""The operations on a step that make its draft workshop active."""

_SET = ("set_workshop_status",)

WORKSHOP = StateMachine(
    WorkshopStatus.draft,
    "create_workshop",
    (
        Transition(WorkshopStatus.draft, WorkshopStatus.active, (*_SET, *STEP_WORK)),
        Transition(WorkshopStatus.active, WorkshopStatus.paused, _SET),
        Transition(WorkshopStatus.paused, WorkshopStatus.active, _SET),
        Transition(WorkshopStatus.active, WorkshopStatus.completed, _SET),
        Transition(WorkshopStatus.completed, WorkshopStatus.active, _SET),
    ),
)

OPEN_FOR_WORK = (WorkshopStatus.draft, WorkshopStatus.active)
"""The statuses of a workshop in which its steps can be worked on, and reset."""

STEP = StateMachine(
    StepStatus.not_started,
    "create_workshop",
    (
        Transition(
            StepStatus.not_started,
            StepStatus.in_progress,
            (*_STARTING, "complete_step of the step before"),
        ),
        Transition(StepStatus.not_started, StepStatus.complete, ("complete_step",)),
        Transition(StepStatus.in_progress, StepStatus.complete, ("complete_step",)),
        Transition(StepStatus.in_progress, StepStatus.not_started, ("reset_step",)),
        Transition(StepStatus.complete, StepStatus.in_progress, ("reopen_step",)),
        Transition(
            StepStatus.complete,
            StepStatus.needs_regeneration,
            ("request_regeneration", "reopen_step of a step before"),
        ),
        Transition(StepStatus.complete, StepStatus.not_started, ("reset_step",)),
        Transition(StepStatus.needs_regeneration, StepStatus.in_progress, ("start_step",)),
        Transition(StepStatus.needs_regeneration, StepStatus.complete, ("complete_step",)),
        Transition(StepStatus.needs_regeneration, StepStatus.not_started, ("reset_step",)),
    ),
)

SESSION = StateMachine(
    "open",
    "record_activity",
    (Transition("open", "closed", ("close_session", "close_idle_sessions")),),
)

MACHINES = (WORKSHOP, STEP, SESSION)
"""Every state machine there is."""
