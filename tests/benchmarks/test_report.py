"""From figures to tables, a chart and arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.chart import draw
from benchmarks.contestants import HAND, OURS, OURS_WITH_SITE
from benchmarks.measuring import percentile
from benchmarks.workloads import WORKLOADS

MEMORY = {"disk": {"tables": 10_000, "outputs": 5_000, "steps": 10, "site": 737}}


@pytest.fixture
def data() -> dict[str, Any]:
    """What three contestants might have taken; only two of them do everything."""
    figures = [
        {"work": work.name, "contestant": name, "callers": callers, "p50": p50, "p99": 2 * p50,
         "per_second": 1000 / p50, "ratio": p50}
        for work in WORKLOADS
        for name, p50 in ((HAND, 1.0), (OURS, 0.5), (OURS_WITH_SITE, 0.75))
        if work.writes or name != OURS_WITH_SITE
        for callers in (1, 16)
    ]  # fmt: skip
    return {
        "machine": report.machine(),
        "versions": {"PostgreSQL": "18"},
        "workshops": 20_000,
        "workloads": {work.name: work.title for work in WORKLOADS},
        "figures": figures,
    }


def test_the_table_has_a_row_for_each_contestant_and_for_the_triggers(data: dict[str, Any]) -> None:
    """Medians with their ratios, empty where somebody does not take part, and the difference."""
    lines = report.TABLES["data"](data).splitlines()
    assert f"| {HAND} |" + " 1.00 (1.00) |" * 7 in lines
    assert f"| {OURS} |" + " 0.50 (0.50) |" * 7 in lines
    (added,) = (line for line in lines if line.startswith("| what the operators' tables add"))
    assert added.count("+0.25 (+50 %)") == sum(work.writes for work in WORKLOADS)


def test_the_chart_is_a_picture_with_a_bar_for_each_figure(data: dict[str, Any]) -> None:
    """It is well-formed, and says every median of one caller."""
    picture = ElementTree.fromstring(draw(data))
    bars = picture.findall(".//{*}g/{*}rect")
    assert len(bars) == sum(figure["callers"] == 1 for figure in data["figures"])


def test_capacity_is_reckoned_from_the_figures(data: dict[str, Any]) -> None:
    """Reads at the rate without the operators' tables, writes at the rate with them."""
    for figure in data["figures"]:
        figure["per_second"] = 500.0 if figure["contestant"] == OURS_WITH_SITE else 1000.0
    said = report.capacity(data, MEMORY)
    reads, writes = 1 / 30 + 1 / 300, 1 / 15 + 1 / 60 + 1 / 900
    people = 0.5 / (reads / 1000 + writes / 500)
    assert f"**{people:,.0f} people at the same moment**" in said
    assert "1,000,000 x 10,737 bytes = **10 GiB" in said


def test_a_page_is_written_between_its_markers_again_and_again(tmp_path: Path) -> None:
    """What somebody wrote around them stays; a page without the place is refused."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- data --><!-- end of data -->\nafter\n")
    for block in ("one", "two \\1"):
        report.fill_in(page, "data", block)
        assert page.read_text() == (
            f"before\n<!-- data -->\n\n{block}\n\n<!-- end of data -->\nafter\n"
        )
    with pytest.raises(AssertionError, match="no place for pages"):
        report.fill_in(page, "pages", "three")


def test_percentiles_are_of_the_calls_in_order() -> None:
    """Half of the calls ended within the median, and the slowest is the last percentile."""
    times = [number * 1_000_000 for number in range(100, 0, -1)]
    assert percentile(times, 50) == 51
    assert percentile(times, 99) == 100
    assert percentile([7_000_000], 99) == 7


def test_every_section_has_its_place_in_the_documentation() -> None:
    """The command finds its markers in the pages as they are in the repository."""
    text = report.PAGE.read_text()
    for section in report.TABLES:
        assert f"<!-- {section} -->" in text
        assert f"<!-- end of {section} -->" in text
    assert "<!-- capacity -->" in report.SCALING.read_text()
