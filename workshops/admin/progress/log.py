"""The audit log in sentences: what one request of an operator did, as one would tell it.

The log has an entry for each row that was changed; those of one request belong together.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from workshops.admin.audit import AuditAction
from workshops.admin.progress.texts import differences
from workshops.columns import BelongsToWorkshop
from workshops.statements.execution import fetch
from workshops.states import StepStatus, Visibility, WorkshopStatus
from workshops.tables import TABLES, StepDefinition

_ENTRIES_READ = 200
_LONGEST = 80

_STATUS = {
    WorkshopStatus.draft: "made a draft",
    WorkshopStatus.active: "made active",
    WorkshopStatus.paused: "paused",
    WorkshopStatus.completed: "completed the workshop",
}
_VISIBILITY = {Visibility.private: "made private", Visibility.shared: "shared"}
_FIELDS = {
    "original_idea": "idea",
    "org_id": "organisation",
    "template_id": "template",
    "started_at": "time of start",
    "completed_at": "time of completion",
    "ended_at": "end",
    "format_type": "format",
}
_LONG = ("output", "content", "original_idea", "text", "note")
_ROWS = {"notes": "a note", "follow_ups": "the follow-up", "sessions": "a session"}


@dataclass(frozen=True)
class Entry:
    """An entry of the audit log; ``changes`` has the old and the new value of each field."""

    id: int
    created_at: datetime
    operator: str | None
    action: str
    table: str | None
    row_id: str | None
    summary: str | None
    request: str | None
    changes: dict[str, list[str | None]] | None


@dataclass(frozen=True)
class Trace:
    """What an operator did with one request; ``id`` is the first of its entries."""

    id: int
    created_at: datetime
    operator: str | None
    sentence: str
    refused: bool


PARTS = " UNION ALL ".join(
    [
        "SELECT id AS workshop_id, id FROM workshops WHERE id = ANY ($1)",
        *(
            f"SELECT workshop_id, id FROM {table._meta.tablename} WHERE workshop_id = ANY ($1)"
            for table in TABLES
            if issubclass(table, BelongsToWorkshop)
        ),
    ]
)
"""The SELECT of the keys of workshops and of all that belongs to them."""

# OFFSET 0 keeps the planner from reading the whole audit log backwards for the latest.
_ENTRIES = f"""
SELECT id, created_at, operator, action, table_name, row_id, summary, request_line, changes
FROM (
    SELECT * FROM workshops_admin.admin_audit_log WHERE row_id = ANY (ARRAY (
        SELECT id FROM ({PARTS}) part
        UNION ALL SELECT id FROM workshops_admin.notes WHERE workshop_id = ANY ($1)
    )) OFFSET 0
) entries ORDER BY id DESC LIMIT {_ENTRIES_READ}
"""


async def fetch_traces(workshop_id: str, names: Mapping[str, str]) -> Iterator[Trace]:
    """Return what operators did with a workshop, the latest first; ``names`` as in ``tell``."""
    entries = [
        Entry(*(*told, changes and json.loads(changes)))
        for *told, changes in await fetch(_ENTRIES, [workshop_id])
    ]
    return tell(entries, names)


def tell(entries: Iterable[Entry], names: Mapping[str, str]) -> Iterator[Trace]:
    """Yield what the entries tell, which come the latest first.

    :param names: What a row is called in a sentence, by its key.
    """
    for _, together in groupby(entries, lambda e: (e.created_at, e.operator, e.request)):
        parts = list(together)[::-1]
        first = parts[0]
        yield Trace(
            first.id,
            first.created_at,
            first.operator,
            _sentence(parts, names),
            first.action == AuditAction.refused,
        )


def _sentence(entries: list[Entry], names: Mapping[str, str]) -> str:
    seen = {(entry.table, entry.action): entry for entry in entries}
    told = entries
    if created := seen.get(("workshops", AuditAction.added)):
        told = [created]  # and what every workshop begins with
    elif (moved := seen.get(("workshops", AuditAction.changed))) and "clerk_user_id" in (
        moved.changes or {}
    ):
        told = [entry for entry in entries if entry.table != "workshop_members"]
    phrases = [phrase for entry in told for phrase in _phrases(entry, names) if phrase]
    phrases.sort(key=lambda phrase: phrase.startswith(("started", "marked")))  # what followed
    text = ", ".join(dict.fromkeys(phrases))
    return text[:1].upper() + text[1:]


def _phrases(entry: Entry, names: Mapping[str, str]) -> Iterator[str]:
    name = names.get(entry.row_id or "") or _ROWS.get(entry.table or "", f"a row of {entry.table}")
    changes = entry.changes or {}
    values = {field: pair[entry.action != AuditAction.deleted] for field, pair in changes.items()}
    if entry.table == "build_packs" and values.get("title"):
        name = f"the build pack {_quoted(values['title'])}"
    match entry.action, entry.table:
        case AuditAction.refused, _:  # with a prefix in entries of 0.1.0
            yield "refused: " + (entry.summary or "").removeprefix("Nothing was changed. ")
        case AuditAction.added, "workshops":
            yield "created the workshop"
        case AuditAction.added, "workshop_members":
            yield f"added {values.get('clerk_user_id') or name} as {values.get('role')}"
        case AuditAction.added, "build_packs":
            yield f"generated {name}"
        case AuditAction.deleted, "workshop_members":
            yield f"removed {values.get('clerk_user_id') or name}"
        case AuditAction.changed, "workshops" if changes:
            yield from _of_workshop(changes)
        case ((AuditAction.changed | AuditAction.deleted), "workshops"):
            yield f"{entry.action} the workshop"
        case AuditAction.changed, "workshop_steps" if changes:
            yield from _of_step(entry, changes, name)
        case AuditAction.changed, "workshop_members" if "role" in changes:
            before, after = changes["role"]
            yield f"changed the role of {name} from {before} to {after}"
        case AuditAction.changed, "sessions" if "ended_at" in changes:
            yield f"closed {name}"
        case AuditAction.changed, _ if changes:
            yield from _of_fields(changes, f" of {name}")
        case ((AuditAction.added | AuditAction.changed | AuditAction.deleted), _):
            yield f"{entry.action} {name}"
        case other, _:
            yield f"{other.replace('_', ' ')}: {entry.summary or name}"


def _of_step(entry: Entry, changes: dict[str, Any], name: str) -> Iterator[str]:
    before, after = changes.get("status", (None, None))
    if (entry.request or "").endswith("/restore/"):
        yield f"restored the output of {name}" if "output" in changes else ""
    elif after == StepStatus.needs_regeneration:
        yield f"marked {name} as needing regeneration"
    elif after == StepStatus.in_progress:
        yield f"{'reopened' if before == StepStatus.complete else 'started'} {name}"
    elif after:
        yield f"{'completed' if after == StepStatus.complete else 'reset'} {name}"
    else:
        yield from _of_fields(changes, f" of {name}")


def _of_workshop(changes: dict[str, Any]) -> Iterator[str]:
    rest = dict(changes)
    if "clerk_user_id" in rest:
        before, after = rest.pop("clerk_user_id")
        yield f"transferred from {before} to {after}"
    if "status" in rest:
        _, after = rest.pop("status")
        yield _STATUS.get(after, f"made {after}")
    if "visibility" in rest:
        _, after = rest.pop("visibility")
        rest.pop("share_token", None)
        yield _VISIBILITY.get(after, f"made {after}")
    if "title" in rest:
        before, after = rest.pop("title")
        yield f"renamed from {_quoted(before)} to {_quoted(after)}"
    yield from _of_fields(rest, "")


def _of_fields(changes: dict[str, Any], of: str) -> Iterator[str]:
    for field, (before, after) in sorted(changes.items()):
        what = _FIELDS.get(field, field.replace("_", " "))
        if "(hidden)" in (before, after) or field in _LONG:
            yield f"changed the {what}{of}"
        elif before is None:
            yield f"set the {what}{of} to {_quoted(after)}"
        elif after is None:
            yield f"emptied the {what}{of}, which was {_quoted(before)}"
        else:
            yield f"changed the {what}{of} from {_quoted(before)} to {_quoted(after)}"


def _quoted(text: str | None) -> str:
    text = text or ""
    return f"“{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}”"


# The history of a step definition

CHANGES_SHOWN = 20

LABELS = {
    "name": "name",
    "description": "description",
    "prompt_template": "prompt",
    "order": "position",
}
"""What pages call the columns."""

WORDING = ("name", "description", "prompt_template")
"""The columns that are edited on the page of a definition."""

_HISTORY = f"""
SELECT id, created_at, operator, changes::text AS changes FROM (
    SELECT * FROM workshops_admin.admin_audit_log
    WHERE row_id = $1 AND table_name = '{StepDefinition._meta.tablename}' OFFSET 0
) entries
WHERE action = 'changed' AND changes IS NOT NULL ORDER BY id DESC LIMIT {CHANGES_SHOWN}
"""


async def fetch_history(step_id: str) -> list[dict[str, Any]]:
    """Return the latest changes of a definition that operators made, the latest first.

    ``fields`` has what became of each text; ``shortened``: the log kept the beginning of it
    only. ``before`` has the texts from before, where they are known.
    """
    rows = await fetch(_HISTORY, step_id)
    return await asyncio.to_thread(
        lambda: [{**row, **_what_changed(row["changes"])} for row in rows]
    )


def _what_changed(text: str) -> dict[str, Any]:
    changes: dict[str, list[str | None]] = json.loads(text)
    known = [field for field in LABELS if field in changes]
    fields = [
        {
            "label": LABELS.get(field, field),
            "pieces": differences(*(text or "" for text in changes[field])),
            "shortened": any(map(_is_cut, changes[field])),
        }
        for field in (*known, *sorted(changes.keys() - LABELS.keys()))
    ]
    wording = {field: changes[field] for field in WORDING if field in changes}
    cut = any(_is_cut(text) for texts in wording.values() for text in texts)
    before = {} if cut else {field: old or "" for field, (old, _) in wording.items()}
    return {"fields": fields, "before": before}


def _is_cut(text: str | None) -> bool:
    """Tell whether the log's trigger has shortened a text (``audit_write``)."""
    return text is not None and len(text) == 201 and text.endswith("…")
