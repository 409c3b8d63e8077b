"""What was measured, as JSON, and from that the tables and the chart of ``docs/performance.md``."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.chart import draw
from benchmarks.contestants import CONTESTANTS, OURS, OURS_WITH_SITE
from benchmarks.pgbench import Pgbench
from benchmarks.server import ROOT

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"
SCALING = ROOT / "docs" / "scaling.md"
CHART = ROOT / "docs" / "images" / "performance.svg"


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    model, memory = platform.processor() or platform.machine(), 0
    if os.path.exists("/proc/cpuinfo"):
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        model = names[0] if names else model
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "day": datetime.now(UTC).date().isoformat(),
    }


def save(section: str, result: dict[str, Any]) -> None:
    """Write one section's figures to ``benchmarks/results`` and into the documentation."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{section}.json"
    path.write_text(json.dumps({"machine": machine(), **result}, indent=1) + "\n")
    print(f"\nWritten: {path.relative_to(ROOT)}")


def publish(sections: Iterable[str]) -> None:
    """Write what was measured into the documentation: the tables, the chart, the arithmetic."""
    for section in sections:
        result = _load(section)
        fill_in(PAGE, section, TABLES[section](result))
        if section == "data":
            CHART.write_text(draw(result))
    if all((RESULTS / f"{section}.json").exists() for section in ("data", "memory")):
        fill_in(SCALING, "capacity", capacity(_load("data"), _load("memory")))


