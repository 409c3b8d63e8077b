"""One page of the board: what its view asks for, with the cells of its rows.

Which workshops are on it, and in which order, is what the summaries say; what the rows
show comes from the product's tables.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from workshops.admin.follow_up import Operator
from workshops.admin.progress.board_statement import (
    SELECT,
    Condition,
    conditions_of,
    order_of,
    page_statement,
    where,
)
from workshops.admin.progress.query_string import BoardView, Cursor
from workshops.projection import Freshness, catch_up
from workshops.statements.execution import Record, engine, fetch
from workshops.states import StepStatus

PAGE_SIZE = 50
"""How many workshops a page of the board has."""

ROWS_AT_A_TIME = 500
"""How many are read at a time where all are wanted."""


BoardRow = SimpleNamespace
"""One workshop on the board; ``steps`` has the status for each definition, or None."""


@dataclass(frozen=True)
class BoardPage:
    """One page.

    :param count: How many workshops match; None if that would take long to count
        (``MOST_COUNTED``), and on a further page.
    """

    rows: list[BoardRow]
    previous: Cursor | None
    next: Cursor | None
    count: int | None
    freshness: Freshness


def _cells(only: str) -> str:
    """Return the SELECT of what rows show from the product's tables, never a step's output.

    It joins nothing of ours, which Citus refuses. ``only``: with what an id is compared.
    """
    return (
        "SELECT w.id, w.title, w.clerk_user_id AS owner, w.org_id AS organisation, w.status,"
        " (SELECT json_object_agg(s.step_id, s.status) FROM workshop_steps s"
        " WHERE s.workshop_id = w.id) AS steps"
        f" FROM workshops w WHERE w.id {only}"
    )


_KEPT = """(
    SELECT count(*) FROM workshops_admin.notes n WHERE n.workshop_id = page.workshop_id
) AS notes, (
    SELECT json_build_array(f.contacted_on, u.id, u.username)
    FROM workshops_admin.follow_ups f LEFT JOIN piccolo_user u ON u.id = f.assigned_to
    WHERE f.id = page.workshop_id
) AS follow_up"""
"""What operators keep about the workshops of a page."""


async def fetch_board(view: BoardView, definitions: dict[str, str], *, me: int = 0) -> BoardPage:
    """Return the page of the board that a view asks for. Two round trips if nothing waits.

    :param me: The key of the operator who looks.
    """
    freshness = await catch_up()
    arguments, page, count, order = page_statement(view, definitions, PAGE_SIZE + 1, me=me)
    # What was deleted since the summaries were made is left out.
    found: list[Any] = list(
        await fetch(
            f"{page}, cells AS MATERIALIZED ("
            f"{_cells('= ANY (ARRAY (SELECT workshop_id FROM page))')})"
            f" SELECT page.*, cells.*, {_KEPT}, {'NULL' if view.cursor else count} AS matching"
            f" FROM page LEFT JOIN cells ON cells.id = page.workshop_id ORDER BY {order}",
            *arguments,
        )
    )
    more = len(found) > PAGE_SIZE
    matching = found[0]["matching"] if found else 0
    found = found[:PAGE_SIZE]
    if view.backwards:
        found.reverse()
    has_previous = more if view.backwards else view.cursor is not None
    has_next = view.backwards or more
    return BoardPage(
        rows=[_row(row, definitions) for row in found if row["title"] is not None],
        previous=_cursor(view, found[0]) if found and has_previous else None,
        next=_cursor(view, found[-1]) if found and has_next else None,
        count=None if view.cursor else matching,
        freshness=freshness,
    )


async def all_rows(
    view: BoardView,
    definitions: dict[str, str],
    *,
    me: int = 0,
    chosen: Sequence[str] | None = None,
) -> AsyncGenerator[list[BoardRow]]:
    """Yield the rows of all pages of the board, or the chosen ones, some hundred at a time.

    One snapshot, read through a cursor of a connection of its own: what changes meanwhile
    neither is missing nor comes twice, and no request waits for a connection of the pool.
    PostgreSQL ends it when nobody takes the rows for a minute.
    """
    view = replace(view, after=None, before=None)
    conditions: list[Condition] = [("s.workshop_id = ANY ({}::text[])", chosen)]
    if chosen is None:
        conditions = [*conditions_of(view, definitions, me)]
    arguments: list[Any] = []
    summaries = f"{SELECT} WHERE {where(conditions, arguments)}"
    connection = await engine().get_new_connection()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(
                "SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL jit = off"
            )
            cursor = await connection.cursor(
                f"SELECT page.*, {_KEPT} FROM ({summaries}) page ORDER BY {order_of(view, 'page')}",
                *arguments,
            )
            while found := await cursor.fetch(ROWS_AT_A_TIME):
                ids = [row["workshop_id"] for row in found]
                cells = await connection.fetch(_cells("= ANY ($1::text[])"), ids)
                known = {row["id"]: row for row in cells}
                rows = ({**row, **known[row["workshop_id"]]} for row in found if row[0] in known)
                yield [_row(row, definitions) for row in rows]
    finally:
        await connection.close(timeout=5)


def _cursor(view: BoardView, row: Record) -> Cursor:
    moment = row["created_at"] if view.sort == "creation" else row["last_activity_at"]
    return Cursor(row["progress"], moment, row["workshop_id"])


def _row(row: Any, definitions: dict[str, str]) -> BoardRow:
    states: dict[str, str] = json.loads(row["steps"] or "{}")
    contacted_on, operator_id, username = json.loads(row["follow_up"] or "[null, null, null]")
    done = StepStatus.complete
    complete = list(states.values()).count(done)
    facts = {
        "steps_complete": complete,
        "steps_total": len(states),
        "progress": 100 * complete // len(states) if states else 0,
        "current_step": next((id for id in definitions if states.get(id, done) != done), None),
        "assigned_to": None if operator_id is None else Operator(operator_id, username),
        "contacted_on": contacted_on,
        "steps": {id: states.get(id) for id in definitions},
    }
    return BoardRow(**{**row, **facts})
