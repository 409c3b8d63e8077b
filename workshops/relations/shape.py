"""What decides the SQL of a select with relations, apart from its values.

Two selects of one shape have the same SQL, so it is built once. A shape is a
tuple of texts, numbers and classes; collecting it also collects the values, in
the order in which the SQL has them. Nothing here is trusted blindly: a statement
is kept for its shape only if the values collected are those that Piccolo put into
it (see ``query``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from piccolo.columns import And, Array, Column
from piccolo.columns.combination import UNDEFINED, Or, Undefined, Where, WhereRaw
from piccolo.columns.readable import Readable
from piccolo.columns.reference import LazyTableReference
from piccolo.querystring import QueryString, Selectable

from workshops.relations.fragments import needs_witness
from workshops.relations.naming import has_own_alias
from workshops.relations.selection import RelationSelect

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable
    from piccolo.query.methods.select import Select

Shape = tuple[Any, ...]
Values = list[Any]


class ShapelessError(Exception):
    """Something of which it is not known what its SQL depends on."""


def select_shape(select: Select[Any]) -> tuple[Shape, Values]:
    """Return the shape of an outer select, and its values.

    Raises:
        ShapelessError: there is a part that cannot be described.
    """
    values: Values = []
    own_values: Values = []
    witness_values: Values = []
    output = select.output_delegate._output
    limit, offset = select.limit_delegate._limit, select.offset_delegate._offset
    distinct, lock = select.distinct_delegate._distinct, select.lock_rows_delegate._lock_rows
    grouping = select.group_by_delegate._group_by
    items = []
    for item in select.columns_delegate.selected_columns:
        if isinstance(item, RelationSelect):
            shape, below, witnesses = _relation_shape(item)
            items.append(shape)
            values += below
            witness_values += witnesses
        else:
            items.append(_item_shape(item, own_values))
    order = _order_shape(
        [
            (column, item.ascending)
            for item in select.order_by_delegate._order_by.order_by_items
            for column in item.columns
        ],
        own_values,
    )
    where = _condition_shape(select.where_delegate._where, own_values)
    group_by = (
        tuple(_item_shape(column, own_values) for column in grouping.columns) if grouping else ()
    )
    having = _condition_shape(select.having_delegate._where, own_values)
    values += witness_values
    values += own_values
    if offset is not None:
        values.append(offset.number)
    return (
        select.table,
        select.exclude_secrets,
        output.nested,
        output.load_json,
        tuple(items),
        where,
        order,
        group_by,
        having,
        None if limit is None else limit.number,
        offset is None,
        distinct.enabled,
        tuple(map(_column_shape, distinct.on)) if distinct.on else None,
        None if lock is None else lock.querystring.template,
    ), values


def _relation_shape(relation: RelationSelect) -> tuple[Shape, Values, Values]:
    """Return the shape of a relation, its values, and those of its witnesses.

    Kept with the relation, which never changes.
    """
    if relation._shape is not None:
        return relation._shape
    values: Values = []
    own_values: Values = []
    witness_values: Values = []
    items: list[Any] | None = None
    paged = False
    if relation.items is not None:
        items = []
        for item in relation.items:
            if isinstance(item, RelationSelect):
                shape, below, witnesses = _relation_shape(item)
                items.append(shape)
                values += below
                witness_values += witnesses
                paged = True
            else:
                begin = len(own_values)
                items.append(_item_shape(item, own_values))
                paged = paged or has_own_alias(item)
                if isinstance(item, QueryString) and needs_witness(item):
                    witness_values += own_values[begin:]
    where_values: Values = []
    where = _condition_shape(relation.condition, where_values)
    order_values: Values = []
    order = _order_shape(relation.order, order_values)
    # In a page, what it is ordered by is one of its columns.
    values += own_values
    values += order_values + where_values if paged else where_values + order_values
    if relation.row_offset is not None:
        values.append(relation.row_offset)
    known = relation._shape = (
        (
            relation.relation,
            relation._alias,
            relation.nested,
            None if items is None else tuple(items),
            where,
            order,
            relation.row_limit,
            relation.row_offset is None,
        ),
        values,
        witness_values,
    )
    return known


def _item_shape(item: Selectable, values: Values) -> Shape:
    if isinstance(item, Column):
        return _column_shape(item)
    if isinstance(item, QueryString):
        return _expression_shape(item, values)
    if isinstance(item, Readable):
        return (Readable, item.template, item.output_name, tuple(map(_column_shape, item.columns)))
    raise ShapelessError


def _column_shape(column: Column) -> Shape:
    kind = type(column)
    if kind.get_select_string is not Column.get_select_string and not isinstance(column, Array):
        raise ShapelessError
    meta = column._meta
    return (
        kind,
        meta._table,
        meta._name,
        meta._db_column_name,
        column._alias,
        column.index if isinstance(column, Array) else None,
        tuple(_key_shape(key) for key in meta.call_chain) if meta.call_chain else None,
    )


def _key_shape(key: Any) -> Shape:
    """Describe a foreign key, which ``join_on`` may have made on the spot."""
    meta, foreign = key._meta, key._foreign_key_meta
    references, target = foreign.references, foreign.target_column
    return (
        meta._table,
        meta._name,
        meta._db_column_name,
        # The declaration of the foreign key owns a lazy reference, and the table owns that.
        id(references) if isinstance(references, LazyTableReference) else references,
        target._meta._name if isinstance(target, Column) else target,
    )


def _expression_shape(expression: QueryString, values: Values) -> Shape:
    arguments: list[Any] = []
    for argument in expression.args:
        if isinstance(argument, QueryString):
            arguments.append(_expression_shape(argument, values))
        else:
            arguments.append(None)
            values.append(argument)
    joined = [_column_shape(column) for column in expression.columns if column._meta.call_chain]
    return type(expression), expression.template, expression._alias, (*arguments,), (*joined,)


def _order_shape(order: Any, values: Values) -> Shape:
    return tuple((_item_shape(column, values), ascending) for column, ascending in order)


def _condition_shape(condition: Combinable | None, values: Values) -> Shape | None:
    if condition is None:
        return None
    if isinstance(condition, Where):
        column = _column_shape(condition.column)
        return Where, condition.operator, column, *_compared_shape(condition, values)
    if isinstance(condition, (And, Or)):
        first = _condition_shape(condition.first, values)
        return type(condition), first, _condition_shape(condition.second, values)
    if isinstance(condition, WhereRaw):
        return WhereRaw, _expression_shape(condition.querystring, values)
    raise ShapelessError


def _compared_shape(condition: Where, values: Values) -> Shape:
    """Describe what a condition compares its column with: one value, or several."""
    shape: list[Any] = []
    if condition.value is not UNDEFINED:
        shape.append(_value_shape(condition.value, values))
    if isinstance(condition.values, QueryString):
        shape.append(_expression_shape(condition.values, values))
    elif not isinstance(condition.values, Undefined):
        shape.append(tuple(_value_shape(value, values) for value in condition.values))
    return tuple(shape)


def _value_shape(value: Any, values: Values) -> Shape | None:
    if isinstance(value, Column):
        return _column_shape(value)
    if isinstance(value, QueryString):
        return _expression_shape(value, values)
    values.append(value)
    return None
