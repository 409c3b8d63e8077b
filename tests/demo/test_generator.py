"""What generated workshops look like, whatever the seed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.demo.generated import MIDNIGHT, TEN_STEPS, Told, generate, told
from workshops.demo import DEMO_WORKSHOP_PREFIX
from workshops.demo.generator import BLOCK
from workshops.states import FormatType, MemberRole, StepStatus, Visibility, WorkshopStatus
from workshops.tables import StepDefinition
from workshops.tables.workshops import TITLE_LENGTH

AFTERNOON = datetime(2026, 3, 1, 15, 42, 7, 123000)


@pytest.fixture(
    params=[(1, MIDNIGHT), (7, MIDNIGHT), (8, AFTERNOON), (-3, datetime(2024, 2, 29, 0, 0, 1))],
    ids=lambda param: f"seed {param[0]}",
)
def workshops(request: pytest.FixtureRequest) -> list[Told]:
    """300 workshops of a seed."""
    seed, now = request.param
    return told(seed, now)


@pytest.fixture
def now(request: pytest.FixtureRequest) -> datetime:
    """The moment for which `workshops` were made."""
    moment: datetime = request.node.callspec.params["workshops"][1]
    return moment


class TestStatesOfSteps:
    def test_one_step_for_each_definition(self, workshops: list[Told]) -> None:
        """Every workshop has one step row for each definition, in definition order."""
        expected = [definition.id for definition in TEN_STEPS]
        assert all([step["step_id"] for step in told.steps] == expected for told in workshops)

    def test_complete_steps_come_first(self, workshops: list[Told]) -> None:
        """Complete steps come before at most one in progress, and that before those not started."""
        order = [StepStatus.complete, StepStatus.in_progress, StepStatus.not_started]
        for workshop in workshops:
            positions = [order.index(step["status"]) for step in workshop.steps]
            assert positions == sorted(positions)
            assert positions.count(1) <= 1

    def test_what_a_status_implies(self, workshops: list[Told]) -> None:
        """A status has the times and the output that the operations would have given it."""
        for step in (step for workshop in workshops for step in workshop.steps):
            times = (step["started_at"] is not None, step["completed_at"] is not None)
            match step["status"]:
                case StepStatus.complete:
                    assert times == (True, True)
                    assert isinstance(step["output"], dict)
                case StepStatus.in_progress:
                    assert times == (True, False)
                    assert step["output"] is None or isinstance(step["output"], dict)
                case StepStatus.not_started:
                    assert times == (False, False)
                    assert step["output"] is None

    def test_times_of_a_step(self, workshops: list[Told], now: datetime) -> None:
        """A step is made, started, completed and last changed in this order, and not after now."""
        for workshop in workshops:
            for step in workshop.steps:
                times = [step["created_at"], step["started_at"], step["completed_at"]]
                times = [time for time in [*times, step["updated_at"]] if time is not None]
                assert times == sorted(times)
                assert step["created_at"] == workshop.row["created_at"]
                assert step["updated_at"] <= workshop.row["updated_at"] <= now

    def test_a_step_starts_when_the_one_before_is_complete(self, workshops: list[Told]) -> None:
        """A step starts at the moment at which the one before it was completed."""
        for workshop in workshops:
            for before, step in pairwise(workshop.steps):
                if step["started_at"] is not None:
                    assert step["started_at"] == before["completed_at"]


class TestStatesOfWorkshops:
    def test_status_fits_the_steps(self, workshops: list[Told]) -> None:
        """A draft has nothing started; a completed workshop has everything complete."""
        for workshop in workshops:
            statuses = {step["status"] for step in workshop.steps}
            match workshop.row["status"]:
                case WorkshopStatus.draft:
                    assert statuses == {StepStatus.not_started}
                    assert not workshop.sessions
                case WorkshopStatus.completed:
                    assert statuses == {StepStatus.complete}
                case WorkshopStatus.active | WorkshopStatus.paused:
                    assert statuses != {StepStatus.not_started}
                case other:
                    pytest.fail(f"no such status: {other}")

    def test_every_state(self) -> None:
        """Among all workshops, all statuses occur and each step is somebody's current one."""
        workshops = told(1)
        assert {workshop.row["status"] for workshop in workshops} == set(WorkshopStatus)
        current = {
            step["step_id"]
            for workshop in workshops
            for step in workshop.steps
            if step["status"] == StepStatus.in_progress
        }
        assert current == {definition.id for definition in TEN_STEPS}

    def test_every_phase_in_twenty(self) -> None:
        """Twenty workshops are enough to see one stuck, one open now and one to be closed."""
        workshops = [workshop for workshop in told(7)[:20] if workshop.row["status"] == "active"]
        assert any(
            workshop.row["updated_at"] < MIDNIGHT - timedelta(days=14) for workshop in workshops
        )
        assert any(session["ended_at"] is None for told in workshops for session in told.sessions)
        assert any(
            all(step["status"] == "complete" for step in workshop.steps) for workshop in workshops
        )

    def test_share_tokens(self, workshops: list[Told]) -> None:
        """A workshop has a token of 24 or more URL-safe characters exactly when it is shared."""
        tokens = []
        for row in (workshop.row for workshop in workshops):
            if row["visibility"] == Visibility.shared:
                assert re.fullmatch(r"[A-Za-z0-9_-]{24,}", row["share_token"])
                tokens.append(row["share_token"])
            else:
                assert row["visibility"] == Visibility.private
                assert row["share_token"] is None
        assert len(tokens) == len(set(tokens)) > 0

    def test_more_recent_ones(self) -> None:
        """Workshops began within the last 95 days, each month more than the month before."""
        ages = [(MIDNIGHT - workshop.row["created_at"]).days for workshop in told(1)]
        months = [sum(start <= age < start + 30 for age in ages) for start in (60, 30, 0)]
        assert 0 < months[0] < months[1] < months[2]
        assert max(ages) <= 95


