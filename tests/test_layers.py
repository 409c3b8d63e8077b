"""The map of the house in CONTRIBUTING.md: every module is on it, and imports nothing below it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "workshops"
MAP = re.search(r"```\nworkshops/\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
assert MAP
LAYERS = {
    name.strip("/").removesuffix(".py"): layer
    for layer, line in enumerate(MAP[1].splitlines())
    for name in line.strip().split("  ")[0].split()
}
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if not {"piccolo_migrations"} & {*path.parts}
)


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a module imports, at any place in it."""
    here = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: -node.level]] if node.level else []
            name = ".".join([*base, *filter(None, [node.module])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def part(module: str) -> str | None:
    """Return the part of the house that a module is in: what the map has a name for."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "workshops" else None


def part_of(path: Path) -> str:
    """Return the part of the house that a file is in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def test_every_part_is_on_the_map() -> None:
    """And what is on it is there."""
    there = {part_of(path) for path in MODULES} | {
        "piccolo_migrations",
        "admin/piccolo_migrations",
    }
    assert LAYERS.keys() == there


@pytest.mark.parametrize("name", sorted({part_of(path) for path in MODULES}))
def test_a_part_imports_nothing_below_it(name: str) -> None:
    """Neither where it is loaded nor where it is used, and not for types either."""
    below = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in MODULES
        if part_of(path) == name
        for module in imports(path)
        if (other := part(module)) in LAYERS and LAYERS[other] > LAYERS[name]
    ]
    assert not below
