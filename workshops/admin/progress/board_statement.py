"""The statement that finds a page of the board among the summaries (``workshops.projection``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from workshops.admin.progress.query_string import NO_OPEN_STEP, BoardView
from workshops.columns import utc_now
from workshops.states import WorkshopStatus

MOST_SORTED = 2_000
"""Of how many matches the page is found by sorting them; each takes 90 bytes of memory."""

MOST_COUNTED = 250_000
"""In how many summaries more matches than those are counted: it takes up to 50 ms."""

SELECT = (
    "SELECT s.workshop_id, s.created_at, s.last_activity_at, s.progress"
    " FROM workshops_admin.summaries s"
)

_LEAST_INDEXED = 3  # characters, of a text that is looked for in titles

_ORDERS = {
    "activity": ("last_activity_at", "workshop_id"),
    "creation": ("created_at", "workshop_id"),
    "progress": ("progress", "last_activity_at", "workshop_id"),
}

_AT_STAGE = "s.status = {}::text AND s.current_step_id = {}::text"

Condition = tuple[Any, ...]
"""A condition on a summary ``s``, with its values, for each of which it has ``{}``."""


def page_statement(
    view: BoardView, definitions: dict[str, str], limit: int, *, me: int = 0
) -> tuple[list[Any], str, str, str]:
    """Return what finds a page among the summaries.

    That is the arguments; the CTEs, of which ``page`` has ``limit`` summaries; the expression
    for how many match in all, NULL if that would take long to count; and the order.

    Few are found by the filters and then sorted, many in order until the page is full.
    PostgreSQL has to guess which of the two is less work; here they are counted first.
    The index on parts of titles is for the few: of many it would gather and sort them all.
    By progress, each stage is read in its order, and only as far as it is the next one: what
    is at the same stages lies together, and the others would be read first (Merge Append).
    """
    arguments: list[Any] = []
    matching = where(conditions_of(view, definitions, me), arguments)
    found = f"{matching} AND {where(_in_index_of_titles(view), arguments)}"
    ahead = where(_conditions_on_place(view), arguments)
    few = f"(SELECT matching FROM size) <= {MOST_SORTED}"
    order = f"ORDER BY {order_of(view, 's')} LIMIT {limit}"
    many = f"{SELECT} WHERE NOT {few} AND {matching} AND {ahead}"
    if view.sort == "progress" and (steps := _current_steps(view, definitions)):
        parts = (
            f"({many} AND {where([(_AT_STAGE, *stage)], arguments)} {order})"
            for stage in product(view.statuses or WorkshopStatus, steps)
        )
        many = f"SELECT s.* FROM ({' UNION ALL '.join(parts)}) s"
    page = (
        f"WITH few AS MATERIALIZED ({SELECT} WHERE {found} LIMIT {MOST_SORTED + 1}),"
        " size AS MATERIALIZED (SELECT count(*) AS matching FROM few),"
        f" page AS MATERIALIZED ((SELECT * FROM few s WHERE {few} AND {ahead} {order})"
        f" UNION ALL ({many} {order}))"
    )
    count = (
        f"CASE WHEN {few} THEN (SELECT matching FROM size) WHEN (SELECT reltuples FROM pg_class"
        f" WHERE oid = 'workshops_admin.summaries'::regclass) <= {MOST_COUNTED}"
        f" THEN (SELECT count(*) FROM workshops_admin.summaries s WHERE {found}) END"
    )
    return arguments, page, count, order_of(view, "page")


def where(conditions: Iterable[Condition], arguments: list[Any]) -> str:
    """Return the conditions as one, and add their values to the arguments."""
    parts = []
    for condition, *values in conditions:
        first = len(arguments) + 1
        arguments += values
        parts.append(condition.format(*(f"${n}" for n in range(first, len(arguments) + 1))))
    return " AND ".join(parts) or "true"


def conditions_of(view: BoardView, definitions: dict[str, str], me: int) -> Iterator[Condition]:
    """Yield what the filters of a view ask of a summary."""
    if view.statuses:
        yield "s.status = ANY ({}::text[])", view.statuses
    if view.step:
        yield "s.current_step_id = ANY ({}::text[])", _current_steps(view, definitions)
        if view.step == NO_OPEN_STEP or view.place == "past":
            yield ("s.steps_total > 0",)
    if view.owner:
        yield "s.clerk_user_id = {}::text", view.owner
    if view.organisation:
        yield "s.org_id = {}::text", view.organisation
    if view.search:
        yield "position(lower({}::text) IN s.title) > 0", view.search
    if view.idle_days is not None:
        # Nothing has happened before the creation: so either order has an end to begin at.
        before = "s.last_activity_at < {0}::timestamp AND s.created_at < {0}::timestamp"
        yield before, utc_now() - timedelta(days=view.idle_days)
    if view.created_from:
        yield "s.created_at >= {0}::date AND s.last_activity_at >= {0}::date", view.created_from
    if view.created_to:
        yield "s.created_at < {}::date + 1", view.created_to
    if view.assigned in ("anybody", "nobody"):
        yield _followed_up("f.assigned_to IS NOT NULL", none=view.assigned == "nobody")
    elif view.assigned:
        key = me if view.assigned == "me" else int(view.assigned)
        yield _followed_up("f.assigned_to = {}::integer", key)
    if view.contacted_before:
        yield _followed_up("f.contacted_on < {}::date", view.contacted_before)
    if view.contact:
        yield _followed_up("f.contacted_on IS NOT NULL", none=view.contact == "never")
    if view.noted:
        yield (
            f"{'NOT ' if view.noted == 'no' else ''}EXISTS (SELECT"
            " FROM workshops_admin.notes n WHERE n.workshop_id = s.workshop_id)",
        )


def _in_index_of_titles(view: BoardView) -> Iterator[Condition]:
    if len(view.search) >= _LEAST_INDEXED:
        trigrams = "workshops_admin.trigrams(lower({}::text), 3)"
        yield f"workshops_admin.trigrams(s.title) @> {trigrams}", view.search


def _followed_up(condition: str, *values: Any, none: bool = False) -> Condition:
    """Return the condition that there is a follow-up of the workshop like this, or none."""
    return (
        f"{'NOT ' if none else ''}EXISTS (SELECT FROM workshops_admin.follow_ups f"
        f" WHERE f.id = s.workshop_id AND {condition})",
        *values,
    )


def _current_steps(view: BoardView, definitions: dict[str, str]) -> list[str]:
    """Return the current steps that the filter allows; '' stands for no open step."""
    ids = list(definitions)
    if not view.step:
        return [*ids, ""]
    if view.step == NO_OPEN_STEP:
        return [""]
    position = ids.index(view.step)
    match view.place:
        case "before":
            return ids[:position]
        case "past":
            return [*ids[position + 1 :], ""]
    return [view.step]


def _ascending(view: BoardView) -> bool:
    """Tell how a page is read from the database: one that ends before its cursor, backwards."""
    return view.descending == view.backwards


def order_of(view: BoardView, alias: str) -> str:
    """Return the ORDER BY clause of a page, as it is read from the database."""
    direction = "ASC" if _ascending(view) else "DESC"
    return ", ".join(f"{alias}.{column} {direction}" for column in _ORDERS[view.sort])


def _conditions_on_place(view: BoardView) -> Iterator[Condition]:
    if view.cursor is not None:
        columns = ", ".join(f"s.{column}" for column in _ORDERS[view.sort])
        sign = ">" if _ascending(view) else "<"
        progress = [view.cursor.progress] if view.sort == "progress" else []
        place = "{}::smallint, " * len(progress) + "{}::timestamp, {}::text"
        after = (*progress, view.cursor.moment, view.cursor.workshop_id)
        yield (f"({columns}) {sign} ({place})", *after)
