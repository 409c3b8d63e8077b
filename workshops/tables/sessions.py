"""The times at which people worked on a workshop."""

from __future__ import annotations

from piccolo.columns.readable import Readable
from piccolo.table import Table

from workshops.columns import BelongsToWorkshop, CascadeForeignKey, PrefixedKey, UTCTimestamp
from workshops.relations import HasRelations
from workshops.tables.workshops import Workshop


class Session(HasRelations, BelongsToWorkshop, Table, tablename="sessions"):
    """A stretch of time in which a workshop was worked on.

    It opens at the first meaningful activity and is closed once. A workshop has
    at most one open session (``ended_at`` is NULL); the partial unique index
    ``sessions_one_open_per_workshop`` holds this under any concurrency.
    """

    id = PrefixedKey("ses", help_text="Identifier, `ses_` and a cuid2.")
    workshop_id = CascadeForeignKey(Workshop, help_text="The workshop.")
    started_at = UTCTimestamp(help_text="When the activity began (UTC).")
    ended_at = UTCTimestamp(
        default=None, null=True, help_text="When it ended (UTC); empty while it is open."
    )
    created_at = UTCTimestamp(help_text="When the row was created (UTC).")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s, %s", columns=[cls.workshop_id.title, cls.started_at])
