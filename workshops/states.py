"""The values that a text column may hold.

They are stored as plain text with a named CHECK, never as a database enum type,
so that another application that shares the database can read and extend them.
"""

from enum import StrEnum


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


def one_of(column: str, states: type[StrEnum]) -> str:
    """Return the condition of the CHECK that a column holds one of the states.

    A state that is added here needs a migration that replaces the CHECK by one of another
    name (Piccolo compares constraints by name), and its place in the Literal of
    ``workshops.types.rows``; a test names whichever is forgotten.
    """
    values = ", ".join(f"'{state}'" for state in states)
    return f"{column} IN ({values})"
