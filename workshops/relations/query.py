"""Piccolo's ``select`` with relations among the columns."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import cache
from typing import Any, Self, cast

from piccolo.columns import Column
from piccolo.columns.m2m import M2MSelect
from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery, Query
from piccolo.query.methods.select import First, Select
from piccolo.query.mixins import CallbackType, ColumnsDelegate
from piccolo.querystring import QueryString, Selectable
from piccolo.table import Table

from workshops.relations.checking import check_groups, check_select
from workshops.relations.declaration import OneToMany
from workshops.relations.decoding import Row, rows_decoder
from workshops.relations.errors import RelationError, label
from workshops.relations.known import KnownQuery, KnownStatement
from workshops.relations.selection import RelationSelect
from workshops.relations.shape import (
    Items,
    Shape,
    ShapelessError,
    Values,
    column_shape,
    condition_shape,
    describe,
    known_items,
    order_shape,
    remember,
)
from workshops.relations.statement import Build, Level, compile_level

_statements: dict[Shape, KnownStatement] = {}

_RARE = {"distinct_delegate", "group_by_delegate", "having_delegate", "lock_rows_delegate"}


@cache
def _delegates(kind: type[Select[Any]]) -> dict[str, type]:
    """Return the attributes of a ``Select`` that stand for its clauses, and their classes."""
    select = kind(Table)
    names = [name for name in kind.__slots__ if name.endswith("_delegate")]
    return {name: type(getattr(select, name)) for name in names}


class ParentSelect(Select[TableInstance]):
    """A ``Select`` that takes relations beside columns; all else is Piccolo's.

    However many relations there are, at whatever depth, it is one statement. An
    outer LIMIT and OFFSET are applied before the relations are computed. With
    DISTINCT, which compares whole rows, they cannot be.
    """

    __slots__ = ("_items", "_running", "_unused", "_with_relations")

    def __init__(
        self,
        table: type[TableInstance],
        columns_list: Sequence[Selectable | str] = (),
        exclude_secrets: bool = False,
        **kwargs: Any,
    ) -> None:
        self._with_relations = False
        self._items: Items | None = None
        self._running: Sequence[QueryString] = ()
        self._unused: set[str] = set()
        if RelationSelect not in {*map(type, columns_list)}:
            super().__init__(table, columns_list, exclude_secrets, **kwargs)
            return
        # Select makes an object for each clause that there may be; here, when it is used.
        Query.__init__(self, table, **kwargs)
        self.exclude_secrets = exclude_secrets
        self._unused |= _delegates(Select).keys()
        self._items = known_items(table, columns_list)
        if self._items is None:
            self.columns(*columns_list)
        else:
            self.columns_delegate.selected_columns = cast("list[Selectable]", [*columns_list])
            self._with_relations = True

    def __getattr__(self, name: str) -> Any:
        if name not in self._unused:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._unused.discard(name)
        delegate = _delegates(Select)[name]()
        setattr(self, name, delegate)
        return delegate

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
            self._items = self._describe(selected)
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
        self._running = [self._query()] if self._with_relations else super().default_querystrings
        return self._running

    async def run(
        self,
        node: str | None = None,
        in_pool: bool = True,
        use_callbacks: bool = True,
        **kwargs: Any,
    ) -> list[Row]:
        """Run the statement, and return the rows; see Piccolo's ``Query.run``."""
        if not self._with_relations or node is not None:
            return await super().run(node, in_pool, use_callbacks, **kwargs)
        # As Piccolo does it, without the four coroutines in between.
        results = await self.table._meta.db.run_querystring(self.querystrings[0], in_pool=in_pool)
        rows: list[Row] = await self._process_results(results)
        if use_callbacks:
            rows = await self._called_back(rows)
        return rows

    def first(self) -> First:
        """Get the first row only, or None."""
        self.limit_delegate.limit(1)
        return _First(query=self)

    async def _called_back(self, results: Any) -> Any:
        if "callback_delegate" in self._unused:
            return results
        return await self.callback_delegate.invoke(results, kind=CallbackType.success)

    async def _process_results(self, results: Any) -> Any:
        queries = self._running if self._frozen_querystrings is None else self._frozen_querystrings
        if queries and isinstance(query := queries[0], KnownQuery):
            rows = query.statement.decode(results)
            if query.statement.many_to_many:
                return await self.response_handler(rows)  # type: ignore[no-untyped-call]
            return rows
        return await super()._process_results(results)

    def _describe(self, items: Sequence[Selectable]) -> Items | None:
        try:
            return describe(self.table, items, self._check)
        except ShapelessError:
            return None

    def _query(self) -> KnownQuery:
        try:
            shape, values = self._shape()
        except ShapelessError:
            return KnownQuery(*self._built())
        if (known := _statements.get(shape)) is not None:
            return KnownQuery(known, values)
        statement, built_values = self._built()
        if len(values) == len(built_values) and all(map(operator.is_, values, built_values)):
            remember(_statements, shape, statement)
        return KnownQuery(statement, built_values)

    def _shape(self) -> tuple[Shape, Values]:
        items = self._items
        if items is None or not items.fixed:
            items = describe(self.table, self.columns_delegate.selected_columns, self._check)
        unused = self._unused
        values = [*items.relation_values, *items.witness_values, *items.own_values]
        order = None if "order_by_delegate" in unused else order_shape(self._order(), values)
        where = None
        if "where_delegate" not in unused:
            where = condition_shape(self.where_delegate._where, values)
        rare = None if unused >= _RARE else self._rare_shape(values)
        limit = None if "limit_delegate" in unused else self.limit_delegate._limit
        offset = None if "offset_delegate" in unused else self.offset_delegate._offset
        output = None if "output_delegate" in unused else self.output_delegate._output
        if offset is not None:
            values.append(offset.number)
        shape = (
            items.token,
            self.exclude_secrets,
            order,
            where,
            rare,
            None if limit is None else limit.number,
            offset is None,
            None if output is None else (output.nested, output.load_json),
        )
        return shape, values

    def _rare_shape(self, values: Values) -> Shape:
        group_by = self.group_by_delegate._group_by
        distinct, lock = self.distinct_delegate._distinct, self.lock_rows_delegate._lock_rows
        return (
            order_shape([(term, True) for term in group_by.columns], values) if group_by else None,
            condition_shape(self.having_delegate._where, values),
            distinct.enabled,
            tuple(map(column_shape, distinct.on)) if distinct.on else None,
            None if lock is None else lock.querystring.template,
        )

    def _order(self) -> list[tuple[Column | QueryString, bool]]:
        return [
            (term, item.ascending)
            for item in self.order_by_delegate._order_by.order_by_items
            for term in item.columns
        ]

    def _built(self) -> tuple[KnownStatement, list[Any]]:
        output = self.output_delegate._output
        limit, offset = self.limit_delegate._limit, self.offset_delegate._offset
        distinct, lock = self.distinct_delegate._distinct, self.lock_rows_delegate._lock_rows
        group_by = self.group_by_delegate._group_by
        if distinct.on:
            distinct.validate_on(self.order_by_delegate._order_by)
        level = Level(
            table=self.table,
            items=self.columns_delegate.selected_columns,
            condition=self.where_delegate._where,
            order=self._order(),
            row_limit=limit.number if limit else None,
            row_offset=offset.number if offset else None,
            nested=output.nested,
            loads_json=output.load_json,
            distinct=distinct.enabled and not distinct.on,
            distinct_on=distinct.querystring if distinct.enabled and distinct.on else None,
            group_by=group_by.querystring if group_by else None,
            having=self.having_delegate._where,
            lock=lock.querystring if lock else None,
        )
        if group_by:
            check_groups(self.table, level.items, group_by.columns)
        compiled = compile_level(level, Build(exclude_secrets=self.exclude_secrets))
        many_to_many = any(isinstance(item, M2MSelect) for item in level.items)
        decode = rows_decoder(compiled.fields, nested=level.nested and not many_to_many)
        return KnownStatement(
            compiled.sql, compiled.template, decode, many_to_many
        ), compiled.values

    def _check(self, items: Sequence[Selectable]) -> None:
        check_select(self.table, items)


class _First(First):
    """Piccolo's ``First``, which does not look for callbacks where there are none."""

    async def run(self, node: str | None = None, in_pool: bool = True) -> Row | None:
        query = cast("ParentSelect[Any]", self.query)
        rows = await query.run(node=node, in_pool=in_pool, use_callbacks=False)
        row: Row | None = await query._called_back(rows[0] if rows else None)
        return row