class TestSessions:
    def test_in_order_without_overlap(self, workshops: list[Told], now: datetime) -> None:
        """Sessions end after they begin, do not overlap, and at most the last one is open."""
        for workshop in workshops:
            for before, session in pairwise(workshop.sessions):
                assert before["ended_at"] < session["started_at"]
            for session in workshop.sessions:
                assert workshop.row["created_at"] <= session["started_at"] <= now
                assert session["created_at"] == session["started_at"]
                if session["ended_at"] is not None:
                    assert session["started_at"] < session["ended_at"] <= now

    def test_open_ones_are_of_today(self, workshops: list[Told], now: datetime) -> None:
        """A session is open only where somebody worked in the hours before now."""
        open_sessions = [
            session
            for workshop in workshops
            for session in workshop.sessions
            if session["ended_at"] is None
        ]
        assert open_sessions
        assert all(session["started_at"] > now - timedelta(hours=3) for session in open_sessions)

    def test_cover_every_change(self, workshops: list[Told], now: datetime) -> None:
        """Whatever happened to a step happened in a session."""
        for workshop in workshops:
            spans = [(row["started_at"], row["ended_at"] or now) for row in workshop.sessions]
            for step in workshop.steps:
                for moment in (step["started_at"], step["completed_at"]):
                    if moment is not None:
                        assert any(start <= moment <= end for start, end in spans)


class TestPeople:
    def test_the_owner_is_a_member(self, workshops: list[Told]) -> None:
        """The person of the workshop is its first member and an owner; nobody is a member twice."""
        for workshop in workshops:
            first, *others = workshop.members
            assert first["clerk_user_id"] == workshop.row["clerk_user_id"]
            assert first["role"] == MemberRole.owner
            assert {member["role"] for member in others} <= set(MemberRole)
            users = [member["clerk_user_id"] for member in workshop.members]
            assert len(users) == len(set(users))
            for member in workshop.members:
                created, updated = workshop.row["created_at"], workshop.row["updated_at"]
                assert created <= member["created_at"] <= updated

    def test_some_have_many(self, workshops: list[Told]) -> None:
        """Most people own one or two workshops, a few own many; half belong to organisations."""
        owned = Counter(workshop.row["clerk_user_id"] for workshop in workshops)
        assert max(owned.values()) >= 8
        assert sum(count <= 2 for count in owned.values()) > len(owned) / 2
        with_organisation = sum(workshop.row["org_id"] is not None for workshop in workshops)
        assert 0.3 < with_organisation / len(workshops) < 0.75

    def test_ids_are_like_those_of_clerk(self, workshops: list[Told]) -> None:
        """User and organisation ids look like those of the identity provider."""
        for workshop in workshops:
            for member in workshop.members:
                assert re.fullmatch(r"user_2[0-9A-Za-z]{26}", member["clerk_user_id"])
            if workshop.row["org_id"] is not None:
                assert re.fullmatch(r"org_2[0-9A-Za-z]{26}", workshop.row["org_id"])


class TestBuildPacks:
    def test_only_of_completed_workshops(self, workshops: list[Told], now: datetime) -> None:
        """Most completed workshops have one or two build packs, made later; others have none."""
        completed = [told for told in workshops if told.row["status"] == WorkshopStatus.completed]
        assert sum(bool(told.build_packs) for told in completed) > len(completed) * 0.7
        for workshop in workshops:
            assert len(workshop.build_packs) <= (2 if workshop in completed else 0)
            for pack in workshop.build_packs:
                assert workshop.steps[-1]["completed_at"] <= pack["created_at"] <= now
                assert pack["updated_at"] == pack["created_at"]
                assert pack["title"] == workshop.row["title"]

    def test_all_formats_occur(self) -> None:
        """Each format of a build pack occurs."""
        formats = {pack["format_type"] for workshop in told(1) for pack in workshop.build_packs}
        assert formats == set(FormatType)


