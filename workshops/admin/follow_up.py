"""What operators note about workshops, who looks after one, and when its people were contacted.

All of it is in tables of ours, which no statement joins to the product's, so that it works
where those are spread over a cluster too. The writer is the operator whom the
transaction names (``workshops.admin.audit``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Date, ForeignKey, OnDelete, Text
from piccolo.columns.readable import Readable
from piccolo.table import Table

from workshops.admin.audit import SCHEMA
from workshops.columns import PrefixedKey, SingleLineText, UTCTimestamp, utc_now
from workshops.errors import ConflictError, InvalidInputError, NotFoundError, WorkshopNotFoundError
from workshops.ids import create_id, derive_prefixed_id
from workshops.projection.summaries import KEPT
from workshops.statements import validation
from workshops.statements.execution import fetch, fetch_row
from workshops.tables import Workshop

NOTE_LENGTH = 5_000
"""The longest note, in characters."""

_EARLIEST_CONTACT = date(2000, 1, 1)


class Note(
    Table,
    tablename="notes",
    schema=SCHEMA,
    help_text="What operators have noted about workshops, for each other.",
):
    """A note of an operator about a workshop.

    ``workshop_id`` is not a key in the database, so that no one who writes to workshops waits
    for a note: the notes of a deleted workshop are removed after it (``workshops.projection``).
    """

    id = PrefixedKey("note")
    workshop_id = ForeignKey(Workshop, default=None, null=False, help_text="About which workshop.")
    text = Text(default=None, required=True, help_text="What was noted.")
    author = SingleLineText(default=None, help_text="Who noted it: the username, as it was then.")
    created_at = UTCTimestamp(help_text="When (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.text])


class FollowUp(
    Table,
    tablename="follow_ups",
    schema=SCHEMA,
    help_text="Who looks after a workshop, and when its people were last contacted.",
):
    """What operators have agreed on about a workshop. Its key is the workshop's.

    There is none of a workshop that nobody was assigned to or contacted about. Removed as
    notes are.
    """

    id = Text(primary_key=True, default=None, help_text="The workshop.")
    assigned_to = ForeignKey(
        BaseUser, default=None, null=True, on_delete=OnDelete.set_null, help_text="Which operator."
    )
    contacted_on = Date(default=None, null=True, help_text="The day of the latest contact.")
    updated_at = UTCTimestamp(help_text="When it was last changed (UTC).")


class NoteNotFoundError(NotFoundError, says="There is no such note; somebody may have deleted it."):
    """The note is gone, or is about another workshop."""


class AssignedMeanwhileError(
    ConflictError, says="It has been {assigned} since you opened the page."
):
    """Another operator has been assigned since the page was opened."""

    assigned: str


@dataclass(frozen=True)
class Operator:
    """An operator to whom a workshop can be assigned."""

    id: int
    username: str


async def operators() -> list[Operator]:
    """Return who can be assigned, by name."""
    rows = await fetch(
        "SELECT id, username FROM piccolo_user WHERE active AND admin ORDER BY username"
    )
    return [Operator(*row) for row in rows]


async def fetch_follow_up(workshop_id: str) -> dict[str, Any]:
    """Return what is kept about a workshop: ``assigned_to``, ``contacted_on`` and ``notes``.

    The latest note comes first; each has ``id``, ``text``, ``author`` and ``created_at``.
    """
    row = await fetch_row(
        "SELECT u.id, u.username, f.contacted_on FROM workshops_admin.follow_ups f"
        " LEFT JOIN piccolo_user u ON u.id = f.assigned_to WHERE f.id = $1",
        workshop_id,
    )
    notes = await fetch(
        "SELECT id, text, author, created_at FROM workshops_admin.notes WHERE workshop_id = $1"
        " ORDER BY created_at DESC, id DESC",
        workshop_id,
    )
    return {
        "assigned_to": Operator(row[0], row[1]) if row and row[0] is not None else None,
        "contacted_on": row[2] if row else None,
        "notes": notes,
    }


async def add_note(workshop_id: str, text: str, *, key: str = "") -> None:
    """Note something about a workshop; with the same key the same text is noted only once."""
    text = validation.text("The note", text, limit=NOTE_LENGTH).strip()
    await _require(workshop_id)
    await fetch(
        "INSERT INTO workshops_admin.notes (id, workshop_id, text, author, created_at)"
        " VALUES ($1, $2, $3, current_setting('workshops.operator'), $4)"
        " ON CONFLICT (id) DO NOTHING",
        derive_prefixed_id("note", workshop_id, key or create_id(), text),
        workshop_id,
        text,
        utc_now(),
    )


async def delete_note(workshop_id: str, note_id: str) -> None:
    """Delete a note. The audit log keeps the beginning of it.

    Raises:
        NotFoundError: the workshop has no such note.
    """
    deleted = await fetch(
        "DELETE FROM workshops_admin.notes WHERE id = $1 AND workshop_id = $2 RETURNING id",
        note_id,
        workshop_id,
    )
    if not deleted:
        raise NoteNotFoundError


async def assign(workshop_id: str, to: str, *, seen: str) -> None:
    """Assign a workshop to an operator, or to nobody.

    :param to: The operator's key; "" for nobody.
    :param seen: Who it was assigned to as far as the one knows who assigns it now.

    Raises:
        ConflictError: it is assigned to another operator meanwhile.
        NotFoundError: there is no such workshop.
        InvalidInputError: there is no such operator.
    """
    new = _number(to)
    if to and new not in {operator.id for operator in await operators()}:
        raise InvalidInputError("The operator", "does not exist or may not log in")
    free = "kept.assigned_to IS NOT DISTINCT FROM $4 OR kept.assigned_to = $2"
    if not await _keep(workshop_id, "assigned_to", new, free, _number(seen)):
        now = (await fetch_follow_up(workshop_id))["assigned_to"]
        raise AssignedMeanwhileError(f"assigned to {now.username}" if now else "assigned to nobody")


async def set_contacted(workshop_id: str, day: str) -> None:
    """Say on which day the people of a workshop were last contacted; "" for never.

    Raises:
        NotFoundError: there is no such workshop.
        InvalidInputError: it is not a day, or lies ahead.
    """
    await _keep(workshop_id, "contacted_on", contact_day(day))


async def _keep(
    workshop_id: str, column: str, value: object, condition: str = "true", *values: object
) -> bool:
    """Write a column of a follow-up, if a condition holds for what is kept; tell whether it did."""
    await _require(workshop_id)
    written = await fetch(
        f"INSERT INTO workshops_admin.follow_ups AS kept (id, {column}, updated_at)"
        f" VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET {column} = EXCLUDED.{column},"
        f" updated_at = EXCLUDED.updated_at WHERE {condition} RETURNING id",
        workshop_id,
        value,
        utc_now(),
        *values,
    )
    return bool(written)


def contact_day(text: str) -> date | None:
    """Return the day of a contact. Where it is tomorrow already, UTC is a day behind."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError("The day", "must be one such as 2026-01-31") from None
    if not _EARLIEST_CONTACT <= day <= utc_now().date() + timedelta(days=1):
        raise InvalidInputError("The day", "must not lie ahead, nor before the year 2000")
    return day


