"""Demo workshops as rows for COPY, made up deterministically, without a database.

The same seed, day and step definitions give the same rows, byte for byte, and workshop number n is
the same however many are made, so that a demo can go on where an earlier one ended.

Work falls into the morning, the afternoon or the evening of past days, so that sessions never
overlap; every change of a step falls into a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import combinations, islice
from random import Random
from typing import NamedTuple, TypeAlias, TypeVar

from piccolo.table import Table

from workshops.demo.outputs import Variant, filled
from workshops.demo.people import BASE36, People, describe, identifier, random_text
from workshops.demo.vocabulary import TRADES, WORDS, Idea
from workshops.states import FormatType
from workshops.tables import (
    BuildPack,
    Session,
    StepDefinition,
    Workshop,
    WorkshopMember,
    WorkshopStep,
)

DEMO_WORKSHOP_PREFIX = "ws_demoworkshop"
"""How the id of every demo workshop begins, and no other.

It leaves 12 of a cuid2's 24 characters: seven for the seed, five for the number. That a real id
begins so happens once in 10^18 (26 * 36^11), which is why the marker is a long one: `ws_demo` alone
would meet a real workshop once in a million.
"""

BLOCK = 500
"""How many workshops are owned by the same people."""

VARIANTS = 3
"""In how many variants the outputs of each idea are made. Writing them takes a hundred times as
long as filling two names into finished ones, so the workshops share them."""

Card = TypeVar("Card")
Row: TypeAlias = tuple[str | datetime | None, ...]
Rows: TypeAlias = dict[type[Table], list[Row]]

COLUMNS: dict[type[Table], str] = {
    Workshop: "id clerk_user_id title original_idea status org_id template_id visibility"
    " share_token created_at updated_at",
    WorkshopMember: "id workshop_id clerk_user_id role created_at",
    WorkshopStep: "id workshop_id step_id status output started_at completed_at created_at"
    " updated_at",
    Session: "id workshop_id started_at ended_at created_at",
    BuildPack: "id workshop_id title format_type content created_at updated_at",
}
"""What the values of a row belong to, parents before children; `output` is JSON text.

