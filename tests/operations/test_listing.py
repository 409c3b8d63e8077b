"""A person's dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cluster import ON_A_CLUSTER, not_on_a_cluster
from tests.operations.concurrency import transaction
from tests.operations.conftest import OWNER
from workshops import operations
from workshops.errors import InvalidInputError
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop, WorkshopMember

pytestmark = pytest.mark.usefixtures("database")


async def make(number: int, owner: str = OWNER) -> list[Workshop]:
    """Workshops, each updated a second after the one before."""
    workshops = [
        await operations.create_workshop(
            clerk_user_id=owner, title=f"Workshop {n}", original_idea=""
        )
        for n in range(number)
    ]
    for n, workshop in enumerate(workshops):
        workshop.updated_at += timedelta(seconds=n)
        await Workshop.update(
            {Workshop.updated_at: workshop.updated_at}, use_auto_update=False
        ).where(Workshop.id == workshop.id)
    return workshops


async def titles(person: str, **options: Any) -> list[str]:
    """The titles on the first page."""
    return [item["title"] for item in (await operations.list_workshops(person, **options)).items]


async def test_the_last_updated_workshop_is_first() -> None:
    """By its own changes and by the progress of its steps."""
    first, _, third = await make(3)
    assert await titles(OWNER) == ["Workshop 2", "Workshop 1", "Workshop 0"]
    await operations.update_workshop(third.id, title="Workshop 2")
    third_page = (await operations.list_workshops(OWNER)).items
    await operations.complete_step(first.id, "empathize")
    assert third_page[0]["id"] == third.id


async def test_an_item_tells_role_and_progress(workshop: Workshop) -> None:
    """Its keys are the columns and role, steps_complete, steps_total and current_step_id."""
    await operations.complete_step(workshop.id, "define", output={"x": 1})
    (item,) = (await operations.list_workshops(OWNER)).items
    row = await Workshop.select().where(Workshop.id == workshop.id).first()
    assert row is not None
    row.pop("share_token")
    assert dict(item) == {
        **row,
        "role": "owner",
        "steps_complete": 1,
        "steps_total": len(STEP_CATALOG),
        "current_step_id": "empathize",
    }
    for step in (await operations.get_workshop(workshop.id))["steps"]:
        if step["status"] != "complete":
            await operations.complete_step(workshop.id, step["step_id"])
    (item,) = (await operations.list_workshops(OWNER)).items
    assert (item["steps_complete"], item["current_step_id"]) == (len(STEP_CATALOG), None)


async def test_owned_and_joined_workshops_are_listed_once() -> None:
    """With the person's own role; those of others are not there."""
    own, joined, _ = [(await make(1, person))[0] for person in (OWNER, "user_bob", "user_eve")]
    await operations.add_member(joined.id, OWNER, role="viewer")
    items = (await operations.list_workshops(OWNER)).items
    assert {item["id"]: item["role"] for item in items} == {own.id: "owner", joined.id: "viewer"}
    assert len(items) == 2


async def test_the_owner_of_an_adopted_workshop_need_not_be_a_member(workshop: Workshop) -> None:
    """They see it as its owner."""
    await WorkshopMember.delete(force=True)
    (item,) = (await operations.list_workshops(OWNER)).items
    assert (item["id"], item["role"]) == (workshop.id, "owner")


async def test_who_has_none_gets_an_empty_page() -> None:
    """With no cursor; whatever the identifier."""
    for person in ("user_nobody", "", "' OR true --"):
        page = await operations.list_workshops(person)
        assert (page.items, page.next_cursor) == ([], None)


async def test_pages_hold_every_workshop_once() -> None:
    """Also where several were updated in the same millisecond."""
    workshops = await make(7)
    await Workshop.update(
        {Workshop.updated_at: workshops[0].updated_at}, use_auto_update=False, force=True
    )
    seen: list[str] = []
    cursor = None
    for size in (3, 3, 1):
        page = await operations.list_workshops(OWNER, limit=3, after=cursor)
        assert len(page.items) == size
        seen += [item["id"] for item in page.items]
        cursor = page.next_cursor
    assert cursor is None
    ids = sorted((workshop.id for workshop in workshops), reverse=True)
    assert (sorted(seen, reverse=True) if ON_A_CLUSTER else seen) == ids


async def test_a_page_that_is_just_full_has_no_next_one() -> None:
    """There is a cursor only if there is more."""
    await make(2)
    assert (await operations.list_workshops(OWNER, limit=2)).next_cursor is None
    assert (await operations.list_workshops(OWNER, limit=1)).next_cursor is not None


async def test_a_workshop_deleted_between_pages_spoils_nothing() -> None:
    """A cursor is a position, not a row."""
    workshops = await make(4)
    page = await operations.list_workshops(OWNER, limit=2)
    await operations.delete_workshop(page.items[-1]["id"])
    rest = await operations.list_workshops(OWNER, limit=2, after=page.next_cursor)
    assert [item["id"] for item in rest.items] == [workshops[1].id, workshops[0].id]


