"""Where the parts of a chart are; ``templates/charts.html`` draws them as SVG.

Positions are in units of the drawing, whose texts are 13 units high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

_WIDTH = 720
_RIGHT, _TOP, _BOTTOM = 12, 22, 44


class Tick(NamedTuple):
    """A place on an axis with what is written there."""

    at: float
    label: str


class Bar(NamedTuple):
    """What a column is made from: per cent, or None where there is nothing to tell."""

    value: float | None
    name: str
    title: str
    hatched: bool


def column_chart(bars: Sequence[Bar]) -> dict[str, Any]:
    """Return columns of per cent over a horizontal axis, the vertical one as high as they need."""
    left, height = 52, 280
    bottom = height - _BOTTOM
    highest = max((bar.value or 0 for bar in bars), default=0)
    top = next(limit for limit in (10, 20, 40, 60, 80, 100) if limit >= highest)
    slot = (_WIDTH - left - _RIGHT) / max(len(bars), 1)
    # Names are about 45 units wide.
    every = math.ceil(46 / slot)
    columns, names = [], []
    for place, bar in enumerate(bars):
        middle = round(left + slot * (place + 0.5), 1)
        if (len(bars) - 1 - place) % every == 0:
            names.append(Tick(middle, bar.name))
        if bar.value is not None:
            size = round((bottom - _TOP) * bar.value / top, 1)
            columns.append(
                {
                    "x": round(middle - slot * 0.36, 1),
                    "y": round(bottom - size, 1),
                    "width": round(slot * 0.72, 1),
                    "height": size,
                    "middle": middle,
                    "label": f"{bar.value:.0f}" if slot >= 24 else "",
                    "title": bar.title,
                    "hatched": bar.hatched,
                }
            )
    quarters = [part / 4 for part in range(5)]
    return {
        "left": left,
        "right": _WIDTH - _RIGHT,
        "bottom": bottom,
        "height": height,
        "columns": columns,
        "vertical": [
            Tick(round(bottom - (bottom - _TOP) * part, 1), f"{top * part:g} %")
            for part in quarters
        ],
        "horizontal": names,
    }


_TIMES = (
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (86400, "1 day"),
    (7 * 86400, "1 week"),
    (30 * 86400, "30 days"),
    (365 * 86400, "1 year"),
    (3650 * 86400, "10 years"),
)


def box_chart(lines: Sequence[tuple[str, Sequence[timedelta] | None]]) -> dict[str, Any]:
    """Return boxes of a name and five ascending times, on a logarithmic axis."""
    left, row, top = 130, 30, 8
    right = _WIDTH - 24
    seconds = [time.total_seconds() for _, times in lines for time in times or ()]
    lowest, highest = (min(seconds), max(seconds)) if seconds else (1, 1)
    begin = max((i for i, (size, _) in enumerate(_TIMES) if size <= lowest), default=0)
    end = min((i for i, (size, _) in enumerate(_TIMES) if size >= highest), default=len(_TIMES) - 1)
    ticks = _TIMES[begin : max(end, begin + 1) + 1]
    first, last = math.log(ticks[0][0]), math.log(ticks[-1][0])

    def place(size: float) -> float:
        part = (math.log(max(size, 1)) - first) / (last - first)
        return round(left + (right - left) * min(max(part, 0), 1), 1)

    bottom = top + row * len(lines)
    names = [Tick(top + row * (line + 0.5), name) for line, (name, _) in enumerate(lines)]
    return {
        "left": left,
        "right": right,
        "top": top,
        "bottom": bottom,
        "height": bottom + 28,
        "boxes": [
            {
                "y": y,
                "name": name,
                "times": times,
                "places": [place(time.total_seconds()) for time in times],
            }
            for (y, name), (_, times) in zip(names, lines, strict=True)
            if times
        ],
        "names": names,
        "horizontal": [Tick(place(size), label) for size, label in ticks],
    }
