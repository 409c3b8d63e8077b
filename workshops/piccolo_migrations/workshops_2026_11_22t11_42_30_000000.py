from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T11:42:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Load the ten step definitions into an empty table"

# As they were when this migration was written.
DEFINITIONS = (
    ("empathize", 1, "Empathize", "Listen to the people concerned until their needs are understood."),
    ("define", 2, "Define", "Condense what was learned into one clear problem statement."),
    ("ideate", 3, "Ideate", "Collect many ideas for a solution before judging any of them."),
    ("prototype", 4, "Prototype", "Sketch the strongest ideas as quick, low-fidelity prototypes."),
    ("test", 5, "Test", "Put the prototypes before real users and record their feedback."),
    ("prioritize", 6, "Prioritize", "Rank the features and settle what belongs in a first version."),
    ("architect", 7, "Architect", "Choose the technical architecture that carries those features."),
    ("spec", 8, "Spec", "Write down the detailed requirements that a builder can follow."),
    ("story", 9, "Story", "Break the requirements into user stories ready to be planned."),
    ("pack", 10, "Pack", "Assemble everything into the finished build pack."),
)


async def load_step_definitions():
    """Load them, unless the table holds any definition: those are somebody's own."""
    await MigrationTable.raw("LOCK TABLE step_definitions IN SHARE ROW EXCLUSIVE MODE")
    values = ", ".join("({}, {}::integer, {}, {})" for _ in DEFINITIONS)
    await MigrationTable.raw(
        'INSERT INTO step_definitions (id, "order", name, description)'
        f" SELECT * FROM (VALUES {values}) AS ten"
        " WHERE NOT EXISTS (SELECT FROM step_definitions)",
        *(value for definition in DEFINITIONS for value in definition),
    )


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops", description=DESCRIPTION
    )

    manager.add_raw(load_step_definitions)

    return manager
