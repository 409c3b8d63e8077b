"""Demo workshops as rows for COPY, made up deterministically, without a database.

The same seed, day and step definitions give the same rows, byte for byte, and workshop number n is
the same however many are made: each block of 500 is made up by itself, so that a demo can go on
where an earlier one ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar

from piccolo.columns import Column
from piccolo.table import Table

from workshops.demo.outputs import Variant, filled
from workshops.demo.people import BASE36, Identifiers, People, describe
from workshops.demo.timeline import (
    COMPLETED,
    DAY,
    DRAFT,
    MINUTE,
    PAUSED,
    PHASES,
    RESET,
    TAIL,
    Phase,
    below,
    make_timeline,
)
from workshops.demo.vocabulary import TRADES, WORDS, Trade
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
VARIANTS = 3
"""In how many variants the outputs of each idea are made. Writing them takes a hundred times as
long as filling two names into finished ones, so the workshops share them."""

Card = TypeVar("Card")
# Plain tuples in the order of COLUMNS: making them takes a tenth of the time of a class.
Row: TypeAlias = tuple[str | datetime | None, ...]
Rows: TypeAlias = dict[type[Table], list[Row]]

COLUMNS: dict[type[Table], tuple[Column, ...]] = {
    Workshop: (
        *(Workshop.id, Workshop.clerk_user_id, Workshop.title, Workshop.original_idea),
        *(Workshop.status, Workshop.org_id, Workshop.template_id, Workshop.visibility),
        *(Workshop.share_token, Workshop.created_at, Workshop.updated_at),
    ),
    WorkshopMember: (
        *(WorkshopMember.id, WorkshopMember.workshop_id, WorkshopMember.clerk_user_id),
        *(WorkshopMember.role, WorkshopMember.created_at),
    ),
    WorkshopStep: (
        *(WorkshopStep.id, WorkshopStep.workshop_id, WorkshopStep.step_id, WorkshopStep.status),
        *(WorkshopStep.output, WorkshopStep.started_at, WorkshopStep.completed_at),
        *(WorkshopStep.created_at, WorkshopStep.updated_at),
    ),
    Session: (
        *(Session.id, Session.workshop_id, Session.started_at, Session.ended_at),
        Session.created_at,
    ),
    BuildPack: (
        *(BuildPack.id, BuildPack.workshop_id, BuildPack.title, BuildPack.format_type),
        *(BuildPack.content, BuildPack.created_at, BuildPack.updated_at),
    ),
}
"""What the values of a row belong to, parents before children; `output` is JSON text.

Whatever else a table has gets its default of the database."""

# Most workshops end with one build pack, some with a second one in another format.
_FORMATS = (
    *(("markdown",), ("pdf",), ("markdown",), ("pdf",)),
    *(("markdown", "pdf"), ("pdf", "json"), ("markdown", "json")),
)
# Where workshops stand: people drop off, so the early steps come more often.
_STEPS_DONE = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9)


def seed_prefix(seed: int) -> str:
    """How the ids of the demo workshops of one seed begin."""
    return DEMO_WORKSHOP_PREFIX + Identifiers(f"seed {seed}").cuid2("", 1)[0][2:9]


def _workshop_id(prefix: str, number: int) -> str:
    return prefix + "".join(BASE36[number // 36**place % 36] for place in (4, 3, 2, 1, 0))


def number_of(workshop_id: str) -> int:
    """The number of a demo workshop within its seed."""
    return int(workshop_id[-5:], 36)


def _deal(rng: Random, cards: Sequence[Card]) -> Iterator[Card]:
    """The cards in random order, all of them before any comes again.

    So that even twenty workshops show every phase and twenty different ideas.
    """
    while True:
        yield from rng.sample(cards, len(cards))


class Generator:
    """Makes the rows of workshops one after the other.

    `now` is naive UTC, whole milliseconds; nothing happens after it. There is at least one
    definition.
    """

    def __init__(self, *, seed: int, now: datetime, definitions: Sequence[StepDefinition]) -> None:
        self.seed = seed
        self.now = now
        self.definitions = definitions
        self._variants: dict[tuple[str, int, int], Variant] = {}

    def batches(self, first: int, count: int, size: int) -> Iterator[Rows]:
        """Yield `count` workshops from number `first` on, at most `size` at a time."""
        prefix = seed_prefix(self.seed)
        rows: Rows = {table: [] for table in COLUMNS}
        for number in range(first - first % BLOCK, first + count):
            if number % BLOCK == 0:
                block = _Block(self, number // BLOCK)
            block.add(rows, _workshop_id(prefix, number))
            full = len(rows[Workshop]) == size or number == first + count - 1
            if number < first or full:
                if number >= first:
                    yield rows
                rows = {table: [] for table in COLUMNS}

    def variant(self, trade: Trade, index: int, variant: int) -> Variant:
        """Return a variant of a trade's idea; it does not depend on what was asked for before."""
        key = (trade.name, index, variant)
        if key not in self._variants:
            rng = Random(f"{self.seed} {trade.name} {index} {variant}")
            self._variants[key] = Variant(trade.ideas[index], self.definitions, rng)
        return self._variants[key]