Whatever else a table has gets its default of the database."""

_MILLISECOND, _MINUTE = timedelta(milliseconds=1), timedelta(minutes=1)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_OLDEST_DAY = 92  # so many days ago the first workshop began
_PARTS_OF_A_DAY = (8 * _HOUR, 13 * _HOUR, 18 * _HOUR)
_LATEST_START = 130 * _MINUTE
_SHORTEST, _LONGEST = 12 * _MINUTE, 105 * _MINUTE
# Nothing is done in a session's last minutes: they are kept for pausing, sharing and finishing.
_TAIL = 5 * _MINUTE

# Most workshops end with one build pack, some with a second one in another format.
_FORMATS = (
    *(("markdown",), ("pdf",), ("markdown",), ("pdf",)),
    *combinations(map(str, FormatType), 2),
)
# Where workshops stand: people drop off, so the early steps come more often.
_STEPS_DONE = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9)


class _Phase(NamedTuple):
    """How far a workshop has come. `earliest` and `latest` bound the day of its last session.

    `steps` is how many of ten steps are done, None for "somewhere among the ten".
    """

    status: str
    steps: int | None
    in_progress: bool
    earliest: int
    latest: int


_DRAFT = _Phase("draft", 0, False, 1, 45)
_MOVING = _Phase("active", None, True, 1, 5)
_OPEN_NOW = _Phase("active", None, True, 2, 2)  # besides the session that is open now
_STUCK = _Phase("active", None, True, 15, 60)
_RESET = _Phase("active", None, False, 1, 9)
_NOT_YET_CLOSED = _Phase("active", 10, False, 1, 6)
_PAUSED = _Phase("paused", None, True, 4, 45)
_COMPLETED = _Phase("completed", 10, False, 1, 70)
_IDEAS = [(trade, idea) for trade in TRADES for idea in trade.ideas]
# What twenty workshops are like.
_PHASES = (
    *(_DRAFT, _DRAFT, _MOVING, _MOVING, _MOVING, _MOVING, _MOVING, _OPEN_NOW, _STUCK, _STUCK),
    *(_STUCK, _RESET, _NOT_YET_CLOSED, _PAUSED, _PAUSED, *[_COMPLETED] * 5),
)


@cache
def seed_prefix(seed: int) -> str:
    """How the ids of the demo workshops of one seed begin."""
    return DEMO_WORKSHOP_PREFIX + random_text(Random(f"seed {seed}"), 7, BASE36)


def _workshop_id(seed: int, number: int) -> str:
    digits = (BASE36[number // 36**place % 36] for place in (4, 3, 2, 1, 0))
    return seed_prefix(seed) + "".join(digits)


def number_of(workshop_id: str) -> int:
    """The number of a demo workshop within its seed."""
    return int(workshop_id[-5:], 36)


@lru_cache(maxsize=8)
def _shuffled(seed: str, size: int) -> list[int]:
    return Random(seed).sample(range(size), size)


@lru_cache(maxsize=2)
def _people(seed: int, block: int) -> People:
    return People(Random(f"people {seed} {block}"))


class Generator:
    """Makes the rows of workshops by their numbers.

    `now` is naive UTC, whole milliseconds; nothing happens after it. There is at least one
    definition.
    """

    def __init__(self, *, seed: int, now: datetime, definitions: Sequence[StepDefinition]) -> None:
        self.seed = seed
        self.now = now
        self.definitions = definitions
        self._variants: dict[tuple[str, int], Variant] = {}

    def batches(self, first: int, count: int, size: int) -> Iterator[Rows]:
        """Yield `count` workshops from number `first` on, at most `size` at a time."""
        workshops = map(self.workshop, range(first, first + count))
        while batch := list(islice(workshops, size)):
            yield {table: [row for rows in batch for row in rows[table]] for table in COLUMNS}

    def _dealt(self, number: int, cards: Sequence[Card]) -> Card:
        """A card for a workshop, from packs that are shuffled and dealt out one after the other.

        So that even twenty workshops show every phase and twenty different ideas.
        """
        pack, place = divmod(number, len(cards))
        return cards[_shuffled(f"pack {self.seed} {pack}", len(cards))[place]]

    def _variant(self, idea: Idea, number: int) -> Variant:
        """Return a variant of an idea; it does not depend on what was asked for before."""
        if (idea.text, number) not in self._variants:
            rng = Random(f"{self.seed} {idea.text} {number}")
            self._variants[idea.text, number] = Variant(idea, self.definitions, rng)
        return self._variants[idea.text, number]

    def workshop(self, number: int) -> Rows:
        """Return a workshop and what belongs to it."""
        rng = Random(f"{self.seed} {number}")
        id = _workshop_id(self.seed, number)
        trade, idea = self._dealt(number, _IDEAS)
        company, owner, colleagues = _people(self.seed, number // BLOCK).team(rng, trade)
        place, title, text = describe(rng, trade, idea, company)
        phase = self._dealt(number, _PHASES)
        complete = _steps_done(rng, phase, len(self.definitions))
        sessions = _sessions(rng, self.now, phase, complete + 1)
        created_at = _between(rng, sessions[0][0] - 25 * _MINUTE, sessions[0][0] - _MINUTE)
        changes = _changes(rng, sessions, complete + 1 + phase.in_progress)
        if phase is _DRAFT:
            sessions, changes = [], [created_at]
        members = [(owner, "owner", created_at)] + [
            (user_id, role, _between(rng, created_at, changes[-1])) for user_id, role in colleagues
        ]
        updated_at = changes[-1]
        shared = phase is not _DRAFT and rng.random() < 0.2
        if shared or phase in (_PAUSED, _COMPLETED):
            updated_at = _between(rng, updated_at + _MILLISECOND, updated_at + _TAIL)
        org_id = company.org_id if rng.random() < 0.95 else None
        template = rng.choice(WORDS["templates"]) if rng.random() < 0.15 else None
        visibility, token = ("shared", random_text(rng, 32)) if shared else ("private", None)
        # Rendering a build pack is what takes longest: one variant of each idea is enough for that.
        variant = self._variant(idea, 0 if phase is _COMPLETED else rng.randrange(VARIANTS))
        slots = {"place": place, "company": company.name}
        steps: list[Row] = []
        for nth, definition in enumerate(self.definitions):
            status, output, changed_at = "not_started", None, created_at
            started_at: datetime | None = None
            completed_at: datetime | None = None
            if nth < complete:
                status, output = "complete", filled(variant.outputs[nth], slots)
                started_at, completed_at = changes[nth], changes[nth + 1]
                changed_at = completed_at
            elif nth == complete and phase.in_progress:
                status = "in_progress"
                output = filled(variant.drafts[nth], slots) if rng.random() < 0.85 else None
                started_at, changed_at = changes[nth], changes[nth + 1]
            elif nth == complete and phase is _RESET:
                changed_at = changes[nth]
            step = (definition.id, status, output, started_at, completed_at, created_at)
            steps.append((*step, changed_at))
        packs: list[Row] = []
        if phase is _COMPLETED and rng.random() < 0.9:
            slots |= {"workshop": id, "title": title, "idea": text}
            made_at = updated_at
            for format_type in rng.choice(_FORMATS):
                made_at = min(_between(rng, made_at + _MINUTE, made_at + _DAY), self.now)
                content = variant.pack(format_type, slots, [*changes[1:], made_at])
                packs.append((title, format_type, content, made_at, made_at))
        workshop = (id, owner, title, text, phase.status, org_id, template, visibility)
        shown = [(start, None if end == self.now else end, start) for start, end in sessions]
        return {
            Workshop: [(*workshop, token, created_at, updated_at)],
            WorkshopMember: _belonging(rng, "wm", id, members),
            WorkshopStep: _belonging(rng, "wst", id, steps),
            Session: _belonging(rng, "ses", id, shown),
            BuildPack: _belonging(rng, "bp", id, packs),
        }


def _belonging(rng: Random, prefix: str, workshop_id: str, rows: Iterable[Row]) -> list[Row]:
    return [(identifier(rng, prefix), workshop_id, *row) for row in rows]


def _steps_done(rng: Random, phase: _Phase, count: int) -> int:
    """How many steps are complete: of ten in the phase, of as many as there are in fact."""
    done: int
    if phase.steps is None:
        done = rng.choice((*_STEPS_DONE, *range(10, count))) * min(count, 10) // 10
    else:
        done = phase.steps * count // 10
    # The first step cannot have been reset in a workshop where nothing else was done.
    return max(done, 1 if phase is _RESET else 0)


def _between(rng: Random, start: datetime, end: datetime) -> datetime:
    """A moment from `start` on and before `end`, in whole milliseconds."""
    return start + int(rng.random() * ((end - start) / _MILLISECOND)) * _MILLISECOND


def _sessions(
    rng: Random, now: datetime, phase: _Phase, work: int
) -> list[tuple[datetime, datetime]]:
    """Sessions in order: the last one on the phase's last day, or open now."""
    span = phase.latest - phase.earliest
    days_ago = phase.earliest + int((span + 1) * rng.random() ** 1.7)  # the later, the likelier
    days = min(int(work * rng.uniform(0.3, 2.6)), _OLDEST_DAY - days_ago)
    parts = days * len(_PARTS_OF_A_DAY)
    earlier = rng.sample(range(parts), min(int(work * rng.uniform(0.4, 1.1)), parts))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sessions = []
    for number in (*sorted(earlier), parts + rng.randrange(len(_PARTS_OF_A_DAY))):
        day, part = divmod(number, len(_PARTS_OF_A_DAY))
        earliest = midnight - (days_ago + days - day) * _DAY + _PARTS_OF_A_DAY[part]
        start = _between(rng, earliest, earliest + _LATEST_START)
        sessions.append((start, _between(rng, start + _SHORTEST, start + _LONGEST)))
    if phase is _OPEN_NOW:
        sessions.append((_between(rng, now - 150 * _MINUTE, now - _SHORTEST), now))
    return sessions


def _changes(
    rng: Random, sessions: Sequence[tuple[datetime, datetime]], count: int
) -> list[datetime]:
    """What was done to the steps: the first in the first session, the last in the last one.

    That is the start of the first step, the completion of each completed step (which starts the
    next one), and the last change of the step in progress, if there is one.
    """
    begin = sessions[0][0] + _MINUTE
    first = _between(rng, begin, begin + 4 * _MINUTE)
    if count == 1:
        return [first]
    between = [
        max(first, _between(rng, start + _MINUTE, end - _TAIL - _MINUTE))
        for start, end in rng.choices(sessions, k=count - 2)
    ]
    end = sessions[-1][1] - _TAIL
    last = _between(rng, end - 2 * _MINUTE, end - _MINUTE)
    return [first, *sorted(between), max([*between, last])]
