"""For the tests of an application: tables that Piccolo made, without the migrations."""

from workshops.step_catalog import load_step_definitions
from workshops.tables import INDEXES, Workshop


async def complete_tables() -> None:
    """Give tables made by ``create_db_tables`` what only the migrations make.

    Indexes that Piccolo cannot declare, among them the one that allows a workshop a single
    open session, and the step definitions. It may be called again::

        class TestBakery(AsyncTableTest):
            tables = [*workshops.tables.TABLES]

            async def asyncSetUp(self) -> None:
                await super().asyncSetUp()
                await complete_tables()
    """
    for statement in INDEXES:
        await Workshop.raw(statement.replace("INDEX ", "INDEX IF NOT EXISTS ", 1))
    await load_step_definitions()
