"""The step definitions, as the progress pages need them: in order, with their names."""

from __future__ import annotations

from dataclasses import dataclass

from workshops.statements.execution import fetch


@dataclass(frozen=True)
class Step:
    """One step definition."""

    id: str
    name: str
    description: str


async def step_definitions() -> list[Step]:
    """Return all step definitions in order."""
    rows = await fetch('SELECT id, name, description FROM step_definitions ORDER BY "order", id')
    return [Step(*row) for row in rows]
