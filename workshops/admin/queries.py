"""What the lists are asked for: filters, order and pages, checked where the library fails."""

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
from piccolo_api.crud.endpoints import ParamException, Params
from piccolo_api.crud.exceptions import MalformedQuery
from starlette.requests import Request

from workshops.admin.changes import stored_value


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


def harmless(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula: a text like one gets a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def escape_like(text: str) -> str:
    """Return a text for a LIKE pattern, where it stands for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


LAST_ROW = 1_000_000_000
"""No list goes further than this row; PostgreSQL counts them in 64 bits."""


def check_texts(params: dict[str, Any]) -> None:
    """Refuse what the library, or the database, would fail on.

    (upstream: test_nul_in_a_filter_is_refused)

    Raises:
        ParamException: an operator is given twice, or a text holds a NUL character.
    """
    for name, value in params.items():
        if "__" in name and isinstance(value, list):
            raise ParamException(f"{name} may be given only once.")
        for text in (name, *(value if isinstance(value, list) else [value])):
            if isinstance(text, str) and "\0" in text:
                raise ParamException("A filter cannot hold a NUL character.")


def check_page(params: Params, *, size: int, largest: int) -> None:
    """Refuse a page that there cannot be, and secrets (upstream: test_page_below_one_is_refused).

    Raises:
        ParamException: it is out of range, or shows or sorts by a secret column.
    """
    asked = [order.column for order in params.order_by or ()] + list(params.visible_fields or ())
    for column in asked:
        if column._meta.secret:
            # A list sorted by a secret tells it, one comparison at a time.
            raise ParamException(f"{column._meta.name} is secret.")
    size = params.page_size or size
    if not 1 <= size <= largest:
        raise ParamException(f"__page_size must be from 1 to {largest}.")
    if params.page < 1 or params.page * size > LAST_ROW:
        raise ParamException(f"__page must be from 1 to {LAST_ROW // size}.")
    # It goes into a header.
    if not re.fullmatch(r"[A-Za-z0-9_ -]*", params.range_header_name):
        raise ParamException("__range_header_name holds other characters than a-z, 0-9, _, -.")


def number(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a whole number from the query, at most ``most``.

    Raises:
        ParamException: it is not one.
    """
    value = request.query_params.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", value):
        raise ParamException(f"{name} must be a whole number, 0 or more.")
    return min(int(value), most)


def names_asked_for(request: Request) -> set[str]:
    """Return every word of a query that may name a column: to show, to sort or to filter by."""
    names = set()
    for key, value in request.query_params.multi_items():
        names.add(key.removesuffix("[]").split("__")[0])
        names.update(re.split("[,-]", value))
    return names
