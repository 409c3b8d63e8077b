"""Text of other people as Markdown that shows exactly that text.

Escapes only what CommonMark, with GitHub's tables and strikethrough, would read as markup at that
place, so that the source stays pleasant to read: "3 * 4", "snake_case" and "a < b" need nothing.
"""

from __future__ import annotations

import re

EMPTY = "*empty*"

# Control characters (and what no encoding can hold) show as the replacement character: they are
# invisible, can steer a terminal, and XML metadata of a PDF may not contain them.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NEWLINE = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n\s*\n")

_INLINE = re.compile(
    r"""
    \\(?=[!-/:-@\[-`{-~]|$)      # a backslash that would escape something, or break the line
    | [`\[|]                     # code, links and images, table cells
    | (?<![ ])\* | \*(?![ ])     # emphasis, unless the asterisk stands alone
    | (?<![^\W_])_ | _(?![^\W_]) # emphasis, unless it is inside a word
    | (?<=\S)~ | ~(?![^\W_])     # strikethrough needs a closing tilde: none is left
    | <(?=[A-Za-z/!?])           # HTML and autolinks
    | &(?=\#?\w+;)               # entities
    """,
    re.VERBOSE,
)
_LINE_START = re.compile(
    r"""
    -(?=[-:\s]|$) | \+(?=\s|$)   # lists, rules, underlined headings, delimiter rows of tables
    | =(?==*$)                   # underlined headings
    | :(?=-)                     # delimiter rows
    | >                          # quotes
    | \#(?=\#{0,5}(?:\s|$))      # headings
    """,
    re.VERBOSE,
)
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_CLOSING_HASHES = re.compile(r"(?:^|(?<=\s))#(?=#*$)")
_INDENTED_LINE = re.compile(r"^(?:  |\t)", re.MULTILINE)
_BACKTICKS = re.compile("`+")

WIDEST_CODE_LINE = 100


def clean(text: str) -> str:
    """The text with `\\n` for every kind of line break and no control characters."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", _NEWLINE.sub("\n", text))


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(clean(text).split())


def inline(text: str) -> str:
    """One line that can follow other text or stand in a table cell; `*empty*` if there is none."""
    return _escape_inline(one_line(text)) or EMPTY


def line(text: str) -> str:
    """One line that can stand at the start of a line, a list item included."""
    return _escape_line(one_line(text)) or EMPTY


def heading(level: int, text: str) -> str:
    """An ATX heading; `text` is Markdown already escaped by `inline`."""
    return f"{'#' * level} " + _CLOSING_HASHES.sub(r"\\#", text)


def prose(text: str) -> list[str]:
    """Blocks of Markdown for a text of any length.

    An empty line starts a paragraph and a line break stays one. Text with indented lines (code, a
    sketch in characters) becomes a code block as it is, unless its lines are too long for one.
    """
    cleaned = clean(text).strip("\n")
    if not cleaned.strip():
        return [EMPTY]
    if _INDENTED_LINE.search(cleaned) and max(map(len, cleaned.split("\n"))) <= WIDEST_CODE_LINE:
        return [code_block(cleaned)]
    return [
        "\\\n".join(_escape_line(row.strip()) for row in paragraph.strip().split("\n"))
        for paragraph in _BLANK_LINES.split(cleaned.strip())
    ]


def code_block(text: str, language: str = "") -> str:
    """A fenced block, with a fence longer than any run of backticks inside."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _escape_inline(text: str) -> str:
    return _INLINE.sub(r"\\\g<0>", text)


def _escape_line(text: str) -> str:
    escaped = _escape_inline(text)
    if _LINE_START.match(text):
        return "\\" + escaped
    return _NUMBERED.sub(r"\1\\\2", escaped, count=1) if _NUMBERED.match(text) else escaped
