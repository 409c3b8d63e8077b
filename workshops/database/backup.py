"""Backup and restore with PostgreSQL's own tools, in the custom format of pg_dump.

A backup is one consistent moment of the whole database: the six tables, what the
operators' site keeps, the projection, and the tables of other applications. A restore
is all or nothing. Of tables that are spread over a cluster a backup is one moment of each
node, and so of each workshop; they are restored on the coordinator, and spread then.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from workshops.database.distribution import (
    NAMES,
    DistributionError,
    distribute,
    has_keys_of_a_cluster,
    is_distributed,
)
from workshops.database.embedded import EmbeddedServerError
from workshops.database.embedded.server import find_programs
from workshops.database.outages import CommandError
from workshops.database.transactions import own_connection

if TYPE_CHECKING:
    from workshops.database.engine import DatabaseEngine

Progress = Callable[[int, int], None]
"""Is told how many tables of how many are done."""

_NOT_KEPT = "workshops_admin.log_in_attempts"
"""The table that is backed up without its rows: from where somebody has just logged in."""

_OWN_TABLES = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND n.nspname NOT LIKE 'pg\\_t%' AND c.oid IS DISTINCT FROM to_regclass('{_NOT_KEPT}') ORDER BY 1
"""
# What a migration writes into a new database.
_REFERENCE_DATA = {
    "public.migration",
    "public.step_definitions",
    "workshops_admin.changes",
    "workshops_admin.state",
}

# What a cluster consists of is not in the backup, and is not dropped with what it replaces.
_CLUSTER = re.compile(r"^\d+; \d+ \d+ (?:COMMENT - EXTENSION|EXTENSION -) citus.*\n", re.MULTILINE)

# One connection to a node has one snapshot of it, and each statement the locks of the one before.
_ON_A_CLUSTER = {
    "PGOPTIONS": "-c citus.max_adaptive_executor_pool_size=1"
    " -c citus.multi_shard_modify_mode=sequential"
}

LOCK_SECONDS = 60
"""How long a backup waits for a table that somebody has locked."""


class BackupError(CommandError):
    """A backup or a restore was not made. The message says why and what to do."""


async def back_up(engine: DatabaseEngine, file: Path, *, force: bool, progress: Progress) -> None:
    """Write the database to a file, and its checksum beside it.

    Raises:
        BackupError: the file exists already, or pg_dump is missing or fails.
    """
    if os.path.exists(file) and not force:  # noqa: ASYNC240 - it takes no time
        raise BackupError(f"{file} exists already. Choose another name, or write over it: --force")
    async with own_connection(engine) as connection:
        major = connection.get_server_version().major
        tables = len(await connection.fetch(_OWN_TABLES))
    draft = file.with_name(f"{file.name}.unfinished")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        less = f"--exclude-table-data={_NOT_KEPT}"
        patience = f"--lock-wait-timeout={LOCK_SECONDS}s"
        options = ("--format=custom", f"--file={draft}", "--verbose", less, patience)
        more = _ON_A_CLUSTER if await is_distributed() else None
        await _run("pg_dump", major, engine, *options, progress=progress, of=tables, more=more)
        checksum = await asyncio.to_thread(_checksum, draft)
        # Whatever ends this in between: a file without a sum, never one with another's.
        _checksum_file(file).unlink(missing_ok=True)
        draft.replace(file)
        _checksum_file(file).write_text(f"{checksum}  {file.name}\n")
    finally:
        draft.unlink(missing_ok=True)


