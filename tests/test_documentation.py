"""What the documentation shows is run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from piccolo.table import Table

import workshops
from tests.run_document import run
from workshops import operations
from workshops.tables import TABLES


def run_in_a_process(program: list[str], project_directory: Path) -> str:
    """The output of a Python program that finds this run's database as any other would."""
    result = subprocess.run(
        [sys.executable, *program],
        cwd=project_directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text()
DOCUMENTS = sorted(
    str(path.relative_to(PROJECT))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in PROJECT.glob(pattern)
    if re.search(r"^```python$", path.read_text(), re.MULTILINE)
)
"""Every page that shows Python."""


def test_pages_with_python_are_found() -> None:
    """An empty list would test nothing."""
    assert {"README.md", "docs/guide.md", "docs/fastapi.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_python_block_of_a_document_runs(
    database: str, project_directory: Path, name: str
) -> None:
    """In the order in which they stand, on an empty database, printing what is shown."""
    text = (project_directory / name).read_text()
    ran = run_in_a_process(["-m", "tests.run_document", name], project_directory)
    assert int(ran) == len(re.findall(r"^```python$", text, re.MULTILINE)) > 0


async def test_the_example_of_the_package_runs(
    database: str, project_directory: Path, tmp_path: Path
) -> None:
    """The one in its docstring."""
    assert workshops.__doc__ is not None
    _, _, example = workshops.__doc__.partition("::\n\n")
    lines = example.split("\n- ")[0].splitlines()
    document = tmp_path / "example.md"
    document.write_text("```python\n" + "\n".join(line[4:] for line in lines) + "\n```\n")
    assert run_in_a_process(["-m", "tests.run_document", str(document)], project_directory) == "1\n"


def test_a_document_that_shows_another_output_fails(tmp_path: Path) -> None:
    """The check itself can fail."""
    document = tmp_path / "document.md"
    document.write_text("```python\nprint(1)\n```\n```text\n2\n```\n")
    with pytest.raises(SystemExit, match="printed\n1\ninstead of\n2"):
        run(document)


@pytest.mark.site
def test_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """As ``make docs`` builds it; scripts, styles, fonts and pictures are its own.

    A diagram that the theme draws would load its script from elsewhere: there is none.
    """
    site = tmp_path / "site"
    run_in_a_process(["-m", "mkdocs", "build", "--strict", "-q", "-d", str(site)], PROJECT)
    pages = {str(page.relative_to(site)): page.read_text() for page in site.rglob("*.html")}
    assert "create_workshop" in pages["reference/operations.html"]
    assert "WorkshopsError" in pages["reference/errors.html"]
    loaded = re.compile(
        r"<(?:script|img|iframe|link rel=\"?(?:stylesheet|preconnect))[^>]*https?://"
    )
    for name, page in pages.items():
        assert loaded.search(page) is None, name
        assert 'class="mermaid"' not in page, name
    for style in site.rglob("*.css"):
        assert re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", style.read_text()) is None, (
            style
        )


def test_every_operation_tells_its_errors_and_round_trips() -> None:
    """In its docstring, which is the API reference."""
    for name in operations.__all__:
        operation = getattr(operations, name)
        if isinstance(operation, type):
            continue
        text = re.sub(r"\s+", " ", operation.__doc__)
        assert re.search(r"round trip|One transaction", text), name
        if name not in ("export_user_data", "delete_user_data"):
            assert "Raises:" in text, name


def test_every_test_that_the_promises_name_exists() -> None:
    """Behind the file's name in SECURITY.md, others of the same file have their names alone."""
    promises = (PROJECT / "SECURITY.md").read_text()
    source = ""
    named = re.findall(r"`([\w/]+\.py)?::(test_\w+)`", promises)
    assert len(named) >= 15
    for file, name in named:
        if file:
            source = (PROJECT / file).read_text()
        assert f"def {name}(" in source, name


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_of_the_readme_is_that_of_the_tables(table: type[Table]) -> None:
    """Its diagram has each column in its place, with the states that it may hold."""
    found = re.search(rf"\n    {table._meta.tablename} {{\n(.*?)\n    }}", README, re.DOTALL)
    assert found is not None
    lines = {line.split()[1]: line for line in found[1].splitlines()}
    assert list(lines) == [column._meta.name for column in table._meta.columns]
    for column in table._meta.columns:
        states: Any = column._meta.choices or ()
        assert ", ".join(states) in lines[column._meta.name]
