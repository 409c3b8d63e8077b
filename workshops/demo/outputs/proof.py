"""Outputs of the middle steps: sketched screens, a test with people, a ranking."""

from __future__ import annotations

from typing import Any

from workshops.demo.outputs.cast import PARTICIPANTS, Cast, bare, capital, sentence

_FIDELITY = (
    "paper",
    "paper and a phone camera",
    "clickable wireframe",
    "cardboard and sticky notes",
)
_ELEMENTS = (
    *("one big button", "a search field", "a short list", "a photo", "a map", "a traffic light"),
    *("a microphone", "a yes and a no", "a calendar strip", "a counter", "an undo link"),
)
_FINDINGS = (
    ("{name} looked for the way back twice", "medium", "Give every screen the same back link"),
    ("{name} read the heading and nothing else", "low", "Put the answer into the heading"),
    ("{name} did not dare to press the button", "high", "Say what will happen before it happens"),
    ("{name} took the photo for an advertisement", "medium", "Show the real {thing}"),
    ("{name} wanted to tell a colleague at once", "low", "Add a link that can be sent"),
    ("{name} thought that the task was done after the first screen", "high", "Show what is left"),
    ("{name} asked who else can see this", "high", "Name the readers on the page"),
    ("{name} held the phone at arm's length", "medium", "Use larger type throughout"),
)
_RESULTS = ("done alone", "done alone", "done with a hint", "gave up")


def prototype(cast: Cast) -> dict[str, Any]:
    """Screens, each for a feature, and the way through them."""
    idea, rng = cast.idea, cast.rng
    first, second, third = idea.entities
    names = (f"Today's {first.lower()}", f"New {second.lower()}", f"{third} at a glance")
    return {
        "fidelity": rng.choice(_FIDELITY),
        "built_in_hours": rng.randint(2, 14),
        "screens": [
            {
                "name": name,
                "purpose": f"Shows {feature}, so that {benefit}.",
                "elements": rng.sample(_ELEMENTS, 3),
            }
            for name, (feature, benefit) in zip(names, cast.features, strict=False)
        ],
        "flow": [*names, "Thank you"],
        "left_out": [bare(feature) for feature, _ in cast.features[3:]],
        "questions": [
            f"Does the {idea.role} understand it without help?",
            f"Is it quicker than {idea.existing}?",
        ],
    }


def test(cast: Cast) -> dict[str, Any]:
    """What happened when people tried the prototype."""
    rng = cast.rng
    results = [rng.choice(_RESULTS) for _ in cast.participants]
    alone = results.count("done alone")
    return {
        "summary": f"{alone} of {PARTICIPANTS} people in {{place}} managed without help.",
        "participants": [
            {
                "name": person.name,
                "role": capital(person.role),
                "result": result,
                "seconds": rng.randrange(35, 320, 5),
            }
            for person, result in zip(cast.participants, results, strict=True)
        ],
        "findings": [
            {
                "finding": finding.format(name=person.first_name),
                "severity": severity,
                "change": change.format(thing=cast.thing),
            }
            for (finding, severity, change), person in zip(
                rng.sample(_FINDINGS, 3), cast.participants, strict=False
            )
        ],
        "best_moment": f"“{sentence(cast.features[0][1])[:-1]}? Then I want it tomorrow”, said "
        f"{cast.participants[-1].first_name}.",
        "decision": "Go on" if alone >= 2 else "Change the first screen, then go on",
    }


def prioritize(cast: Cast) -> dict[str, Any]:
    """MoSCoW for people, RICE with its numbers for the sceptical."""
    rng = cast.rng
    estimates = []
    for _ in cast.features:
        reach, effort = rng.randrange(20, 400, 10), rng.choice((1, 2, 3, 5, 8))
        impact, confidence = rng.choice((0.5, 1, 2, 3)), rng.choice((50, 80, 100))
        score = round(reach * impact * confidence / 100 / effort, 1)
        estimates.append((score, reach, impact, confidence, effort))
    names = [bare(feature) for feature, _ in cast.features]
    rows = [
        {
            "feature": name,
            "reach": reach,
            "impact": impact,
            "confidence": confidence,
            "effort": effort,
            "score": score,
        }
        for name, (score, reach, impact, confidence, effort) in zip(
            names, sorted(estimates, reverse=True), strict=True
        )
    ]
    return {
        "rice": rows,
        "moscow": {
            "must": names[:2],
            "should": names[2:3],
            "could": names[3:4],
            "wont": [*names[4:], f"A replacement for {cast.idea.existing}"],
        },
        "first_release": f"{names[0]}, in {rng.randint(3, 10)} weeks.",
    }
