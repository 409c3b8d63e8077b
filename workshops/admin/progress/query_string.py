"""What a page shows, as its URL says it: filters, sort order and place, and the way back to a URL.

A parameter that cannot be used is left out and mentioned in ``notices``: a link with
a typing error still shows a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import Field, dataclass, field, fields
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Self
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


Reader = Callable[[str], Any]
"""Reads a value of a parameter, which is not blank.

Raises:
    ValueError: with the notice that it was left out.
"""


def text(value: str) -> str:
    """Read a text."""
    if "\0" in value or len(value) > 255:
        raise ValueError("“{}” was left out: it is not a text of up to 255 characters.")
    return value


def days(value: str) -> int:
    """Read a number of days."""
    if not re.fullmatch("[0-9]{1,4}", value):
        raise ValueError("“{}” was left out: it is not a number from 0 to 9,999.")
    return int(value)


def day(value: str) -> date:
    """Read a day between 1970 and 2999."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        found = date.min
    if not 1970 <= found.year <= 2999:
        raise ValueError("“{}” was left out: it is not a day such as 2026-01-31.")
    return found


def one_of(
    choices: Iterable[Any], notice: str = "“{}” was left out: it has no such value."
) -> Reader:
    """Return what reads one of the choices."""
    by_name = {str(choice): choice for choice in choices}

    def read(value: str) -> Any:
        if value not in by_name:
            raise ValueError(notice)
        return by_name[value]

    return read


def _assigned(value: str) -> str:
    """Read one of ``ASSIGNED``, or an operator's key."""
    return value if re.fullmatch("[1-9][0-9]{0,8}", value) else str(one_of(ASSIGNED)(value))


def parameter(name: str, read: Reader) -> dict[str, Any]:
    """Say what a field of a view is called in the URL; one that is a tuple has several values."""
    return {"parameter": name, "read": read}


@dataclass(frozen=True)
class View:
    """What a page shows: all of it is in the URL."""

    notices: tuple[str, ...] = field(default=(), compare=False, kw_only=True)

    @classmethod
    def read(cls, query: QueryParams, **choices: Collection[str]) -> Self:
        """Return the view that a query string asks for. It never raises.

        :param choices: What is allowed in a field, where only the database knows.
        """
        values: dict[str, Any] = {}
        notices: list[str] = []
        for each in cls._parameters():
            name, read = each.metadata["parameter"], each.metadata["read"]
            if each.name in choices:
                read = one_of(choices[each.name])
            found = []
            for value in filter(None, map(str.strip, query.getlist(name))):
                try:
                    found.append(read(value))
                except ValueError as problem:
                    notices.append(str(problem).format(name))
            if found:
                several = isinstance(each.default, tuple)
                values[each.name] = tuple(dict.fromkeys(found)) if several else found[-1]
        return cls(**values, notices=tuple(dict.fromkeys(notices)))

    @classmethod
    @cache
    def _parameters(cls) -> list[Field[Any]]:
        return [each for each in fields(cls) if each.metadata]

    def told(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of what is not as it is without a query string."""
        values = vars(self) | changes
        return {
            each.metadata["parameter"]: values[each.name]
            for each in self._parameters()
            if values[each.name] != each.default
        }

    def url(self, **changes: Any) -> str:
        """Return the query string of this view with some fields changed."""
        return "?" + urlencode(self.told(**changes), doseq=True)


_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Cursor:
    """A row of the board, after which a page begins or before which it ends."""

    progress: int
    moment: datetime
    workshop_id: str

    def __str__(self) -> str:
        return f"{self.progress}.{(self.moment - _EPOCH) // _MILLISECOND}.{self.workshop_id}"


def cursor(value: str) -> Cursor:
    """Read a row of the board."""
    match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,14})\.([^\0]{1,255})", value)
    if match is None:
        raise ValueError("This page of the board does not exist; here is the first one.")
    return Cursor(int(match[1]), _EPOCH + int(match[2]) * _MILLISECOND, match[3])


_STATUSES = one_of(WorkshopStatus, "An unknown status was left out.")
_HIDDEN = one_of(COLUMNS, "An unknown column was left out.")


@dataclass(frozen=True)
class BoardView(View):
    """What the board shows. ``hidden`` are columns that it leaves out.

    ``assigned`` is one of ``ASSIGNED``, or an operator's key; "me" is whoever looks.
    """

    search: str = field(default="", metadata=parameter("q", text))
    statuses: tuple[str, ...] = field(default=(), metadata=parameter("status", _STATUSES))
    step: str = field(default="", metadata=parameter("step", text))
    place: str = field(default="in", metadata=parameter("place", one_of(PLACES)))
    owner: str = field(default="", metadata=parameter("owner", text))
    organisation: str = field(default="", metadata=parameter("organisation", text))
    idle_days: int | None = field(default=None, metadata=parameter("idle", days))
    created_from: date | None = field(default=None, metadata=parameter("from", day))
    created_to: date | None = field(default=None, metadata=parameter("to", day))
    assigned: str = field(default="", metadata=parameter("assigned", _assigned))
    contact: str = field(default="", metadata=parameter("contact", one_of(CONTACT)))
    contacted_before: date | None = field(default=None, metadata=parameter("contacted_before", day))
    noted: str = field(default="", metadata=parameter("notes", one_of(NOTED)))
    sort: str = field(default="activity", metadata=parameter("sort", one_of(SORTS)))
    order: str = field(default="down", metadata=parameter("order", one_of(("down", "up"))))
    hidden: tuple[str, ...] = field(default=(), metadata=parameter("hide", _HIDDEN))
    after: Cursor | None = field(default=None, metadata=parameter("after", cursor))
    before: Cursor | None = field(default=None, metadata=parameter("before", cursor))

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins or ends, unless it is the first one."""
        return self.after or self.before

    @property
    def backwards(self) -> bool:
        """Whether the page is the one that ends before the cursor."""
        return self.after is None and self.before is not None

    @property
    def descending(self) -> bool:
        """Whether the latest or the furthest come first."""
        return self.order == "down"

    @property
    def filtered(self) -> bool:
        """Whether anything is filtered out."""
        return bool(self.told().keys() - {"sort", "order", "hide", "after", "before"})

    @property
    def here(self) -> str:
        """The query string of this very page."""
        return super().url()

    def url(self, **changes: Any) -> str:
        """Return the query string of this view with some fields changed, on its first page."""
        return super().url(**{"after": None, "before": None, **changes})


def read_board(query: QueryParams, step_ids: Iterable[str]) -> BoardView:
    """Return the view that a query string asks for. It never raises."""
    return BoardView.read(query, step=(*step_ids, NO_OPEN_STEP))
