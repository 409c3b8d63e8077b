"""``piccolo_conf.py``: this checkout's, and one that stands elsewhere."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.commands.running import PROJECT, run_program
from tests.conftest import Server

PICCOLO = (sys.executable, "-m", "piccolo.main")


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    """A directory with the ``piccolo_conf.py`` that the guide shows."""
    guide = (PROJECT / "docs" / "guide.md").read_text()
    block = guide.split("```python\n")[1].split("```")[0]
    assert "engine_from_environment" in block
    (tmp_path / "piccolo_conf.py").write_text(block)
    return tmp_path


async def test_a_project_of_ones_own_has_no_warnings(
    server: Server, empty_database: str, own_project: Path
) -> None:
    """The guide's configuration migrates a database, and prints nothing of pending migrations."""
    url = server.url(empty_database)
    environment = {"DATABASE_URL": url, "PYTHONPATH": str(PROJECT)}
    for command in ("migrate", "check"):
        result = await run_program(
            *PICCOLO, "workshops", command, directory=own_project, **environment
        )
        assert (result.code, result.err) == (0, ""), result


async def test_the_settings_of_a_project_fail_with_a_sentence(own_project: Path) -> None:
    """Where the configuration cannot be used, that sentence is all."""
    result = await run_program(
        *PICCOLO,
        *("workshops", "check"),
        directory=own_project,
        PYTHONPATH=str(PROJECT),
        DATABASE_URL="postgresql://h/d",
        DATABASE_POOL_SIZE="many",
    )
    assert result.code == 1
    assert result.err.startswith("DATABASE_POOL_SIZE cannot be used: ")
    assert len((result.out + result.err).splitlines()) == 1


async def test_the_data_is_beside_the_configuration(
    own_project: Path, short_directory: Path
) -> None:
    """Started elsewhere, a command finds the same database; a new one is announced."""
    project = short_directory / "p"
    shutil.copytree(own_project, project)
    show = "from piccolo_conf import DB; DB.config; DB.stop_embedded()"
    for directory, told in (
        (project, f"A new database is made in {project / '.data'}.\n"),
        (short_directory, ""),
    ):
        result = await run_program(
            *(sys.executable, "-c", show),
            directory=directory,
            PYTHONPATH=f"{project}:{PROJECT}",
            DATABASE_URL="",
        )
        assert (result.code, result.err) == (0, told)
    assert not (short_directory / ".data").exists()


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
async def test_the_sql_shell_opens_the_database(server: Server, empty_database: str) -> None:
    """``piccolo sql_shell run`` gives psql the whole address, and the password beside it."""
    server_with_password = server.config.get("password")
    result = await run_program(
        "sh",
        "-c",
        f"echo 'SELECT current_database(); \\! cat /proc/$PPID/cmdline' |"
        f" {sys.executable} -m piccolo.main sql_shell run",
        DATABASE_URL=server.url(empty_database),
        PGDATABASE="another",
    )
    assert empty_database in result.out, result
    assert server_with_password is None or server_with_password not in result.out
