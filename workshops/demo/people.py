"""Who owns the demo workshops and who takes part in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from workshops.demo.identifiers import Identifiers
from workshops.demo.vocabulary import PLACES, Trade

# The bounds that keep one person's list, and memory, finite however many workshops are made.
_MOST_WORKSHOPS = 25
_MOST_COLLEAGUES = 14
_REMEMBERED = 300

_ROLES = (*("editor",) * 6, *("viewer",) * 5, "owner")


@dataclass(slots=True)
class Company:
    """Where people work; `org_id` is None where the identity provider knows no organisation."""

    name: str
    place: str
    org_id: str | None
    people: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Owner:
    """A person who owns workshops."""

    user_id: str
    company: Company
    workshops: int = 0


class People:
    """Finds an owner and members for each workshop.

    Whoever owns many workshops is the likeliest to own the next one, within a trade: most people
    have one or two, a few have twenty.
    """

    def __init__(self, rng: Random, identifiers: Identifiers) -> None:
        self._rng = rng
        self._identifiers = identifiers
        self._owners: dict[str, list[Owner]] = {}

    def owner(self, trade: Trade) -> Owner:
        """Return the owner of the next workshop of a trade."""
        owners = self._owners.setdefault(trade.name, [])
        owner = self._rng.choice(owners) if owners and self._rng.random() < 0.6 else None
        if owner is None or owner.workshops >= _MOST_WORKSHOPS:
            owner = self._new_owner(trade, owners)
        owner.workshops += 1
        if len(owners) < _REMEMBERED:
            owners.append(owner)
        else:
            owners[self._rng.randrange(_REMEMBERED)] = owner
        return owner

    def members(self, owner: Owner) -> list[tuple[str, str]]:
        """Return the user ids and roles of those who take part beside the owner."""
        rng, company = self._rng, owner.company
        wanted = rng.choice((0, 1, 1, 2, 2, 3, 5) if company.org_id else (0, 0, 0, 1))
        while len(company.people) <= wanted:
            company.people.append(self._identifiers.user())
        colleagues = [user_id for user_id in company.people if user_id != owner.user_id]
        return [(user_id, rng.choice(_ROLES)) for user_id in rng.sample(colleagues, wanted)]

    def _new_owner(self, trade: Trade, owners: list[Owner]) -> Owner:
        company = None
        if owners and self._rng.random() < 0.4:
            company = self._rng.choice(owners).company
        if company is None or len(company.people) >= _MOST_COLLEAGUES:
            company = self._new_company(trade)
        user_id = self._identifiers.user()
        company.people.append(user_id)
        return Owner(user_id, company)

    def _new_company(self, trade: Trade) -> Company:
        rng = self._rng
        place = rng.choice(PLACES)
        name = rng.choice(trade.company_patterns).format(
            name=rng.choice(trade.company_names), place=place
        )
        org_id = self._identifiers.organisation() if rng.random() < 0.6 else None
        return Company(name, place, org_id)
