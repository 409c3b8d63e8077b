"""What decides the SQL of a select with relations, apart from its values.

Two selects of one shape have the same SQL, so it is built once. A shape is made of
texts, numbers, classes and objects that stand for themselves; collecting it also
collects the values, in the order in which the SQL has them. Nothing here is trusted
blindly: a statement is kept for its shape only if the values collected are those
that Piccolo put into it (see ``query``).

What selects are written with again and again, the columns of tables and relations
without values, is known by identity, so that hardly anything is left to do for it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from piccolo.columns import And, Array, Column
from piccolo.columns.combination import UNDEFINED, Or, Undefined, Where, WhereRaw
from piccolo.columns.readable import Readable
from piccolo.columns.reference import LazyTableReference
from piccolo.querystring import QueryString, Selectable

from workshops.cached_columns import is_lasting
from workshops.relations.fragments import needs_witness
from workshops.relations.naming import has_own_alias

if TYPE_CHECKING:
    from piccolo.custom_types import Combinable

    from workshops.relations.declaration import OneToMany

Shape = Any
Values = list[Any]

_MEMORY = 1024


class ShapelessError(Exception):
    """Something of which it is not known what its SQL depends on."""


class Shaped(Selectable):
    """A part of a select that describes itself."""

    __slots__ = ()

    relation: OneToMany

    @property
    @abstractmethod
    def name(self) -> str:
        """Its key in the result."""

    stable: bool
    """Whether it has no values and is the only one of its shape: then it is its own shape."""

    @abstractmethod
    def shape(self) -> tuple[Shape, Values, Values]:
        """Return its shape, its values, and those of its witnesses (see ``fragments``)."""


class Items(NamedTuple):
    """What one level selects, with its values by where the SQL has them."""

    token: object
    """Stands for the shape: the same object for the same shape."""
    relation_values: Values
    own_values: Values
    witness_values: Values
    paged: bool
    """Whether something in it makes the level an inner and an outer select."""
    fixed: bool
    """Whether it stays so: an expression's ``as_alias`` changes it in place."""

    @property
    def valueless(self) -> bool:
        """Whether its shape is all there is to it."""
        return self.fixed and not (self.relation_values or self.own_values)


# Objects known by identity are kept, so that no other object can get their id.
_columns: dict[int, tuple[Column, Shape]] = {}
_items: dict[Shape, tuple[Items, Sequence[Selectable]]] = {}
_tokens: dict[Shape, object] = {}


def remember(memory: dict[Any, Any], key: Shape, value: Any, size: int = _MEMORY) -> None:
    """Put something into a memory, which forgets the oldest when it is full."""
    if len(memory) >= size:
        memory.pop(next(iter(memory)), None)
    memory[key] = value


def known_items(owner: object, items: Sequence[Selectable | str]) -> Items | None:
    """Return the description of exactly these objects, if they were described and checked."""
    known = _items.get((owner, *map(id, items)))
    return None if known is None else known[0]


def describe(
    owner: object, items: Sequence[Selectable], check: Callable[[Sequence[Selectable]], None]
) -> Items:
    """Describe what ``owner`` selects, and check it if it was not found right before.

    The owner is a relation, or the table of an outer select, whose own items are in
    no record and need no witness.

    Raises:
        ShapelessError: there is a part that cannot be described; it is checked.
    """
    identity = (owner, *map(id, items))
    if (known := _items.get(identity)) is not None:
        return known[0]
    try:
        shape, described, stable = _describe(items, in_record=not isinstance(owner, type))
    except ShapelessError:
        check(items)
        raise
    key = (owner, shape)
    token = _tokens.get(key)
    if token is None:
        check(items)
        token = object()
        remember(_tokens, key, token)
    described = described._replace(token=token)
    if stable:
        remember(_items, identity, (described, tuple(items)))
    return described


