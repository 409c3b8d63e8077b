"""The file in which a driver notes what it does: an object of JSON in each line.

A write is described by the *registers* that it sets: names of single things in the
database (``title|<workshop>``), and the values that they then have. Each has one writer at
a time, so it holds the last acknowledged value, or one that was tried after that.

=============  ==============================================================
``try``        before an operation: its number, name, registers and arguments
``done``       the number of one that has returned
``unsure``     the number of one that is not repeated: it may have been done
``error``      what reached the driver instead of an answer
``violation``  what must not be
=============  ==============================================================
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Record:
    """The file, as its writers have it: a line is there as a whole once ``write`` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, kind: str, **values: Any) -> None:
        line = json.dumps({"kind": kind, "at": time.time(), **values}) + "\n"
        os.write(self._file, line.encode())


class Reader:
    """The file, as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that are complete and were not read before."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                yield json.loads(line)


class Registers:
    """What each register may hold, by the lines of a record."""

    def __init__(self, lines: Iterator[dict[str, Any]]) -> None:
        self.possible: dict[str, list[Any]] = {}
        self.certain: dict[str, Any] = {}
        """The last values that were acknowledged."""
        self.pending: dict[str, Mapping[str, Any]] = {}
        """The tries that were neither acknowledged nor given up, by their numbers."""
        for line in lines:
            if line["kind"] == "try":
                self.pending[line["number"]] = line
                for name, value in line["sets"].items():
                    self.possible.setdefault(name, [None]).append(value)
            elif line["kind"] == "done":
                for name, value in self.pending.pop(line["number"])["sets"].items():
                    self.certain[name] = value
                    self.possible[name] = [value]
            elif line["kind"] == "unsure":
                del self.pending[line["number"]]
