"""Packs as Markdown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given

from workshops.rendering import render_markdown
from workshops.rendering.escaping import one_line
from workshops.rendering.labels import scalar_text

from .packs import STRANGE_TEXTS, half_done_pack, pack, pantry_pack, strange_pack
from .reading import headings, kinds, leaves, visible_text
from .strategies import outputs


def body(output: dict[str, Any]) -> str:
    """The Markdown of one step's output."""
    text = render_markdown(pack({"empathize": output}))
    return text.partition("*Completed 2026-07-11.*\n\n")[2].partition("\n\n## Open steps")[0]


def test_sections_are_idea_then_steps_in_order_then_open_steps() -> None:
    """The first two levels of headings are the pack's own."""
    document = half_done_pack()
    shuffled = replace(document, idea="Share.", steps=list(reversed(document.steps)))
    assert headings(render_markdown(shuffled), deepest=2) == [
        (1, "Pantry Share, first round"),
        (2, "Idea"),
        (2, "1. Empathize"),
        (2, "2. Define"),
        (2, "3. Ideate"),
        (2, "4. Prototype"),
        (2, "Open steps"),
    ]


def test_open_steps_are_listed_with_their_status() -> None:
    """Steps not complete come last, without output."""
    text = render_markdown(half_done_pack())
    assert "**4 of 10 steps are complete.**" in text
    assert text.partition("## Open steps\n\n")[2].splitlines()[:2] == [
        "- **5. Test** (in progress)",
        "- **6. Prioritize** (not started)",
    ]


def test_output_of_an_open_step_is_left_out() -> None:
    """What is not complete is not specified yet."""
    document = half_done_pack()
    steps = [
        replace(step, output={"draft": "unfinished thought"}) if not step.is_complete else step
        for step in document.steps
    ]
    assert "unfinished thought" not in render_markdown(replace(document, steps=steps))


def test_finished_pack_has_no_open_steps() -> None:
    """Ten complete steps say so, and nothing is listed as open."""
    text = render_markdown(pantry_pack())
    assert "**All 10 steps are complete.**" in text
    assert "Open steps" not in text


def test_first_lines_name_workshop_and_moment() -> None:
    """The pack's title may differ from the workshop's; both are there."""
    assert render_markdown(pantry_pack()).splitlines()[:3] == [
        "# Pantry Share: specification",
        "",
        "*Build pack of the workshop “Pantry Share”, generated 2026-07-24 at 14:05 UTC.*",
    ]


def test_similar_objects_become_a_table() -> None:
    """Short cells stand in a table with the title first and numbers to the right."""
    rows = [
        {"votes": 9, "in_scope": True, "name": "A"},
        {"votes": 11, "in_scope": None, "name": "B|"},
    ]
    assert body({"ideas": rows}) == (
        "### Ideas\n\n"
        "| Name | In scope | Votes |\n"
        "| ---- | -------- | ----: |\n"
        "| A    | yes      |     9 |\n"
        "| B\\|  | —        |    11 |"
    )


def test_columns_stand_in_reading_order() -> None:
    """jsonb sorts keys by length: known ones come as people read them, others as stored."""
    rows = [
        {"reach": 9, "score": 1.5, "zeal": 1, "effort": 2, "impact": 3, "feature": name}
        for name in "AB"
    ]
    table = body({"rice": rows}).splitlines()[2]
    assert table == "| Feature | Reach | Impact | Effort | Zeal | Score |"
    sections = body({"moscow": {"must": "a", "wont": "b", "could": "c", "should": "d"}})
    assert [line.split(":")[0] for line in sections.splitlines()[2:]] == [
        "- **Must", "- **Should", "- **Could", "- **Won't",
    ]  # fmt: skip


def test_a_table_can_state_its_order() -> None:
    """Columns and rows as lists keep the order in which they were written."""
    table = {"columns": ["Zeal", "id"], "rows": [[1, "x"], [22, "y"]]}
    assert body({"plan": table}).splitlines()[2:] == [
        "| Zeal | ID  |",
        "| ---: | --- |",
        "|    1 | x   |",
        "|   22 | y   |",
    ]
    uneven = {"columns": ["a", "b"], "rows": [[1]]}
    assert "| " not in body({"plan": uneven})


def test_objects_with_long_texts_become_subsections() -> None:
    """What does not fit into cells gets a heading for each object, named by its title."""
    text = "A long sentence. " * 20
    assert body({"rules": [{"title": "One", "text": text}, {"text": "short"}]}) == (
        f"### Rules\n\n#### One\n\n- **Text:** {text.strip()}\n\n#### Item 2\n\n- **Text:** short"
    )


