"""Piccolo's ``select`` with relations among the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Self, cast

from piccolo.columns import Column
from piccolo.columns.m2m import M2MSelect
from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery
from piccolo.query.methods.select import Select
from piccolo.query.mixins import ColumnsDelegate
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.compiler import Outermost, Statement, compile_shape
from workshops.relations.declaration import OneToMany
from workshops.relations.decoding import Row
from workshops.relations.links import RelationError, label, named, root_table, same_table
from workshops.relations.selection import RelationSelect
from workshops.relations.shape import (
    Kind,
    Rows,
    Values,
    describe,
    describe_condition,
    describe_items,
    kind_of,
    part_of,
    written,
)


class StatementQuery(QueryString):
    """A statement with relations, as Piccolo's engine runs it."""

    __slots__ = ("statement",)

    def __init__(self, statement: Statement, values: Values) -> None:
        # Without QueryString.__init__, which looks for columns among the values.
        self._alias = None
        self.template = statement.template
        self.query_type = "generic"
        self.table = None
        self.args = [values[slot] for slot in statement.template_slots]
        self.columns = ()
        self._frozen_compiled_strings = (statement.sql, [values[s] for s in statement.slots])
        self.statement = statement


class ParentSelect(Select[TableInstance]):
    """A ``Select`` that takes relations beside columns; all else is Piccolo's.

    However many relations there are, at whatever depth, it is one statement. An
    outer LIMIT and OFFSET are applied before the relations are computed. With
    DISTINCT, which compares whole rows, they cannot be.
    """

    __slots__ = ("_running", "_with_relations")

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._with_relations = False
        self._running: Sequence[QueryString] = ()
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
            self._with_relations = True
            _check_select(self.table, selected)
        return self

    def freeze(self) -> FrozenQuery:
        """Build the SQL once, for a query that is run repeatedly with the same values."""
        frozen = super().freeze()
        if self._with_relations:
            # Piccolo keeps neither; many-to-many selects are filled according to the first.
            query = cast("Self", frozen.query)
            query.columns_delegate = ColumnsDelegate([*self.columns_delegate.selected_columns])
            query.callback_delegate = self.callback_delegate
        return frozen

    @property
    def postgres_querystrings(self) -> Sequence[QueryString]:
        """The one statement."""
        if self._with_relations:
            self._running = [StatementQuery(*self.statement())]
        else:
            self._running = super().default_querystrings
        return self._running

    async def _process_results(self, results: Any) -> Any:
        queries = self._running if self._frozen_querystrings is None else self._frozen_querystrings
        if queries and isinstance(query := queries[0], StatementQuery):
            rows = query.statement.decode(results)
            if any(isinstance(item, M2MSelect) for item in self.columns_delegate.selected_columns):
                return await self.response_handler(rows)  # type: ignore[no-untyped-call]
            return rows
        return await super()._process_results(results)

    def statement(self) -> tuple[Statement, Values]:
        """Return the statement with its values."""
        output = self.output_delegate._output
        limit, offset = self.limit_delegate._limit, self.offset_delegate._offset
        distinct, lock = self.distinct_delegate._distinct, self.lock_rows_delegate._lock_rows
        group_by, having = self.group_by_delegate._group_by, self.having_delegate._where
        meta = self.table._meta
        items = self.columns_delegate.selected_columns or meta.columns
        order = self.order_by_delegate._order_by.order_by_items
        values: Values = []
        # Piccolo fills many-to-many selects and nests the rest, in this order.
        nested = output.nested and not any(isinstance(item, M2MSelect) for item in items)
        rows = Rows(
            meta.get_formatted_tablename(),
            meta.tablename,
            part_of(meta.primary_key).sql,
            describe_items(items, values, nested=nested, exclude_secrets=self.exclude_secrets),
            describe_condition(self.where_delegate._where, values),
            tuple((describe(t, values), i.ascending) for i in order for t in i.columns),
            limit.number if limit else None,
            len(values) if offset else None,
            nested,
        )
        if offset:
            values.append(offset.number)
        if distinct.on:
            distinct.validate_on(self.order_by_delegate._order_by)
        if group_by:
            _check_groups(self.table, items, group_by.columns)
        outermost = _PLAIN
        if output.load_json or distinct.enabled or group_by or having or lock:
            outermost = Outermost(
                output.load_json,
                distinct.enabled and not distinct.on,
                written(distinct.querystring, values) if distinct.enabled and distinct.on else None,
                written(group_by.querystring, values) if group_by else None,
                describe_condition(having, values),
                lock.querystring.template if lock else "",
            )
        return compile_shape(rows, outermost), values


_PLAIN = Outermost()


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
    def _statement(self) -> tuple[Statement, Values]:
        statement: tuple[Statement, Values] = self._build().statement()
        return statement

    @property
    def sql(self) -> str:
        """The statement."""
        return self._statement[0].sql

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """Return the arguments of the statement for the values of a call."""
        statement, known = self._statement
        used = (known[slot] for slot in statement.slots)
        return [values[v.position - 1] if type(v) is Parameter else v for v in used]

    def rows(self, records: Iterable[Any]) -> list[Row]:
        """Make dictionaries of the statement's records."""
        return self._statement[0].decode(records)


def _check_select(table: type[Table], items: Sequence[Selectable]) -> None:
    """Refuse what an outer select with relations cannot tell apart, or is of another table."""
    names = [named(item) for item in items]
    for item, name in zip(items, names, strict=True):
        root = table
        if type(item) is RelationSelect:
            root = item.link.root
            if names.count(name) > 1:
                raise RelationError(
                    f"The select from {label(table)} has two columns named {name!r}: use as_alias()"
                )
        elif kind_of(type(item)) is Kind.column:
            root = root_table(cast("Column", item))
        if not same_table(root, table):
            what = item.link.label if type(item) is RelationSelect else repr(name)
            raise RelationError(
                f"{what} belongs to {label(root)}; this selects from {label(table)}"
            )


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
