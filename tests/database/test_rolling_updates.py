"""No migration takes from the version before what it uses: both run while servers are replaced.

docs/operations.md says what a migration may do. Here the SQL that the migrations since the
first release send is read, whoever writes it: Piccolo, or a migration itself.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.commands.running import run_program
from tests.conftest import Server

RELEASE = (Path(__file__).parent / "versions" / "0.1.0.sql").read_text()

SEND = """
import asyncio, json
from piccolo.engine.finder import engine_finder
from workshops.database.migrations import run_migrations
engine, statements = engine_finder(), []
engine.log_queries = True
engine.print_query = lambda query_id, query: statements.append(query)
done = asyncio.run(run_migrations(lambda line: None))
print(json.dumps({"done": [item.id for item in done], "statements": statements}))
"""

# What the release that dropped the last use of something may then take away: the statement.
CONTRACTED: set[str] = set()

_BODY = re.compile(
    r"CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE).*?\$(\w*)\$.*?\$\1\$", re.S | re.I
)
_TEXT = re.compile(r"\$\w*\$|'(?:[^']|'')*'|--[^\n]*")
_TABLE = r'(?:ONLY\s+)?(?:IF EXISTS\s+)?"?(?P<table>[\w.]+)"?'

REFUSED = {
    "drops a table or a column": rf"DROP (?:TABLE|VIEW|MATERIALIZED VIEW)\s+{_TABLE}",
    "drops a schema, sequence or function": r"DROP (?:SCHEMA|SEQUENCE|FUNCTION|TYPE)\b",
    "drops something of a table": rf"ALTER TABLE\s+{_TABLE}[^;]*?\bDROP (?!CONSTRAINT|DEFAULT)",
    "drops a trigger": rf"DROP TRIGGER[^;]* ON\s+{_TABLE}",
    "renames or moves": rf"ALTER \w+\s+{_TABLE}[^;]*?\b(?:RENAME|SET SCHEMA)\b",
    "changes a type": rf"ALTER TABLE\s+{_TABLE}[^;]*?\bALTER[^;,]*?\bTYPE\b",
    "forbids NULL": rf"ALTER TABLE\s+{_TABLE}[^;]*?\bSET NOT NULL\b",
    "adds a column that old inserts lack": (
        rf"ALTER TABLE\s+{_TABLE}[^;]*?\bADD COLUMN (?=[^;]*?\bNOT NULL\b)(?![^;]*?\bDEFAULT\b)"
    ),
    "adds a rule that old writes may break": (
        rf"ALTER TABLE\s+{_TABLE}[^;]*?\bADD (?:CONSTRAINT|CHECK|UNIQUE|FOREIGN|EXCLUDE|PRIMARY)"
    ),
    "adds a unique index": rf"CREATE UNIQUE INDEX[^;]*? ON\s+{_TABLE}",
    "builds an index under the lock": (
        rf"CREATE INDEX (?!CONCURRENTLY|IF NOT EXISTS)[^;]*? ON\s+{_TABLE}"
    ),
    "rewrites rows": rf"(?:^|;|\bBEGIN|\bTHEN)\s*(?:UPDATE|DELETE FROM|TRUNCATE)\s+{_TABLE}",
}
"""What a migration must not do to what the release has, and how it is found in a statement."""


def tables_of(dump: str) -> set[str]:
    """The tables and views of a release, as a statement may name them."""
    names = set(re.findall(r"^CREATE (?:TABLE|VIEW) ([\w.]+)", dump, re.M))
    return names | {name.removeprefix("public.") for name in names}


def breaches(statement: str) -> list[str]:
    """What a statement does that the version before does not survive."""
    text = _TEXT.sub(" ", _BODY.sub(" ", statement))
    return [
        breach
        for breach, pattern in REFUSED.items()
        for found in re.finditer(pattern, text, re.I)
        if found.groupdict().get("table", "workshops") in tables_of(RELEASE)
        and statement not in CONTRACTED
    ]


async def test_the_version_before_goes_on_while_the_migrations_since_have_run(
    server: Server, empty_database: str
) -> None:
    """No statement of theirs drops, renames, narrows or rewrites what the release has."""
    connection = await server.connect(empty_database)
    await connection.execute(RELEASE)
    await connection.close()
    result = await run_program(sys.executable, "-c", SEND, DATABASE_URL=server.url(empty_database))
    assert result.code == 0, result
    sent = json.loads(result.out)
    assert len(sent["statements"]) > len(sent["done"]) > 0
    assert {
        statement: found for statement in sent["statements"] if (found := breaches(statement))
    } == {}


@pytest.mark.parametrize(
    ("statement", "breach"),
    [
        ("DROP TABLE sessions", "drops a table or a column"),
        ("DROP VIEW IF EXISTS workshops_admin.workshop_progress", "drops a table or a column"),
        ("DROP FUNCTION workshops_admin.append_change", "drops a schema, sequence or function"),
        ("DROP TRIGGER admin_add ON workshops", "drops a trigger"),
        ('ALTER TABLE "workshops" DROP COLUMN "org_id"', "drops something of a table"),
        ("ALTER TABLE workshops RENAME COLUMN title TO name", "renames or moves"),
        ("ALTER TABLE sessions RENAME TO visits", "renames or moves"),
        ("ALTER TABLE sessions SET SCHEMA app", "renames or moves"),
        ("ALTER TABLE workshops ALTER COLUMN title TYPE varchar(9)", "changes a type"),
        ("ALTER TABLE workshops ALTER COLUMN org_id SET NOT NULL", "forbids NULL"),
        (
            "ALTER TABLE workshops ADD COLUMN color text NOT NULL",
            "adds a column that old inserts lack",
        ),
        (
            "ALTER TABLE workshops ADD CONSTRAINT short CHECK (length(title) < 9)",
            "adds a rule that old writes may break",
        ),
        ("CREATE UNIQUE INDEX u ON workshops (title)", "adds a unique index"),
        ('CREATE INDEX u ON "workshops" (title)', "builds an index under the lock"),
        ("UPDATE workshops SET title = ''", "rewrites rows"),
        (
            "DO $do$ BEGIN IF true THEN DELETE FROM sessions; END IF; END $do$",
            "rewrites rows",
        ),
    ],
)
def test_a_migration_that_the_version_before_does_not_survive_is_found(
    statement: str, breach: str
) -> None:
    """One statement of each kind that is not allowed."""
    assert breaches(statement) == [breach]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE workshops ADD COLUMN color text",
        "ALTER TABLE workshops ADD COLUMN color text NOT NULL DEFAULT 'red'",
        "ALTER TABLE workshops ALTER COLUMN org_id SET DEFAULT 'a'",
        "CREATE INDEX IF NOT EXISTS workshops_org ON workshops (org_id)",
        "CREATE TABLE colors (id text PRIMARY KEY)",
        "ALTER TABLE colors ADD CONSTRAINT u UNIQUE (id)",
        "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM sessions $$",
        "SELECT 'DROP TABLE sessions' FROM pg_class",
    ],
)
def test_what_the_version_before_does_not_notice_is_allowed(statement: str) -> None:
    """Expanding: new tables, new columns that may be left out, indexes, functions."""
    assert breaches(statement) == []
