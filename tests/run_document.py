"""Run the Python blocks of a Markdown document, one after the other, as one program.

A block may await. A ``text`` block right below one must be what that one prints.
Exits with the first block that fails.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import re
import sys
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)


def run(path: Path) -> int:
    """Run a document and return how many blocks it has."""
    text = path.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    blocks = list(_BLOCK.finditer(text))
    with asyncio.Runner() as runner:
        for block in blocks:
            line = text.count("\n", 0, block.start(1)) + 1
            code = compile(
                "\n" * (line - 1) + block[1],
                str(path),
                "exec",
                flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
            )
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                result = eval(code, names)
                if inspect.iscoroutine(result):
                    runner.run(result)
            if block[2] is not None and printed.getvalue() != block[2]:
                sys.exit(f"{path}:{line} printed\n{printed.getvalue()}instead of\n{block[2]}")
    return len(blocks)


if __name__ == "__main__":
    sys.stdout.write(f"{run(Path(sys.argv[1]))}\n")
