"""Everything that the page of one workshop shows, in one round trip."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from workshops.admin.progress.log import Entry, Trace, tell
from workshops.admin.progress.outputs import ReadableOutput, readable_output
from workshops.columns import utc_now
from workshops.projection.summaries import summaries
from workshops.statements.execution import fetch_row
from workshops.states import OPEN_FOR_WORK, WORKSHOP, StepStatus, WorkshopStatus

SESSIONS_SHOWN = 100
TRACES_SHOWN = 20
_ENTRIES_READ = 10 * TRACES_SHOWN

_WORKSHOP = f"""
-- OFFSET 0 keeps the planner from reading the whole audit log backwards for the latest.
SELECT w.*, summary.last_activity_at, summary.steps_complete, summary.steps_total,
    summary.progress, summary.current_step_id,
    ARRAY (
        SELECT json_build_array(s.id, s.step_id, d.name, d.description, s.status, s.started_at,
            s.completed_at, s.output::text)
        FROM workshop_steps s JOIN step_definitions d ON d.id = s.step_id
        WHERE s.workshop_id = w.id ORDER BY d."order", d.id
    ) AS steps,
    ARRAY (
        SELECT json_build_array(m.id, m.clerk_user_id, m.role, m.created_at)
        FROM workshop_members m WHERE m.workshop_id = w.id ORDER BY m.created_at, m.id
    ) AS members,
    ARRAY (
        SELECT json_build_array(s.id, s.started_at, s.ended_at) FROM sessions s
        WHERE s.workshop_id = w.id ORDER BY s.started_at DESC, s.id DESC LIMIT {SESSIONS_SHOWN}
    ) AS sessions,
    (SELECT count(*) FROM sessions s WHERE s.workshop_id = w.id) AS session_count,
    ARRAY (
        SELECT json_build_array(b.id, b.title, b.format_type, octet_length(b.content), b.created_at)
        FROM build_packs b WHERE b.workshop_id = w.id ORDER BY b.created_at DESC, b.id DESC
    ) AS build_packs,
    ARRAY (
        SELECT json_build_array(
            a.id, a.created_at, a.operator, a.action, a.table_name, a.row_id, a.summary,
            a.changes, a.request_line)
        FROM (
            SELECT * FROM workshops_admin.admin_audit_log WHERE row_id = ANY (ARRAY (
                SELECT w.id
                UNION ALL SELECT s.id FROM workshop_steps s WHERE s.workshop_id = w.id
                UNION ALL SELECT m.id FROM workshop_members m WHERE m.workshop_id = w.id
                UNION ALL SELECT s.id FROM sessions s WHERE s.workshop_id = w.id
                UNION ALL SELECT b.id FROM build_packs b WHERE b.workshop_id = w.id
                UNION ALL SELECT n.id FROM workshops_admin.notes n WHERE n.workshop_id = $1
            )) OFFSET 0
        ) a ORDER BY a.id DESC LIMIT {_ENTRIES_READ}
    ) AS traces
