"""What a reader's program makes of a pack: CommonMark with tables, and nothing of ours."""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])


def headings(markdown: str, deepest: int = 6) -> list[tuple[int, str]]:
    """Level and text of the headings, in order."""
    tokens = PARSER.parse(markdown)
    return [
        (int(token.tag[1]), text_of(tokens[index + 1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and int(token.tag[1]) <= deepest
    ]


def text_of(token: Token) -> str:
    """The visible text of a token, with every run of white space as one space."""
    if token.children is None:
        return " ".join(token.content.split())
    parts = (" " if child.type.endswith("break") else child.content for child in token.children)
    return " ".join("".join(parts).split())


def visible_text(markdown: str) -> str:
    """All that a reader sees, on one line."""
    return " ".join(text_of(token) for token in PARSER.parse(markdown) if token.content)


def kinds(markdown: str) -> set[str]:
    """The types of all tokens, those inside paragraphs included."""
    tokens = PARSER.parse(markdown)
    return {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or ()
    }


def leaves(value: Any) -> list[Any]:
    """The scalars of a JSON value."""
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    if isinstance(value, list):
        return [leaf for member in value for leaf in leaves(member)]
    return [value]
