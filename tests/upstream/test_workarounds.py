"""Each workaround of a fault names its test here, and each test here has its workaround."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

UPSTREAM = Path(__file__).parent
PACKAGE = UPSTREAM.parent.parent / "workshops"
VERSION = re.compile(
    r"\b(Piccolo|Piccolo Admin|piccolo_api|asyncpg|uvicorn|targ|markdown-it-py) \(?\d+\.\d"
)
NAMES = re.compile(r"upstream: ([^()]*)")


def comments(path: Path) -> Iterator[str]:
    """Yield the docstrings and the blocks of comments of a file, each on one line."""
    text = path.read_text()
    if path.suffix == ".js":
        blocks = re.findall(r"(?:^[ \t]*//.*\n)+", text, re.MULTILINE)
    else:
        blocks, last = [], -1
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING:
                blocks.append(token.string)
            elif token.type == tokenize.COMMENT:
                if last == token.start[0] - 1:
                    blocks[-1] += f"\n{token.string}"
                else:
                    blocks.append(token.string)
                last = token.start[0]
    for block in blocks:
        yield " ".join(re.sub(r"^[ \t]*(?:#|//)", "", block, flags=re.MULTILINE).split())


def sources() -> Iterator[Path]:
    """Yield what the package is written in, but for the migrations, which do not change."""
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]):
        if "piccolo_migrations" not in path.parts:
            yield path


def faults() -> set[str]:
    """Return the names of the tests that are marked as those of a fault."""
    return {
        node.name
        for path in UPSTREAM.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any("fault(" in ast.unparse(decorator) for decorator in node.decorator_list)
    }


def test_a_fault_that_is_told_with_a_version_names_its_test() -> None:
    """So that the one who upgrades the library is told what may go."""
    silent = [
        f"{path.relative_to(PACKAGE)}: write (upstream: test_...) at: {comment}"
        for path in sources()
        for comment in comments(path)
        if VERSION.search(comment) and not NAMES.search(comment)
    ]
    assert not silent


def test_workarounds_and_tests_name_each_other() -> None:
    """A test whose workaround is gone is a leftover; one that is named exists."""
    named: set[str] = set()
    for path in sources():
        for comment in comments(path):
            for names in NAMES.findall(comment):
                named.update(re.findall(r"test_\w+", names))
    assert named == faults()
