"""Piccolo's ``select`` with relations among the columns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from piccolo.columns import Column
from piccolo.custom_types import TableInstance
from piccolo.query.base import FrozenQuery
from piccolo.query.methods.select import Select
from piccolo.query.mixins import ColumnsDelegate
from piccolo.querystring import QueryString, Selectable

from workshops.relations.declaration import OneToMany
from workshops.relations.decoding import Row, rows_decoder
from workshops.relations.errors import RelationError, label, same_table
from workshops.relations.naming import output_name
from workshops.relations.selection import RelationSelect
from workshops.relations.shape import Shape, ShapelessError, select_shape
from workshops.relations.statement import Build, Level, compile_level

if TYPE_CHECKING:
    from piccolo.table import Table

_KEPT_STATEMENTS = 512


@dataclass(slots=True, frozen=True)
class _Statement:
    sql: str
    template: str
    decode: Callable[[Iterable[Iterable[Any]]], list[Row]]


_statements: dict[Shape, _Statement] = {}


class _Query(QueryString):
    """A statement whose SQL is known, with its values."""

    __slots__ = ("decode",)

    def __init__(self, statement: _Statement, values: list[Any]) -> None:
        super().__init__(statement.template, *values)
        self._frozen_compiled_strings = (statement.sql, values)
        self.decode = statement.decode


class ParentSelect(Select[TableInstance]):
    """A ``Select`` that takes relations beside columns; all else is Piccolo's.

    However many relations there are, at whatever depth, it is one statement. An
    outer LIMIT and OFFSET are applied before the relations are computed. With
    DISTINCT, which compares whole rows, they cannot be.
    """

    __slots__ = ("_running", "_with_relations")

    def __init__(self, table: type[TableInstance], *args: Any, **kwargs: Any) -> None:
        self._with_relations = False
        self._running: Sequence[QueryString] = ()
        super().__init__(table, *args, **kwargs)

    def columns(self, *columns: Selectable | str) -> Self:
        """Select these columns and relations too.

        Raises:
            RelationError: a relation of another table, or two of one name.
        """
        super().columns(*columns)
        selected = self.columns_delegate.selected_columns
        for item in selected:
            if isinstance(item, RelationSelect):
                self._with_relations = True
            elif isinstance(item, OneToMany):
                raise RelationError(f"{item!r} is a relation: call it")
        if self._with_relations:
            self._check(selected)
        return self

    def freeze(self) -> FrozenQuery:
        """Build the SQL once, for a query that is run repeatedly with the same values."""
        frozen = super().freeze()
        if self._with_relations:
            # Piccolo keeps neither; the first says how to read JSON and nested columns.
            query = cast("Self", frozen.query)
            query.columns_delegate = ColumnsDelegate([*self.columns_delegate.selected_columns])
            query.callback_delegate = self.callback_delegate
        return frozen

    @property
    def postgres_querystrings(self) -> Sequence[QueryString]:
        """The one statement."""
        self._running = [self._query()] if self._with_relations else super().default_querystrings
        return self._running

    async def _process_results(self, results: Any) -> Any:
        queries = self._running if self._frozen_querystrings is None else self._frozen_querystrings
        if queries and isinstance(query := queries[0], _Query):
            rows = query.decode(results)
            return await self.response_handler(rows)  # type: ignore[no-untyped-call]
        return await super()._process_results(results)

    def _query(self) -> _Query:
        try:
            shape, values = select_shape(self)
        except ShapelessError:
            return _Query(*self._built())
        if (known := _statements.get(shape)) is not None:
            return _Query(known, values)
        statement, built_values = self._built()
        if len(values) == len(built_values) and all(map(operator.is_, values, built_values)):
            if len(_statements) >= _KEPT_STATEMENTS:
                _statements.pop(next(iter(_statements)), None)
            _statements[shape] = statement
        return _Query(statement, built_values)

    def _built(self) -> tuple[_Statement, list[Any]]:
        output = self.output_delegate._output
        limit, offset = self.limit_delegate._limit, self.offset_delegate._offset
        distinct, lock = self.distinct_delegate._distinct, self.lock_rows_delegate._lock_rows
        group_by = self.group_by_delegate._group_by
        order_by = self.order_by_delegate._order_by
        if distinct.on:
            distinct.validate_on(order_by)
        level = Level(
            table=self.table,
            items=self.columns_delegate.selected_columns,
            condition=self.where_delegate._where,
            order=[
                (column, item.ascending)
                for item in order_by.order_by_items
                for column in item.columns
            ],
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
        if group_by and all(isinstance(column, Column) for column in group_by.columns):
            self._check_groups(group_by.columns)
        compiled = compile_level(level, Build(exclude_secrets=self.exclude_secrets))
        # Piccolo's response_handler nests the rows of this level itself.
        statement = _Statement(compiled.sql, compiled.template, rows_decoder(compiled.fields))
        return statement, compiled.values

    def _check(self, items: Sequence[Selectable]) -> None:
        """Refuse what cannot be told apart, or is of another table."""
        names: set[str] = set()
        for item in items:
            if isinstance(item, RelationSelect):
                table = item.relation.parent
                if item.name in names:
                    raise self._name_error(item.name)
                names.add(item.name)
            elif isinstance(item, Column):
                meta = item._meta
                table = meta.call_chain[0]._meta.table if meta.call_chain else meta.table
            else:
                continue
            if not same_table(table, self.table):
                what = repr(item.relation if isinstance(item, RelationSelect) else item._meta.name)
                raise RelationError(
                    f"{what} belongs to {label(table)}; this selects from {label(self.table)}"
                )
        for item in items:
            if not isinstance(item, RelationSelect) and (name := output_name(item)) in names:
                raise self._name_error(name)

    def _check_groups(self, columns: Sequence[Column | QueryString]) -> None:
        """Refuse to group by columns that do not tell which row a relation belongs to."""
        names = {
            column._meta.name
            for column in columns
            if isinstance(column, Column) and not column._meta.call_chain
        }
        for item in self.columns_delegate.selected_columns:
            if isinstance(item, RelationSelect):
                key = item.relation.foreign_key._foreign_key_meta.resolved_target_column
                if key._meta.name not in names:
                    raise RelationError(
                        f"{item.relation!r} beside group_by needs it to name {key._meta.name!r} of "
                        f"{label(self.table)}"
                    )

    def _name_error(self, name: str) -> RelationError:
        return RelationError(
            f"The select from {label(self.table)} has two columns named {name!r}: use as_alias()"
        )


class HasRelations:
    """A mix-in before ``Table`` for the parent table of relations.

    Its ``select`` is Piccolo's, and takes ``OneToMany`` relations beside columns. A
    select without one behaves, and costs, as ever.
    """

    @classmethod
    def select(cls, *columns: Selectable | str, exclude_secrets: bool = False) -> ParentSelect[Any]:
        """Get rows as dictionaries; see Piccolo's ``Table.select`` and ``RelationSelect``.

        With ``exclude_secrets``, relations leave out their secret columns too.
        """
        table = cast("type[Table]", cls)
        return ParentSelect(
            table,
            columns_list=table._process_column_args(*columns),
            exclude_secrets=exclude_secrets,
        )
