"""Outputs of the first three steps: who has the problem, what it is, what could be done."""

from __future__ import annotations

from typing import Any

from workshops.demo.outputs.cast import Cast, Person, bare, capital, sentence, with_article

_METHODS = ("interviews", "a day of shadowing", "interviews and a diary week", "lunch-table talks")
_TECHNIQUES = ("Crazy eights", "Brainwriting", "Worst possible idea", "Analogies", "SCAMPER")
_DAYS = (
    "starts before anybody else is awake",
    "has two jobs, and this one never ends on time",
    "knows everybody by name",
    "came to this work by accident and stayed",
    "is asked for advice by the younger ones",
    "keeps everything in one small notebook",
)
_WILD_IDEAS = (
    ("Do nothing for a month and count what happens", "It would at least give us numbers."),
    ("A telephone line with a real person", "Expensive, and everybody would love it."),
    ("A big paper sheet on the wall", "Cheap enough to try tomorrow."),
    ("A game with points", "Nobody wanted to be ranked."),
    ("Pay people for reporting", "It would cost less than it sounds."),
    ("An automatic guess that can be corrected", "Correcting is easier than entering."),
    ("One meeting a week, standing", "Works until the first holiday."),
    ("A messenger group", "We had one. It has four thousand unread messages."),
)
_CONSTRAINTS = (
    "on the phones that people already own",
    "without one more password",
    "in under a minute",
    "with gloves on",
    "for somebody who does it for the first time",
    "when there is no reception",
)


def empathize(cast: Cast) -> dict[str, Any]:
    """Personas with quotes, and what was learnt from listening."""
    idea, rng = cast.idea, cast.rng
    pains = rng.sample(idea.pains, 3)
    goals = [sentence(f"to {idea.need}"), sentence(f"to hear that {cast.features[0][1]}")]
    output: dict[str, Any] = {
        "summary": f"We listened to {rng.randint(5, 12)} people; the picture "
        f"is clear: {idea.because}.",
        "where": "{place}",
        "method": capital(rng.choice(_METHODS)),
        "personas": [
            _persona(cast, 0, pains[:2], goals[:1]),
            _persona(cast, 1, pains[2:], goals[1:]),
        ],
        "insights": [
            sentence(idea.because),
            f"Nobody trusts {idea.existing} alone; everybody keeps a second list.",
            f"{cast.personas[0].first_name} would accept a wrong guess, but no silence.",
        ],
    }
    if rng.random() < 0.5:
        output["empathy_map"] = {
            "says": idea.quotes[0],
            "thinks": f"There must be a better way to {idea.need}.",
            "does": pains[0],
            "feels": rng.choice(("Alone with it", "Rushed", "Responsible", "Tired of explaining")),
        }
    return output


def _persona(cast: Cast, number: int, pains: list[str], goals: list[str]) -> dict[str, Any]:
    person: Person = cast.personas[number]
    return {
        "name": person.name,
        "age": person.age,
        "role": capital(person.role),
        "quote": cast.idea.quotes[number],
        "about": f"{person.first_name} {cast.rng.choice(_DAYS)}.",
        "pains": pains,
        "goals": goals,
    }


def define(cast: Cast) -> dict[str, Any]:
    """One problem statement and how success would be measured."""
    idea, rng = cast.idea, cast.rng
    name, today, target = idea.metric
    return {
        "problem_statement": f"{capital(with_article(idea.role))} needs a way to {idea.need}, "
        f"because {idea.because}.",
        "affected": [capital(idea.role), capital(idea.other), capital(rng.choice(idea.audiences))],
        "how_might_we": [
            f"How might we let {rng.choice(idea.audiences)} do it {constraint}?"
            for constraint in rng.sample(_CONSTRAINTS, 2)
        ]
        + [f"How might we do it so that {cast.features[1][1]}?"],
        "success_measures": [
            {"metric": capital(name), "today": today, "target": target},
            {
                "metric": "People who use it again after a week, per cent",
                "today": 0,
                "target": rng.randrange(40, 80, 5),
            },
        ],
        "out_of_scope": f"Replacing {idea.existing}.",
    }


def ideate(cast: Cast) -> dict[str, Any]:
    """Many ideas with votes, the strongest first."""
    idea, rng = cast.idea, cast.rng
    votes = sorted((rng.randint(1, 11) for _ in range(len(cast.features) + 2)), reverse=True)
    ideas = [(bare(feature), f"So that {benefit}.") for feature, benefit in cast.features]
    ideas += rng.sample(_WILD_IDEAS, 2)
    return {
        "method": rng.choice(_TECHNIQUES),
        "people_in_the_room": rng.randint(3, 9),
        "ideas": [
            {"title": title, "note": note, "votes": count}
            for (title, note), count in zip(ideas, votes, strict=True)
        ],
        "chosen": bare(cast.features[0][0]),
        "why": f"It is the shortest way to {idea.need}.",
    }
