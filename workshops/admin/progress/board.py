"""One page of the board: what its view asks for, with the cells of its rows.

Which workshops are on it, and in which order, is what the summaries say; what the rows
show comes from the product's tables.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from workshops.admin.follow_up import Operator
from workshops.admin.progress.board_statement import BoardStatement
from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import BoardView, Cursor
from workshops.projection import Freshness, catch_up
from workshops.statements.execution import engine, fetch
from workshops.states import StepStatus

PAGE_SIZE = 50
"""How many workshops a page of the board has."""

ROWS_AT_A_TIME = 500
"""How many are read at a time where all are wanted."""


@dataclass(frozen=True)
class BoardRow:
    """One workshop on the board; ``states`` has a step status for each definition, or None."""

    workshop_id: str
    title: str
    owner: str
    organisation: str | None
    status: str
    created_at: datetime
    last_activity_at: datetime
    steps_complete: int
    steps_total: int
    progress: int
    current_step: Step | None
    states: tuple[str | None, ...]
    notes: int
    assigned_to: Operator | None
    contacted_on: date | None


@dataclass(frozen=True)
class BoardPage:
    """One page. ``count`` says how many workshops match, on the first page only."""

    rows: list[BoardRow]
    previous: Cursor | None
    next: Cursor | None
    count: int | None
    freshness: Freshness


# They are read for the rows that are shown only, and never a step's output.
_CELLS = """
w.title, w.clerk_user_id, w.org_id, w.status, (
    SELECT json_object_agg(s.step_id, s.status) FROM workshop_steps s
    WHERE s.workshop_id = page.workshop_id
) AS steps, (
    SELECT count(*) FROM workshops_admin.notes n WHERE n.workshop_id = page.workshop_id
) AS notes, (
    SELECT json_build_array(f.contacted_on, u.id, u.username)
    FROM workshops_admin.follow_ups f LEFT JOIN piccolo_user u ON u.id = f.assigned_to
    WHERE f.id = page.workshop_id
) AS follow_up"""


async def fetch_board(view: BoardView, definitions: list[Step], *, me: int = 0) -> BoardPage:
    """Return the page of the board that a view asks for. Two round trips if nothing waits.

    :param me: The key of the operator who looks.
    """
    freshness = await catch_up()
    statement = BoardStatement(view, definitions, me=me)
    # What was deleted since the summaries were made is left out.
    found: list[Any] = list(
        await fetch(
            f"WITH page AS MATERIALIZED ({statement.page(PAGE_SIZE + 1)})"
            f" SELECT page.*, {_CELLS},"
            f" CASE WHEN (SELECT count(*) FROM page) > {PAGE_SIZE}"
            f" THEN {f'({statement.count()})' if view.cursor is None else 'NULL'} END AS matching"
            " FROM page LEFT JOIN workshops w ON w.id = page.workshop_id"
            f" ORDER BY {statement.order('page')}",
            *statement.arguments,
        )
    )
    more = len(found) > PAGE_SIZE
    found = found[:PAGE_SIZE]
    count = None
    if view.cursor is None:
        count = found[0]["matching"] if more else len(found)
    if view.backwards:
        found.reverse()
    has_previous = more if view.backwards else view.cursor is not None
    has_next = view.backwards or more
    return BoardPage(
        rows=[_row(row, definitions) for row in found if row["title"] is not None],
        previous=_cursor(view, found[0], True) if found and has_previous else None,
        next=_cursor(view, found[-1], False) if found and has_next else None,
        count=count,
        freshness=freshness,
    )


async def all_rows(
    view: BoardView,
    definitions: list[Step],
    *,
    me: int = 0,
    chosen: Sequence[str] | None = None,
) -> AsyncGenerator[list[BoardRow]]:
    """Yield the rows of all pages of the board, or the chosen ones, some hundred at a time.

    One snapshot, read through a cursor of a connection of its own: what changes meanwhile
    neither is missing nor comes twice, and no request waits for a connection of the pool.
    PostgreSQL ends it when nobody takes the rows for a minute.
    """
    statement = BoardStatement(replace(view, cursor=None), definitions, me=me, chosen=chosen)
    connection = await engine().get_new_connection()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(
                "SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL jit = off"
            )
            found: list[BoardRow] = []
            async for row in connection.cursor(
                f"SELECT page.*, {_CELLS} FROM ({statement.page()}) page"
                " JOIN workshops w ON w.id = page.workshop_id"
                f" ORDER BY {statement.order('page')}",
                *statement.arguments,
                prefetch=ROWS_AT_A_TIME,
            ):
                found.append(_row(row, definitions))
                if len(found) == ROWS_AT_A_TIME:
                    yield found
                    found = []
            yield found
    finally:
        await connection.close(timeout=5)


def _cursor(view: BoardView, row: Any, backwards: bool) -> Cursor:
    moment = row["created_at"] if view.sort == "creation" else row["last_activity_at"]
    return Cursor(row["progress"], moment, row["workshop_id"], backwards)


def _row(row: Any, definitions: list[Step]) -> BoardRow:
    states: dict[str, str] = json.loads(row["steps"] or "{}")
    contacted_on, operator_id, username = json.loads(row["follow_up"] or "[null, null, null]")
    complete = list(states.values()).count(StepStatus.complete)
    return BoardRow(
        workshop_id=row["workshop_id"],
        title=row["title"],
        owner=row["clerk_user_id"],
        organisation=row["org_id"],
        status=row["status"],
        created_at=row["created_at"],
        last_activity_at=row["last_activity_at"],
        steps_complete=complete,
        steps_total=len(states),
        progress=100 * complete // len(states) if states else 0,
        current_step=next(
            (
                step
                for step in definitions
                if states.get(step.id, StepStatus.complete) != StepStatus.complete
            ),
            None,
        ),
        states=tuple(states.get(step.id) for step in definitions),
        notes=row["notes"],
        assigned_to=None if operator_id is None else Operator(operator_id, username),
        contacted_on=None if contacted_on is None else date.fromisoformat(contacted_on),
    )
