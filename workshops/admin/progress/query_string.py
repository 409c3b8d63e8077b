"""What the URL of the board says: filters, sort order and place, and the way back to a URL.

A parameter that cannot be used is left out and mentioned in ``notices``: a link with
a typing error still shows a board.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from workshops.states import WorkshopStatus

SORTS = {"activity": "last activity", "creation": "creation", "progress": "progress"}
"""What the board can be sorted by, and how people call it."""

PLACES = {"in": "at the step", "before": "before the step", "past": "past the step"}
"""Where a workshop can be, seen from the step of the filter."""

NO_OPEN_STEP = "none"
"""The value of ``step`` for workshops whose steps are all complete."""

ASSIGNED = {"me": "me", "anybody": "anybody", "nobody": "nobody"}
"""To whom a workshop can be assigned, besides one operator by their key."""

CONTACT = {"ever": "contacted", "never": "never contacted"}
NOTED = {"yes": "with notes", "no": "without notes"}

COLUMNS = {
    "owner": "Owner",
    "organisation": "Organisation",
    "status": "Status",
    "activity": "Last activity",
    "steps": "Steps",
    "done": "Done",
    "current": "Current step",
    "created": "Created",
    "follow_up": "Follow-up",
}
"""What the board shows of a workshop besides its title, and how people call it."""

TEXT_LENGTH = 255
LONGEST_IDLE_DAYS = 9999
_EARLIEST, _LATEST = date(1970, 1, 1), date(2999, 12, 31)
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Cursor:
    """A row of the board: the page begins after it, or ends before it when ``backwards``."""

    progress: int
    moment: datetime
    workshop_id: str
    backwards: bool = False

    def __str__(self) -> str:
        return f"{self.progress}.{(self.moment - _EPOCH) // _MILLISECOND}.{self.workshop_id}"


@dataclass(frozen=True)
class BoardView:
    """What the board shows: all of it is in the URL. ``hidden`` are columns that it leaves out.

    ``assigned`` is one of ``ASSIGNED``, or an operator's key; "me" is whoever looks.
    """

    search: str = ""
    statuses: tuple[str, ...] = ()
    step: str = ""
    place: str = "in"
    owner: str = ""
    organisation: str = ""
    idle_days: int | None = None
    created_from: date | None = None
    created_to: date | None = None
    assigned: str = ""
    contact: str = ""
    contacted_before: date | None = None
    noted: str = ""
    sort: Literal["activity", "creation", "progress"] = "activity"
    descending: bool = True
    cursor: Cursor | None = None
    hidden: tuple[str, ...] = ()
    notices: tuple[str, ...] = field(default=(), compare=False)

    @property
    def backwards(self) -> bool:
        """Whether the page is the one that ends before the cursor."""
        return self.cursor is not None and self.cursor.backwards

    @property
    def filtered(self) -> bool:
        """Whether anything is filtered out."""
        return (
            replace(self, sort="activity", descending=True, cursor=None, hidden=()) != BoardView()
        )

    def url(self, **changes: Any) -> str:
        """Return the query string of this view with some fields changed, on its first page."""
        view = replace(self, **{"cursor": None, **changes})
        turn = "before" if view.backwards else "after"
        return query_string(
            {
                "q": view.search,
                "status": view.statuses,
                "step": view.step,
                "place": view.place if view.step and view.place != "in" else "",
                "owner": view.owner,
                "organisation": view.organisation,
                "idle": view.idle_days,
                "from": view.created_from,
                "to": view.created_to,
                "assigned": view.assigned,
                "contact": view.contact,
                "contacted_before": view.contacted_before,
                "notes": view.noted,
                "sort": view.sort if view.sort != "activity" else "",
                "order": "" if view.descending else "up",
                "hide": view.hidden,
                turn: view.cursor,
            }
        )


def query_string(parameters: Mapping[str, object]) -> str:
    """Return a query string of those parameters that say something; of a tuple, each of it."""
    told = {name: value for name, value in parameters.items() if value not in ("", None, ())}
    return "?" + urlencode(told, doseq=True)


def read_board(query: QueryParams, step_ids: list[str]) -> BoardView:
    """Return the view that a query string asks for. It never raises."""
    reader = ParameterReader(query)
    statuses = tuple(status.value for status in WorkshopStatus)
    wanted = set(query.getlist("status")) - {""}
    if wanted - set(statuses):
        reader.notices.append("An unknown status was left out.")
    hidden = set(query.getlist("hide")) - {""}
    if hidden - COLUMNS.keys():
        reader.notices.append("An unknown column was left out.")
    view = BoardView(
        search=reader.text("q"),
        statuses=tuple(status for status in statuses if status in wanted),
        step=reader.choice("step", (*step_ids, NO_OPEN_STEP)),
        place=reader.choice("place", PLACES, "in"),
        owner=reader.text("owner"),
        organisation=reader.text("organisation"),
        idle_days=reader.number("idle", LONGEST_IDLE_DAYS),
        created_from=reader.day("from"),
        created_to=reader.day("to"),
        assigned=reader.assigned(),
        contact=reader.choice("contact", CONTACT),
        contacted_before=reader.day("contacted_before"),
        noted=reader.choice("notes", NOTED),
        sort=reader.choice("sort", SORTS, "activity"),  # type: ignore[arg-type]
        descending=reader.choice("order", ("down", "up"), "down") == "down",
        cursor=reader.cursor(),
        hidden=tuple(name for name in COLUMNS if name in hidden),
    )
    return replace(view, notices=tuple(reader.notices))


class ParameterReader:
    """Reads single parameters and remembers which ones it could not use."""

    def __init__(self, query: QueryParams) -> None:
        self.query = query
        self.notices: list[str] = []

    def text(self, name: str) -> str:
        value = self.query.get(name, "").strip()
        if "\0" in value or len(value) > TEXT_LENGTH:
            self.notices.append(f"“{name}” was left out: it is not a text of up to 255 characters.")
            return ""
        return value

    def choice(self, name: str, allowed: Collection[str], default: str = "") -> str:
        value = self.query.get(name, "")
        if not value or value in allowed:
            return value or default
        self.notices.append(f"“{name}” was left out: it has no such value.")
        return default

    def assigned(self) -> str:
        value = self.query.get("assigned", "")
        if re.fullmatch("[1-9][0-9]{0,8}", value):
            return value
        return self.choice("assigned", ASSIGNED)

    def number(self, name: str, highest: int) -> int | None:
        value = self.query.get(name, "").strip()
        if not value:
            return None
        if re.fullmatch("[0-9]{1,4}", value) and int(value) <= highest:
            return int(value)
        self.notices.append(f"“{name}” was left out: it is not a number from 0 to {highest:,}.")
        return None

    def day(self, name: str) -> date | None:
        value = self.query.get(name, "").strip()
        if not value:
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.min
        if _EARLIEST <= day <= _LATEST:
            return day
        self.notices.append(f"“{name}” was left out: it is not a day such as 2026-01-31.")
        return None

    def cursor(self) -> Cursor | None:
        for name in ("after", "before"):
            if value := self.query.get(name, ""):
                match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,14})\.([^\0]{1,255})", value)
                if match:
                    moment = _EPOCH + int(match[2]) * _MILLISECOND
                    return Cursor(int(match[1]), moment, match[3], backwards=name == "before")
                self.notices.append("This page of the board does not exist; here is the first one.")
        return None


def days_ago(days: int) -> datetime:
    """Return the time so many days ago, in UTC as the database stores it."""
    return datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days)