async def test_a_status_selects_workshops_of_that_status() -> None:
    """On every page."""
    workshops = await make(4)
    for workshop in workshops[:3]:
        await operations.set_workshop_status(workshop.id, "active")
    page = await operations.list_workshops(OWNER, status="active", limit=2)
    rest = await operations.list_workshops(OWNER, status="active", limit=2, after=page.next_cursor)
    assert len(page.items) == 2
    assert len(rest.items) == 1
    assert await titles(OWNER, status="draft") == ["Workshop 3"]
    assert await titles(OWNER, status="paused") == []


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("limit", {"limit": 0}),
        ("limit", {"limit": 101}),
        ("limit", {"limit": -1}),
        ("limit", {"limit": True}),
        ("limit", {"limit": "20"}),
        ("status", {"status": "open"}),
        ("status", {"status": ["draft"]}),
        ("after", {"after": ""}),
        ("after", {"after": "nonsense"}),
        ("after", {"after": "é"}),
        ("after", {"after": "\0"}),
        ("after", {"after": "AAAA"}),
        ("after", {"after": "OTk5OTk5OTk5OTk5OTk5OTk5OTkgd3NfMQ"}),
        ("after", {"after": "MSBhAGI"}),
        ("after", {"after": "x" * 5000}),
        ("after", {"after": 1}),
    ],
)
async def test_bad_options_are_refused(field: str, options: dict[str, Any]) -> None:
    """The error names the argument."""
    with pytest.raises(InvalidInputError, match=rf"^{field} "):
        await operations.list_workshops(OWNER, **options)


async def test_the_list_reads_no_output(workshop: Workshop) -> None:
    """It is the same in a database whose steps have no such column."""
    await operations.complete_step(workshop.id, "define", output={"long": "x" * 100_000})
    page = await operations.list_workshops(OWNER)
    async with transaction() as current:
        await Workshop.raw("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")
        await Workshop.raw("ALTER TABLE workshop_steps DROP COLUMN output CASCADE")
        without = await operations.list_workshops(OWNER)
        await current.rollback()
    assert without == page


@not_on_a_cluster("workshops of one millisecond")
async def test_workshops_of_one_millisecond_stand_in_the_order_of_their_changes() -> None:
    """Fifty times, and on pages of any size: the last changed is first."""
    workshops = await make(3)
    for number in range(50):
        for workshop in workshops:
            await operations.update_workshop(workshop.id, title=f"{workshop.title[:10]} {number}")
        same = max([item["updated_at"] for item in (await operations.list_workshops(OWNER)).items])
        for workshop in workshops:
            await Workshop.update({Workshop.updated_at: same}, use_auto_update=False).where(
                Workshop.id == workshop.id
            )
        found: list[str] = []
        after = None
        while not found or after:
            page = await operations.list_workshops(OWNER, limit=1, after=after)
            found += [item["id"] for item in page.items]
            after = page.next_cursor
        assert found == [workshop.id for workshop in reversed(workshops)]
        workshops = workshops[1:] + workshops[:1]


async def test_a_part_of_the_title_is_found() -> None:
    """Whatever its case; wildcards of SQL are characters like others."""
    for title in ("Bread 100%", "bread_roll", "Cake \\"):
        await operations.create_workshop(clerk_user_id=OWNER, title=title, original_idea="")
    assert await titles(OWNER, title="BREAD") == ["bread_roll", "Bread 100%"]
    assert await titles(OWNER, title="%") == ["Bread 100%"]
    assert await titles(OWNER, title="_") == ["bread_roll"]
    assert await titles(OWNER, title="\\") == ["Cake \\"]
    assert await titles("user_bob", title="bread") == []


async def test_an_organisation_lists_its_workshops() -> None:
    """Whoever takes part in them; a person's list can be limited to one, too."""
    for n, (owner, org) in enumerate([(OWNER, "org_1"), ("user_bob", "org_1"), (OWNER, "org_2")]):
        await operations.create_workshop(
            clerk_user_id=owner, title=f"Workshop {n}", original_idea="", org_id=org
        )
    page = await operations.list_organisation_workshops("org_1", limit=1, with_total=True)
    assert (page.items[0]["title"], page.total) == ("Workshop 1", 2)
    assert page.items[0]["steps_total"] == len(STEP_CATALOG)
    rest = await operations.list_organisation_workshops("org_1", after=page.next_cursor)
    assert [item["title"] for item in rest.items] == ["Workshop 0"]
    assert (rest.next_cursor, rest.total) == (None, None)
    assert await titles(OWNER, org_id="org_1") == ["Workshop 0"]
    assert (await operations.list_organisation_workshops("org_1", title="1")).items == page.items
    assert (await operations.list_organisation_workshops("org_1", status="active")).items == []
    with pytest.raises(InvalidInputError):
        await operations.list_organisation_workshops(None)  # type: ignore[arg-type]


async def test_a_total_counts_all_pages() -> None:
    """With the filters, and not the cursor."""
    workshops = await make(5)
    await operations.start_step(workshops[0].id, "define")
    page = await operations.list_workshops(OWNER, limit=2, with_total=True)
    assert (len(page.items), page.total) == (2, 5)
    page = await operations.list_workshops(OWNER, after=page.next_cursor, with_total=True)
    assert (len(page.items), page.total) == (3, 5)
    assert (await operations.list_workshops(OWNER, status="active", with_total=True)).total == 1
    assert (await operations.list_workshops("user_bob", with_total=True)).total == 0
