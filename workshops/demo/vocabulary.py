"""The ideas and words of the demo, read from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple


class Idea(NamedTuple):
    """One hand-written idea and the nouns that its ten step outputs speak in.

    `titles` and `text` may hold the slots `{place}`, `{company}` and `{audience}`; every other
    field is plain. `features` are pairs of a noun phrase ("a button on the ward tablet") and the
    clause that says what it is good for ("the porter comes at once"). `metric` has what is counted
    (`name`), its value `today` and the `target`.
    """

    titles: list[str]
    text: str
    audiences: list[str]
    role: str
    other: str
    quotes: list[str]
    pains: list[str]
    need: str
    because: str
    metric: dict[str, Any]
    features: list[list[str]]
    entities: list[str]
    existing: str


class Trade(NamedTuple):
    """A line of business: how its companies are called and what its people want to build.

    `company_patterns` hold `{name}` or `{place}` or both; `openers` introduce the person who
    writes and hold `{company}` and `{place}`.
    """

    name: str
    company_names: list[str]
    company_patterns: list[str]
    openers: list[str]
    ideas: list[Idea]


def _read(file: Traversable) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _trade(file: Traversable) -> Trade:
    content = _read(file)
    ideas = [
        Idea(**{**idea, "text": " ".join(idea["text"].split())}) for idea in content.pop("ideas")
    ]
    return Trade(name=file.name.removesuffix(".toml"), ideas=ideas, **content)


_DIRECTORY = files(__package__)
WORDS = _read(_DIRECTORY / "vocabulary.toml")
OUTPUTS = _read(_DIRECTORY / "outputs.toml")
TRADES = [
    _trade(file)
    for file in sorted((_DIRECTORY / "trades").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".toml")
]
