"""What ``import workshops`` loads, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED_WHEN_USED = (
    *("typst", "markdown_it", "workshops.rendering"),  # build packs
    *("pydantic", "pydantic_settings", "dotenv"),  # the settings of a process
    *("jinja2", "starlette", "uvicorn", "uvloop", "workshops.admin", "workshops.app"),  # the site
    *("piccolo_admin", "piccolo_api", "fastapi", "multipart"),
    *("rich", "pygments", "targ", "black", "workshops.commands", "workshops.demo"),  # commands
    *("opentelemetry.trace", "cuid2", "urllib.request", "http.client"),
)


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that has imported ``workshops`` and nothing else."""
    program = "import sys, workshops; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout.split()
    )


@pytest.mark.parametrize("module", LOADED_WHEN_USED)
def test_a_heavy_part_is_loaded_when_it_is_used(loaded: set[str], module: str) -> None:
    """An application that only works on its data does not wait for it, nor keep it in memory."""
    assert module not in loaded


def test_the_data_api_is_loaded(loaded: set[str]) -> None:
    """The list above says something: what the import is for is there."""
    assert {"workshops.operations", "workshops.tables", "asyncpg", "piccolo.table"} <= loaded
