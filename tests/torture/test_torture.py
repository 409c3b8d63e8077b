"""The short version of ``make torture``: every fault once."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.commands.running import run_program
from tests.torture.judging import Verdict, compare
from tests.torture.record import Registers


async def test_nothing_acknowledged_is_lost_whatever_is_killed() -> None:
    """Nor doubled, nor wrong; everything comes back, and no error of the driver is seen."""
    result = await run_program(sys.executable, "-m", "tests.torture", "--minutes=0")
    assert result.code == 0, f"{result.out}{result.err}"
    assert "Lost, doubled, wrong: 0" in result.out


LINES: list[dict[str, Any]] = [
    {"kind": "try", "number": "1", "sets": {"workshop|a": "ws_1", "title|a": 0}},
    {"kind": "done", "number": "1"},
    {"kind": "try", "number": "2", "sets": {"title|a": 1}},
    {"kind": "done", "number": "2"},
    {"kind": "try", "number": "3", "sets": {"title|a": 2}},
    {"kind": "try", "number": "4", "sets": {"workshop|b": "ws_2", "title|b": 0}},
]


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ({"workshop|a": "ws_1", "title|a": 1}, []),
        ({"workshop|a": "ws_1", "title|a": 2}, []),
        ({"workshop|a": "ws_1", "title|a": 1, "workshop|b": "ws_2", "title|b": 0}, []),
        ({"workshop|a": "ws_1", "title|a": 0}, ["Wrong"]),
        ({"title|a": 1}, ["Lost"]),
        ({"workshop|a": "doubled: ws_1 and ws_3", "title|a": 1}, ["Wrong"]),
        ({"workshop|a": "ws_1", "title|a": 1, "workshop|c": "ws_4"}, ["Nobody"]),
    ],
)
def test_what_is_not_as_it_was_written_is_found(stored: dict[str, Any], found: list[str]) -> None:
    """What was acknowledged must be there; what was begun after it may be."""
    verdict = Verdict()
    compare(Registers(iter(LINES)), stored, verdict)
    assert [fault.split()[0].rstrip(":") for fault in verdict.faults] == found
