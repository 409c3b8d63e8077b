"""How titles are searched: see workshops/admin/progress/board_statement.py."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table


class MigrationTable(Table):
    """Runs raw SQL on the project's engine."""


ID = "2026-11-22T14:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Find a title by any one to three characters of it, not by pairs"

# Three characters are in far fewer titles than two, and where a search is shorter, the
# one or two are in the index as well.
PARTS = """
CREATE FUNCTION workshop_title_parts(title text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(substr(title, n, 1)) || array_agg(substr(title, n, 2))
        || array_agg(substr(title, n, 3))
    FROM generate_series(1, length(title)) n
$$
"""

# Every third part and the last one hold all characters of a search; more of them take
# the index longer, and say little more.
SEARCH_PARTS = """
CREATE FUNCTION workshop_search_parts(search text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(substr(search, least(n, greatest(length(search) - 2, 1)), 3))
    FROM generate_series(1, length(search), 3) n
$$
"""

# What was written last waits in a list that every search reads: it is kept short.
INDEX = """
CREATE INDEX workshop_titles_by_part ON workshop_titles USING gin (workshop_title_parts(title))
WITH (gin_pending_list_limit = 256)
"""

PAIRS = """
CREATE FUNCTION workshop_title_pairs(title text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr(title, n, 2)) FROM generate_series(1, length(title) - 1) n
$$
"""

PAIRS_INDEX = (
    "CREATE INDEX workshop_titles_by_pair ON workshop_titles USING gin"
    " (workshop_title_pairs(title))"
)


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="workshops_admin", description=DESCRIPTION
    )

    async def search_by_parts():
        await MigrationTable.raw("DROP INDEX workshop_titles_by_pair")
        await MigrationTable.raw("DROP FUNCTION workshop_title_pairs")
        for statement in (PARTS, SEARCH_PARTS, INDEX, "ANALYZE workshop_titles"):
            await MigrationTable.raw(statement)

    async def search_by_pairs():
        await MigrationTable.raw("DROP INDEX workshop_titles_by_part")
        for function in ("workshop_title_parts", "workshop_search_parts"):
            await MigrationTable.raw(f"DROP FUNCTION {function}")
        for statement in (PAIRS, PAIRS_INDEX, "ANALYZE workshop_titles"):
            await MigrationTable.raw(statement)

    manager.add_raw(search_by_parts)
    manager.add_raw_backwards(search_by_pairs)

    return manager
