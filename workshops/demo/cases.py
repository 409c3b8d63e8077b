"""Cases: the outputs of one telling of an idea, as JSON text ready to be stored.

Writing the outputs of a workshop takes a hundred times as long as filling two names into finished
ones. So each idea is told a few times, and the workshops share the tellings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from workshops.demo.definitions import Definition
from workshops.demo.outputs import OUTPUTS, Cast, make_cast, messages, plain_output
from workshops.demo.packs import PackTemplate, json_template, markdown_template
from workshops.demo.trades import TRADES
from workshops.demo.vocabulary import Idea, Trade

TELLINGS = 3
"""How many cases there are of each idea."""


class Case:
    """One telling of an idea, in the order of the step definitions.

    `outputs` are those of completed steps, `drafts` those of steps in progress. Both are JSON text
    with the slots `{place}` and `{company}`.
    """

    def __init__(self, idea: Idea, definitions: Sequence[Definition], rng: Random) -> None:
        cast = make_cast(idea, rng)
        outputs = [_output(cast, definition) for definition in definitions]
        self._definitions = definitions
        self._outputs = outputs
        self._packs: dict[str, PackTemplate] = {}
        self.outputs = [to_json(output) for output in outputs]
        self.drafts = [
            to_json(_draft(cast, output, definition.id))
            for output, definition in zip(outputs, definitions, strict=True)
        ]

    def pack(self, format_type: str) -> PackTemplate:
        """Return the template of a build pack with all steps complete.

        The content of a PDF is the Markdown that it is made from.
        """
        format_type = "json" if format_type == "json" else "markdown"
        if format_type not in self._packs:
            render = json_template if format_type == "json" else markdown_template
            self._packs[format_type] = render(self._definitions, self._outputs)
        return self._packs[format_type]


class Cases:
    """All cases of a seed, each made when it is first asked for."""

    def __init__(self, seed: int, definitions: Sequence[Definition]) -> None:
        self._seed = seed
        self._definitions = definitions
        self._cases: dict[tuple[str, int, int], Case] = {}

    def get(self, trade: Trade, number: int, telling: int) -> Case:
        """Return a telling of a trade's idea; it does not depend on what was asked for before."""
        key = (trade.name, number, telling)
        if key not in self._cases:
            rng = Random(f"{self._seed} {trade.name} {number} {telling}")
            self._cases[key] = Case(trade.ideas[number], self._definitions, rng)
        return self._cases[key]


def all_ideas() -> list[tuple[Trade, int]]:
    """Return every idea as its trade and its number there."""
    return [(trade, number) for trade in TRADES for number in range(len(trade.ideas))]


def _output(cast: Cast, definition: Definition) -> dict[str, Any]:
    write = OUTPUTS.get(definition.id)
    output = write(cast) if write else plain_output(cast, definition.name)
    if cast.rng.random() < 0.35:
        output["messages"] = messages(cast, definition.id)
    return as_stored(output)


def _draft(cast: Cast, output: dict[str, Any], step_id: str) -> dict[str, Any]:
    """What is there of an output while its step is in progress: a part, and the conversation."""
    parts = [key for key in output if key != "messages"]
    kept = cast.rng.sample(parts, cast.rng.randint(0, len(parts) // 2))
    return as_stored({key: output[key] for key in kept} | {"messages": messages(cast, step_id)})


def as_stored(output: dict[str, Any]) -> dict[str, Any]:
    """The output with the keys of its objects in the order in which jsonb gives them back.

    So that a build pack made here reads exactly like one that is made from the stored outputs.
    """
    keys = sorted(output, key=lambda key: (len(key.encode()), key.encode()))
    return {key: _as_stored(output[key]) for key in keys}


def _as_stored(value: Any) -> Any:
    if isinstance(value, dict):
        return as_stored(value)
    return [_as_stored(item) for item in value] if isinstance(value, list) else value


def to_json(value: dict[str, Any]) -> str:
    """The value as compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
