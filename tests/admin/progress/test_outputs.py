"""Outputs as HTML, whatever JSON they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rendering.packs import PANTRY_OUTPUTS, STRANGE_TEXTS
from workshops.admin.progress.texts import SHOWN_BYTES, readable_output

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


def html(output: dict[str, Any]) -> str:
    """Return the HTML of an output."""
    shown = readable_output(json.dumps(output)).html
    assert shown is not None
    return str(shown)


@given(st.dictionaries(st.text(), json_values))
def test_any_object_is_shown(output: dict[str, Any]) -> None:
    """No JSON object makes an error, a script, a style or an image."""
    shown = html(output).lower()
    assert "<script" not in shown
    assert " style=" not in shown
    assert "<img" not in shown


@pytest.mark.parametrize("text", STRANGE_TEXTS.values(), ids=STRANGE_TEXTS)
def test_markup_of_any_language_is_text(text: str) -> None:
    """Markup in keys and values is inert."""
    shown = html({text: text, "list": [text], "table": [{"a": text, "b": text}] * 2})
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_objects_become_facts_lists_and_tables() -> None:
    """Facts, lists and tables are elements of HTML; headings begin below those of the page."""
    shown = "".join(html(output) for output in PANTRY_OUTPUTS.values())
    for tag in ("<ul>", "<table>", "<h4>", "<strong>", '<td class="figure">'):
        assert tag in shown
    assert "<h3>" not in shown


def test_conversation_is_kept_apart() -> None:
    """The turns of a chat are messages with their roles."""
    shown = readable_output(
        json.dumps(
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "tool", "content": [1]}]}
        )
    )
    assert shown.messages == [
        {"role": "user", "text": "Hi"},
        {"role": "tool", "text": "[1]"},
    ]
    assert shown.html == ""


def test_output_of_many_lines_is_folded_up() -> None:
    """An output is long by its bytes or by the lines that it takes."""
    assert not readable_output(json.dumps({"ideas": ["a", "b"]})).long
    assert readable_output(json.dumps({"ideas": ["a"] * 40})).long
    assert readable_output(json.dumps({"text": "word " * 200})).long


@pytest.mark.parametrize("depth", [300, 5_000])
def test_deep_output_is_shown_or_offered(depth: int) -> None:
    """However deep an output is, there is no error."""
    text = '{"a":' * depth + "1" + "}" * depth
    shown = readable_output(text)
    assert shown.size == len(text)
    assert shown.html is None or "A:" in shown.html


def test_long_output_is_offered_as_a_file() -> None:
    """An output that would swell the page is left out of it."""
    assert readable_output(json.dumps({"a": "x" * SHOWN_BYTES})).html is None
