"""A step's output as HTML, set like the build packs: from the same Markdown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from workshops.rendering.output_markdown import output_blocks

SHOWN_BYTES = 100_000
"""A longer output is offered as a file instead."""

LONG_BYTES = 600
LONG_LINES = 25
"""A longer output is folded up at first: in its bytes, or in the lines that it takes."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Message:
    """One turn of a step's conversation."""

    role: str
    text: str


@dataclass(frozen=True)
class ReadableOutput:
    """What a step produced; ``html`` is None where it cannot be shown on the page."""

    size: int
    html: Markup | None
    messages: tuple[Message, ...] = ()

    @property
    def long(self) -> bool:
        """Whether it is folded up at first."""
        return self.size > LONG_BYTES or (self.html or "").count("\n") > LONG_LINES


def readable_output(text: str) -> ReadableOutput:
    """Return the JSON object of a step as HTML. However deep or strange it is, it does not fail."""
    size = len(text.encode())
    if size > SHOWN_BYTES:
        return ReadableOutput(size, None)
    try:
        output = json.loads(text)
        messages = _pop_messages(output)
        blocks = output_blocks(output) if output else []
        # The page has headings of its own down to h3, which names the step.
        html = markdown_html("\n\n".join(blocks), lower_by=1)
    except RecursionError:
        return ReadableOutput(size, None)
    return ReadableOutput(size, html, messages)


def _pop_messages(output: dict[str, Any]) -> tuple[Message, ...]:
    """Take the conversation out of an output, if it is one."""
    turns = output.get("messages")
    if not isinstance(turns, list) or not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) for turn in turns
    ):
        return ()
    del output["messages"]
    return tuple(Message(turn["role"], _said(turn)) for turn in turns)


def _said(turn: dict[str, Any]) -> str:
    content = turn.get("content", turn.get("text"))
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def markdown_html(markdown: str, *, lower_by: int) -> Markup:
    """Return Markdown as HTML, its headings lower by so many levels; HTML in it is text."""
    tokens = _MARKDOWN.parse(markdown)
    for token in tokens:
        _fit(token, lower_by)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _fit(token: Token, lower_by: int) -> None:
    """Turn what a strict Content-Security-Policy refuses into classes."""
    if token.type.startswith("heading"):
        token.tag = f"h{min(int(token.tag[1]) + lower_by, 6)}"
    if style := token.attrs.pop("style", None):
        token.attrs["class"] = "figure" if "right" in str(style) else "text"
    # An image would be fetched from wherever the text says.
    for child in token.children or ():
        if child.type == "image":
            child.type, child.tag = "text", ""
