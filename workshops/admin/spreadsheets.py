"""Tables as CSV files, as spreadsheets read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

# Excel takes a file without it for text in the code page of the machine.
BYTE_ORDER_MARK = "\ufeff"


def harmless(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula: a text like one gets a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as lines of a CSV file, with times in whole seconds and nothing for None."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return harmless(value)
