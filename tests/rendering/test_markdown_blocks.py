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
        return " " + "".join(strings(value[key]) for key in "rticbh" if key in value)
    return ""


def test_inline_marks_become_flags() -> None:
    """Bold, italic, struck and code text nest as flags of runs."""
    assert markdown_blocks("a **b *c*** ~~d~~ `e`") == [
        {
            "k": "p",
            "r": [
                "a ",
                {"t": "b ", "b": True},
                {"t": "c", "b": True, "i": True},
                " ",
                {"t": "d", "s": True},
                " ",
                {"t": "e", "c": True},
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
    runs = markdown_blocks(markdown)[0]["r"]
    address = url or markdown[4:-1]
    assert strings(runs).replace(" ", "") == f"x({address})"
    assert all((run.get("u") if isinstance(run, dict) else None) == url for run in runs)


def test_javascript_is_no_link_at_all() -> None:
    """The parser refuses the scheme, so the source shows."""
    assert markdown_blocks("[x](javascript:alert)") == [
        {"k": "p", "r": ["[x](javascript:alert)"]},
    ]


def test_an_address_is_not_shown_twice() -> None:
    """An autolink is its own text."""
    assert strings(markdown_blocks("<https://a.example/>")).strip() == "https://a.example/"


def test_images_are_described_never_fetched() -> None:
    """Description and address stand in for the picture."""
    assert markdown_blocks("![A cat](/etc/passwd)") == [
        {"k": "p", "r": ["[image: A cat] (/etc/passwd)"]}
    ]


def test_html_is_text_but_a_line_break_breaks() -> None:
    """Tags show as they are; <br> is how people break lines in tables."""
    assert markdown_blocks("a <b>x</b><br/>c") == [
        {"k": "p", "r": ["a ", "<b>", "x", "</b>", {"br": True}, "c"]}
    ]
    assert markdown_blocks("<script>\nalert()\n</script>") == [
        {"k": "code", "t": "<script>\nalert()\n</script>"}
    ]


def test_lists_quotes_and_rules_keep_their_structure() -> None:
    """Containers hold blocks; an ordered list keeps its first number."""
    assert markdown_blocks("3. a\n   - b\n\n> c\n\n---") == [
        {
            "k": "ol",
            "i": [[{"k": "p", "r": ["a"]}, {"k": "ul", "i": [[{"k": "p", "r": ["b"]}]]}]],
            "s": 3,
        },
        {"k": "q", "b": [{"k": "p", "r": ["c"]}]},
        {"k": "hr"},
    ]


def test_table_cells_keep_alignment_and_marks() -> None:
    """A table is a list of header cells and a flat list of the others."""
    table = markdown_blocks("| a | b |\n|---|--:|\n| **c** | d\\|e |")[0]
    assert (table["k"], table["a"]) == ("table", ["l", "r"])
    assert table["h"] == [{"r": ["a"]}, {"r": ["b"]}]
    assert [strings(cell).strip() for cell in table["c"]] == ["c", "d|e"]


def test_scripts_from_right_to_left_are_marked() -> None:
    """The first letter with a direction decides."""
    arabic, mixed, latin = markdown_blocks("1) مرحبا\n\n12 שלום x\n\nx שלום")
    assert arabic["i"][0][0]["rtl"]
    assert mixed["rtl"]
    assert "rtl" not in latin


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
    assert len(blocks[0]["c"]) % 3 == 0
    assert markdown_blocks("x" * 1_300_000)[-2:] == TOO_LONG


@given(texts)
def test_any_markdown_becomes_blocks_that_json_can_hold(text: str) -> None:
    """Nothing fails, and every character of a code block survives."""
    assert isinstance(strings(markdown_blocks(text)), str)
    strings(markdown_blocks(text)).encode()
