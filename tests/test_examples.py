"""The applications in ``examples/``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.commands.running import run_program
from tests.conftest import Server


async def test_the_fastapi_application_passes_its_tests(
    server: Server, empty_database: str, project_directory: Path
) -> None:
    """In a database that its own migrations make, which fit its tables."""
    example = project_directory / "examples" / "fastapi"
    environment = {
        "DATABASE_URL": server.url(empty_database),
        "PYTHONPATH": f"{example}:{project_directory}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PICCOLO_CONF": None,
    }
    result = await run_program(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        directory=example,
        **environment,
    )
    assert result.code == 0, result.out + result.err
    command = (sys.executable, "-m", "piccolo.main", "migrations", "new", "notes", "--auto")
    result = await run_program(*command, directory=example, **environment)
    assert "No changes detected" in result.out, result.out