class _Block:
    """500 workshops: their people, and how the ideas and the phases are dealt out among them."""

    def __init__(self, generator: Generator, number: int) -> None:
        self._generator = generator
        self._rng = rng = Random(f"{generator.seed} {number}")
        self._midnight = generator.now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._now = (generator.now - self._midnight) // timedelta(milliseconds=1)
        self._identifiers = Identifiers(f"identifiers of {generator.seed} {number}")
        self._people = People(rng, self._identifiers)
        ideas = [(trade, index) for trade in TRADES for index in range(len(trade.ideas))]
        self._ideas = _deal(rng, ideas)
        self._phases = _deal(rng, PHASES)
        self._steps_done = _deal(rng, _STEPS_DONE)

    def add(self, rows: Rows, id: str) -> None:
        rng = self._rng
        trade, index = next(self._ideas)
        owner = self._people.owner(trade)
        place, title, text = describe(rng, trade, trade.ideas[index], owner.company)
        phase = next(self._phases)
        complete = self._complete(phase)
        timeline = make_timeline(rng, phase, complete, self._now)
        created_at = self._at(timeline.created)
        changes = [self._at(change) for change in timeline.changes]
        updated_at = changes[-1] if changes else created_at
        # Rendering a build pack is what takes longest: one variant of each idea is enough for that.
        which = 0 if phase is COMPLETED else below(rng, VARIANTS)
        variant = self._generator.variant(trade, index, which)
        shared = phase is not DRAFT and rng.random() < 0.2
        token = self._identifiers.share_token() if shared else None
        if shared or phase is PAUSED or phase is COMPLETED:
            updated_at += timedelta(0, 0, 0, 1000 + below(rng, TAIL - 1000))
        org_id = owner.company.org_id if rng.random() < 0.95 else None
        template = rng.choice(WORDS["templates"]) if rng.random() < 0.15 else None
        rows[Workshop].append(
            (
                *(id, owner.user_id, title, text, phase.status, org_id, template),
                *("shared" if shared else "private", token, created_at, updated_at),
            )
        )
        span = timeline.changes[-1] - timeline.created if changes else 0
        members = [(owner.user_id, "owner", created_at)]
        members += [
            (user_id, role, created_at + timedelta(0, 0, 0, below(rng, span)))
            for user_id, role in self._people.members(owner)
        ]
        ids = self._identifiers.cuid2("wm", len(members))
        rows[WorkshopMember] += [
            (key, id, *member) for key, member in zip(ids, members, strict=True)
        ]
        ids = self._identifiers.cuid2("ses", len(timeline.sessions))
        for key, (start, end) in zip(ids, timeline.sessions, strict=True):
            opened_at, ended_at = self._at(start), None if end is None else self._at(end)
            rows[Session].append((key, id, opened_at, ended_at, opened_at))
        slots = {"place": place, "company": owner.company.name}
        ids = self._identifiers.cuid2("wst", len(self._generator.definitions))
        for number, definition in enumerate(self._generator.definitions):
            status, output, changed_at = "not_started", None, created_at
            started_at: datetime | None = None
            completed_at: datetime | None = None
            if number < complete:
                status, output = "complete", variant.outputs[number]
                started_at, completed_at = changes[number], changes[number + 1]
                changed_at = completed_at
            elif number == complete and phase.in_progress:
                status = "in_progress"
                output = variant.drafts[number] if rng.random() < 0.85 else None
                started_at, changed_at = changes[number], changes[number + 1]
            elif number == complete and phase is RESET:
                changed_at = changes[number]
            output = output and filled(output, slots)
            rows[WorkshopStep].append(
                (
                    *(ids[number], id, definition.id, status, output),
                    *(started_at, completed_at, created_at, changed_at),
                )
            )
        if phase is COMPLETED and rng.random() < 0.9:
            formats = rng.choice(_FORMATS)
            slots |= {"workshop": id, "title": title, "idea": text}
            packed_at = updated_at
            ids = self._identifiers.cuid2("bp", len(formats))
            for key, format_type in zip(ids, formats, strict=True):
                packed_at += timedelta(0, 0, 0, MINUTE + below(rng, DAY))
                packed_at = min(packed_at, self._generator.now)
                content = variant.pack(format_type, slots, [*changes[1:], packed_at])
                rows[BuildPack].append((key, id, title, format_type, content, packed_at, packed_at))

    def _at(self, milliseconds: int) -> datetime:
        # Positional, because keywords would take half of a workshop's time.
        return self._midnight + timedelta(0, 0, 0, milliseconds)

    def _complete(self, phase: Phase) -> int:
        """How many steps are complete: of ten in the phase, of as many as there are in fact."""
        count = len(self._generator.definitions)
        if phase.steps is not None:
            return count * phase.steps // 10
        done = next(self._steps_done) * count // 10
        # The first step cannot have been reset in a workshop where nothing else was done.
        return max(done, 1) if phase is RESET else done
