"""The SELECT that finds a page of the board among the summaries (``workshops.projection``)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from workshops.admin.progress.definitions import Step
from workshops.admin.progress.query_string import NO_OPEN_STEP, BoardView, days_ago

_ORDERS = {
    "activity": ("last_activity_at", "workshop_id"),
    "creation": ("created_at", "workshop_id"),
    "progress": ("progress", "last_activity_at", "workshop_id"),
}


class BoardStatement:
    """The SELECT for a view, and its arguments."""

    def __init__(self, view: BoardView, definitions: list[Step]) -> None:
        self.arguments: list[Any] = []
        self._columns = _ORDERS[view.sort]
        self._ascending = view.descending == view.backwards
        self._matching = [
            *self._conditions_on_stage(view, definitions),
            *self._conditions_on_holder(view),
            *self._conditions_on_time(view),
        ]
        self._ahead = self._conditions_on_place(view)

    def order(self, alias: str) -> str:
        """Return the ORDER BY clause of the page, as it is read from the database."""
        direction = "ASC" if self._ascending else "DESC"
        return ", ".join(f"{alias}.{column} {direction}" for column in self._columns)

    def page(self, limit: int | None = None) -> str:
        """Return the SELECT of the first ``limit`` summaries, or of all."""
        return (
            "SELECT s.workshop_id, s.created_at, s.last_activity_at, s.progress"
            f" FROM workshops_admin.summaries s WHERE {_all(*self._matching, *self._ahead)}"
            f" ORDER BY {self.order('s')} LIMIT {limit or 'ALL'}"
        )

    def count(self) -> str:
        """Return the SELECT that counts the summaries on all pages."""
        return f"SELECT count(*) FROM workshops_admin.summaries s WHERE {_all(*self._matching)}"

    def _argument(self, value: Any, type_: str) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}::{type_}"

    def _conditions_on_stage(self, view: BoardView, definitions: list[Step]) -> list[str]:
        conditions = []
        if view.statuses:
            statuses = self._argument(list(view.statuses), "text[]")
            conditions.append(f"s.status = ANY ({statuses})")
        if view.step:
            steps = self._argument(_current_steps(view, definitions), "text[]")
            conditions.append(f"s.current_step_id = ANY ({steps})")
            if view.step == NO_OPEN_STEP or view.place == "past":
                conditions.append("s.steps_total > 0")
        return conditions

    def _conditions_on_holder(self, view: BoardView) -> list[str]:
        wanted = {"clerk_user_id": view.owner, "org_id": view.organisation}
        conditions = [
            f"s.{column} = {self._argument(value, 'text')}"
            for column, value in wanted.items()
            if value
        ]
        if view.search:
            text = self._argument(escape_like(view.search), "text")
            conditions.append(f"s.title LIKE '%' || lower({text}) || '%'")
        return conditions

    def _conditions_on_time(self, view: BoardView) -> list[str]:
        conditions = []
        if view.idle_days is not None:
            moment = self._argument(days_ago(view.idle_days), "timestamp")
            conditions.append(f"s.last_activity_at < {moment}")
        if view.created_from:
            day = self._argument(datetime.combine(view.created_from, time()), "timestamp")
            conditions.append(f"s.created_at >= {day}")
        if view.created_to:
            end = datetime.combine(view.created_to, time()) + timedelta(days=1)
            conditions.append(f"s.created_at < {self._argument(end, 'timestamp')}")
        return conditions

    def _conditions_on_place(self, view: BoardView) -> list[str]:
        if view.cursor is None:
            return []
        values = [
            self._argument(view.cursor.moment, "timestamp"),
            self._argument(view.cursor.workshop_id, "text"),
        ]
        if view.sort == "progress":
            values.insert(0, self._argument(view.cursor.progress, "smallint"))
        columns = ", ".join(f"s.{column}" for column in self._columns)
        comparison = ">" if self._ascending else "<"
        return [f"({columns}) {comparison} ({', '.join(values)})"]


def _all(*conditions: str) -> str:
    return " AND ".join(conditions) or "true"


def escape_like(text: str) -> str:
    r"""Return a text for LIKE in which %, _ and \ stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _current_steps(view: BoardView, definitions: list[Step]) -> list[str]:
    """Return the current steps that the filter allows; '' stands for no open step."""
    ids = [step.id for step in definitions]
    if view.step == NO_OPEN_STEP:
        return [""]
    position = ids.index(view.step)
    match view.place:
        case "before":
            return ids[:position]
        case "past":
            return [*ids[position + 1 :], ""]
    return [view.step]
