"""What a person calls a workshop, and how they first tell the idea."""

from __future__ import annotations

from random import Random

from workshops.demo.outputs.cast import bare
from workshops.demo.people import Company
from workshops.demo.vocabulary import CLOSERS, PLACES, TITLE_TAILS, Idea, Trade

_FEATURE_TITLES = ("{name}, {place}", "{company}: {feature}", "For {audience}: {feature}")


def write_words(
    rng: Random, trade: Trade, idea: Idea, company: Company, place: str
) -> tuple[str, str]:
    """Return a title and the idea in the person's own words, two to four sentences."""
    feature = rng.choice(idea.features)[0]
    slots = {
        "place": place,
        "company": company.name,
        "audience": rng.choice(idea.audiences),
        "feature": feature,
        "name": bare(feature),
    }
    if rng.random() < 0.6:
        title = rng.choice(idea.titles)
        if "{place}" not in title and "{company}" not in title:
            title += ", {place}"
    else:
        title = rng.choice(_FEATURE_TITLES)
    if rng.random() < 0.15:
        title = title.rstrip("?") + rng.choice(TITLE_TAILS)
    text = idea.text.format(**slots)
    if rng.random() < 0.75:
        opener = rng.choice(trade.openers).format(company=company.name, place=company.place)
        text = f"{opener} {text}"
    if rng.random() < 0.7:
        text = f"{text} {rng.choice(CLOSERS)}"
    return title.format(**slots), text


def write_place(rng: Random, company: Company) -> str:
    """Return where the workshop is about: a company may have more than one place to improve."""
    if company.place in company.name or rng.random() < 0.4:
        return company.place
    return rng.choice(PLACES)