FROM workshops w JOIN ({summaries("= $1")}) summary ON summary.workshop_id = w.id
WHERE w.id = $1
"""


@dataclass(frozen=True)
class StepRow:
    """One step of the workshop."""

    id: str
    step_id: str
    name: str
    description: str
    status: str
    started_at: datetime | None
    completed_at: datetime | None
    output: ReadableOutput | None

    @property
    def took(self) -> timedelta | None:
        """From start to completion."""
        if self.started_at is None or self.completed_at is None:
            return None
        return max(self.completed_at - self.started_at, timedelta())


@dataclass(frozen=True)
class MemberRow:
    """A person who takes part."""

    id: str
    clerk_user_id: str
    role: str
    created_at: datetime


@dataclass(frozen=True)
class SessionRow:
    """A stretch of work; ``ended_at`` is None while it is open."""

    id: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class BuildPackRow:
    """A build pack, without its content; ``size`` in bytes is None where it has none."""

    id: str
    title: str
    format_type: str
    size: int | None
    created_at: datetime


@dataclass(frozen=True)
class WorkshopFacts:
    """One workshop with what belongs to it. ``row`` holds its columns and its summary."""

    row: Any
    steps: list[StepRow]
    members: list[MemberRow]
    sessions: list[SessionRow]
    build_packs: list[BuildPackRow]
    traces: list[Trace]

    @property
    def open_for_work(self) -> bool:
        """Whether its steps can be worked on."""
        return self.row["status"] in OPEN_FOR_WORK

    @property
    def next_statuses(self) -> list[WorkshopStatus]:
        """The statuses that it can be given now."""
        return [
            status
            for status in WorkshopStatus
            if WORKSHOP.allows("set_workshop_status", self.row["status"], status)
            and (status != WorkshopStatus.completed or not self.open_steps)
        ]

    @property
    def open_steps(self) -> list[StepRow]:
        """The steps that are not complete."""
        return [step for step in self.steps if step.status != StepStatus.complete]


def _rows(texts: list[str], *moments: int) -> list[list[Any]]:
    """Return rows that came as JSON arrays, with the times at some of their places."""
    rows = [json.loads(text) for text in texts]
    for row in rows:
        for place in moments:
            if row[place] is not None:
                row[place] = datetime.fromisoformat(row[place])
    return rows


async def fetch_workshop(workshop_id: str) -> WorkshopFacts | None:
    """Return a workshop, or None if there is none of this identifier."""
    row = await fetch_row(_WORKSHOP, workshop_id)
    if row is None:
        return None
    step_rows = _rows(row["steps"], 5, 6)
    outputs = await asyncio.to_thread(
        lambda: [text and readable_output(text) for *_, text in step_rows]
    )
    steps = [
        StepRow(*(*columns, output))
        for (*columns, _), output in zip(step_rows, outputs, strict=True)
    ]
    members = [MemberRow(*each) for each in _rows(row["members"], 3)]
    sessions = [SessionRow(*each) for each in _rows(row["sessions"], 1, 2)]
    build_packs = [BuildPackRow(*each) for each in _rows(row["build_packs"], 4)]
    names = {step.id: f"step {n} ({step.name})" for n, step in enumerate(steps, start=1)}
    names |= {member.id: member.clerk_user_id for member in members}
    names |= {pack.id: f"the build pack “{pack.title}”" for pack in build_packs}
    names |= {each.id: f"the session of {each.started_at:%Y-%m-%d %H:%M}" for each in sessions}
    traces = tell((Entry(*each) for each in _rows(row["traces"], 1)), names)
    return WorkshopFacts(
        row=row,
        steps=steps,
        members=members,
        sessions=sessions,
        build_packs=build_packs,
        traces=list(islice(traces, TRACES_SHOWN)),
    )


@dataclass(frozen=True)
class Bar:
    """A stretch of the timeline in thousandths of its length."""

    x: int
    width: int


@dataclass(frozen=True)
class Timeline:
    """When the steps and sessions of a workshop were, from its creation to its last activity."""

    begin: datetime
    end: datetime
    steps: dict[str, Bar]
    sessions: list[Bar]


def timeline(facts: WorkshopFacts) -> Timeline:
    """Return where on its time line each step and session is."""
    moments = [facts.row["created_at"], facts.row["last_activity_at"]]
    for step in facts.steps:
        moments += [moment for moment in (step.started_at, step.completed_at) if moment]
    for session in facts.sessions:
        moments += [session.started_at, session.ended_at or session.started_at]
    begin, end = min(moments), max(moments)
    if any(step.status == StepStatus.in_progress for step in facts.steps) and facts.open_for_work:
        end = max(end, utc_now())
    end = max(end, begin + timedelta(minutes=1))
    length = end - begin

    def bar(start: datetime, stop: datetime | None) -> Bar:
        x = round(1000 * ((start - begin) / length))
        width = round(1000 * (((stop or end) - start) / length))
        # Short ones stay visible, at the end of the line too.
        width = max(width, 4)
        return Bar(min(x, 1000 - width), width)

    return Timeline(
        begin=begin,
        end=end,
        steps={
            step.id: bar(step.started_at, step.completed_at)
            for step in facts.steps
            if step.started_at
        },
        sessions=[bar(session.started_at, session.ended_at) for session in facts.sessions],
    )
