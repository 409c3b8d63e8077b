"""Who owns the demo workshops, who takes part in them, and how they speak of their ideas."""

from __future__ import annotations

from functools import cache
from random import Random
from string import ascii_letters, ascii_lowercase, digits
from typing import NamedTuple

from workshops.demo.outputs import bare
from workshops.demo.vocabulary import WORDS, Idea, Trade

_MOST_COLLEAGUES = 14
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


class Owner(NamedTuple):
    """A person who owns workshops."""

    user_id: str
    company: Company


class People:
    """Finds an owner and members for each workshop.

    Those who own many workshops are the likeliest to own the next one, within a trade: most people
    have one or two, a few have twenty.
    """

    def __init__(self, rng: Random, *, mark: str = "") -> None:
        self._rng = rng
        self._mark = mark  # of the user ids
        self._owners: dict[str, list[Owner]] = {}  # once for each workshop

    def owner(self, trade: Trade) -> Owner:
        rng, owners = self._rng, self._owners.setdefault(trade.name, [])
        if owners and rng.random() < 0.6:
            owner = rng.choice(owners)
        else:
            company = rng.choice(owners).company if owners and rng.random() < 0.4 else None
            if company is None or len(company.people) >= _MOST_COLLEAGUES:
                company = self._company(trade)
            owner = Owner(_clerk_id(rng, "user", self._mark), company)
            company.people.append(owner.user_id)
        owners.append(owner)
        return owner

    def members(self, owner: Owner) -> list[tuple[str, str]]:
        """Return the user ids and roles of those who take part beside the owner."""
        rng, company = self._rng, owner.company
        wanted = rng.choice((0, 1, 1, 2, 2, 3, 5) if company.org_id else (0, 0, 0, 1))
        while len(company.people) <= wanted:
            company.people.append(_clerk_id(rng, "user", self._mark))
        colleagues = [user_id for user_id in company.people if user_id != owner.user_id]
        return [(user_id, rng.choice(_ROLES)) for user_id in rng.sample(colleagues, wanted)]

    def _company(self, trade: Trade) -> Company:
        rng, place = self._rng, self._rng.choice(WORDS["places"])
        name = rng.choice(trade.company_patterns).format(
            name=rng.choice(trade.company_names), place=place
        )
        org_id = _clerk_id(rng, "org") if rng.random() < 0.6 else None
        return Company(name, place, org_id, [])


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
