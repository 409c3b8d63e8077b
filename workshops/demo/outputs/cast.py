"""The people and choices that the ten outputs of one workshop share."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from workshops.demo.vocabulary import FIRST_NAMES, LAST_NAMES, Idea

PARTICIPANTS = 5
"""How many people try the prototype."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who appears in the outputs."""

    name: str
    age: int
    role: str

    @property
    def first_name(self) -> str:
        """The name by which the outputs speak of them."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Cast:
    """One telling of an idea: who was asked, and in which order the features ended up.

    All outputs of a workshop are made from the same cast, so that the persona of the first step is
    the one in the user stories of the ninth. `rng` is used up by the outputs in step order.
    """

    idea: Idea
    rng: Random
    personas: tuple[Person, Person]
    participants: tuple[Person, ...]
    features: tuple[tuple[str, str], ...]

    @property
    def thing(self) -> str:
        """What the product is mostly about, in lower case: "bed", "loan"."""
        return self.idea.entities[0].lower()


def make_cast(idea: Idea, rng: Random) -> Cast:
    """Choose the people and the ranking of features."""
    names = [
        f"{first} {last}"
        for first, last in zip(
            rng.sample(FIRST_NAMES, PARTICIPANTS + 2),
            rng.sample(LAST_NAMES, PARTICIPANTS + 2),
            strict=True,
        )
    ]
    roles = [idea.role, idea.other]
    roles += [rng.choice((idea.role, idea.role, idea.other)) for _ in range(PARTICIPANTS)]
    people = [
        Person(name, rng.randint(23, 67), role) for name, role in zip(names, roles, strict=True)
    ]
    return Cast(
        idea=idea,
        rng=rng,
        personas=(people[0], people[1]),
        participants=tuple(people[2:]),
        features=tuple(rng.sample(idea.features, len(idea.features))),
    )


def with_article(noun: str) -> str:
    """The noun after "a" or "an"."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def sentence(text: str) -> str:
    """The text with a capital letter first and one full stop at the end."""
    return f"{capital(text).rstrip('.')}."


def capital(text: str) -> str:
    """The text with a capital letter first, the rest as it is."""
    return text[:1].upper() + text[1:]


def bare(feature: str) -> str:
    """The feature without its article, as a heading: "Bed-ready button on the ward tablet"."""
    article, _, rest = feature.partition(" ")
    return capital(rest if article in ("a", "an", "the") else feature)
