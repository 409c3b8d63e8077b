"""A statement that is built already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from piccolo.querystring import QueryString

from workshops.relations.decoding import Row


@dataclass(slots=True, frozen=True)
class KnownStatement:
    """The SQL of a shape, the same as a template, and how its rows are read."""

    sql: str
    template: str
    decode: Callable[[Iterable[Iterable[Any]]], list[Row]]
    many_to_many: bool
    """Whether Piccolo's ``response_handler`` has work left to do: it fills these, and nests."""


class KnownQuery(QueryString):
    """A known statement with the values of one query."""

    __slots__ = ("statement",)

    def __init__(self, statement: KnownStatement, values: list[Any]) -> None:
        # Without QueryString.__init__, which looks for columns among the values.
        self._alias = None
        self.template = statement.template
        self.query_type = "generic"
        self.table = None
        self.args = values
        self.columns = ()
        self._frozen_compiled_strings = (statement.sql, values)
        self.statement = statement
