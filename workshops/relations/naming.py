"""The key under which something selected stands in the result."""

from __future__ import annotations

import re

from piccolo.columns import Column
from piccolo.columns.m2m import M2MSelect
from piccolo.columns.readable import Readable
from piccolo.query.methods.select import SelectRaw
from piccolo.querystring import QueryString, Selectable, Unquoted

from workshops.relations.errors import RelationError

_TRAILING_ALIAS = re.compile(r'\sAS\s+(?:"([^"]+)"|(\w+))\s*\Z', re.IGNORECASE)


def is_raw(expression: QueryString) -> bool:
    """Whether the SQL is the caller's own, so that nothing is known of what it refers to."""
    return type(expression) in (QueryString, SelectRaw, Unquoted)


def has_own_alias(item: Selectable) -> bool:
    """Whether the SQL of the item ends in ``AS name``, so that it can only stand in a SELECT."""
    if isinstance(item, QueryString):
        return _TRAILING_ALIAS.search(item.template) is not None
    return not isinstance(item, Column)


def output_name(item: Selectable) -> str:
    """Return the key that Piccolo gives to this part of a select.

    Raises:
        RelationError: it has none of its own, such as ``QueryString("1 + 1")``.
    """
    if isinstance(item, Column):
        return item._alias or str(item._meta.get_default_alias())  # type: ignore[no-untyped-call]
    if isinstance(item, Readable):
        return item.output_name
    if isinstance(item, M2MSelect):
        return item.m2m._meta.name
    if isinstance(item, QueryString):
        if item._alias:
            return item._alias
        if match := _TRAILING_ALIAS.search(item.template):
            return match[1] or match[2].lower()
        raise RelationError(f"{item.template!r} needs a name beside a relation: use as_alias()")
    name: str | None = getattr(item, "name", None) or getattr(item, "_alias", None)
    if not name:
        raise RelationError(f"{item!r} needs a name beside a relation: use as_alias()")
    return name
