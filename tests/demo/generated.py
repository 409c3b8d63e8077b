"""Generated rows with names, for tests that look at them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from workshops.demo.generator import COLUMNS, Generator
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import StepDefinition

MIDNIGHT = datetime(2026, 3, 1)
TEN_STEPS = tuple(
    StepDefinition(id=step.id, order=step.order, name=step.name, description=step.description)
    for step in STEP_CATALOG
)


def generate(
    count: int,
    *,
    seed: int = 1,
    now: datetime = MIDNIGHT,
    definitions: Sequence[StepDefinition] = TEN_STEPS,
    first: int = 0,
    size: int = 100,
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows by table name, each as a dictionary."""
    rows: dict[str, list[dict[str, Any]]] = {table._meta.tablename: [] for table in COLUMNS}
    generator = Generator(seed=seed, now=now, definitions=definitions)
    for batch in generator.batches(first, count, size):
        for table, records in batch.items():
            # What the demo knows nothing of is NULL.
            empty = dict.fromkeys(column._meta.name for column in table._meta.columns)
            names = COLUMNS[table].split()
            rows[table._meta.tablename] += [
                {**empty, **dict(zip(names, record, strict=True))} for record in records
            ]
    return rows


class Told:
    """One generated workshop with what belongs to it; outputs are parsed."""

    def __init__(self, row: dict[str, Any], children: dict[str, list[dict[str, Any]]]) -> None:
        self.row = row
        self.steps = children["workshop_steps"]
        self.members = children["workshop_members"]
        self.sessions = children["sessions"]
        self.build_packs = children["build_packs"]
        for step in self.steps:
            step["output"] = json.loads(step["output"]) if step["output"] else None


@cache
def told(seed: int, now: datetime = MIDNIGHT) -> list[Told]:
    """Return 300 workshops of a seed."""
    rows = generate(300, seed=seed, now=now)
    children: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for table in ("workshop_members", "workshop_steps", "sessions", "build_packs"):
        for row in rows[table]:
            children[row["workshop_id"]][table].append(row)
    return [Told(row, children[row["id"]]) for row in rows["workshops"]]
