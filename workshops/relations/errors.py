"""What can be wrong with a relation, found before anything is sent to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from piccolo.table import Table


class RelationError(ValueError):
    """A relation is declared or used in a way that cannot work; the message names the tables."""


def same_table(first: type[Table], second: type[Table]) -> bool:
    """Whether two classes stand for the same table of the database."""
    return first is second or (
        first._meta.tablename == second._meta.tablename
        and first._meta.schema == second._meta.schema
    )


def label(table: type[Table]) -> str:
    """Name a table for a message: its class, and its name in the database."""
    return f"{table.__name__} ({table._meta.get_formatted_tablename(quoted=False)})"
