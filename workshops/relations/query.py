"""Piccolo's ``select`` with relations among the columns, and one that is put into SQL once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Self, cast

from piccolo.columns import Column
from piccolo.columns.m2m import M2MSelect
from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery
from piccolo.query.methods.select import Select
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.compiler import Rows, Statement, compile_select
from workshops.relations.declaration import OneToMany
from workshops.relations.decoding import Row
from workshops.relations.expressions import kind_of, part_of
from workshops.relations.selection import (
    RelationError,
    RelationSelect,
    label,
    named,
    same_table,
)


class ParentSelect(Select[TableInstance]):
    """A ``Select`` that takes relations beside columns; all else is Piccolo's.

    However many relations there are, at whatever depth, it is one statement. An
    outer LIMIT and OFFSET are applied before the relations are computed. With
    DISTINCT, which compares whole rows, they cannot be.
    """

    __slots__ = ("_statement",)

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._statement: Statement | None = None
        super().__init__(*arguments, **settings)

    def columns(self, *columns: Selectable | str) -> Self:
        """Select these columns and relations too.

        Raises:
            RelationError: a relation of another table, or two of one name.
        """
        super().columns(*columns)
        selected = self.columns_delegate.selected_columns
        kinds = {*map(type, selected)}
        if OneToMany in kinds:
            raise RelationError(f"A relation of {label(self.table)} is selected by calling it")
        if RelationSelect in kinds:
            _check_select(self.table, selected)
        return self

    def freeze(self) -> FrozenQuery:
        """Build the SQL once, for a query that is run repeatedly with the same values."""
        frozen = super().freeze()
        if self._statement is not None:
            query = cast("Self", frozen.query)
            query._statement = self._statement
            # Piccolo keeps neither; many-to-many selects are filled according to the first.
            query.columns_delegate = copy(self.columns_delegate)
            query.callback_delegate = self.callback_delegate
        return frozen

    @property
    def postgres_querystrings(self) -> Sequence[QueryString]:
        """The one statement."""
        if RelationSelect not in map(type, self.columns_delegate.selected_columns):
            return super().default_querystrings
        self._statement = self.statement()
        return [self._statement]

    async def _process_results(self, results: Any) -> Any:
        if self._statement is None:
            return await super()._process_results(results)
        rows = self._statement.decode(results)
        if any(isinstance(item, M2MSelect) for item in self.columns_delegate.selected_columns):
            return await self.response_handler(rows)  # type: ignore[no-untyped-call]
        return rows

    def statement(self) -> Statement:
        """Return the statement with its values."""
        output, distinct = self.output_delegate._output, self.distinct_delegate._distinct
        limit, offset = self.limit_delegate._limit, self.offset_delegate._offset
        group_by, lock = self.group_by_delegate._group_by, self.lock_rows_delegate._lock_rows
        order_by = self.order_by_delegate._order_by
        items = self.columns_delegate.selected_columns
        if distinct.on:
            distinct.validate_on(order_by)
        if group_by:
            _check_groups(self.table, items, group_by.columns)
        rows = Rows(
            self.table,
            items,
            self.where_delegate._where,
            tuple(
                (term, item.ascending) for item in order_by.order_by_items for term in item.columns
            ),
            limit.number if limit else None,
            offset.number if offset else None,
            # Piccolo fills many-to-many selects and nests the rest, in this order.
            output.nested and not any(isinstance(item, M2MSelect) for item in items),
            output.load_json,
            distinct.enabled and not distinct.on,
            distinct.querystring if distinct.enabled and distinct.on else None,
            group_by.querystring if group_by else None,
            self.having_delegate._where,
            lock.querystring.template if lock else "",
        )
        return compile_select(rows, secrets=not self.exclude_secrets)


def _check_select(table: type[Table], items: Sequence[Any]) -> None:
    """Refuse what an outer select with relations cannot tell apart, or is of another table."""
    names: list[str] = []
    for item in items:
        if kind_of(type(item)) is Column:
            part = part_of(item)
            names.append(part.field.name)
            if part.root is not table:
                _check_root(table, part.root, repr(part.field.name))
        else:
            names.append(named(item))
            if type(item) is RelationSelect:
                _check_root(table, item.link.root, item.link.label)
    for item in items:
        if type(item) is RelationSelect and names.count(item.name) > 1:
            raise RelationError(
                f"The select from {label(table)} has two columns named {item.name!r}: "
                "use as_alias()"
            )


def _check_root(table: type[Table], root: type[Table], what: str) -> None:
    if not same_table(root, table):
        raise RelationError(f"{what} belongs to {label(root)}; this selects from {label(table)}")


def _check_groups(
    table: type[Table], items: Iterable[Selectable], columns: Sequence[Column | QueryString]
) -> None:
    """Refuse to group by columns that do not tell which row a relation belongs to."""
    if not all(isinstance(column, Column) for column in columns):
        return
    names = {column._meta.name for column in columns if isinstance(column, Column)}
    for item in items:
        if isinstance(item, RelationSelect) and (key := item.link.key._meta.name) not in names:
            raise RelationError(
                f"{item.link.label} beside group_by needs it to name {key!r} of {label(table)}"
            )


class Parameter:
    """A value of a prepared select, by its position in the call, from 1."""

    def __init__(self, position: int) -> None:
        self.position = position


class Prepared:
    """A select that is put into SQL once, when it is first run, for values by position.

    Operations keep their selects as such; where a value comes from the call there is a
    ``Parameter`` in its place::

        band = Prepared(lambda: Band.select(Band.name, Band.albums()).where(
            Band.id == Parameter(1)
        ))
        records = await connection.fetch(band.sql, *band.arguments([7]))
        band.rows(records)
    """

    def __init__(self, build: Any) -> None:
        self._build = build

    @cached_property
    def _statement(self) -> Statement:
        statement: Statement = self._build().statement()
        return statement

    @property
    def sql(self) -> str:
        """The statement."""
        return self._statement.sql

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """Return the arguments of the statement for the values of a call."""
        known = self._statement.values
        return [values[v.position - 1] if type(v) is Parameter else v for v in known]

    def rows(self, records: Iterable[Any]) -> list[Row]:
        """Make dictionaries of the statement's records."""
        return self._statement.decode(records)
