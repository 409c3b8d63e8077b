"""Find parts of titles on every server, with what PostgreSQL itself has.

Three characters in a row are what the index knows; ``pg_trgm`` does the same, where its
package is installed and the role may create it. Its index stays for the release that uses it.
"""

from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-24T20:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Index the titles by three characters in a row"

# The title has all of them; of a text that is looked for, each third will do.
FUNCTION = """
CREATE OR REPLACE FUNCTION workshops_admin.trigrams(title text, apart integer DEFAULT 1)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
'SELECT array_agg(substr(title, n, 3)) FROM generate_series(1, length(title) - 2, apart) AS n'
"""
INDEX = """
CREATE INDEX IF NOT EXISTS summaries_by_trigrams ON workshops_admin.summaries
USING gin (workshops_admin.trigrams(title))
"""


async def run(statement: str) -> Any:
    return await MigrationTable.raw(statement)


async def repair():
    """Install both; what is there stays as it is."""
    await run(FUNCTION)
    await run(INDEX)


async def missing():
    """Return the names of what ``repair`` would install and is not there."""
    rows = await run(
        "SELECT thing FROM (VALUES"
        " ('function trigrams', to_regproc('workshops_admin.trigrams')::oid),"
        " ('index summaries_by_trigrams', to_regclass('workshops_admin.summaries_by_trigrams'))"
        ") AS installed (thing, found) WHERE found IS NULL"
    )
    return [row["thing"] for row in rows]


async def remove():
    await run("DROP INDEX IF EXISTS workshops_admin.summaries_by_trigrams")
    await run("DROP FUNCTION IF EXISTS workshops_admin.trigrams")


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    manager.add_raw(repair)
    manager.add_raw_backwards(remove)

    return manager
