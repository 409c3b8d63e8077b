"""How values are written on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from workshops.admin.progress.rendering import ago, duration, moment
from workshops.columns import utc_now


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=25, seconds=3), "25 min"),
        (timedelta(hours=1, minutes=5), "1 h 5 min"),
        (timedelta(hours=1, seconds=5), "1 h"),
        (timedelta(days=1, hours=18), "1 day 18 h"),
        (timedelta(days=12, hours=18), "12 days"),
        (timedelta(days=400), "1 year 35 days"),
        (timedelta(days=-1), "0 s"),
    ],
)
def test_duration_has_one_or_two_units(span: timedelta, text: str) -> None:
    """A length of time is written in its largest units."""
    assert duration(span) == text


def test_ago_has_one_unit() -> None:
    """What was a moment ago was just now, the rest is so long ago."""
    assert ago(utc_now()) == "just now"
    assert ago(utc_now() + timedelta(days=1)) == "just now"
    assert ago(utc_now() - timedelta(days=1, hours=5)) == "1 day ago"


def test_moment_names_its_time_zone() -> None:
    """A time is readable by machines with its zone, and by people with a remark."""
    html = moment(datetime(2026, 1, 2, 3, 4, 5, 678000))
    assert 'datetime="2026-01-02T03:04:05.678+00:00"' in html
    assert 'title="2026-01-02 03:04:05 UTC"' in html
    assert ">2026-01-02 03:04<" in html
