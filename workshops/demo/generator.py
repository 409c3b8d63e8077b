"""Demo workshops as rows, made up deterministically.

The same seed, day and step definitions give the same rows, byte for byte, and the first hundred
workshops of a thousand are the hundred of a hundred. Generation is pure Python without a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from workshops.demo.definitions import Definition
from workshops.demo.identifiers import Identifiers
from workshops.demo.packs import PackFacts
from workshops.demo.rows import Rows
from workshops.demo.stories import Stories, Story
from workshops.demo.timeline import COMPLETED, DAY, MINUTE, RESET, below
from workshops.demo.vocabulary import TEMPLATES
from workshops.states import MemberRole, StepStatus, Visibility

# Most workshops end with one build pack, some with a second one in another format.
_FORMATS = (
    *(("markdown",), ("pdf",), ("markdown",), ("pdf",)),
    *(("markdown", "pdf"), ("pdf", "json"), ("markdown", "json")),
)

# Plain text: an attribute of an enum takes longer to look up than the row to build.
_COMPLETE = StepStatus.complete.value
_IN_PROGRESS = StepStatus.in_progress.value
_NOT_STARTED = StepStatus.not_started.value
_OWNER = MemberRole.owner.value
_PRIVATE, _SHARED = Visibility.private.value, Visibility.shared.value


class Generator:
    """Makes the rows of workshops one after the other.

    `now` is naive UTC, whole milliseconds; nothing happens after it. There is at least one
    definition.
    """

    def __init__(self, *, seed: int, now: datetime, definitions: Sequence[Definition]) -> None:
        self._rng = Random(f"rows of {seed}")
        self._now = now
        self._definitions = definitions
        self._identifiers = Identifiers(seed)
        self._stories = Stories(
            seed=seed, now=now, definitions=definitions, identifiers=self._identifiers
        )

    def batches(self, count: int, size: int) -> Iterator[Rows]:
        """Yield the next `count` workshops, at most `size` at a time."""
        for start in range(0, count, size):
            rows = Rows()
            for _ in range(min(size, count - start)):
                story = self._stories.tell()
                self._add_workshop(rows, story)
                self._add_members(rows, story)
                self._add_steps(rows, story)
                self._add_sessions(rows, story)
                if story.phase is COMPLETED and self._rng.random() < 0.9:
                    self._add_packs(rows, story)
            yield rows

    def _add_workshop(self, rows: Rows, story: Story) -> None:
        rng = self._rng
        rows.workshops.append(
            (
                story.workshop_id,
                story.owner.user_id,
                story.title,
                story.text,
                story.phase.status,
                story.owner.company.org_id if rng.random() < 0.95 else None,
                rng.choice(TEMPLATES) if rng.random() < 0.15 else None,
                _SHARED if story.share_token else _PRIVATE,
                story.share_token,
                story.created_at,
                story.updated_at,
            )
        )

    def _add_members(self, rows: Rows, story: Story) -> None:
        members = [(story.owner.user_id, _OWNER, story.created_at), *story.members]
        ids = self._identifiers.cuid2("wm", len(members))
        for member_id, (user_id, role, joined_at) in zip(ids, members, strict=True):
            rows.members.append((member_id, story.workshop_id, user_id, role, joined_at))

    def _add_steps(self, rows: Rows, story: Story) -> None:
        workshop_id, created_at, complete = story.workshop_id, story.created_at, story.complete
        changes, case = story.changes, story.case
        ids = self._identifiers.cuid2("wst", len(self._definitions))
        for number, definition in enumerate(self._definitions):
            status, output = _NOT_STARTED, None
            started_at = completed_at = None
            updated_at = created_at
            if number < complete:
                status, output = _COMPLETE, case.outputs[number]
                started_at, completed_at = changes[number], changes[number + 1]
                updated_at = completed_at
            elif number == complete and story.phase.in_progress:
                status = _IN_PROGRESS
                output = case.drafts[number] if self._rng.random() < 0.85 else None
                started_at, updated_at = changes[number], changes[number + 1]
            elif number == complete and story.phase is RESET:
                updated_at = changes[number]
            if output is not None:
                output = output.replace("{place}", story.place)
                output = output.replace("{company}", story.owner.company.name)
            rows.steps.append(
                (
                    ids[number],
                    workshop_id,
                    definition.id,
                    status,
                    output,
                    started_at,
                    completed_at,
                    created_at,
                    updated_at,
                )
            )

    def _add_sessions(self, rows: Rows, story: Story) -> None:
        ids = self._identifiers.cuid2("ses", len(story.sessions))
        for session_id, (started_at, ended_at) in zip(ids, story.sessions, strict=True):
            rows.sessions.append((session_id, story.workshop_id, started_at, ended_at, started_at))

    def _add_packs(self, rows: Rows, story: Story) -> None:
        formats = self._rng.choice(_FORMATS)
        created_at = story.updated_at
        ids = self._identifiers.cuid2("bp", len(formats))
        for pack_id, format_type in zip(ids, formats, strict=True):
            created_at += timedelta(milliseconds=MINUTE + below(self._rng, DAY))
            created_at = min(created_at, self._now)
            facts = PackFacts(
                workshop_id=story.workshop_id,
                title=story.title,
                idea=story.text,
                place=story.place,
                company=story.owner.company.name,
                generated_at=created_at,
                completed_at=story.changes[1:],
            )
            rows.build_packs.append(
                (
                    pack_id,
                    story.workshop_id,
                    story.title,
                    format_type,
                    story.case.pack(format_type).fill(facts),
                    created_at,
                    created_at,
                )
            )
