"""Lists of similar objects as tables, and the short texts that fit into a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .escaping import clean, inline
from .labels import is_number, is_scalar, label, scalar_text

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


def as_table(items: Sequence[Any], title_keys: Sequence[str]) -> str | None:
    """The objects as a Markdown table, or None where sub-sections read better.

    A table has two rows or more, two to six columns, each filled in half of the rows at least, and
    short cells only. `id` and the first title come first: jsonb does not keep the order of keys.
    """
    if len(items) < 2 or not all(isinstance(item, Mapping) and item for item in items):
        return None
    counts: dict[str, int] = {}
    for item in items:
        for key in item:
            counts[key] = counts.get(key, 0) + 1
        if len(counts) > MOST_COLUMNS:
            return None
    if len(counts) < 2 or min(counts.values()) * 2 < len(items):
        return None
    first = [key for key in ("id", *title_keys) if key in counts]
    columns = first + [key for key in counts if key not in first]
    rows: list[list[str]] = []
    for item in items:
        texts = [short_text(item.get(key, ""), phrases=True) for key in columns]
        cells = [text for text in texts if text is not None]
        if len(cells) < len(columns) or sum(map(len, cells)) > WIDEST_ROW:
            return None
        rows.append(
            [inline(text) if key in item else "" for key, text in zip(columns, cells, strict=True)]
        )
    numeric = [all(is_number(item[key]) for item in items if key in item) for key in columns]
    return _markdown_table([label(key) for key in columns], rows, numeric)


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
