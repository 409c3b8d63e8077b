"""The six tables, and the indexes that Piccolo cannot declare."""

from workshops.tables.build_packs import BuildPack
from workshops.tables.sessions import Session
from workshops.tables.steps import StepDefinition, WorkshopStep
from workshops.tables.workshops import Workshop, WorkshopMember

TABLES = (Workshop, WorkshopMember, StepDefinition, WorkshopStep, Session, BuildPack)
"""Every table, parents before children."""

for _table in TABLES:
    # What the admin says of it is the first line of what is said here.
    _table._meta.help_text = (_table.__doc__ or "").partition("\n")[0]

INDEXES: tuple[str, ...] = (
    # One open session a workshop, whatever the concurrency.
    "CREATE UNIQUE INDEX sessions_one_open_per_workshop"
    " ON sessions (workshop_id) WHERE ended_at IS NULL",
    # The newest rows of each table, for the first page of the admin's lists. No UPDATE
    # changes these times, so that no UPDATE pays for the indexes.
    "CREATE INDEX workshops_created_at ON workshops (created_at)",
    "CREATE INDEX workshop_members_created_at ON workshop_members (created_at)",
    "CREATE INDEX workshop_steps_created_at ON workshop_steps (created_at)",
    "CREATE INDEX sessions_started_at ON sessions (started_at)",
    "CREATE INDEX build_packs_created_at ON build_packs (created_at)",
)
"""Indexes beyond those of single columns: partial ones, and what a measurement asked for.

A migration creates each of them with the statement that stands here;
``piccolo workshops check`` compares the live database with this list.
"""

__all__ = [
    "INDEXES",
    "TABLES",
    "BuildPack",
    "Session",
    "StepDefinition",
    "Workshop",
    "WorkshopMember",
    "WorkshopStep",
]
