"""The state machines as data, and as the documentation draws them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workshops import operations
from workshops.states import (
    MACHINES,
    OPEN_FOR_WORK,
    SESSION,
    STEP,
    STEP_WORK,
    WORKSHOP,
    StateMachine,
    StepStatus,
    WorkshopStatus,
)


def diagram(machine: StateMachine) -> str:
    """Draw a machine as the documentation does."""
    arrows = [(arrow.source, arrow.target, arrow.operations) for arrow in machine.transitions]
    arrows = [("[*]", machine.initial, (machine.begins_with,)), *arrows]
    lines = [f"    {begin} --> {end}: {', '.join(names)}" for begin, end, names in arrows]
    return "\n".join(["stateDiagram-v2", *lines])


def test_the_documentation_draws_the_machines_that_there_are(project_directory: Path) -> None:
    """Its mermaid diagrams are those of the data, in the same order."""
    text = (project_directory / "docs/state-machines.md").read_text()
    diagrams = re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert diagrams == [diagram(machine) for machine in MACHINES]


@pytest.mark.parametrize(
    ("machine", "states"),
    [(WORKSHOP, set(WorkshopStatus)), (STEP, set(StepStatus)), (SESSION, {"open", "closed"})],
)
def test_every_state_is_reached(machine: StateMachine, states: set[str]) -> None:
    """From the initial one, by arrows between states that there are."""
    reached = {machine.initial}
    for _ in states:
        reached |= {arrow.target for arrow in machine.transitions if arrow.source in reached}
    assert reached == states


@pytest.mark.parametrize("machine", MACHINES)
def test_every_arrow_is_an_operation(machine: StateMachine) -> None:
    """Application code can call what the diagram names."""
    for arrow in machine.transitions:
        for name in (*arrow.operations, machine.begins_with):
            assert name.split(" ")[0] in operations.__all__


def test_the_sources_of_an_operation_are_where_its_arrows_begin() -> None:
    """All of them, or those that lead to one target."""
    assert STEP.sources("reset_step") == ("in_progress", "complete", "needs_regeneration")
    assert WORKSHOP.sources("set_workshop_status", "active") == ("draft", "paused", "completed")
    assert WORKSHOP.sources("set_workshop_status", "draft") == ()
    assert {"draft", *WORKSHOP.sources("set_workshop_status", "paused")} == set(OPEN_FOR_WORK)
    assert set(STEP_WORK) < set(operations.__all__)
