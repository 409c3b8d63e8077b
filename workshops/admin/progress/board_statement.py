"""The SELECT that finds a page of the board among the summaries.

``workshop_summaries`` holds one narrow row a workshop, which triggers keep: current
step, progress, and last activity (the latest ``updated_at`` of the workshop and of
its steps, and start of its sessions).

There are four ways to it, because no single one is fast for every combination of
filters and sort order:

``EACH``     takes the first rows of every (status, current step) that the filters
             allow, each from an index that is in sort order within one, and sorts
             those few. Also where the wanted rows are at the far end of the order,
             which the planner cannot know.
``ORDERED``  follows the sort order through all workshops until a page is full.
``FIRST``    finds all that match by whatever index the planner takes, and sorts then.
``TITLES``   finds all titles that match first, by parts of three characters.
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

# Some 1,800 workshops, or all of fewer: enough to tell, and looked at in a few milliseconds.
_SAMPLE_BLOCKS = 40
_SAMPLED = (
    f"least(1, {_SAMPLE_BLOCKS} * current_setting('block_size')::float8"
    " / greatest(pg_relation_size('workshop_summaries'), 1))"
)


class Way(Enum):
    """How the rows are found: see above."""

    EACH = 1
    ORDERED = 2
    FIRST = 3
    TITLES = 4


class BoardStatement:
    """The SELECT for a view, and its arguments."""

    def __init__(self, view: BoardView, definitions: list[Step], way: Way) -> None:
        self.arguments: list[Any] = []
        self._way = way
        self._ascending = view.descending == view.backwards
        self._columns = _ORDERS[view.sort]
        statuses = list(view.statuses or (status.value for status in WorkshopStatus))
        steps = _current_steps(view, definitions)
        self.stages = len(statuses) * len(steps)
        """How many pairs of status and current step the view allows."""
        self._statuses = self._argument(statuses, "text[]")
        self._steps = self._argument(steps, "text[]")
        self._titled = self._titles_holding(view.search) if view.search else []
        self._held = self._conditions_on_holder(view)
        self._staged = self._conditions_on_stage(view)
        self._ahead = self._conditions_on_place(view)

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
            case Way.FIRST | Way.TITLES:  # OFFSET 0 keeps the planner from following the order
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

    def sample(self, limit: int) -> str:
        """Return the SELECT that looks at some workshops, the same ones each time.

        One row: what part of all it is (``sampled``, at most 1), how many ``workshops`` it
        has, of how many the title, the owner and organisation, and the stage and times are
        right (``titled``, ``held``, ``staged``), how many match (``matching``), and how
        many one meets in the order of the page until it is full (``met``; None: it never is).
        """
        conditions = {
            "titled": self._titled,
            "held": self._held,
            "staged": [self._in_stage(), *self._staged],
            # Neither what is behind the place nor what is out of bounds is met.
            "ahead": [*self._ahead, *(c for c in self._staged if c.startswith(self._columns[0]))],
        }
        columns = ", ".join(
            f"({' AND '.join(parts) or 'true'}) AS {name}" for name, parts in conditions.items()
        )
        matches = "titled AND held AND staged"
        return (
            f"SELECT {_SAMPLED} AS sampled, count(*) AS workshops,"
            " count(*) FILTER (WHERE titled) AS titled,"
            " count(*) FILTER (WHERE held) AS held, count(*) FILTER (WHERE staged) AS staged,"
            f" count(*) FILTER (WHERE {matches}) AS matching,"
            f" (array_agg(place ORDER BY place) FILTER (WHERE ahead AND {matches}))"
            f"[ceil({limit} * {_SAMPLED})::int] AS met"
            " FROM (SELECT *, row_number() OVER (PARTITION BY ahead ORDER BY"
            f" {self.order}) AS place FROM (SELECT *, {columns} FROM workshop_summaries"
            f" TABLESAMPLE SYSTEM (100 * {_SAMPLED}) REPEATABLE (0)) looked_at) placed"
        )

    def _select(self, columns: str) -> str:
        if self._way is Way.EACH:
            stage = "status = wanted.status AND current_step_id = current.step_id"
        else:
            stage = self._in_stage()
        where = " AND ".join((stage, *self._titled, *self._held, *self._staged, *self._ahead))
        return f"SELECT {columns} FROM workshop_summaries WHERE {where}"

    def _in_stage(self) -> str:
        return f"status = ANY ({self._statuses}) AND current_step_id = ANY ({self._steps})"

    def _each(self, select: str) -> str:
        return (
            f"unnest({self._statuses}) AS wanted (status)"
            f" CROSS JOIN unnest({self._steps}) AS current (step_id)"
            f" CROSS JOIN LATERAL ({select}) found"
        )

    def _argument(self, value: Any, type_: str) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}::{type_}"

    def _conditions_on_holder(self, view: BoardView) -> list[str]:
        wanted = {"clerk_user_id": view.owner, "org_id": view.organisation}
        return [
            f"{column} = {self._argument(value, 'text')}"
            for column, value in wanted.items()
            if value
        ]

    def _conditions_on_stage(self, view: BoardView) -> list[str]:
        conditions = []
        if view.step == NO_OPEN_STEP or (view.step and view.place == "past"):
            conditions.append("steps_total > 0")
        # What follows from a filter on the other time bounds a sort by this one; elsewhere
        # the planner would take it for a second, independent filter.
        if view.idle_days is not None:
            moment = self._argument(days_ago(view.idle_days), "timestamp")
            conditions.append(f"last_activity_at < {moment}")
            if view.sort == "creation":
                conditions.append(f"created_at < {moment}")
        if view.created_from:
            day = self._argument(datetime.combine(view.created_from, time()), "timestamp")
            conditions.append(f"created_at >= {day}")
            if view.sort == "activity":
                conditions.append(f"last_activity_at >= {day}")
        if view.created_to:
            end = datetime.combine(view.created_to, time()) + timedelta(days=1)
            conditions.append(f"created_at < {self._argument(end, 'timestamp')}")
        return conditions

    def _titles_holding(self, search: str) -> list[str]:
        holds = f"title LIKE '%' || lower({self._argument(escape_like(search), 'text')}) || '%'"
        if self._way is not Way.TITLES:
            return [holds]
        text = self._argument(search, "text")
        return [
            "workshop_id = ANY (ARRAY (SELECT workshop_id FROM workshop_titles"
            f" WHERE workshop_title_parts(title) @> workshop_search_parts(lower({text}))"
            f" AND {holds}))"
        ]

    def _conditions_on_place(self, view: BoardView) -> list[str]:
        if view.cursor is None:
            return []
        values = [
            self._argument(view.cursor.moment, "timestamp"),
            self._argument(view.cursor.workshop_id, "text"),
        ]
        columns = self._columns
        if view.sort == "progress":
            values.insert(0, self._argument(view.cursor.progress, "smallint"))
        if self._way is Way.EACH:
            # So that only an index within one status and step serves: the planner takes
            # the others to be as good where it knows of few rows beyond the place.
            columns = ("status", "current_step_id", *columns)
            values = ["wanted.status", "current.step_id", *values]
        comparison = ">" if self._ascending else "<"
        return [f"({', '.join(columns)}) {comparison} ({', '.join(values)})"]


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
