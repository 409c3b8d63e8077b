"""A build pack as PDF, set by Typst from the pack's Markdown.

The Markdown reaches the template as JSON, a tree of blocks and strings. Typst's root is the
template's own directory, the template imports nothing, and data is never evaluated: no text can
read a file, load a package or change the layout.

Typst works outside the GIL and `render_pdf` may run in many threads at once: in asynchronous code
call it through `asyncio.to_thread`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import typst

from .escaping import one_line
from .markdown_blocks import Block, markdown_blocks, plain_text

TEMPLATES = Path(__file__).parent / "templates"
CONTENTS_FROM = 5  # sections from which on a table of contents helps
LONGEST_FOOTER = 90

# In this order, where installed; else Typst picks any font that has the character, and shows a box
# where none has. The fonts inside Typst cover Latin, Greek and Cyrillic.
FALLBACK_FONTS = (
    "Noto Serif",
    "Noto Naskh Arabic",
    "Noto Sans Arabic",
    "Noto Serif Hebrew",
    "Noto Serif CJK SC",
    "Noto Sans CJK SC",
    "Noto Serif Devanagari",
    "Noto Serif Thai",
    "Noto Color Emoji",
    "Noto Emoji",
    "DejaVu Sans",
)


def render_pdf(markdown: str, *, title: str, created_at: datetime) -> bytes:
    """The PDF of a pack's Markdown, or of any Markdown: HTML shows as text, nothing is fetched.

    The document's title is the text's first heading, else `title`. The same text, `created_at`
    (naive UTC) and installed fonts give the same bytes. Takes some 85 ms for a pack of five pages
    and up to ten seconds, 700 MB and the parser's half of that under the GIL for the longest.
    """
    return typst.compile(
        TEMPLATES / "build_pack.typ",
        root=TEMPLATES,
        sys_inputs={"data": json.dumps(_page(markdown, title))},
        font_paths=_fonts(),
        timestamp=created_at.replace(microsecond=0, tzinfo=UTC),
    )


def _page(markdown: str, title: str) -> dict[str, Any]:
    blocks = markdown_blocks(markdown)
    heading: Block = {"r": [one_line(title)]}
    if blocks and blocks[0]["k"] == "h":
        heading = blocks.pop(0)
    subtitle = None
    if blocks and blocks[0]["k"] == "p" and _is_emphasis(blocks[0]):
        subtitle = blocks.pop(0)
    for before, block in pairwise(blocks):
        if before["k"] == "h" and block["k"] == "p" and _is_emphasis(block):
            block["sticky"] = True  # a heading and its remark stay with what they speak of
    headings = [block for block in blocks if block["k"] == "h"]
    top = min((block["l"] for block in headings), default=1)
    for block in headings:
        block["l"] -= top - 1
    text = plain_text(heading["r"]) or "Build pack"
    return {
        "title": text,
        "heading": heading,
        "subtitle": subtitle,
        "footer": text if len(text) <= LONGEST_FOOTER else text[: LONGEST_FOOTER - 1] + "…",
        "contents": sum(block["l"] == 1 for block in headings) >= CONTENTS_FROM,
        "blocks": blocks,
        "fallbacks": [name for name in FALLBACK_FONTS if name in _fonts().families()],
    }


def _is_emphasis(block: Block) -> bool:
    return all("i" in run if isinstance(run, dict) else run.isspace() for run in block["r"])


@cache
def _fonts() -> typst.Fonts:
    """The fonts, searched for once: that takes several times as long as setting a page."""
    return typst.Fonts()
