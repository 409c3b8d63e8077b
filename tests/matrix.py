"""``make matrix``: the suite on every version of everything that this machine has.

Each Python of 3.11 to 3.14, with the lowest and with the newest versions of the dependencies
that pyproject.toml allows, on each PostgreSQL of 14 to 18. An environment is made once, in
``.matrix/``. The arguments are pytest's: a part of the suite, such as ``tests/operations -x``.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
POSTGRESQLS = ("14", "15", "16", "17", "18")
WHEEL = "18 (wheel)"
# What the application itself stands on. The tools of the tests are those of the day.
TRIED_AT_THEIR_LOWEST = ("embedded", "second-factor", "tracing")


def pythons() -> Iterator[tuple[str, str]]:
    """Yield each Python: its version, and its program."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for version in PYTHONS:
        places = [f"python{version}", *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
        for program in places:
            works = [program, "-c", "import ensurepip, ssl, venv"]
            with contextlib.suppress(OSError):
                if subprocess.run(works, capture_output=True).returncode == 0:
                    yield version, program
                    break


def bounds() -> tuple[list[str], dict[str, list[str]]]:
    """Return what pyproject.toml allows: the dependencies, and those of the extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["dependencies"], project["optional-dependencies"]


def lowest() -> str:
    """Return constraints: the lower bound of each dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(line for e in TRIED_AT_THEIR_LOWEST for line in extras[e]),
    ]
    found = (re.match(r"([\w.-]+)(?:\[.*?\])?>=([\w.]+)", line) for line in wanted)
    return "".join(f"{bound[1]}=={bound[2]}\n" for bound in found if bound)


def environment(version: str, program: str, which: str) -> Path:
    """Return the Python of an environment, which is made if there is none of these bounds.

    Raises:
        subprocess.CalledProcessError: it cannot be made.
    """
    home = CACHE / f"{version}-{which}"
    made = home / "made-of"
    python = home / "bin" / "python"
    if made.exists() and made.read_text() == repr(bounds()):
        return python
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([program, "-m", "venv", home], check=True)
    constraints = home / "constraints.txt"
    constraints.write_text(lowest() if which == "lowest" else "")
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "-c",
        constraints,
    ]
    subprocess.run([*pip, "-e", ".[embedded,dev]"], check=True, cwd=ROOT)
    made.write_text(repr(bounds()))
    return python


@contextlib.contextmanager
def postgresql(version: str) -> Iterator[dict[str, str]]:
    """Run a PostgreSQL of the machine for a block; yield what tells the tests where it is."""
    if version == WHEEL:
        yield {}
        return
    programs = Path(f"/usr/lib/postgresql/{version}/bin")
    account = "postgres" if os.geteuid() == 0 else None  # it does not run as root
    directory = Path(tempfile.mkdtemp(prefix="workshops-matrix-"))
    data = directory / "data"
    if account:
        shutil.chown(directory, account)
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
    ]
    log = (directory / "log").open("w")
    try:
        subprocess.run(
            [*initdb, "--locale=C.UTF-8"], user=account, check=True, stdout=log, cwd=directory
        )
        settings = (
            *("listen_addresses=", f"unix_socket_directories={directory}", "timezone=UTC"),
            *("fsync=off", "max_connections=300"),
        )
        options = [option for setting in settings for option in ("-c", setting)]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            user=account, stdout=log, stderr=log, cwd=directory,
        )  # fmt: skip
        try:
            ready: list[str | Path] = [programs / "pg_isready", "-q", "-t", "30", "-h", directory]
            while server.poll() is None and subprocess.run(ready).returncode:
                pass
            yield {"TEST_DATABASE_URL": f"postgresql://postgres@/postgres?host={directory}"}
        finally:
            server.terminate()
            server.wait(60)
    finally:
        log.close()
        shutil.rmtree(directory, ignore_errors=True)


def run(python: Path, place: dict[str, str], arguments: list[str]) -> str:
    """Run the suite, and return its last line."""
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **place}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = ""
    for line in process.stdout:
        print(f"    {line}", end="", flush=True)
        last = line.strip() or last
    process.wait()
    return re.sub(r" in [\d.]+s.*|=+ ?", "", last) if process.returncode in (0, 1) else "FAILED"


def main(arguments: list[str]) -> int:
    """Run everything, print a table, and return whether anything failed."""
    servers = [v for v in POSTGRESQLS if Path(f"/usr/lib/postgresql/{v}/bin/postgres").exists()]
    servers.append(WHEEL)
    rows = [("Python, dependencies", *(f"PostgreSQL {server}" for server in servers))]
    for version, program in pythons():
        for which in ("lowest", "newest"):
            name = f"{version}, {which}"
            try:
                python = environment(version, program, which)
            except subprocess.CalledProcessError:
                rows.append((name, *["not installed"] * len(servers)))
                continue
            results = []
            for server in servers:
                print(f"== {name}, PostgreSQL {server}", flush=True)
                with postgresql(server) as place:
                    results.append(run(python, place, arguments))
            rows.append((name, *results))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    return any(re.search("failed|error|not installed", cell, re.I) for row in rows for cell in row)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
