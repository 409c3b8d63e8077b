"""One page of the board: what its view asks for, with the cells of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workshops.admin.progress.board_statement import BoardStatement, Way
from workshops.admin.progress.board_way import PAGE_SIZE, Choice, Count, choose_way
from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import BoardView, Cursor
from workshops.statements.execution import fetch, fetch_row

COUNT_LIMIT = 500
"""Up to here matching workshops are counted, where counting reads them all."""


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


@dataclass(frozen=True)
class BoardPage:
    """One page. ``count`` is known on the first page only."""

    rows: list[BoardRow]
    previous: Cursor | None
    next: Cursor | None
    count: Count | None


async def fetch_board(view: BoardView, definitions: list[Step]) -> BoardPage:
    """Return the page of the board that a view asks for.

    One round trip for the page; one more for the count on the first of several pages,
    and one more to judge what is looked for.
    """
    choice = await choose_way(view, definitions)
    statement = BoardStatement(view, definitions, choice.way)
    # The cells are read for the rows of the page only, and never a step's output.
    rows: list[Any] = list(
        await fetch(
            f"WITH page AS ({statement.page(PAGE_SIZE + 1)})"
            " SELECT page.*, w.title, ARRAY("
            "SELECT ROW(s.step_id, s.status) FROM workshop_steps s"
            " WHERE s.workshop_id = page.workshop_id) AS steps"
            " FROM page JOIN workshops w ON w.id = page.workshop_id"
            f" ORDER BY {statement.order.replace('workshop_id', 'page.workshop_id')}",
            *statement.arguments,
        )
    )
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    count = None
    if view.cursor is None:
        count = await _count(statement, choice, rows) if more else Count(len(rows), "exactly")
    if view.backwards:
        rows.reverse()
    has_previous = more if view.backwards else view.cursor is not None
    has_next = view.backwards or more
    return BoardPage(
        rows=[_row(row, definitions) for row in rows],
        previous=_cursor(view, rows[0], True) if rows and has_previous else None,
        next=_cursor(view, rows[-1], False) if rows and has_next else None,
        count=count,
    )


async def _count(statement: BoardStatement, choice: Choice, rows: list[Any]) -> Count:
    if choice.way in (Way.FIRST, Way.TITLES):
        return Count(int(rows[0]["matching"]), "exactly")
    if choice.count is not None:
        return choice.count
    counted = await fetch_row(statement.count(COUNT_LIMIT + 1), *statement.arguments)
    assert counted is not None
    number = int(counted[0])
    return Count(COUNT_LIMIT, "over") if number > COUNT_LIMIT else Count(number, "exactly")


def _cursor(view: BoardView, row: Any, backwards: bool) -> Cursor:
    moment = row["created_at"] if view.sort == "creation" else row["last_activity_at"]
    return Cursor(row["progress"], moment, row["workshop_id"], backwards)


def _row(row: Any, definitions: list[Step]) -> BoardRow:
    states = dict(row["steps"])
    return BoardRow(
        workshop_id=row["workshop_id"],
        title=row["title"],
        owner=row["clerk_user_id"],
        organisation=row["org_id"],
        status=row["status"],
        created_at=row["created_at"],
        last_activity_at=row["last_activity_at"],
        steps_complete=row["steps_complete"],
        steps_total=row["steps_total"],
        progress=row["progress"],
        current_step=next(
            (step for step in definitions if step.id == row["current_step_id"]), None
        ),
        states=tuple(states.get(step.id) for step in definitions),
    )
