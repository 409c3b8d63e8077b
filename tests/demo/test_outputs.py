"""The outputs of the ten steps."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from tests.demo.generated import told
from workshops.demo.outputs import Cast
from workshops.demo.vocabulary import OUTPUTS, TRADES, Idea
from workshops.rendering.escaping import inline, prose
from workshops.step_catalog import STEP_CATALOG

IDEAS = [idea for trade in TRADES for idea in trade.ideas]


def outputs_of(idea: Idea, seed: int) -> dict[str, dict[str, Any]]:
    """The outputs of all steps."""
    cast = Cast(idea, Random(seed))
    return {step.id: cast.output(step.id, step.name) for step in STEP_CATALOG}


def test_a_text_for_each_step() -> None:
    """Each of the ten steps has an output of its own, and there is one for any other."""
    assert list(OUTPUTS) == [*(step.id for step in STEP_CATALOG), "other"]


def test_texts_need_no_escaping() -> None:
    """What is filled into a rendered pack reads the same in Markdown and in JSON."""
    for workshop in told(1):
        for text in (workshop.row["title"], workshop.row["original_idea"]):
            assert inline(text) == "".join(prose(text)) == text
            assert json.dumps(text, ensure_ascii=False) == f'"{text}"'


def test_many_trades_and_ideas() -> None:
    """There are at least ten trades and forty ideas, no two with the same text."""
    assert len({trade.name for trade in TRADES}) >= 10
    assert len({idea.text for idea in IDEAS}) == len(IDEAS) >= 40


@pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.titles[0])
class TestIdea:
    def test_is_told_for_somebody(self, idea: Idea) -> None:
        """The idea's text speaks of its audience, so that tellings differ; it has five features."""
        assert "{audience}" in idea.text
        assert len(set(idea.audiences)) == 3
        assert len(dict(idea.features)) == 5

    def test_outputs_speak_of_the_idea(self, idea: Idea) -> None:
        """Each output is a JSON object that speaks of the idea, and no two have the same shape."""
        outputs = outputs_of(idea, 1)
        words = (idea.role, idea.need, idea.existing, idea.other, *(f for f, _ in idea.features))
        for output in outputs.values():
            text = json.dumps(output, ensure_ascii=False).lower()
            assert 300 < len(text) < 4000
            nouns = [word.lower().removeprefix("a ").removeprefix("an ") for word in words]
            assert any(noun.removeprefix("the ") in text for noun in nouns)
        assert len({tuple(output) for output in outputs.values()}) == len(outputs)

    def test_personas_return_in_the_stories(self, idea: Idea) -> None:
        """The people of the first step are those of the user stories."""
        outputs = outputs_of(idea, 2)
        roles = {persona["role"].lower() for persona in outputs["empathize"]["personas"]}
        stories = outputs["story"]["stories"]
        assert {story["as_a"].lower() for story in stories} == roles

    def test_conversations_alternate(self, idea: Idea) -> None:
        """A conversation begins with the guide, and the two take turns."""
        roles = [turn["role"] for turn in Cast(idea, Random(3)).messages("define")]
        assert roles == ["assistant", "user"] * (len(roles) // 2)
        assert roles


def test_numbers_of_the_ranking_agree() -> None:
    """A RICE score is reach times impact times confidence over effort, highest first."""
    rows = outputs_of(IDEAS[0], 5)["prioritize"]["rice"]
    for row in rows:
        expected = row["reach"] * row["impact"] * row["confidence"] / 100 / row["effort"]
        assert row["score"] == pytest.approx(expected, abs=0.05)
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_nothing_is_left_unfilled() -> None:
    """No output and no build pack of a generated workshop holds an unfilled slot."""
    for workshop in told(7):
        for step in workshop.steps:
            assert not re.search(r"\{\w+[ .}]", json.dumps(step["output"]))
        for pack in workshop.build_packs:
            assert not re.search(r"\{\w+[ .}]|10[01]\d-01-01", pack["content"])


def test_some_keep_their_conversation() -> None:
    """Some outputs hold the chat turns that led to them, and some do not."""
    outputs = [step["output"] for workshop in told(7) for step in workshop.steps if step["output"]]
    kept = sum("messages" in output for output in outputs)
    assert len(outputs) * 0.2 < kept < len(outputs) * 0.8
