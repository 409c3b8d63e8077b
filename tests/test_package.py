"""The wheel, as another Piccolo project installs it."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.commands.running import run_program
from tests.conftest import Server

pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory)],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
    )
    (path,) = directory.glob("*.whl")
    return path


def test_the_wheel_holds_all_that_the_package_needs(wheel: Path) -> None:
    """Every file of the package is in it, with migrations and templates; nothing else is."""
    package = Path(__file__).parents[1] / "workshops"
    expected = {
        str(path.relative_to(package.parent))
        for path in package.rglob("*")
        if path.is_file()
        and not any(part[0] in "._" for part in path.parent.relative_to(package).parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected
    assert "workshops/py.typed" in names
    assert any(name.startswith("workshops/piccolo_migrations/workshops_") for name in names)
    assert any(name.endswith(".html") for name in names)
    assert any(name.endswith(".typ") for name in names)


def test_every_import_is_a_declared_dependency() -> None:
    """The package imports nothing that installing it does not bring."""
    root = Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    optional = [*extras["embedded"], *extras["second-factor"], *extras["tracing"]]
    declared = {
        re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")
        for requirement in [*project["dependencies"], *optional]
    }
    distributions = importlib.metadata.packages_distributions()
    for path in (root / "workshops").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            for module in modules:
                top = module.split(".")[0]
                if top in sys.stdlib_module_names or top == "workshops":
                    continue
                names = {name.lower().replace("_", "-") for name in distributions.get(top, [top])}
                assert names & declared, f"{path.relative_to(root)} imports {module}"


async def test_another_piccolo_project_registers_and_migrates_it(
    wheel: Path, tmp_path: Path, server: Server, empty_database: str
) -> None:
    """In a fresh environment, a new project with our app in its registry gets our tables."""
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)  # noqa: ASYNC221
    # The dependencies are those of this environment; its editable install of this
    # checkout is not among them, because a .pth file in there is not followed.
    site_packages = next((environment / "lib").glob("python*/site-packages"))
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    project = tmp_path / "project"
    project.mkdir()
    (project / "piccolo_conf.py").write_text(
        "import os\n"
        "from piccolo.conf.apps import AppRegistry\n"
        "from piccolo.engine.postgres import PostgresEngine\n"
        "DB = PostgresEngine(config={'dsn': os.environ['DATABASE_URL']})\n"
        "APP_REGISTRY = AppRegistry(apps=['workshops.piccolo_app'])\n"
    )
    variables = {"DATABASE_URL": server.url(empty_database), "PYTHONPATH": None}

    where = await run_program(
        str(python),
        "-c",
        "import workshops; print(workshops.__file__)",
        directory=project,
        **variables,
    )
    assert str(environment) in where.out, where

    for arguments in (
        ("migrations", "forwards", "all"),
        ("workshops", "check"),
        ("workshops", "demo", "--count=3"),
        ("workshops", "check"),
    ):
        result = await run_program(
            str(python), "-m", "piccolo.main", *arguments, directory=project, **variables
        )
        assert result.code == 0, result
    program = (
        "import asyncio\n"
        "from workshops import Workshop, operations\n"
        "async def main():\n"
        "    workshop = await operations.create_workshop(\n"
        "        clerk_user_id='user_1', title='A title', original_idea='An idea')\n"
        "    row = await Workshop.select(Workshop.title, Workshop.steps())"
        ".where(Workshop.id == workshop.id).first()\n"
        "    print(row['title'], len(row['steps']))\n"
        "asyncio.run(main())\n"
    )
    result = await run_program(str(python), "-c", program, directory=project, **variables)
    assert result.out == "A title 10\n", result
