"""The ten design-thinking steps, in order: reference data that a migration loads.

The database is the truth: an operator may edit a definition there, and a
database that already holds definitions keeps its own.
"""

from typing import NamedTuple


class CatalogStep(NamedTuple):
    """One step as it is first loaded into ``step_definitions``."""

    id: str
    order: int
    name: str
    description: str


_STEPS = (
    ("empathize", "Empathize", "Listen to the people concerned until their needs are understood."),
    ("define", "Define", "Condense what was learned into one clear problem statement."),
    ("ideate", "Ideate", "Collect many ideas for a solution before judging any of them."),
    ("prototype", "Prototype", "Sketch the strongest ideas as quick, low-fidelity prototypes."),
    ("test", "Test", "Put the prototypes before real users and record their feedback."),
    ("prioritize", "Prioritize", "Rank the features and settle what belongs in a first version."),
    ("architect", "Architect", "Choose the technical architecture that carries those features."),
    ("spec", "Spec", "Write down the detailed requirements that a builder can follow."),
    ("story", "Story", "Break the requirements into user stories ready to be planned."),
    ("pack", "Pack", "Assemble everything into the finished build pack."),
)

STEP_CATALOG: tuple[CatalogStep, ...] = tuple(
    CatalogStep(id, order, name, description)
    for order, (id, name, description) in enumerate(_STEPS, start=1)
)


async def load_step_definitions() -> int:
    """Load the ten definitions if there are none, and return how many were loaded.

    ``piccolo workshops migrate`` does it by itself; this is for tables that were made in
    another way, as by ``create_db_tables`` in a test.
    """
    # A migration does not need the tables to read this module.
    from workshops.tables import StepDefinition

    if await StepDefinition.exists():
        return 0
    await StepDefinition.insert(*(StepDefinition(**step._asdict()) for step in STEP_CATALOG))
    return len(STEP_CATALOG)
