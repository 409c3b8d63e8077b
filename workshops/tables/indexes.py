"""Indexes that Piccolo cannot declare: partial, composite, descending.

A migration creates each of them with the statement that stands here;
``piccolo workshops check`` compares the live database with this list.
"""

INDEXES: tuple[str, ...] = (
    # One open session a workshop, whatever the concurrency.
    "CREATE UNIQUE INDEX sessions_one_open_per_workshop"
    " ON sessions (workshop_id) WHERE ended_at IS NULL",
)