def _describe(items: Iterable[Selectable], *, in_record: bool) -> tuple[Shape, Items, bool]:
    shapes: list[Shape] = []
    relation_values: Values = []
    own_values: Values = []
    witness_values: Values = []
    paged, fixed, stable = False, True, True
    for item in items:
        if (known := _columns.get(id(item))) is not None:
            shapes.append(known[1])
        elif isinstance(item, Column):
            shapes.append(column_shape(item))
            stable = stable and id(item) in _columns
        elif isinstance(item, Shaped):
            paged = True
            stable = stable and item.stable
            shape, values, witnesses = item.shape()
            shapes.append(shape)
            relation_values += values
            witness_values += witnesses
        elif isinstance(item, QueryString):
            values = []
            shapes.append(_expression_shape(item, values))
            own_values += values
            if in_record and needs_witness(item):
                witness_values += values
            paged = paged or has_own_alias(item)
            fixed = stable = False
        elif isinstance(item, Readable):
            columns = tuple(map(column_shape, item.columns))
            shapes.append((Readable, item.template, item.output_name, columns))
            paged, fixed, stable = True, False, False
        else:
            raise ShapelessError
    described = Items(None, relation_values, own_values, witness_values, paged, fixed)
    return tuple(shapes), described, stable


def column_shape(column: Column) -> Shape:
    """Describe a column with its joins and its alias."""
    if (known := _columns.get(id(column))) is not None:
        return known[1]
    kind = type(column)
    index = None
    if kind.get_select_string is not Column.get_select_string:
        if not isinstance(column, Array):
            raise ShapelessError
        index = column.index
    meta = column._meta
    shape = (
        kind,
        meta._table,
        meta._name,
        meta._db_column_name,
        column._alias,
        index,
        tuple([_key_shape(key) for key in meta.call_chain]) if meta.call_chain else None,
    )
    if is_lasting(column):
        remember(_columns, id(column), (column, shape))
    return shape


def is_known(item: object) -> bool:
    """Whether this very column or relation is described, and had again in the same way."""
    return id(item) in _columns or (isinstance(item, Shaped) and item.stable)


def order_shape(order: Iterable[tuple[Selectable, bool]], values: Values) -> Shape:
    """Describe an order, and collect its values."""
    return tuple([(_term_shape(term, values), ascending) for term, ascending in order])


def condition_shape(condition: Combinable | None, values: Values) -> Shape:
    """Describe a condition, and collect its values.

    Raises:
        ShapelessError: there is a part that cannot be described.
    """
    if condition is None:
        return None
    if isinstance(condition, Where):
        column = column_shape(condition.column)
        return Where, condition.operator, column, *_compared_shape(condition, values)
    if isinstance(condition, (And, Or)):
        first = condition_shape(condition.first, values)
        return type(condition), first, condition_shape(condition.second, values)
    if isinstance(condition, WhereRaw):
        return WhereRaw, _expression_shape(condition.querystring, values)
    raise ShapelessError


def _key_shape(key: Any) -> Shape:
    """Describe a foreign key, which ``join_on`` may have made on the spot."""
    if (known := _columns.get(id(key))) is not None:
        return known[1]
    if is_lasting(key):
        return column_shape(key)
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


def _term_shape(term: Selectable, values: Values) -> Shape:
    if isinstance(term, QueryString):
        return _expression_shape(term, values)
    if isinstance(term, Column):
        return column_shape(term)
    raise ShapelessError


def _expression_shape(expression: QueryString, values: Values) -> Shape:
    arguments: list[Shape] = []
    for argument in expression.args:
        if isinstance(argument, QueryString):
            arguments.append(_expression_shape(argument, values))
        else:
            arguments.append(None)
            values.append(argument)
    joined = [column_shape(column) for column in expression.columns if column._meta.call_chain]
    return type(expression), expression.template, expression._alias, (*arguments,), (*joined,)


def _compared_shape(condition: Where, values: Values) -> Shape:
    """Describe what a condition compares its column with: one value, or several."""
    shape: list[Shape] = []
    if condition.value is not UNDEFINED:
        shape.append(_value_shape(condition.value, values))
    if isinstance(condition.values, QueryString):
        shape.append(_expression_shape(condition.values, values))
    elif not isinstance(condition.values, Undefined):
        shape.append(tuple(_value_shape(value, values) for value in condition.values))
    return shape


def _value_shape(value: Any, values: Values) -> Shape:
    if isinstance(value, Column):
        return column_shape(value)
    if isinstance(value, QueryString):
        return _expression_shape(value, values)
    values.append(value)
    return None
