"""The table of the notes, its relation, and what it means for data protection."""

from __future__ import annotations

from piccolo.columns import ForeignKey, Serial, Text, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.table import Table

from workshops import Workshop
from workshops.columns import UTCTimestamp
from workshops.personal_data import register_personal_data
from workshops.relations import HasRelations, add_relation


class Note(HasRelations, Table, tablename="notes"):
    """What a person pins to a workshop."""

    id: Serial
    workshop_id = ForeignKey(
        Workshop,
        null=False,
        index=True,
        default=None,
        on_delete=OnDelete.cascade,
        on_update=OnUpdate.no_action,
    )
    author = Varchar(default=None, index=True)
    text = Text(default=None)
    created_at = UTCTimestamp()


workshop_notes = add_relation(Workshop, "notes", Note)

register_personal_data(Note.author)
