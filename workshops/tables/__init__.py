"""The six tables."""

from workshops.tables.build_packs import BuildPack
from workshops.tables.sessions import Session
from workshops.tables.steps import StepDefinition, WorkshopStep
from workshops.tables.workshops import Workshop, WorkshopMember

TABLES = (Workshop, WorkshopMember, StepDefinition, WorkshopStep, Session, BuildPack)
"""Every table, parents before children."""

__all__ = [
    "TABLES",
    "BuildPack",
    "Session",
    "StepDefinition",
    "Workshop",
    "WorkshopMember",
    "WorkshopStep",
]
