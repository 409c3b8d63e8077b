"""The chart of ``docs/performance.md``: for each piece of work a bar for each contestant."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _COLUMNS = 960, 2
_BAR, _GAP, _LABEL, _VALUE = 13, 5, 178, 80
_OURS, _HAND, _OTHER = "#0f766e", "#475569", "#b6c2cf"


def draw(result: dict[str, Any]) -> str:
    """Return the medians of one caller as an SVG picture, shorter bars being faster."""
    panel_width = (_WIDTH - 40) // _COLUMNS
    works = result["workloads"]
    by_work = {
        work: [one for one in result["figures"] if one["work"] == work and one["callers"] == 1]
        for work in works
    }
    tallest = max(len(figures) for figures in by_work.values())
    panel_height = 48 + tallest * (_BAR + _GAP)
    rows = -(-len(works) // _COLUMNS)
    height = 56 + rows * panel_height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif" '
        'font-size="11" role="img">',
        "<title>Milliseconds of a call, one caller</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        '<text x="20" y="30" font-size="16" font-weight="600" fill="#0f172a">'
        "Milliseconds of a call, one caller, median (shorter is faster)</text>",
    ]
    for number, (work, title) in enumerate(works.items()):
        x = 20 + number % _COLUMNS * panel_width
        y = 56 + number // _COLUMNS * panel_height
        parts.append(
            f'<g transform="translate({x} {y})">{_panel(title, by_work[work], panel_width)}</g>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _panel(title: str, figures: list[dict[str, Any]], width: int) -> str:
    longest = max(one["p50"] for one in figures)
    room = width - _LABEL - _VALUE - 20
    parts = [f'<text y="10" font-size="12" font-weight="600" fill="#0f172a">{escape(title)}</text>']
    for number, one in enumerate(figures):
        y = 22 + number * (_BAR + _GAP)
        ours = one["contestant"].startswith("ours")
        colour = _OURS if ours else _HAND if "hand-written" in one["contestant"] else _OTHER
        length = max(1.0, one["p50"] / longest * room)
        weight = ' font-weight="600"' if ours else ""
        parts.append(
            f'<text x="{_LABEL - 6}" y="{y + 10}" text-anchor="end" fill="#334155"{weight}>'
            f"{escape(one['contestant'])}</text>"
            f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2" '
            f'fill="{colour}"/>'
            f'<text x="{_LABEL + length + 5:.1f}" y="{y + 10}" fill="#334155"{weight}>'
            f"{one['p50']:.2f}</text>"
        )
    return "".join(parts)