class TestText:
    def test_titles_and_ideas(self, workshops: list[Told]) -> None:
        """Titles fit the column and start with a capital; ideas are two sentences or more."""
        for row in (workshop.row for workshop in workshops):
            assert 10 < len(row["title"]) <= TITLE_LENGTH
            assert row["title"][0] == row["title"][0].upper()
            assert len(re.findall(r"[.?](?= |$)", row["original_idea"])) >= 2
            assert not re.search(r"[{}]|  |lorem", f"{row['title']} {row['original_idea']}")

    def test_twenty_are_all_different(self) -> None:
        """Of twenty workshops, no two share an idea or a title."""
        for seed in range(10):
            rows = generate(20, seed=seed)["workshops"]
            assert len({row["title"] for row in rows}) == 20
            assert len({row["original_idea"] for row in rows}) == 20

    def test_thousands_still_vary(self) -> None:
        """Of 2,000 workshops, most have a title of their own, and few share an idea."""
        rows = generate(2000)["workshops"]
        assert len({row["title"] for row in rows}) > 1600
        assert len({row["original_idea"] for row in rows}) > 1800


class TestDeterminism:
    def test_same_seed_same_rows(self) -> None:
        """The same seed and day give the same rows, whatever the size of the batches."""
        assert generate(150, seed=4) == generate(150, seed=4, size=7)

    def test_more_begin_with_fewer(self) -> None:
        """The first workshops of a larger demo are those of a smaller one."""
        few, many = generate(40, seed=4), generate(90, seed=4)
        assert all(many[table][: len(rows)] == rows for table, rows in few.items())

    def test_any_part_is_the_same_part(self) -> None:
        """A demo can go on where another ended, in the middle of a block and beyond it."""
        whole = generate(BLOCK + 60, seed=4)
        for first, count in ((40, 30), (BLOCK - 10, 20), (BLOCK, 60)):
            part = generate(count, seed=4, first=first)
            assert part["workshops"] == whole["workshops"][first : first + count]
            ids = {row["id"] for row in part["workshops"]}
            for table in ("workshop_steps", "sessions", "build_packs"):
                assert part[table] == [row for row in whole[table] if row["workshop_id"] in ids]

    def test_another_seed(self) -> None:
        """Another seed gives other ids, titles and people."""
        one, two = generate(40, seed=1)["workshops"], generate(40, seed=2)["workshops"]
        for column in ("id", "clerk_user_id"):
            assert not {row[column] for row in one} & {row[column] for row in two}
        assert [row["title"] for row in one] != [row["title"] for row in two]

    def test_another_day_keeps_the_ids(self) -> None:
        """The ids of a seed are the same on another day, so the demo is found to be there."""
        tomorrow = generate(40, seed=4, now=MIDNIGHT + timedelta(days=1))["workshops"]
        today = generate(40, seed=4)["workshops"]
        assert [row["id"] for row in today] == [row["id"] for row in tomorrow]


def test_ids() -> None:
    """Ids have the shape of real ones and are unique; those of workshops show the demo."""
    rows = generate(300, seed=9)
    prefixes = {
        "workshops": "ws",
        "workshop_members": "wm",
        "workshop_steps": "wst",
        "sessions": "ses",
        "build_packs": "bp",
    }
    for table, prefix in prefixes.items():
        ids = [row["id"] for row in rows[table]]
        assert all(re.fullmatch(rf"{prefix}_[a-z][a-z0-9]{{23}}", id) for id in ids)
        assert len(ids) == len(set(ids))
    assert all(row["id"].startswith(DEMO_WORKSHOP_PREFIX) for row in rows["workshops"])


@pytest.mark.parametrize("count", [1, 2, 3, 25])
def test_other_definitions(count: int) -> None:
    """With other step definitions than the ten, each gets a row and, done, an output of its own."""
    definitions = [
        StepDefinition(id=f"own_{n}", order=n, name=f"Own {n}", description="Ours.")
        for n in range(count)
    ]
    rows = generate(60, definitions=definitions)
    steps = rows["workshop_steps"]
    assert len(steps) == 60 * count
    assert {step["step_id"] for step in steps} == {definition.id for definition in definitions}
    outputs = [step["output"] for step in steps if step["status"] == "complete"]
    assert outputs
    assert all('"summary": "Own ' in output for output in outputs)
