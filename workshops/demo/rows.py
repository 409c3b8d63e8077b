"""The rows of demo workshops, table by table, as COPY takes them.

A row is a plain tuple in the order of the table's columns below: the garbage collector stops
looking at those, and making them takes a tenth of the time of a class with names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from piccolo.table import Table

from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep

Row: TypeAlias = tuple[str | datetime | None, ...]

COLUMNS: dict[type[Table], tuple[str, ...]] = {
    Workshop: (
        *("id", "clerk_user_id", "title", "original_idea", "status", "org_id", "template_id"),
        *("visibility", "share_token", "created_at", "updated_at"),
    ),
    WorkshopMember: ("id", "workshop_id", "clerk_user_id", "role", "created_at"),
    WorkshopStep: (
        *("id", "workshop_id", "step_id", "status", "output", "started_at", "completed_at"),
        *("created_at", "updated_at"),
    ),
    Session: ("id", "workshop_id", "started_at", "ended_at", "created_at"),
    BuildPack: (
        *("id", "workshop_id", "title", "format_type", "content", "created_at", "updated_at"),
    ),
}
"""The columns of the rows, parents before children. `output` is JSON text."""


@dataclass(slots=True)
class Rows:
    """Some workshops with everything that belongs to them."""

    workshops: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    build_packs: list[Row] = field(default_factory=list)

    def by_table(self) -> list[tuple[type[Table], list[Row]]]:
        """Return the rows of each table, parents before children."""
        rows = (self.workshops, self.members, self.steps, self.sessions, self.build_packs)
        return list(zip(COLUMNS, rows, strict=True))
