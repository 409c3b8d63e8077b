"""What a build pack is made from: plain data, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPackStep:
    """One step of a workshop as a pack shows it; `order` is the definition's."""

    step_id: str
    name: str
    description: str
    order: int
    status: str
    output: Mapping[str, Any] | None = None
    completed_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        return self.status == COMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPackDocument:
    """Everything that a pack says, in the state of one moment.

    `title` is the pack's own and may differ from `workshop_title`; `idea` may be empty. Times are
    naive UTC. The steps may come in any order: the renderers use definition order.
    """

    workshop_id: str
    workshop_title: str
    title: str
    idea: str
    generated_at: datetime
    steps: Sequence[BuildPackStep]

    @property
    def ordered_steps(self) -> list[BuildPackStep]:
        return sorted(self.steps, key=lambda step: (step.order, step.step_id))

    @property
    def complete_steps(self) -> list[BuildPackStep]:
        return [step for step in self.ordered_steps if step.is_complete]

    @property
    def open_steps(self) -> list[BuildPackStep]:
        return [step for step in self.ordered_steps if not step.is_complete]