def _load(section: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{section}.json").read_text())
    return result


def fill_in(page: Path, section: str, block: str) -> None:
    """Put a block of text between the markers of its section."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    place = re.compile(f"{begin}.*?{end}", re.DOTALL)
    text, count = place.subn(lambda _: f"{begin}\n\n{block}\n\n{end}", page.read_text())
    assert count == 1, f"{page} has no place for {section}"
    page.write_text(text)
    print(f"Written: {page}")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a Markdown table, its first column text and the others figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _said(result: dict[str, Any]) -> str:
    one = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{one['processor']}, {one['cores']} cores, {one['memory_gib']} GiB, {one['system']}, "
        f"{one['day']}. {versions}."
    )


def _data(result: dict[str, Any]) -> str:
    works = list(result["workloads"])
    figures = {
        (figure["work"], figure["contestant"], figure["callers"]): figure
        for figure in result["figures"]
    }
    names = [one.name for one in (*CONTESTANTS, Pgbench.contestant)]

    def rows(show: Callable[[dict[str, Any]], str], callers: int) -> list[list[str]]:
        return [
            [name, *(show(figures[key]) if (key := (work, name, callers)) in figures else ""
                     for work in works)]
            for name in names
        ]  # fmt: skip

    head = ["", *(f"`{work}`" for work in works)]
    tables = rows(lambda one: f"{one['p50']:.2f} ({one['ratio']:.2f})", 1)
    tables.append(["what the operators' tables add", *(_added(figures, work) for work in works)])
    parts = [
        "![Milliseconds of a call for each contestant](images/performance.svg)",
        f"{_said(result)} {result['workshops']:,} workshops.",
        "One caller: the median of a call in milliseconds, and how many times that of the "
        "hand-written statement it is.",
        table(head, tables),
        "One caller: the milliseconds within which 99 of 100 calls ended.",
        table(head, rows(lambda one: f"{one['p99']:.2f}", 1)),
        "Sixteen callers: calls in a second.",
        table(head, rows(lambda one: f"{one['per_second']:,.0f}", 16)),
        "Sixteen callers: the milliseconds within which 99 of 100 calls ended.",
        table(head, rows(lambda one: f"{one['p99']:.1f}", 16)),
    ]
    return "\n\n".join(parts)


def _added(figures: dict[tuple[str, str, int], dict[str, Any]], work: str) -> str:
    """Return by how much a write takes longer with the operators' tables installed."""
    key = work, OURS_WITH_SITE, 1
    if key not in figures:
        return ""
    with_site, without = figures[key]["p50"], figures[work, OURS, 1]["p50"]
    return f"{with_site - without:+.2f} ({100 * (with_site / without - 1):+.0f} %)"


def _pages(result: dict[str, Any]) -> str:
    rows = [
        [figure["title"], f"{figure['p50']:.1f}", f"{figure['p99']:.1f}",
         f"{figure['per_second_16']:,.0f}"]
        for figure in result["figures"]
    ]  # fmt: skip
    head = ["", "p50 (ms)", "p99 (ms)", "requests in a second, 16 callers"]
    return f"{result['workshops']:,} workshops.\n\n{table(head, rows)}"


def _memory(result: dict[str, Any]) -> str:
    rows = [
        [f"after {point['requests']:,} requests" if point["requests"] else "idle",
         f"{point['mib']:.0f}"]
        for point in result["points"]
    ]  # fmt: skip
    rows.append(["`import workshops` alone", f"{result['import_mib']:.0f}"])
    disk = result["disk"]
    return "\n\n".join(
        (
            table(["the server's process", "resident memory (MiB)"], rows),
            f"`import workshops` took {result['import_seconds']:.2f} s (the best of five new "
            f"processes). On disk, indexes included, a workshop with its steps, members, sessions "
            f"and pack took {disk['tables']:,} bytes, of which {disk['outputs']:,} were the "
            f"outputs of its {disk['steps']} steps; the operators' tables {disk['site']:,} more.",
        )
    )


def _scale(result: dict[str, Any]) -> str:
    sizes = result["sizes"]
    first = str(sizes[0])
    head = ["p50 in ms (ratio to the first)", *(f"{size:,}" for size in sizes)]
    rows = [
        [f"`{name}`"] + [
            f"{times[str(size)]:.2f}"
            + ("" if str(size) == first else f" ({times[str(size)] / times[first]:.2f})")
            for size in sizes
        ]
        for name, times in result["operations"].items()
    ]  # fmt: skip
    pages = [
        [name] + [f"{times[str(size)]:.0f}" for size in sizes]
        for name, times in result["pages"].items()
    ]
    facts = [
        [name] + [facts[str(size)] for size in sizes] for name, facts in result["facts"].items()
    ]
    return "\n\n".join(
        (
            _said(result),
            table(head, rows),
            table(["operators' pages, p50 in ms", *head[1:]], pages),
            table(["the database", *head[1:]], facts),
        )
    )


TABLES = {"data": _data, "pages": _pages, "memory": _memory, "scale": _scale}


_DAY_AT_WORK = {
    "get_workshop": (30, "opens a workshop or comes back to it"),
    "append_step_message": (15, "a turn of the conversation, theirs or the model's"),
    "save_step_output": (60, "an output is saved"),
    "list_workshops": (300, "looks at the dashboard"),
    "complete_step": (900, "completes a step"),
}
"""How many seconds pass between two calls of a person who is working, and why it is made."""

_AT_MOST = 0.5
"""The share of the machine that is planned for: the rest is for peaks, vacuum and backups."""

_MANY = 1_000_000


def capacity(data: dict[str, Any], memory: dict[str, Any]) -> str:
    """Return how many people the measured machine carries, with the arithmetic."""
    rates = {
        figure["work"]: figure["per_second"]
        for figure in data["figures"]
        if figure["contestant"] in (OURS, OURS_WITH_SITE) and figure["callers"] == 16
    }  # the writes as they are with the operators' tables, which come last
    rows, share = [], 0.0
    for work, (seconds, why) in _DAY_AT_WORK.items():
        part = 1 / seconds / rates[work]
        share += part
        rows.append(
            [f"`{work}`: {why}", f"{seconds:,} s", f"{rates[work]:,.0f}", f"{part * 1e6:,.0f}"]
        )
    people = _AT_MOST / share
    disk = memory["disk"]
    each = disk["tables"] + disk["site"]
    return "\n\n".join(
        (
            f"Measured on {data['machine']['cores']} cores that the application and PostgreSQL "
            f"share ({data['machine']['processor']}, {data['machine']['memory_gib']} GiB), one "
            "process of the application with 16 callers:",
            table(
                ["a person at work", "every", "calls in a second", "millionths of the machine"],
                rows,
            ),
            f"Together {share * 1e6:,.0f} millionths of the machine for each person at work. Half "
            f"of it is planned for: {_AT_MOST} / {share:.6f} = **{people:,.0f} people at the same "
            "moment**.",
            f"A workshop takes {disk['tables']:,} bytes on disk with its indexes, and the "
            f"operators' tables {disk['site']:,} more: {_MANY:,} x {each:,} bytes = "
            f"**{_MANY * each / 2**30:,.0f} GiB for a million workshops**, of which outputs are "
            f"{_MANY * disk['outputs'] / 2**30:,.0f} GiB.",
        )
    )
