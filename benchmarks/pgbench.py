"""The server alone: ``pgbench`` sends the hand-written statements and throws the rows away."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contestants import PLAIN, Contestant
from benchmarks.peers import handwritten
from benchmarks.server import Server
from workshops.database.embedded.server import find_programs

STATEMENTS = {
    "get_workshop": handwritten.GET_WORKSHOP,
    "list_workshops": handwritten.LIST_WORKSHOPS,
    "page_of_workshops": handwritten.PAGE_OF_WORKSHOPS,
}


def find_pgbench() -> Path | None:
    """Return pgbench of the embedded PostgreSQL, or else the system's."""
    candidates = [find_programs() / "pgbench", *Path("/usr/lib/postgresql").glob("*/bin/pgbench")]
    if found := shutil.which("pgbench"):
        candidates.append(Path(found))
    return next((path for path in candidates if path.exists()), None)


class Pgbench:
    """Pgbench in the place of a worker; it takes one input for all calls of a run."""

    contestant = Contestant("pgbench (the server alone)", ())

    def __init__(self, program: Path, server: Server) -> None:
        self._program = program
        self._environment = server.environment(PLAIN)
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        self.versions = {"pgbench": version.stdout.split()[-1]}

    def run(self, work: str, inputs: list[list[Any]], callers: int) -> dict[str, Any]:
        """Return the times of so many transactions; the first of each caller prepares."""
        with tempfile.TemporaryDirectory() as directory:
            script = Path(directory) / "script.sql"
            statement = STATEMENTS[work].replace("$1", ":input")
            script.write_text(" ".join(statement.split()) + ";\n")
            calls = -(-len(inputs) // callers)
            command = [
                *(str(self._program), "--no-vacuum", "--protocol=prepared", "--log"),
                *(f"--client={callers}", f"--transactions={calls + 1}", f"--file={script}"),
                *(f"--define=input={inputs[0][0]}", f"--log-prefix={directory}/log"),
            ]
            said = subprocess.run(
                command, env=self._environment, check=True, capture_output=True, text=True
            ).stdout
            log = next(Path(directory).glob("log.*")).read_text().splitlines()
        # Each line: client, number, microseconds, script, and the moment of the end.
        calls_made = [line.split() for line in log]
        times = [int(call[2]) * 1000 for call in calls_made if call[1] != "1"]
        rate = re.search(r"tps = ([0-9.]+) \(without", said)
        assert rate is not None, said
        return {"nanoseconds": times, "seconds": len(times) / float(rate[1])}
