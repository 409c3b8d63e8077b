"""The conditions of the lists' filters."""

from __future__ import annotations

import re
from typing import Any

from piccolo.columns import JSON, JSONB, Column, Text, Varchar, Where
from piccolo.columns.operators.comparison import (
    ComparisonOperator,
    Equal,
    ILike,
    IsNotNull,
    IsNull,
    NotEqual,
)
from piccolo_api.crud.exceptions import MalformedQuery

from workshops.admin.versions import stored_value


class IsDistinctFrom(ComparisonOperator):
    """Not equal, where null is one value like others."""

    template = "{name} IS DISTINCT FROM {value}"


class NotILike(ComparisonOperator):
    """Does not match; null matches nothing."""

    template = "({name} ILIKE {value}) IS NOT TRUE"


def condition(column: Column, value: Any, operator: Any, match: str) -> Where:
    """Return the condition of a filter of a list.

    :param operator: One of the library's comparison operators.
    :param match: How a text is compared: contains, exact, starts, or ends.

    Raises:
        MalformedQuery: the column cannot be filtered like this.
    """
    if operator in (IsNull, IsNotNull):
        return Where(column=column, operator=operator)
    if isinstance(column, (JSON, JSONB)):
        raise MalformedQuery(f"{column._meta.name} can only be filtered by is_null and not_null.")
    value = stored_value(value)
    if value is None:
        operator = IsNotNull if operator is NotEqual else IsNull
        return Where(column=column, operator=operator)
    is_text = isinstance(column, (Varchar, Text)) and operator in (Equal, NotEqual)
    # The browser part sends no match for a choice.
    if is_text and match != "exact" and column._meta.choices is None:
        text = escape_like(str(value))
        pattern = {"starts": f"{text}%", "ends": f"%{text}"}.get(match, f"%{text}%")
        like = NotILike if operator is NotEqual else ILike
        return Where(column=column, value=pattern, operator=like)
    if operator is NotEqual:
        operator = IsDistinctFrom
    return Where(column=column, value=value, operator=operator)


def escape_like(text: str) -> str:
    """Return a text for a LIKE pattern, where it stands for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
