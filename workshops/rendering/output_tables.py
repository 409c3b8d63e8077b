"""Tables, and the short texts that fit into a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .escaping import clean, inline
from .labels import is_number, is_scalar, label, reading_order, scalar_text

LONGEST_FACT = 120
LONGEST_INLINE_LIST = 80
LONGEST_WORD = 24
MOST_COLUMNS = 6
WIDEST_ROW = 360
WIDEST_PADDED_CELL = 32


def short_text(value: Any, *, lists: bool = True, phrases: bool = False) -> str | None:
    """The value as one short line, not escaped; None if it needs more room.

    With `lists`, a few words are joined by commas; with `phrases`, longer items by semicolons.
    """
    if is_scalar(value):
        text = clean(scalar_text(value)).strip()
        return text if len(text) <= LONGEST_FACT and "\n" not in text else None
    if not lists or not isinstance(value, (list, tuple)) or not value:
        return None
    if len(value) > LONGEST_INLINE_LIST or not all(is_scalar(item) for item in value):
        return None
    texts = [clean(scalar_text(item)).strip() for item in value]
    are_words = all(len(text) <= LONGEST_WORD and "," not in text for text in texts)
    joined = (", " if are_words else "; ").join(texts)
    fits = len(joined) <= LONGEST_INLINE_LIST and "\n" not in joined and all(texts)
    return joined if fits and (are_words or phrases) else None


def as_table(value: Any) -> str | None:
    """A Markdown table, or None where the value is none or sub-sections read better.

    Either a list of similar objects, two or more, with each key in half of them at least; their
    columns stand in reading order. Or an object of `columns` (texts) and `rows` (lists), which
    states the order. A table has two to six columns and short cells only.
    """
    if isinstance(value, Mapping):
        columns, rows = value.get("columns"), value.get("rows")
        if len(value) != 2 or not isinstance(columns, list) or not isinstance(rows, list):
            return None
        if not rows or not all(isinstance(name, str) for name in columns):
            return None
        if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
            return None
        return _table([label(name) for name in columns], rows)
    if len(value) < 2 or not all(isinstance(item, Mapping) and item for item in value):
        return None
    counts: dict[str, int] = {}
    for item in value:
        for key in item:
            counts[key] = counts.get(key, 0) + 1
        if len(counts) > MOST_COLUMNS:
            return None
    if min(counts.values()) * 2 < len(value):
        return None
    keys = reading_order(counts)
    return _table(
        [label(key) for key in keys], [[item.get(key, "") for key in keys] for item in value]
    )


def _table(header: list[str], values: list[list[Any]]) -> str | None:
    if not 2 <= len(header) <= MOST_COLUMNS:
        return None
    rows: list[list[str]] = []
    for row in values:
        texts = [short_text(value, phrases=True) for value in row]
        cells = [text for text in texts if text is not None]
        if len(cells) < len(header) or sum(map(len, cells)) > WIDEST_ROW:
            return None
        rows.append([inline(cell) if cell else "" for cell in cells])
    columns = zip(*values, strict=True)
    numeric = [all(value == "" or is_number(value) for value in column) for column in columns]
    return _markdown_table(header, rows, numeric)


def _markdown_table(header: list[str], rows: list[list[str]], numeric: list[bool]) -> str:
    widths = [
        min(max(3, *(len(row[column]) for row in (header, *rows))), WIDEST_PADDED_CELL)
        for column in range(len(header))
    ]

    def line_of(cells: list[str]) -> str:
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rules = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(widths, numeric, strict=True)
    ]
    return "\n".join([line_of(header), line_of(rules), *map(line_of, rows)])
