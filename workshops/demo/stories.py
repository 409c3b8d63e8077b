"""What happens in each demo workshop, before any row is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Generic, TypeVar

from workshops.demo.cases import TELLINGS, Case, Cases, all_ideas
from workshops.demo.definitions import Definition
from workshops.demo.identifiers import Identifiers
from workshops.demo.people import Owner, People
from workshops.demo.timeline import (
    COMPLETED,
    DRAFT,
    PAUSED,
    PHASES,
    RESET,
    TAIL,
    Phase,
    below,
    make_timeline,
)
from workshops.demo.words import write_place, write_words

# Where workshops stand: people drop off, so the early steps come more often.
_STEPS_DONE = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9)

Card = TypeVar("Card")


class _Deck(Generic[Card]):
    """Cards drawn in random order, all of them before any comes again.

    So that even twenty workshops show every phase and twenty different ideas.
    """

    def __init__(self, rng: Random, cards: Sequence[Card]) -> None:
        self._rng = rng
        self._cards = cards
        self._left: list[Card] = []

    def draw(self) -> Card:
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


@dataclass(slots=True)
class Story:
    """One workshop: who, what and when.

    `changes` are the moments of `Timeline.changes`. `members` are the user ids, roles and times of
    joining, the owner's first.
    """

    workshop_id: str
    owner: Owner
    place: str
    title: str
    text: str
    case: Case
    phase: Phase
    complete: int
    created_at: datetime
    changes: list[datetime]
    updated_at: datetime
    sessions: list[tuple[datetime, datetime | None]]
    members: list[tuple[str, str, datetime]]
    share_token: str | None


class Stories:
    """Tells workshops one after the other, the same ones for the same arguments.

    `now` is naive UTC; nothing happens after it.
    """

    def __init__(
        self,
        *,
        seed: int,
        now: datetime,
        definitions: Sequence[Definition],
        identifiers: Identifiers,
    ) -> None:
        self._rng = rng = Random(f"stories of {seed}")
        self._step_count = len(definitions)
        self._midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._now = (now - self._midnight) // timedelta(milliseconds=1)
        self._identifiers = identifiers
        self._people = People(rng, identifiers)
        self._cases = Cases(seed, definitions)
        self._ideas = _Deck(rng, all_ideas())
        self._phases = _Deck(rng, PHASES)
        self._steps_done = _Deck(rng, _STEPS_DONE)

    def tell(self) -> Story:
        """Return the next workshop."""
        rng, midnight = self._rng, self._midnight
        trade, number = self._ideas.draw()
        owner = self._people.owner(trade)
        place = write_place(rng, owner.company)
        title, text = write_words(rng, trade, trade.ideas[number], owner.company, place)
        phase = self._phases.draw()
        complete = self._complete(phase)
        timeline = make_timeline(rng, phase, complete, self._now)
        # Positional, because keywords would take half of a workshop's time.
        created_at = midnight + timedelta(0, 0, 0, timeline.created)
        changes = [midnight + timedelta(0, 0, 0, change) for change in timeline.changes]
        # Rendering a build pack is what takes longest: one telling of each idea is enough for that.
        telling = 0 if phase is COMPLETED else below(rng, TELLINGS)
        shared = phase is not DRAFT and rng.random() < 0.2
        updated_at = changes[-1] if changes else created_at
        span = timeline.changes[-1] - timeline.created if changes else 0
        members = [
            (user_id, role, created_at + timedelta(0, 0, 0, below(rng, span)))
            for user_id, role in self._people.members(owner)
        ]
        if shared or phase is PAUSED or phase is COMPLETED:
            updated_at += timedelta(0, 0, 0, 1000 + below(rng, TAIL - 1000))
        return Story(
            workshop_id=self._identifiers.workshop(),
            owner=owner,
            place=place,
            title=title,
            text=text,
            case=self._cases.get(trade, number, telling),
            phase=phase,
            complete=complete,
            created_at=created_at,
            changes=changes,
            updated_at=updated_at,
            sessions=[
                (
                    midnight + timedelta(0, 0, 0, start),
                    None if end is None else midnight + timedelta(0, 0, 0, end),
                )
                for start, end in timeline.sessions
            ],
            members=members,
            share_token=self._identifiers.share_token() if shared else None,
        )

    def _complete(self, phase: Phase) -> int:
        """How many steps are complete: of ten in the phase, of as many as there are in fact."""
        if phase.steps is not None:
            return self._step_count * phase.steps // 10
        done = self._steps_done.draw() * self._step_count // 10
        # The first step cannot have been reset in a workshop where nothing else was done.
        return max(done, 1) if phase is RESET else done
