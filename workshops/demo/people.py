"""Who owns the demo workshops, who takes part in them, and how they speak of their ideas."""

from __future__ import annotations

from functools import cache
from random import Random
from string import ascii_letters, ascii_lowercase, digits
from typing import NamedTuple

from workshops.demo.outputs import bare
from workshops.demo.vocabulary import TRADES, WORDS, Idea, Trade

_COMPANIES, _COLLEAGUES = 4, 14
_ROLES = (*("editor",) * 6, *("viewer",) * 5, "owner")

BASE36 = digits + ascii_lowercase
_BASE62, _URL_SAFE = digits + ascii_letters, digits + ascii_letters + "-_"


@cache
def _table(characters: str) -> bytes:
    return (characters * 256)[:256].encode()


def random_text(rng: Random, length: int, characters: str = _URL_SAFE) -> str:
    """Return random characters; several times as fast as choosing one after the other."""
    return rng.randbytes(length).translate(_table(characters)).decode()


def identifier(rng: Random, prefix: str) -> str:
    """Return an id like those of `create_prefixed_id`."""
    return f"{prefix}_{random_text(rng, 1, ascii_lowercase)}{random_text(rng, 23, BASE36)}"


def _clerk_id(rng: Random, kind: str, mark: str = "") -> str:
    """Return an id like those of Clerk: `user_2` or `org_2` and 26 characters."""
    return f"{kind}_2{mark}{random_text(rng, 26 - len(mark), _BASE62)}"


class Company(NamedTuple):
    """Where people work; `org_id` is None where the identity provider knows no organisation."""

    name: str
    place: str
    org_id: str | None
    people: list[str]


class People:
    """Finds an owner and members for each workshop, in a few companies of each trade.

    Most people own one or two workshops, a few own many.

    :param mark: How their user ids begin.
    """

    def __init__(self, rng: Random, *, mark: str = "") -> None:
        self._companies = {
            trade.name: [_company(rng, trade, mark) for _ in range(_COMPANIES)] for trade in TRADES
        }

    def team(self, rng: Random, trade: Trade) -> tuple[Company, str, list[tuple[str, str]]]:
        """Return a company, who of it is the owner, and the others with their roles."""
        company = self._companies[trade.name][int(_COMPANIES * rng.random() ** 2)]
        owner = company.people[int(_COLLEAGUES * rng.random() ** 4)]
        count = rng.choice((0, 1, 1, 2, 2, 3, 5) if company.org_id else (0, 0, 0, 1))
        colleagues = [user_id for user_id in company.people if user_id != owner]
        others = [(user_id, rng.choice(_ROLES)) for user_id in rng.sample(colleagues, count)]
        return company, owner, others


def _company(rng: Random, trade: Trade, mark: str) -> Company:
    place = rng.choice(WORDS["places"])
    name = rng.choice(trade.company_names)
    name = rng.choice(trade.company_patterns).format(name=name, place=place)
    org_id = _clerk_id(rng, "org") if rng.random() < 0.6 else None
    people = [_clerk_id(rng, "user", mark) for _ in range(_COLLEAGUES)]
    return Company(name, place, org_id, people)


def describe(rng: Random, trade: Trade, idea: Idea, company: Company) -> tuple[str, str, str]:
    """Return where a workshop is about, its title, and the idea in two to four sentences."""
    place = company.place
    if place not in company.name and rng.random() < 0.6:  # it may have more than one to improve
        place = rng.choice(WORDS["places"])
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
        title = rng.choice(WORDS["title_patterns"])
    if rng.random() < 0.15:
        title = title.rstrip("?") + rng.choice(WORDS["title_tails"])
    text = idea.text.format(**slots)
    if rng.random() < 0.75:
        opener = rng.choice(trade.openers).format(company=company.name, place=company.place)
        text = f"{opener} {text}"
    if rng.random() < 0.7:
        text = f"{text} {rng.choice(WORDS['closers'])}"
    return place, title.format(**slots), text
