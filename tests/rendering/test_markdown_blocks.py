"""Any Markdown as blocks of plain strings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from workshops.rendering.pdf import MAX_NESTING, TOO_LONG, markdown_blocks

from .strategies import texts


def strings(value: Any) -> str:
    """All text in a tree of blocks, in order."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(strings, value))
    if isinstance(value, dict):
        return " " + "".join(
            strings(value[key]) for key in ("text", "runs", "blocks") if key in value
        )
    return ""


def test_inline_marks_become_flags() -> None:
    """Bold, italic, struck and code text nest as flags of runs."""
    assert markdown_blocks("a **b *c*** ~~d~~ `e`") == [
        {
            "type": "paragraph",
            "runs": [
                "a ",
                {"text": "b ", "b": True},
                {"text": "c", "b": True, "i": True},
                " ",
                {"text": "d", "s": True},
                " ",
                {"text": "e", "c": True},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("markdown", "url"),
    [
        ("[x](https://a.example/b)", "https://a.example/b"),
        ("[x](mailto:a@b.example)", "mailto:a@b.example"),
        ("[x](ftp://a.example)", None),
        ("[x](/relative)", None),
        ("[x](tel:+49)", None),
    ],
)
def test_only_web_and_mail_links_can_be_clicked(markdown: str, url: str | None) -> None:
    """A link shows its address; other schemes stay text."""
    runs = markdown_blocks(markdown)[0]["runs"]
    address = url or markdown[4:-1]
    assert strings(runs).replace(" ", "") == f"x({address})"
    assert all((run.get("url") if isinstance(run, dict) else None) == url for run in runs)


def test_javascript_is_no_link_at_all() -> None:
    """The parser refuses the scheme, so the source shows."""
    assert markdown_blocks("[x](javascript:alert)") == [
        {"type": "paragraph", "runs": ["[x](javascript:alert)"]},
    ]


def test_an_address_is_not_shown_twice() -> None:
    """An autolink is its own text."""
    assert strings(markdown_blocks("<https://a.example/>")).strip() == "https://a.example/"


def test_images_are_described_never_fetched() -> None:
    """Description and address stand in for the picture."""
    assert markdown_blocks("![A cat](/etc/passwd)") == [
        {"type": "paragraph", "runs": ["[image: A cat] (/etc/passwd)"]}
    ]


def test_html_is_text_but_a_line_break_breaks() -> None:
    """Tags show as they are; <br> is how people break lines in tables."""
    assert markdown_blocks("a <b>x</b><br/>c") == [
        {"type": "paragraph", "runs": ["a ", "<b>", "x", "</b>", {"br": True}, "c"]}
    ]
    assert markdown_blocks("<script>\nalert()\n</script>") == [
        {"type": "html_block", "text": "<script>\nalert()\n</script>"}
    ]


def test_lists_quotes_and_rules_keep_their_structure() -> None:
    """Containers hold blocks; an ordered list keeps its first number."""
    a, b, c = ({"type": "paragraph", "runs": [text]} for text in "abc")
    inner = {"type": "bullet_list", "blocks": [{"type": "list_item", "blocks": [b]}]}
    assert markdown_blocks("3. a\n   - b\n\n> c\n\n---") == [
        {
            "type": "ordered_list",
            "start": 3,
            "blocks": [{"type": "list_item", "blocks": [a, inner]}],
        },
        {"type": "blockquote", "blocks": [c]},
        {"type": "hr", "text": ""},
    ]


def test_table_cells_keep_alignment_and_marks() -> None:
    """A table is a header and a body, of rows of cells."""
    (table,) = markdown_blocks("| a | b |\n|---|--:|\n| **c** | d\\|e |")
    assert table["type"] == "table"
    header, row = (row["blocks"] for part in table["blocks"] for row in part["blocks"])
    assert header == [
        {"type": "th", "runs": ["a"]},
        {"type": "th", "style": "text-align:right", "runs": ["b"]},
    ]
    assert [strings(cell).strip() for cell in row] == ["c", "d|e"]


@pytest.mark.parametrize("depth", [8, MAX_NESTING // 2, MAX_NESTING - 2, MAX_NESTING, 3000])
def test_no_nesting_loses_text(depth: int) -> None:
    """What is nested too deep for the page is set as it was typed."""
    assert "bottom" in strings(markdown_blocks(">" * depth + " bottom"))
    assert "bottom" in strings(markdown_blocks("- " * min(depth, 300) + "bottom"))


def test_text_beyond_all_bounds_ends_with_a_remark() -> None:
    """A PDF of thousands of pages is cut, and says so."""
    table = "| a | b | c |\n|---|---|---|\n" + "| 1 | 2 | 3 |\n" * 30_000
    blocks = markdown_blocks(table)
    assert blocks[1:] == TOO_LONG
    rows = [row["blocks"] for part in blocks[0]["blocks"] for row in part["blocks"]]
    assert {len(row) for row in rows} == {3}
    assert markdown_blocks("x" * 1_300_000)[-2:] == TOO_LONG


@given(texts)
def test_any_markdown_becomes_blocks_that_json_can_hold(text: str) -> None:
    """Nothing fails, and every character of a code block survives."""
    assert isinstance(strings(markdown_blocks(text)), str)
    strings(markdown_blocks(text)).encode()
