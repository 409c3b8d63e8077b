"""Refusing what cannot work, when it is written and not when it is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from piccolo.columns import And, Column
from piccolo.columns.combination import Or, Where, WhereRaw
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.readable import Readable
from piccolo.querystring import QueryString, Selectable

from workshops.relations.errors import RelationError, label, same_table
from workshops.relations.naming import is_raw, output_name
from workshops.relations.shape import Shaped

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.table import Table

    from workshops.relations.declaration import OneToMany

LARGEST_COUNT = 2**63 - 1
"""The largest LIMIT or OFFSET of PostgreSQL."""


def check_items(relation: OneToMany, items: Iterable[Selectable]) -> None:
    """Refuse what a relation cannot select.

    Raises:
        RelationError: a column or relation of another table, or two of one name.
    """
    names: set[str] = set()
    for item in items:
        if isinstance(item, Column):
            check_column(relation, item)
        elif isinstance(item, Readable) or (isinstance(item, QueryString) and not is_raw(item)):
            for column in item.columns:
                check_column(relation, column)
        elif isinstance(item, M2MSelect):
            # Piccolo fills it with a second query, which needs its rows at the top level.
            raise RelationError(f"{relation!r}: a many-to-many select cannot stand in a relation")
        elif not isinstance(item, Selectable):
            call = "; call it" if callable(item) else ""
            raise RelationError(f"{relation!r}: cannot select {item!r}{call}")
        elif isinstance(item, Shaped) and not same_table(item.relation.parent, relation.child):
            raise RelationError(
                f"{relation!r} selects from {label(relation.child)}; {item.relation!r} is a "
                f"relation of {label(item.relation.parent)}"
            )
        if (name := output_name(item)) in names:
            raise RelationError(f"{relation!r}: two columns are named {name!r}: use as_alias()")
        names.add(name)


def check_column(relation: OneToMany, column: Column) -> None:
    """Refuse a column that is not the child's, nor joined to it."""
    table = root_table(column)
    if not same_table(table, relation.child):
        raise RelationError(
            f"{relation!r} selects from {label(relation.child)}; {column._meta.name!r} is a "
            f"column of {label(table)}"
        )


def check_condition(relation: OneToMany, condition: Combinable) -> None:
    """Refuse a condition on another table, as far as its columns tell."""
    if isinstance(condition, Where):
        check_column(relation, condition.column)
        if isinstance(condition.value, Column):
            check_column(relation, condition.value)
    elif isinstance(condition, (And, Or)):
        check_condition(relation, condition.first)
        check_condition(relation, condition.second)
    elif not isinstance(condition, WhereRaw):
        raise RelationError(f"{relation!r}: {condition!r} is no condition")


def check_count(relation: OneToMany, clause: str, number: int) -> None:
    """Refuse what is no number of rows."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise RelationError(f"{relation!r}: {clause} is an integer, not {number!r}")
    if not 0 <= number <= LARGEST_COUNT:
        raise RelationError(f"{relation!r}: {clause} cannot be {number}")


def check_select(table: type[Table], items: Iterable[Selectable]) -> None:
    """Refuse what an outer select with relations cannot tell apart, or is of another table."""
    names: set[str] = set()
    for item in items:
        if isinstance(item, Column):
            root, what = root_table(item), repr(item._meta.name)
        elif isinstance(item, Shaped):
            root, what = item.relation.parent, repr(item.relation)
            if item.name in names:
                raise _name_error(table, item.name)
            names.add(item.name)
        else:
            continue
        if not same_table(root, table):
            raise RelationError(
                f"{what} belongs to {label(root)}; this selects from {label(table)}"
            )
    for item in items:
        if not isinstance(item, Shaped) and (name := output_name(item)) in names:
            raise _name_error(table, name)


def check_groups(
    table: type[Table], items: Iterable[Selectable], columns: Sequence[Column | QueryString]
) -> None:
    """Refuse to group by columns that do not tell which row a relation belongs to."""
    if not all(isinstance(column, Column) for column in columns):
        return
    names = {
        column._meta.name
        for column in columns
        if isinstance(column, Column) and not column._meta.call_chain
    }
    for item in items:
        if isinstance(item, Shaped):
            key = item.relation.foreign_key._foreign_key_meta.resolved_target_column._meta.name
            if key not in names:
                raise RelationError(
                    f"{item.relation!r} beside group_by needs it to name {key!r} of {label(table)}"
                )


def _name_error(table: type[Table], name: str) -> RelationError:
    return RelationError(
        f"The select from {label(table)} has two columns named {name!r}: use as_alias()"
    )


def root_table(column: Column) -> type[Table]:
    """Return the table from which a column is reached: its own, or that of the first join."""
    meta = column._meta
    table: type[Table] = meta.call_chain[0]._meta.table if meta.call_chain else meta.table
    return table
