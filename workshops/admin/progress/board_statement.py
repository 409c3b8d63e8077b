"""The SELECT that finds a page of the board among the summaries (``workshops.projection``)."""

from __future__ import annotations

from collections.abc import Sequence
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
    """The SELECT for a view, and its arguments.

    :param me: The key of the operator who looks.
    :param chosen: The workshops to find, whatever the filters.
    """

    def __init__(
        self,
        view: BoardView,
        definitions: list[Step],
        *,
        me: int = 0,
        chosen: Sequence[str] | None = None,
    ) -> None:
        self.arguments: list[Any] = []
        self._columns = _ORDERS[view.sort]
        self._ascending = view.descending == view.backwards
        if chosen is not None:
            self._matching = [f"s.workshop_id = ANY ({self._argument(list(chosen), 'text[]')})"]
        else:
            self._matching = [
                *self._conditions_on_stage(view, definitions),
                *self._conditions_on_holder(view),
                *self._conditions_on_time(view),
                *self._conditions_on_follow_up(view, me),
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

    def _conditions_on_follow_up(self, view: BoardView, me: int) -> list[str]:
        conditions = []
        if view.assigned in ("anybody", "nobody"):
            none = view.assigned == "nobody"
            conditions.append(_kept("f.assigned_to IS NOT NULL", none=none))
        elif view.assigned:
            key = me if view.assigned == "me" else int(view.assigned)
            conditions.append(_kept(f"f.assigned_to = {self._argument(key, 'integer')}"))
        if view.contacted_before:
            day = self._argument(view.contacted_before, "date")
            conditions.append(_kept(f"f.contacted_on < {day}"))
        if view.contact:
            conditions.append(_kept("f.contacted_on IS NOT NULL", none=view.contact == "never"))
        if view.noted:
            conditions.append(
                f"{'' if view.noted == 'yes' else 'NOT '}EXISTS (SELECT"
                " FROM workshops_admin.notes n WHERE n.workshop_id = s.workshop_id)"
            )
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


def _kept(condition: str, *, none: bool = False) -> str:
    """Return the condition that there is a follow-up of the workshop like this, or none."""
    return (
        f"{'NOT ' if none else ''}EXISTS (SELECT FROM workshops_admin.follow_ups f"
        f" WHERE f.id = s.workshop_id AND {condition})"
    )


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