async def _require(workshop_id: str) -> None:
    if await fetch_row("SELECT FROM workshops WHERE id = $1", workshop_id) is None:
        raise WorkshopNotFoundError(workshop_id)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# Data protection

# An identifier as a word of its own: a part of a longer one is another person's.
_WORD = r"('(?<!\w)' || regexp_replace($1, '([^[:alnum:]_])', '\\\1', 'g') || '(?!\w)')"


async def notes_about(person: str, workshop_ids: list[str]) -> dict[str, Any]:
    """Return what operators keep about a person's workshops, and where a note names the person.

    Who wrote a note or looks after a workshop is not theirs to know.
    """
    notes = await fetch(
        "SELECT workshop_id, text,"
        """ to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at"""
        " FROM workshops_admin.notes"
        f" WHERE workshop_id = ANY ($2) OR text ~ {_WORD} ORDER BY notes.created_at, id",
        person,
        workshop_ids,
    )
    contacts = await fetch(
        "SELECT id AS workshop_id, to_char(contacted_on, 'YYYY-MM-DD') AS contacted_on"
        " FROM workshops_admin.follow_ups"
        " WHERE id = ANY ($1) AND contacted_on IS NOT NULL ORDER BY id",
        workshop_ids,
    )
    return {"notes": [dict(note) for note in notes], "contacts": [dict(day) for day in contacts]}


async def forget(workshop_ids: Collection[str]) -> None:
    """Delete what is kept about workshops that were just deleted; the folder would, a bit later."""
    for table, key in KEPT.items():
        await fetch(
            f"DELETE FROM workshops_admin.{table} WHERE {key} = ANY ($1)", list(workshop_ids)
        )


async def keys_of_notes(workshop_ids: Collection[str]) -> list[str]:
    """Return the keys of all notes about workshops, deleted ones by the audit log."""
    keys = await fetch(
        "SELECT id FROM workshops_admin.notes WHERE workshop_id = ANY ($1)"
        " UNION SELECT row_id FROM workshops_admin.admin_audit_log"
        " WHERE table_name = 'notes' AND changes -> 'workshop_id' ?| $1",
        list(workshop_ids),
    )
    return [row[0] for row in keys]


async def pseudonymise(person: str, pseudonym: str) -> None:
    """Put a pseudonym in the place of a person in the notes about others' workshops."""
    await fetch(
        "UPDATE workshops_admin.notes"
        f" SET text = regexp_replace(text, {_WORD}, $2, 'g'),"
        " author = CASE author WHEN $1 THEN $2 ELSE author END"
        f" WHERE text ~ {_WORD} OR author = $1",
        person,
        pseudonym,
    )
