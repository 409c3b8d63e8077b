"""The URL of the board and the view that it stands for."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from workshops.admin.progress.query_string import SORTS, BoardView, Cursor, read_board
from workshops.step_catalog import STEP_CATALOG

STEPS = [step.id for step in STEP_CATALOG]

texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), max_size=20)
days = st.none() | st.dates(date(1970, 1, 1), date(2999, 12, 31))
cursors = st.builds(
    Cursor,
    st.integers(0, 100),
    st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    texts.filter(bool),
)
views = st.builds(
    BoardView,
    search=texts,
    statuses=st.sampled_from([(), ("draft",), ("active", "completed")]),
    step=st.sampled_from([*STEPS, "none"]),
    place=st.sampled_from(["in", "before", "past"]),
    owner=texts,
    organisation=texts,
    idle_days=st.none() | st.integers(0, 9999),
    created_from=days,
    created_to=days,
    assigned=st.sampled_from(["", "me", "anybody", "nobody", "12"]),
    contact=st.sampled_from(["", "ever", "never"]),
    contacted_before=days,
    noted=st.sampled_from(["", "yes", "no"]),
    sort=st.sampled_from(list(SORTS)),
    order=st.sampled_from(["down", "up"]),
    hidden=st.sampled_from([(), ("owner",), ("steps", "created")]),
)


@given(views, st.none() | cursors, st.sampled_from(["after", "before"]))
def test_url_of_a_view_gives_the_view_back(
    view: BoardView, cursor: Cursor | None, turn: str
) -> None:
    """What a view writes into its URL is what the URL is read as."""
    read = read_board(QueryParams(view.url(**{turn: cursor}).removeprefix("?")), STEPS)
    assert read.notices == ()
    assert read.here == view.url(**{turn: cursor})
    assert (getattr(read, turn), read.search, read.step) == (cursor, view.search, view.step)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "q",
                    "status",
                    "step",
                    "place",
                    "owner",
                    "organisation",
                    "idle",
                    "from",
                    "to",
                    "assigned",
                    "contact",
                    "contacted_before",
                    "notes",
                    "sort",
                    "order",
                    "after",
                    "before",
                ]
            ),
            st.text(),
        ),
        max_size=8,
    )
)
def test_any_query_string_is_a_view(pairs: list[tuple[str, str]]) -> None:
    """Whatever is in a URL, the board has a view for it."""
    read_board(QueryParams(pairs), STEPS)


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "step=x",
        "place=x",
        "idle=-1",
        "idle=1e9",
        "idle=99999999999999999999",
        "idle=١٢",
        "from=tomorrow",
        "from=0000-00-00",
        "to=9999-12-31",
        "assigned=grace",
        "assigned=0",
        "assigned=9999999999",
        "contact=x",
        "contacted_before=x",
        "notes=x",
        "sort=title",
        "order=x",
        "after=x",
        "before=1.2",
        "after=1.99999999999999999.ws",
        "q=%00",
        "owner=%00",
    ],
)
def test_unusable_parameter_is_left_out_with_a_notice(query: str) -> None:
    """A parameter that cannot be used changes nothing but is mentioned."""
    view = read_board(QueryParams(query), STEPS)
    assert view == BoardView()
    assert len(view.notices) == 1
