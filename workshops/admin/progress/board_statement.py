"""The SELECT that finds a page of the board among the summaries.

``workshop_summaries`` holds one narrow row a workshop, which triggers keep: current
step, progress, and last activity (the latest ``updated_at`` of the workshop and of
its steps, and start of its sessions).

There are three ways to it, because no single one is fast for every combination of
filters and sort order:

``EACH``     takes the first rows of every (status, current step) that the filters
             allow, each from an index that is in sort order within one, and sorts
             those few. Also where the wanted rows are at the far end of the order,
             which the planner cannot know.
``ORDERED``  follows the sort order through all workshops until a page is full: for a
             search or an organisation that finds much.
``FIRST``    finds first and sorts then: for an owner, an organisation or a search that
             finds little.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import Enum
from typing import Any

from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import NO_OPEN_STEP, BoardView, days_ago
from workshops.states import WorkshopStatus

_ORDERS = {
    "activity": ("last_activity_at", "workshop_id"),
    "creation": ("created_at", "workshop_id"),
    "progress": ("progress", "last_activity_at", "workshop_id"),
}

_COLUMNS = (
    "workshop_id, created_at, last_activity_at, steps_complete, steps_total, progress,"
    " status, current_step_id, clerk_user_id, org_id"
)

_HOLDS = "title LIKE '%' || lower({}) || '%'"


class Way(Enum):
    """How the rows are found: see above."""

    EACH = 1
    ORDERED = 2
    FIRST = 3


class BoardStatement:
    """The SELECT for a view, and its arguments."""

    def __init__(self, view: BoardView, definitions: list[Step], way: Way) -> None:
        self.arguments: list[Any] = []
        self._way = way
        self._conditions: list[str] = []
        self._ascending = view.descending == view.backwards
        self._columns = _ORDERS[view.sort]
        self._statuses = self._argument(
            list(view.statuses or (status.value for status in WorkshopStatus)), "text[]"
        )
        self._steps = self._argument(_current_steps(view, definitions), "text[]")
        self._add_filters(view)
        self._add_place(view)

    @property
    def order(self) -> str:
        """The ORDER BY clause of the page, as it is read from the database."""
        direction = "ASC" if self._ascending else "DESC"
        return ", ".join(f"{column} {direction}" for column in self._columns)

    def page(self, limit: int) -> str:
        """Return the SELECT of the first ``limit`` summaries.

        Where all are found before they are sorted, each row says ``matching``: how many.
        """
        end = f"ORDER BY {self.order} LIMIT {limit}"
        match self._way:
            case Way.EACH:
                return f"SELECT found.* FROM {self._each(f'{self._select(_COLUMNS)} {end}')} {end}"
            case Way.ORDERED:
                return f"{self._select(_COLUMNS)} {end}"
            case Way.FIRST:  # OFFSET 0 keeps the planner from following the sort order
                return (
                    "SELECT found.*, count(*) OVER () AS matching"
                    f" FROM ({self._select(_COLUMNS)} OFFSET 0) found {end}"
                )

    def count(self, limit: int) -> str:
        """Return the SELECT that counts the summaries, up to ``limit``."""
        select = self._select("1")
        if self._way is Way.EACH:  # OFFSET 0 keeps the planner from reading all to join it
            select = f"SELECT 1 FROM {self._each(select + ' OFFSET 0')}"
        return f"SELECT count(*) FROM ({select} LIMIT {limit}) counted"

    def _select(self, columns: str) -> str:
        state = f"status = ANY ({self._statuses}) AND current_step_id = ANY ({self._steps})"
        if self._way is Way.EACH:
            state = "status = wanted.status AND current_step_id = current.step_id"
        where = " AND ".join((state, *self._conditions))
        return f"SELECT {columns} FROM workshop_summaries WHERE {where}"

    def _each(self, select: str) -> str:
        return (
            f"unnest({self._statuses}) AS wanted (status)"
            f" CROSS JOIN unnest({self._steps}) AS current (step_id)"
            f" CROSS JOIN LATERAL ({select}) found"
        )

    def _argument(self, value: Any, type_: str) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}::{type_}"

    def _add(self, template: str, value: Any, type_: str) -> None:
        self._conditions.append(template.format(self._argument(value, type_)))

    def _add_filters(self, view: BoardView) -> None:
        if view.step == NO_OPEN_STEP or (view.step and view.place == "past"):
            self._conditions.append("steps_total > 0")
        if view.search:
            self._add_search(view)
        if view.owner:
            self._add("clerk_user_id = {}", view.owner, "text")
        if view.organisation:
            self._add("org_id = {}", view.organisation, "text")
        if view.idle_days is not None:
            moment = days_ago(view.idle_days)
            self._add("last_activity_at < {}", moment, "timestamp")
            # Follows from it, and spares the sort by creation what is too young.
            self._add("created_at < {}", moment, "timestamp")
        if view.created_from:
            day = datetime.combine(view.created_from, time())
            self._add("created_at >= {}", day, "timestamp")
            self._add("last_activity_at >= {}", day, "timestamp")
        if view.created_to:
            day = datetime.combine(view.created_to, time()) + timedelta(days=1)
            self._add("created_at < {}", day, "timestamp")

    def _add_search(self, view: BoardView) -> None:
        pattern = self._argument(escape_like(view.search), "text")
        holds = _HOLDS.format(pattern)
        if (
            self._way is Way.FIRST
            and len(view.search) > 1
            and not (view.owner or view.organisation)
        ):
            text = self._argument(view.search, "text")
            self._conditions.append(
                "workshop_id = ANY (ARRAY (SELECT workshop_id FROM workshop_titles"
                f" WHERE workshop_title_pairs(title) @> workshop_title_pairs(lower({text}))"
                f" AND {holds}))"
            )
        else:
            self._conditions.append(holds)

    def _add_place(self, view: BoardView) -> None:
        if view.cursor is None:
            return
        values = [
            self._argument(view.cursor.moment, "timestamp"),
            self._argument(view.cursor.workshop_id, "text"),
        ]
        if view.sort == "progress":
            values.insert(0, self._argument(view.cursor.progress, "smallint"))
        comparison = ">" if self._ascending else "<"
        self._conditions.append(f"({', '.join(self._columns)}) {comparison} ({', '.join(values)})")


def sample(view: BoardView) -> tuple[str, list[str]]:
    """Return a SELECT that counts a hundredth of the workshops, and what of it is looked for.

    Only by search, owner and organisation.
    """
    looked_for = {
        _HOLDS: escape_like(view.search),
        "clerk_user_id = {}": view.owner,
        "org_id = {}": view.organisation,
    }
    used = {template: value for template, value in looked_for.items() if value}
    where = " AND ".join(
        template.format(f"${number}::text") for number, template in enumerate(used, start=1)
    )
    return (
        f"SELECT count(*) AS workshops, count(*) FILTER (WHERE {where}) AS found"
        " FROM workshop_summaries TABLESAMPLE SYSTEM (1)",
        list(used.values()),
    )


def escape_like(text: str) -> str:
    r"""Return a text for LIKE in which %, _ and \ stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _current_steps(view: BoardView, definitions: list[Step]) -> list[str]:
    """Return the current steps that the filter allows; '' is no open step."""
    ids = [step.id for step in definitions]
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