def test_short_values_come_before_sections() -> None:
    """A fact after a heading would seem to belong under it."""
    assert body({"parts": ["a", "b"], "count": 2, "nothing": [], "void": None}) == (
        "- **Count:** 2\n- **Nothing:** *none*\n- **Void:** —\n\n### Parts\n\n- a\n- b"
    )


def test_lists_side_by_side_look_alike() -> None:
    """One list that needs room gives the others headings too, so their order stays."""
    output = {"plan": {"must": ["a", "b"], "should": ["c"], "wont": ["A long one, " * 9]}}
    assert headings(body(output)) == [(3, "Plan"), (4, "Must"), (4, "Should"), (4, "Won't")]
    short = {"plan": {"must": ["a", "b"], "should": ["c"]}}
    assert body(short) == "### Plan\n\n- **Must:** a, b\n- **Should:** c"


def test_keys_read_as_words() -> None:
    """Identifiers are humanised, other keys are what somebody wrote."""
    output = {"problem_statement": 1, "userId": 2, "Ein Schlüssel!": 3, "API-key": 4, "": 5}
    assert body(output).splitlines() == [
        "- **Problem statement:** 1",
        "- **User ID:** 2",
        "- **Ein Schlüssel!:** 3",
        "- **API key:** 4",
        "- **(no name):** 5",
    ]


def test_units_and_contractions_are_written_out() -> None:
    """A unit at the end stands in brackets, and an apostrophe where English has one."""
    output = {
        "wont": 1,
        "moscow": 6,
        "non_functional": 7,
        "response_time_ms": 2,
        "monthlyCostEur": 3,
        "availability_percent": 4,
    }
    assert sorted(body({**output, "ms": 5}).splitlines(), key=str.lower) == [
        "- **Availability (%):** 4",
        "- **Monthly cost (EUR):** 3",
        "- **MoSCoW:** 6",
        "- **Ms:** 5",
        "- **Non-functional:** 7",
        "- **Response time (ms):** 2",
        "- **Won't:** 1",
    ]


def test_conversation_is_counted_not_shown() -> None:
    """Chat turns are how an output came about; a list of other things named messages is shown."""
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    assert body({"messages": turns}) == (
        "*The conversation of this step (2 messages) is not part of the pack.*"
    )
    assert body({"messages": ["Bread is shared"]}) == "### Messages\n\n- Bread is shared"


def test_step_without_output_says_so() -> None:
    """A step may be complete with nothing written down."""
    assert body({}) == "*No output was recorded.*"


def test_deep_parts_are_shown_as_json() -> None:
    """Beyond headings and nested lists, the value is written as it is."""
    value: Any = ["leaf"]
    for _ in range(12):
        value = {"k": value}
    text = body(value)
    assert "```json" in text
    assert '"leaf"' in text


def test_no_depth_breaks_it() -> None:
    """A hundred thousand levels are no error: what is deeper than any output may be is cut."""
    value: Any = "leaf"
    for _ in range(100_000):
        value = [value]
    assert '"…"' in body({"deep": value})


def test_the_same_document_gives_the_same_text() -> None:
    """Nothing depends on the moment of rendering."""
    assert render_markdown(strange_pack()) == render_markdown(strange_pack())


def test_markup_of_users_stays_text() -> None:
    """Markdown, HTML and Typst in a text, key or title are shown, never obeyed."""
    text = render_markdown(strange_pack())
    assert not {"html_block", "html_inline", "link_open", "image", "hr"} & kinds(text)
    for strange in STRANGE_TEXTS.values():
        assert one_line(strange) in visible_text(text)


@given(outputs)
def test_any_output_keeps_our_structure_and_all_its_texts(output: dict[str, Any]) -> None:
    """Random JSON: our headings only, no foreign markup, and every scalar is there to read."""
    markdown = render_markdown(pack({"empathize": output}))
    markdown.encode()
    assert headings(markdown, deepest=2) == [
        (1, "Pantry Share: specification"),
        (2, "Idea"),
        (2, "1. Empathize"),
        (2, "Open steps"),
    ]
    assert not {"html_block", "html_inline", "link_open", "image", "hr", "lheading_open"} & kinds(
        markdown
    )
    text = visible_text(markdown)
    for leaf in leaves(output):
        plain = scalar_text(leaf)
        in_json = json.dumps(plain, ensure_ascii=False)[1:-1]
        assert one_line(plain) in text or " ".join(one_line(in_json).split()) in text