async def restore(engine: DatabaseEngine, file: Path, *, force: bool, progress: Progress) -> bool:
    """Replace what is in the database by a backup; return whether its checksum was looked at.

    Raises:
        BackupError: the file is damaged or too new, there is data and no ``force``, it is of
            a cluster and this is none, or pg_restore is missing or fails. Nothing was changed,
            unless it says that only spreading the tables failed.
    """
    if not os.path.isfile(file):  # noqa: ASYNC240 - it takes no time
        raise BackupError(f"There is no file {file}.")
    checked = _checksum_file(file).exists()
    if checked:
        told = _checksum_file(file).read_bytes()[:64].decode(errors="replace")
        if told != await asyncio.to_thread(_checksum, file):
            raise BackupError(f"{file} is damaged: its checksum is not that of {file}.sha256.")
    async with own_connection(engine) as connection:
        major = connection.get_server_version().major
        full = await _table_with_rows(connection)
        there = {row["name"] for row in await connection.fetch(_OWN_TABLES)}
        if await connection.fetchval("SELECT to_regclass($1)", _NOT_KEPT):
            there.add(_NOT_KEPT)
        cluster = await connection.fetchval("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
    if full and not force:
        raise BackupError(f"The database holds data ({full}). Replace all of it with: --force")
    listing = await _run("pg_restore", major, engine, "--list", str(file), connect=False)
    made_with = re.search(r"Dumped from database version: (\d+)", listing)
    if made_with and int(made_with[1]) > major:
        raise BackupError(
            f"{file} was made from PostgreSQL {made_with[1]}, and the database runs on {major}. "
            f"Restore it into version {made_with[1]} or newer."
        )
    less = _CLUSTER.sub("", listing)
    if less != listing and not cluster:
        raise BackupError(
            f"{file} is of a Citus cluster, and the database is none. Create the extension citus "
            "in it and name the nodes first: docs/scaling.md says how."
        )
    ours = rf" TRIGGER public (?:{'|'.join(NAMES)}) "  # which Citus does not even look for
    if await is_distributed() and re.search(ours, listing):
        raise BackupError(
            f"{file} is of tables that were not distributed, and those of the database are. "
            "Restore it into a new database that has the extension citus, and distribute that."
        )
    held = set(
        map(".".join, re.findall(r"^\d+; \d+ \d+ TABLE (\S+) (\S+) ", listing, re.MULTILINE))
    )
    # Piccolo makes the table of migrations before any command.
    if over := sorted(name for name in there - held - {"public.migration"} if '"' not in name):
        raise BackupError(
            f"{file} lacks tables that the database has, and that would stay as they are: "
            f"{', '.join(over)}. Restore it into a new database (CREATE DATABASE)."
        )
    tables = len(re.findall(r"^\d+; .* TABLE DATA ", listing, re.MULTILINE))
    options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--verbose")
    whole = ("--single-transaction", "--exit-on-error", str(file))
    more = _ON_A_CLUSTER if cluster else None
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as chosen:
        chosen.write(less)
        chosen.flush()
        what = (f"--use-list={chosen.name}", *options, *whole)
        await _run("pg_restore", major, engine, *what, progress=progress, of=tables, more=more)
    if cluster and await has_keys_of_a_cluster():
        try:
            await distribute(engine)
        except (DistributionError, asyncpg.PostgresError) as error:
            raise BackupError(
                f"The coordinator holds what was in {file}, and could not spread it over the "
                f"nodes. When this is mended, run: piccolo workshops distribute\n{error}"
            ) from error
    async with own_connection(engine) as connection:
        await connection.execute("ANALYZE")
    return checked


async def _table_with_rows(connection: asyncpg.Connection) -> str | None:
    for table in await connection.fetch(_OWN_TABLES):
        if table["name"] not in _REFERENCE_DATA and await connection.fetchval(
            f"SELECT EXISTS (SELECT 1 FROM {table['name']})"
        ):
            return str(table["name"]).removeprefix("public.")
    return None


async def _run(
    program: str,
    major: int,
    engine: DatabaseEngine,
    *options: str,
    connect: bool = True,
    progress: Progress | None = None,
    of: int = 0,
    more: Mapping[str, str] | None = None,
) -> str:
    """Run a tool of PostgreSQL, with ``more`` in its environment, and return what it printed."""
    environment = {**os.environ, **(more or {}), "LC_ALL": "C"}
    if connect:
        config = await asyncio.to_thread(lambda: engine.config)
        options = (f"--dbname={config.get('dsn') or config['database']}", *options)
        environment |= {
            f"PG{name.upper()}": str(config[name])  # what the dsn does not say, the password too
            for name in ("host", "port", "user", "password")
            if config.get(name)
        }
    process = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(find_tool, program, major),
        *options,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    printed = asyncio.create_task(process.stdout.read())
    done, errors = 0, []
    try:
        async for line in process.stderr:
            text = line.decode(errors="replace").strip()
            if "error: " in text:  # not the name of a table
                errors.append(text.partition("error: ")[2])
            if progress and ("contents of table" in text or "data for table" in text):
                done += 1
                progress(min(done, of), of)
        output = (await printed).decode(errors="replace")
        if await process.wait() != 0:
            raise BackupError(
                f"{program} failed: {errors[0] if errors else 'it does not say why'}. "
                "Nothing was changed."
            )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output


def find_tool(program: str, major: int) -> Path:
    """Return the tool of the server's version, or of the next newer one that is there.

    A newer one than the server writes what an older server may not read.

    Raises:
        BackupError: there is none.
    """
    places = [Path(path) for path in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    with contextlib.suppress(EmbeddedServerError):
        places.append(find_programs())
    found: dict[int, str] = {}
    for place in places:
        if path := shutil.which(program, path=str(place)):
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if version := re.search(r" (\d+)", said):
                found.setdefault(int(version[1]), path)
    usable = [version for version in sorted(found) if version >= major]
    if not usable:
        raise BackupError(
            f"{program} of PostgreSQL {major} is not on this machine. Install it (on Debian: "
            f"apt install postgresql-client-{major}), or pip install 'workshops[embedded]'."
        )
    return Path(found[usable[0]])


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _checksum_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")
