"""Makes text fit a page: words without an end get places to break, columns get widths.

Typst breaks lines only where Unicode allows it and lets the rest run off the page. Breaks are made
between pieces of a word, with no character between them, so that copied text stays what it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

PIECE = 8
LONGEST_CODE_LINE = 84
CODE_LINES = 40
LONGEST_PART = 4000  # characters: Typst takes quadratic time for a paragraph
SIZES = (9.0, 8.0, 7.0, 6.0, 5.0, 4.0)  # of a table's text, in pt
PAGE_CHARACTERS = 112  # on the width of the page, at the first size
CELL_PADDING = 3
WIDEST_WORD = 26
WIDEST_COLUMN = 56

# Scripts that may break between letters, or by dictionary: Typst knows where.
_SELF_BREAKING = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua000-\ua4cf\uac00-\ud7af\uf900-\ufaff"
    "\uff00-\uffef\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[^\s{_SELF_BREAKING}]+")


def pieces(text: str, longest: int) -> list[str]:
    """The text in parts between which a line may break: only inside words over `longest`."""
    parts: list[str] = []
    end = 0
    for word in _WORD.finditer(text):
        if len(word[0]) > longest:
            size = min(PIECE if len(word[0]) < 1000 else 4 * PIECE, max(1, longest // 2))
            cuts = _cuts(word[0], size)
            parts.append(text[end : word.start()] + word[0][: cuts[0]])
            parts += [word[0][a:b] for a, b in zip(cuts, [*cuts[1:], len(word[0])], strict=True)]
            end = word.end()
    rest = text[end:]
    return [*parts, rest] if rest or not parts else parts


def _cuts(word: str, size: int) -> list[int]:
    cuts: list[int] = []
    position = size
    while position < len(word):
        while position < len(word) and _belongs_to_previous(word[position]):
            position += 1
        if position < len(word):
            cuts.append(position)
        position += size
    return cuts or [len(word)]


def _belongs_to_previous(character: str) -> bool:
    """Marks and joiners: a cut before one would change how the letter before it looks."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf", "Sk")


def parts_of(runs: Sequence[Any]) -> list[list[Any]]:
    """The runs of a paragraph in parts of some thousand characters, nearly always one."""
    parts: list[list[Any]] = [[]]
    length = 0
    for run in runs:
        for piece in _short_runs(run):
            size = len(_cell_text([piece])) if "br" not in piece or isinstance(piece, str) else 40
            if length + size > LONGEST_PART and parts[-1]:
                parts.append([])
                length = 0
                if not isinstance(piece, str) and "br" in piece:
                    continue  # the end of the part breaks the line
            parts[-1].append(piece)
            length += size
    return parts


def _short_runs(run: Any) -> Iterator[Any]:
    if not isinstance(run, str):
        texts = run.get("t", ())
        step = LONGEST_PART // (4 * PIECE)
        if len(texts) == 1 and len(texts[0]) > LONGEST_PART:
            yield from ({**run, "t": [text]} for text in _at_spaces(texts[0]))
        elif len(texts) > step:
            for start in range(0, len(texts), step):
                yield {**run, "t": texts[start : start + step]}
        else:
            yield run
    elif len(run) > LONGEST_PART:
        yield from _at_spaces(run)
    else:
        yield run


def _at_spaces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > LONGEST_PART:
        end = text.rfind(" ", start, start + LONGEST_PART) + 1 or start + LONGEST_PART
        yield text[start:end]
        start = end
    yield text[start:]


def break_code(text: str) -> list[str]:
    """Code in parts of a few dozen lines; lines wider than the page continue on the next one.

    Typst would wrap and place it in one piece too, but in minutes for a megabyte.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _slices(line) if len(line) > LONGEST_CODE_LINE else [line]
    return [
        "\n".join(lines[start : start + CODE_LINES]) for start in range(0, len(lines), CODE_LINES)
    ]


def _slices(line: str) -> Iterator[str]:
    start = 0
    while len(line) - start > LONGEST_CODE_LINE:
        space = line.rfind(" ", start, start + LONGEST_CODE_LINE)
        end = space + 1 if space > start else start + LONGEST_CODE_LINE
        yield line[start:end]
        start = end
    yield line[start:]


def fit_table(rows: Sequence[Sequence[Any]], aligns: Sequence[str]) -> dict[str, Any]:
    """A table block: header cells `h`, other cells `c` in one list, column weights `w`,
    `a`lignments, `size` of the text in pt, and the `part` of the page's width that it needs.

    `rows` are lists of cells with runs `r`; the first row is the header.
    """
    count = len(aligns)
    texts = [[_cell_text(row[column]["r"]) for row in rows] for column in range(count)]
    words = [max((_width(w) for t in column for w in t.split()), default=1) for column in texts]
    widest = [max(map(_width, column)) for column in texts]
    floors = [max(4, min(word + 1, WIDEST_WORD)) for word in words]
    size, room = SIZES[-1], 0.0
    for size in SIZES:  # the largest at which no ordinary word has to break
        room = max(count * 2.0, PAGE_CHARACTERS * SIZES[0] / size - CELL_PADDING * count)
        if sum(floors) <= room:
            break
    weights: list[float] = [
        max(floor, min(width, WIDEST_COLUMN)) for floor, width in zip(floors, widest, strict=True)
    ]
    if sum(weights) > room:  # the wide columns give way; no column gets narrower than its words
        spare = max(0.0, room - sum(floors))
        wishes = [weight - floor for weight, floor in zip(weights, floors, strict=True)]
        share = min(1.0, spare / max(1, sum(wishes)))
        weights = [
            round(floor + max(0, wish) * share, 2)
            for floor, wish in zip(floors, wishes, strict=True)
        ]
    total = sum(weights)
    padding = CELL_PADDING * count
    wanted = sum(map(max, weights, widest)) + padding
    for row in rows:
        for cell, weight in zip(row, weights, strict=True):
            longest = int(room * weight / max(total, room))
            cell["r"] = [_fit_run(run, longest) for run in cell["r"]]
    return {
        "k": "table",
        "h": rows[0],
        "c": [cell for row in rows[1:] for cell in row],
        "w": [round(weight + CELL_PADDING, 2) for weight in weights],
        "a": list(aligns),
        "size": size,
        "part": min(1.0, round(1.15 * wanted / (room + padding), 3)),
    }


def _fit_run(run: Any, longest: int) -> Any:
    text = run if isinstance(run, str) else "".join(run.get("t", ()))
    parts = pieces(text, max(1, longest))
    if isinstance(run, str):
        return run if len(parts) == 1 else {"t": parts}
    return run if "br" in run else {**run, "t": parts}


def _cell_text(runs: Sequence[Any]) -> str:
    return "".join(run if isinstance(run, str) else "".join(run.get("t", " ")) for run in runs)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
