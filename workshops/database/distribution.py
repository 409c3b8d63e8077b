"""Spreading the tables over the nodes of a Citus cluster, by workshop.

All rows of a workshop are on one node, in one shard of each table; the definitions of the
steps are on every node. What Citus cannot hold is changed (docs/scaling.md says what takes
its place):

- the primary key of a table that belongs to workshops becomes (workshop_id, id);
- share tokens are not unique by a constraint; their 192 random bits make them so;
- the triggers of the audit log and of the change log go from the product's tables: the
  operators' view is computed anew from time to time, and the log tells of requests.
"""

from __future__ import annotations

from typing import Any

from piccolo.engine.postgres import PostgresEngine

from workshops.columns import BelongsToWorkshop
from workshops.database.outages import CommandError
from workshops.tables import TABLES, Workshop

NAMES = [table._meta.tablename for table in TABLES]
_BELONGINGS = [t._meta.tablename for t in TABLES if issubclass(t, BelongsToWorkshop)]

PLACES = {"workshops": "id"} | dict.fromkeys(_BELONGINGS, "workshop_id")
"""Of each distributed table, the column that says on which node a row is."""


class DistributionError(CommandError):
    """The tables cannot be distributed. The message says why; nothing was changed."""


async def is_distributed() -> bool:
    """Tell whether the tables are spread over a Citus cluster."""
    return "workshops" in (await _distributed() or ())


async def _distributed() -> set[str] | None:
    """Return which of the tables are; None if there is no Citus."""
    [row] = await Workshop.raw("SELECT to_regclass('pg_dist_partition') IS NOT NULL AS citus")
    if not row["citus"]:
        return None
    [row] = await Workshop.raw(
        "SELECT array_agg(logicalrelid::text) AS tables FROM pg_dist_partition"
        " WHERE (partmethod = 'h' OR repmodel = 't') AND logicalrelid::text = ANY ({}::text[])",
        NAMES,
    )
    return set(row["tables"] or ())


async def has_keys_of_a_cluster() -> bool:
    """Tell whether the tables are made as ``distribute`` leaves them, as in a restored backup."""
    [row] = await Workshop.raw(
        "SELECT count(*) > 0 AS made FROM pg_index WHERE indisprimary AND indnatts = 2"
        " AND indrelid = ANY (SELECT to_regclass(name) FROM unnest({}::text[]) AS name)",
        _BELONGINGS,
    )
    return bool(row["made"])


async def distribute(engine: PostgresEngine) -> bool:
    """Distribute the tables with what is in them, all or nothing; False if they are already.

    The migrations have been run. A table that one of them has added to a distributed database
    is distributed beside the others.

    Raises:
        DistributionError: there is no Citus, some of the tables are distributed, or tables
            of another application refer to them.
    """
    async with engine.transaction():
        done = await _distributed()
        if done == {*NAMES}:
            return False
        if done is None:
            [row] = await Workshop.raw(
                "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus') AS there"
            )
            advice = (
                "Create it first: CREATE EXTENSION citus."
                if row["there"]
                else "The server does not have it: see docs/scaling.md."
            )
            raise DistributionError(f"The database has no extension citus. {advice}")
        if done and not await has_keys_of_a_cluster():
            raise DistributionError(
                f"{len(done)} of the {len(NAMES)} tables are distributed already, not by this "
                "command. Undo that first (undistribute_table), or finish it by hand."
            )
        names = [name for name in NAMES if name not in done]
        if keys := await _keys_of_others(names):
            raise DistributionError(
                "Other tables refer to ours, which Citus allows only to those that are distributed "
                "with them: docs/scaling.md says how. Drop these foreign keys first:\n  "
                + "\n  ".join(keys)
            )
        await Workshop.raw("SET LOCAL statement_timeout = 0")  # it takes as long as it takes
        for statement in await _statements(names):
            await Workshop.raw(statement)
    return True


async def _keys_of_others(names: list[str]) -> list[str]:
    """Return what drops the foreign keys by which these tables cannot be distributed."""
    keys = await Workshop.raw(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname)"
        " AS remove FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = ANY ({}::text[]::regclass[])"
        " AND conrelid <> ALL ({}::text[]::regclass[])"
        " AND conrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h')"
        " ORDER BY 1",
        [name for name in names if name in PLACES],
        NAMES,
    )
    return [key["remove"] for key in keys]


async def _statements(names: list[str]) -> list[str]:
    """Return what distributes these tables."""
    triggers = await Workshop.raw(
        "SELECT format('DROP TRIGGER %I ON %I', tgname, relname) AS statement"
        " FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgrelid = ANY ({}::text[]::regclass[])",
        names,
    )
    keys = await Workshop.raw(
        "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, conname) AS remove,"
        " format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, conname,"
        " pg_get_constraintdef(k.oid)) AS add"
        " FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid"
        " WHERE contype = 'f' AND conrelid = ANY ({}::text[]::regclass[]) ORDER BY conname",
        names,
    )
    primary_keys: list[Any] = await Workshop.raw(
        "SELECT c.relname AS table, conname FROM pg_constraint k JOIN pg_class c"
        " ON c.oid = conrelid WHERE contype = 'p' AND conrelid = ANY ({}::text[]::regclass[])",
        [name for name in names if name in _BELONGINGS],
    )
    made = {
        "step_definitions": ["SELECT create_reference_table('step_definitions')"],
        "workshops": [
            "ALTER TABLE workshops DROP CONSTRAINT IF EXISTS workshops_share_token_unique",
            "DROP INDEX IF EXISTS workshops_share_token_unique",
            "CREATE INDEX workshops_share_token_unique ON workshops (share_token)",
            "SELECT create_distributed_table('workshops', 'id', colocate_with => 'none')",
        ],
    } | {
        table: [
            f"SELECT create_distributed_table('{table}', 'workshop_id',"
            " colocate_with => 'workshops')"
        ]
        for table in _BELONGINGS
    }
    return [
        # A key to a reference table wants one connection for each node.
        "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'",
        *(row["statement"] for row in triggers),
        *(row["remove"] for row in keys),
        *(
            f'ALTER TABLE {row["table"]} DROP CONSTRAINT "{row["conname"]}",'
            f' ADD CONSTRAINT "{row["conname"]}" PRIMARY KEY (workshop_id, id)'
            for row in primary_keys
        ),
        *(statement for name, many in made.items() if name in names for statement in many),
        *(row["add"] for row in keys),
        # Citus reads no spread table for each row of another one, and nothing tells the
        # operators' view of changes any more.
        """DO $$ BEGIN
            IF to_regclass('workshops_admin.state') IS NOT NULL THEN
                CREATE OR REPLACE VIEW workshops_admin.workshop_progress AS
                    SELECT s.workshop_id AS id, w.title COLLATE "C" AS title, s.clerk_user_id,
                        s.org_id, s.status, NULLIF(s.current_step_id, '') AS current_step_id,
                        s.steps_complete, s.steps_total, s.progress, s.last_activity_at,
                        s.created_at
                    FROM workshops_admin.summaries s JOIN workshops w ON w.id = s.workshop_id;
                UPDATE workshops_admin.state SET as_of = NULL;
                INSERT INTO workshops_admin.changes (workshop_id) VALUES (NULL);
            END IF;
        END $$""",
    ]
