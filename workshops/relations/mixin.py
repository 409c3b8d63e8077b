"""The mix-in that lets a table's ``select`` take relations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from workshops.relations.query import ParentSelect

if TYPE_CHECKING:
    from piccolo.columns import Column
    from piccolo.querystring import Selectable
    from piccolo.table import Table


class HasRelations:
    """A mix-in before ``Table`` for the parent table of relations.

    Its ``select`` is Piccolo's, and takes ``OneToMany`` relations beside columns. A
    select without one behaves, and costs, as ever.
    """

    @classmethod
    def all_columns(cls, exclude: Sequence[str | Column] | None = None) -> list[Column]:
        """Return the table's columns, without those excluded; see Piccolo's ``all_columns``."""
        if not exclude:
            return [*cast("type[Table]", cls)._meta.columns]
        columns: list[Column] = super().all_columns(exclude)  # type: ignore[misc]
        return columns

    @classmethod
    def select(cls, *columns: Selectable | str, exclude_secrets: bool = False) -> ParentSelect[Any]:
        """Get rows as dictionaries; see Piccolo's ``Table.select`` and ``RelationSelect``.

        With ``exclude_secrets``, relations leave out their secret columns too.
        """
        table = cast("type[Table]", cls)
        return ParentSelect(
            table,
            columns_list=columns,
            exclude_secrets=exclude_secrets,
        )
