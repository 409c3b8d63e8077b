"""Parents by their children: whether there are any, how many, the latest of them.

Each is a subquery that stands wherever Piccolo takes a condition or an expression::

    Band.select().where(Band.albums.exists(Album.price < 3))

    WHERE EXISTS (
        SELECT FROM (SELECT "album"."band" FROM album WHERE "album"."price" < $1) AS _c(k)
        WHERE _c.k = "band"."id")

The children have a SELECT of their own inside, so that those of a table that refers to
itself are not mistaken for the parent. PostgreSQL folds it into the one outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.query.methods.select import Select
from piccolo.querystring import QueryString

from workshops.relations.decoding import TYPED, Carried, carried
from workshops.relations.expressions import columns_of, part_of
from workshops.relations.selection import Link


class _Subquery(QueryString):
    """SQL about the children of a row, of which only that row's key belongs to the outer query."""

    __slots__ = ("link",)

    def __init__(
        self, template: str, link: Link, conditions: tuple[Any, ...], value: Any = None
    ) -> None:
        condition = link.condition(conditions)
        used = [*columns_of(condition)]
        used += [value] if isinstance(value, Column) else getattr(value, "columns", ())
        joins = dict.fromkeys(j for column in used for j in part_of(column).joins.values())
        tables = " ".join((link.child._meta.get_formatted_tablename(), *joins))
        columns, names = [link.foreign_key], "k"
        if value is not None:
            columns, names = [link.foreign_key, value], "k, v"
        listed = ", ".join("{}" for _ in columns)
        inner, arguments = f"SELECT {listed} FROM {tables}", [*columns]
        if condition is not None:
            inner += " WHERE {}"
            arguments.append(condition.querystring)
        whole = template.format(f"({inner}) AS _c({names}) WHERE _c.k = {{}}")
        super().__init__(whole, *arguments, link.key)
        self.columns = [link.key]
        self.link = link

    def with_key(self, known: Mapping[str, str]) -> QueryString:
        """Return the same with what the key is known to equal in its place, if it is known."""
        key = known.get(part_of(self.link.key).sql)
        return QueryString(self.template, *self.args[:-1], QueryString(key)) if key else self


class Exists(WhereRaw):
    """Whether a row has children for which conditions hold; ``~`` turns it round."""

    __slots__ = ("_conditions", "_link", "_negative")

    def __init__(self, link: Link, conditions: tuple[Any, ...], *, negative: bool = False) -> None:
        self._link, self._conditions, self._negative = link, conditions, negative
        word = "NOT EXISTS" if negative else "EXISTS"
        self.querystring = _Subquery(f"{word} (SELECT FROM {{}})", link, conditions)

    def __invert__(self) -> Exists:
        return Exists(self._link, self._conditions, negative=not self._negative)

    @property
    def querystring_for_update_and_delete(self) -> QueryString:
        """The condition where no table can be joined."""
        chain = self._link.key._meta.call_chain
        if not chain:
            return self.querystring
        select = Select(chain[0]._meta.table, [chain[0]]).where(self)
        return QueryString(f'"{chain[0]._meta.db_column_name}" IN ({{}})', select.querystrings[0])


def _comparison(operator: str, *, null: str = "") -> Any:
    def compare(self: Aggregate, value: Any) -> WhereRaw:
        if value is None and null:
            return WhereRaw(f"{{}} {null}", self)
        return WhereRaw(f"{{}} {operator} {{}}", self, value)

    return compare


class Aggregate(_Subquery):
    """A number, or the like, of a row's children: selected, compared or ordered by.

    Named ``steps_count`` or the like in a row, or by ``as_alias``. Comparing it makes
    a condition, which ``&`` and ``|`` join to others.
    """

    __slots__ = ("carried",)

    def __init__(
        self, link: Link, function: str, column: Any = None, conditions: tuple[Any, ...] = ()
    ) -> None:
        if isinstance(column, Column):
            link.check_column(column)
        elif column is not None and not isinstance(column, QueryString):
            raise link.error(f"{function} of {column!r}: it needs a column")
        value = "*" if column is None else "_c.v"
        super().__init__(f"(SELECT {function}({value}) FROM {{}})", link, conditions, column)
        self._alias = f"{link.name}_{function}"
        self.carried: Carried = TYPED
        """How it travels in JSON."""
        if function == "count":
            self.carried = carried("BIGINT")
        elif function in ("max", "min") and isinstance(column, Column):
            self.carried = part_of(column).way

    __eq__: Any = _comparison("=", null="IS NULL")
    __ne__: Any = _comparison("!=", null="IS NOT NULL")
    __gt__: Any = _comparison(">")
    __ge__: Any = _comparison(">=")
    __lt__: Any = _comparison("<")
    __le__: Any = _comparison("<=")
    __hash__ = object.__hash__

    def is_null(self) -> WhereRaw:
        """Whether there is none, as of the maximum of no rows."""
        return WhereRaw("{} IS NULL", self)

    def is_not_null(self) -> WhereRaw:
        """Whether there is one."""
        return WhereRaw("{} IS NOT NULL", self)
