"""When things happened in a workshop: sessions of work, and what was done in them.

Times are milliseconds from the midnight (UTC) that begins the day of `now`; those before it are
negative. Work falls into the morning, the afternoon or the evening of past days, so that sessions
never overlap; every change of a step falls into a session.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
OLDEST_DAY = 92
"""How many days ago the first workshop began."""

_PARTS = (8 * HOUR, 13 * HOUR, 18 * HOUR)
_LATEST_START = 130 * MINUTE
_SHORTEST, _LONGEST = 12 * MINUTE, 105 * MINUTE
# Nothing is done in a session's last minutes: they are kept for pausing, sharing and finishing.
TAIL = 5 * MINUTE


class Phase(NamedTuple):
    """How far a workshop has come. `earliest` and `latest` bound the day of its last session.

    `steps` is how many of ten steps are done, None for "somewhere among the ten".
    """

    status: str
    steps: int | None
    in_progress: bool
    earliest: int
    latest: int
    open_session: bool = False


DRAFT = Phase("draft", 0, False, 1, 45)
MOVING = Phase("active", None, True, 1, 5)
OPEN_NOW = Phase("active", None, True, 0, 0, open_session=True)
STUCK = Phase("active", None, True, 15, 60)
RESET = Phase("active", None, False, 1, 9)
NOT_YET_CLOSED = Phase("active", 10, False, 1, 6)
PAUSED = Phase("paused", None, True, 4, 45)
COMPLETED = Phase("completed", 10, False, 1, 70)

PHASES = (
    *(DRAFT, DRAFT, MOVING, MOVING, MOVING, MOVING, MOVING, OPEN_NOW, STUCK, STUCK, STUCK),
    *(RESET, NOT_YET_CLOSED, PAUSED, PAUSED, COMPLETED, COMPLETED, COMPLETED, COMPLETED, COMPLETED),
)
"""What twenty workshops are like."""


class Timeline(NamedTuple):
    """What happened when.

    `changes` are, in order: the start of the first step, the completion of each completed step
    (which starts the next one), and the last change of the step in progress, if there is one.
    A session that is still open ends with None.
    """

    created: int
    sessions: list[tuple[int, int | None]]
    changes: list[int]


def make_timeline(rng: Random, phase: Phase, complete: int, now: int) -> Timeline:
    """Make up the history of a workshop with `complete` steps done; `now` is at least 0."""
    if phase.status == "draft":
        created = _day(rng, phase) + rng.choice(_PARTS) + below(rng, _LATEST_START)
        return Timeline(created, [], [])
    sessions = _sessions(rng, phase, complete)
    if phase.open_session:
        sessions.append((now - _SHORTEST - below(rng, 150 * MINUTE - _SHORTEST), now))
    changes = _changes(rng, sessions, complete + 1 + phase.in_progress)
    created = sessions[0][0] - MINUTE - below(rng, 24 * MINUTE)
    shown: list[tuple[int, int | None]] = [*sessions]
    if phase.open_session:
        shown[-1] = (sessions[-1][0], None)
    return Timeline(created, shown, changes)


def below(rng: Random, limit: int) -> int:
    """Return an integer in [0, limit), several times faster than `randrange`."""
    return int(rng.random() * limit)


def _day(rng: Random, phase: Phase) -> int:
    """The last day of a phase; the later, the likelier."""
    span = phase.latest - phase.earliest
    return -(phase.earliest + int((span + 1) * rng.random() ** 1.7)) * DAY


def _sessions(rng: Random, phase: Phase, complete: int) -> list[tuple[int, int]]:
    """Sessions of the past days in order; the last of them on the phase's last day."""
    work = complete + 1
    last_day = 2 if phase.open_session else -_day(rng, phase) // DAY
    days = 1 + int(work * rng.uniform(0.3, 2.6))
    first_day = min(last_day + days - 1, OLDEST_DAY)
    earlier = (first_day - last_day) * len(_PARTS)
    count = min(int(work * rng.uniform(0.4, 1.1)), earlier)
    slots = [*sorted(rng.sample(range(earlier), count)), earlier + below(rng, len(_PARTS))]
    sessions = []
    for slot in slots:
        day, part = divmod(slot, len(_PARTS))
        start = (day - first_day) * DAY + _PARTS[part] + below(rng, _LATEST_START)
        sessions.append((start, start + _SHORTEST + below(rng, _LONGEST - _SHORTEST)))
    return sessions


def _changes(rng: Random, sessions: list[tuple[int, int]], count: int) -> list[int]:
    """`count` moments in sessions, the first in the first session and the last in the last."""
    spans = [(start + MINUTE, end - TAIL - MINUTE - start) for start, end in sessions]
    total = sum(length for _, length in spans)
    last_start, last_length = spans[-1]
    moments = [below(rng, spans[0][1] // 3)]
    moments += sorted(moments[0] + below(rng, total - moments[0]) for _ in range(count - 2))
    changes = []
    spent = index = 0
    for moment in moments:
        while moment - spent >= spans[index][1]:
            spent += spans[index][1]
            index += 1
        changes.append(spans[index][0] + moment - spent)
    if count > 1:
        changes.append(max(changes[-1], last_start + last_length * 2 // 3 + below(rng, MINUTE)))
    return changes
