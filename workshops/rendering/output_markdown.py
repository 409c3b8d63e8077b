"""A step's output, whatever JSON object it is, as blocks of Markdown.

What is short becomes a list of facts, what is long a heading with paragraphs, a list of similar
objects a table or sub-sections. Under the deepest heading come nested lists, and under those the
JSON itself: the depth of recursion is bounded, however deep the output is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .escaping import clean, code_block, heading, inline, line, prose
from .labels import (
    TITLE_KEYS,
    dump_json,
    is_number,
    is_scalar,
    label,
    reading_order,
    scalar_text,
)

FIRST_HEADING = 3
DEEPEST_HEADING = 4
DEEPEST_LIST = 5
NONE = "*none*"
LONGEST_FACT = 120
LONGEST_INLINE_LIST = 80
LONGEST_WORD = 24
MOST_COLUMNS = 6
WIDEST_ROW = 360
WIDEST_PADDED_CELL = 32

_LINE_INSIDE = re.compile(r"\n(?=[^\n])")


def output_blocks(output: Mapping[str, Any] | None) -> list[str]:
    """The blocks of one step, to be joined by empty lines; at least one.

    The turns of a chat (`messages`, objects with a role) are how the output came about, not part of
    it: they are counted instead of shown.
    """
    if not output:
        return ["*No output was recorded.*"]
    members = dict(output)
    blocks = []
    if _is_conversation(members.get("messages")):
        count = len(members.pop("messages"))
        turns = "1 message" if count == 1 else f"{count} messages"
        blocks = [f"*The conversation of this step ({turns}) is not part of the pack.*"]
    return _sections(members, FIRST_HEADING) + blocks


def _is_conversation(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, Mapping) and isinstance(turn.get("role"), str) for turn in value)
    )


def _sections(members: Mapping[str, Any], level: int) -> list[str]:
    """An object: facts first (after a heading they would seem to belong to it), then the rest."""
    if level > DEEPEST_HEADING:
        return ["\n".join(_list(members, 0))]
    facts: list[str] = []
    blocks: list[str] = []
    # Lists side by side look alike: all of them in one line, or each under its heading.
    inline_lists = level > FIRST_HEADING and all(
        short_text(value) is not None for value in members.values() if isinstance(value, list)
    )
    for key in reading_order(members):
        value = members[key]
        if not is_scalar(value) and not value:
            facts.append(f"- **{label(key)}:** {NONE}")
        elif (fact := short_text(value, lists=inline_lists)) is not None:
            facts.append(f"- **{label(key)}:** {inline(fact)}")
        else:
            blocks += [heading(level, label(key)), *_body(value, level + 1)]
    return ["\n".join(facts), *blocks] if facts else blocks


def _body(value: Any, level: int) -> list[str]:
    if is_scalar(value):
        return prose(scalar_text(value))
    if (table := as_table(value)) is not None:
        return [table]
    if isinstance(value, Mapping):
        return _sections(value, level)
    if all(is_number(item) for item in value):
        return [inline(", ".join(scalar_text(item) for item in value))]
    if level > DEEPEST_HEADING or not all(isinstance(item, Mapping) and item for item in value):
        return ["\n".join(_list(value, 0))]
    blocks = []
    for number, item in enumerate(value, start=1):
        title, rest = _titled(item, number)
        blocks += [heading(level, title), *(_sections(rest, level + 1) if rest else [])]
    return blocks


def _titled(item: Mapping[str, Any], number: int) -> tuple[str, Mapping[str, Any]]:
    """The heading of a list's object, and what is left to say."""
    for key in TITLE_KEYS:
        value = item.get(key)
        if isinstance(value, str) and value.strip() and short_text(value) is not None:
            return inline(value), {other: item[other] for other in item if other != key}
    return f"Item {number}", item


def _list(value: Mapping[str, Any] | Sequence[Any], depth: int) -> list[str]:
    """A container as a nested list, one string for each item."""
    if isinstance(value, Mapping):
        return [_list_item(f"**{label(key)}:**", value[key], depth) for key in reading_order(value)]
    items = []
    for number, item in enumerate(value, start=1):
        if is_scalar(item):
            items.append(_list_item("", item, depth))
        elif isinstance(item, Mapping):
            title, rest = _titled(item, number)
            items.append(_list_item(f"**{title}**", rest, depth) if rest else _dash([title]))
        else:
            items.append(_list_item(f"Item {number}:", item, depth))
    return items


def _list_item(lead: str, value: Any, depth: int) -> str:
    fact = short_text(value)
    if fact is not None:
        return _dash([f"{lead} {inline(fact)}" if lead else line(fact)])
    if is_scalar(value):
        first, *others = prose(scalar_text(value))
        if not lead or first.startswith("`"):  # only a code block starts with a bare backtick
            return _dash([*filter(None, [lead]), first, *others])
        return _dash([f"{lead} {first}", *others])
    if not value:
        return _dash([f"{lead} {NONE}"])
    if (table := as_table(value)) is not None:
        return _dash([lead, table])
    if depth >= DEEPEST_LIST:
        return _dash([lead, code_block(dump_json(value), "json")])
    return _dash(["\n".join([lead, *_list(value, depth + 1)])])


def _dash(blocks: list[str]) -> str:
    return "- " + _LINE_INSIDE.sub("\n  ", "\n\n".join(blocks))


# Tables, and the short texts that fit into a cell


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
    match value:
        case {"columns": [*keys], "rows": [_, *_] as values} if len(value) == 2:
            if not all(isinstance(key, str) for key in keys):
                return None
            if not all(isinstance(row, list) and len(row) == len(keys) for row in values):
                return None
        case [_, _, *_] if all(isinstance(item, Mapping) and item for item in value):
            keys = reading_order(dict.fromkeys(key for item in value for key in item))
            if any(sum(key in item for item in value) * 2 < len(value) for key in keys):
                return None
            values = [[item.get(key, "") for key in keys] for item in value]
        case _:
            return None
    if not 2 <= len(keys) <= MOST_COLUMNS:
        return None
    rows: list[list[str]] = []
    for row in values:
        texts = [short_text(value, phrases=True) for value in row]
        cells = [text for text in texts if text is not None]
        if len(cells) < len(keys) or sum(map(len, cells)) > WIDEST_ROW:
            return None
        rows.append([inline(cell) if cell else "" for cell in cells])
    columns = zip(*values, strict=True)
    numeric = [all(value == "" or is_number(value) for value in column) for column in columns]
    return _markdown_table([label(key) for key in keys], rows, numeric)


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
