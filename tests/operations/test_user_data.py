"""What is held about a person, and its deletion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest
from asyncpg import ForeignKeyViolationError
from piccolo.columns import ForeignKey, Numeric, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from tests.cluster import not_on_a_cluster
from tests.operations.conftest import OWNER, stored
from workshops import operations, personal_data
from workshops.errors import InvalidInputError, WorkshopNotFoundError
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import TABLES, StepDefinition, Workshop, WorkshopMember

pytestmark = pytest.mark.usefixtures("database")

BOB = "user_bob"


async def workshop_of(person: str) -> Workshop:
    """Another workshop."""
    return await operations.create_workshop(
        clerk_user_id=person, title=f"Of {person}", original_idea=""
    )


async def test_the_export_holds_everything_about_a_person(workshop: Workshop) -> None:
    """What they own whole, what they take part in as a membership, as plain JSON."""
    await operations.complete_step(workshop.id, "define", output={"n": [1, 2.5, None]})
    await operations.record_activity(workshop.id)
    await operations.generate_build_pack(workshop.id)
    joined = await workshop_of(BOB)
    await operations.add_member(joined.id, OWNER, role="viewer")
    export = await operations.export_user_data(OWNER)
    assert json.loads(json.dumps(export)) == export
    assert export["clerk_user_id"] == OWNER
    (owned,) = export["workshops"]
    detail = await operations.get_workshop(workshop.id, include_share_token=True)
    assert owned.keys() == detail.keys()
    assert owned["created_at"] == f"{detail['created_at'].isoformat(timespec='milliseconds')}Z"
    assert owned["steps"][1]["output"] == {"n": [1, 2.5, None]}
    assert [len(owned[name]) for name in ("steps", "members", "sessions", "build_packs")] == [
        len(STEP_CATALOG),
        1,
        1,
        1,
    ]
    assert [(m["workshop_id"], m["role"], m["workshop_title"]) for m in export["memberships"]] == [
        (workshop.id, "owner", workshop.title),
        (joined.id, "viewer", joined.title),
    ]


async def test_of_an_unknown_person_nothing_is_held() -> None:
    """The lists are empty, and there is nothing to delete."""
    export = await operations.export_user_data("user_nobody")
    assert (export["workshops"], export["memberships"]) == ([], [])
    deleted = await operations.delete_user_data("user_nobody")
    application = deleted.pop("application", {})
    assert {*deleted.values(), *application.values(), 0} == {0}
    with pytest.raises(InvalidInputError):
        await operations.export_user_data("\0")
    with pytest.raises(InvalidInputError):
        await operations.delete_user_data("\ud800")


async def test_what_a_person_owns_is_deleted_and_what_they_join_loses_them(
    workshop: Workshop,
) -> None:
    """Nothing that names them is left; other people's workshops stay."""
    await operations.add_member(workshop.id, BOB, role="editor")
    joined = await workshop_of(BOB)
    await operations.add_member(joined.id, OWNER, role="editor")
    deleted = await operations.delete_user_data(OWNER)
    expected = {
        "workshops_deleted": 1,
        "workshops_handed_over": 0,
        "memberships_deleted": 1,
    }
    assert expected.items() <= deleted.items()
    with pytest.raises(WorkshopNotFoundError):
        await operations.get_workshop(workshop.id)
    detail = await operations.get_workshop(joined.id)
    assert [member["clerk_user_id"] for member in detail["members"]] == [BOB]
    assert OWNER not in str(await stored())


async def test_a_workshop_with_another_owner_passes_to_them(workshop: Workshop) -> None:
    """It stays with all its steps; its row names the other owner."""
    await operations.add_member(workshop.id, BOB, role="owner")
    deleted = await operations.delete_user_data(OWNER)
    expected = {
        "workshops_deleted": 0,
        "workshops_handed_over": 1,
        "memberships_deleted": 1,
    }
    assert expected.items() <= deleted.items()
    detail = await operations.get_workshop(workshop.id)
    assert detail["clerk_user_id"] == BOB
    assert len(detail["steps"]) == len(STEP_CATALOG)
    assert OWNER not in str(await stored())


async def test_an_owner_beside_another_leaves_the_workshop_to_them(workshop: Workshop) -> None:
    """The owner that the row names stays."""
    await operations.add_member(workshop.id, BOB, role="owner")
    assert (await operations.delete_user_data(BOB))["memberships_deleted"] == 1
    detail = await operations.get_workshop(workshop.id)
    assert (detail["clerk_user_id"], len(detail["members"])) == (OWNER, 1)


async def test_the_owner_of_an_adopted_workshop_is_deleted_with_it(workshop: Workshop) -> None:
    """Who is named by the row alone owns it."""
    await WorkshopMember.delete(force=True)
    assert len((await operations.export_user_data(OWNER))["workshops"]) == 1
    assert (await operations.delete_user_data(OWNER))["workshops_deleted"] == 1


async def test_an_owner_beside_one_whom_only_the_row_names_leaves(workshop: Workshop) -> None:
    """An adopted workshop's owner keeps it when a member with the owner's role goes."""
    await WorkshopMember.delete(force=True)
    await operations.add_member(workshop.id, BOB, role="owner")
    deleted = await operations.delete_user_data(BOB)
    assert (deleted["workshops_deleted"], deleted["memberships_deleted"]) == (0, 1)
    assert (await operations.get_workshop(workshop.id))["clerk_user_id"] == OWNER


async def test_both_owners_deleted_at_once_leave_nothing(workshop: Workshop) -> None:
    """The second one was the last, and the workshop goes with them; many times over."""
    for _ in range(10):
        shared = [await workshop_of(OWNER) for _ in range(3)]
        for each in (*shared, workshop):
            if await Workshop.exists().where(Workshop.id == each.id):
                await operations.add_member(each.id, BOB, role="owner")
        await asyncio.gather(operations.delete_user_data(OWNER), operations.delete_user_data(BOB))
        counts = [await table.count() for table in TABLES if table is not StepDefinition]
        assert not any(counts)


class Note(Table, tablename="notes"):
    """A table of an application."""

    workshop = ForeignKey(Workshop, on_delete=OnDelete.no_action)
    author = Varchar()
    text = Text()
    price = Numeric()
    written_at = Timestamptz()


class OtherNote(Table, tablename="notes", schema="other"):
    """A table of the same name in another schema."""

    author = Varchar()


class Vote(Table, tablename="votes"):
    """A table whose rows stay without the person."""

    voter = Varchar()
    vote = Varchar()


@pytest.fixture
async def own_tables(database: str) -> AsyncIterator[None]:
    """The application's tables, registered and with rows of two people."""
    before = dict(personal_data._registered)
    for table in (Note, Vote):
        await table.create_table()
    personal_data.register_personal_data(Note.author)
    personal_data.register_personal_data(Vote.voter, export=[Vote.vote], erase={Vote.voter: ""})
    for person in (OWNER, BOB):
        workshop = await workshop_of(person)
        await Note(workshop=workshop.id, author=person, text=f"By {person}", price="1.50").save()
        await Vote(voter=person, vote="yes").save()
    yield
    personal_data._registered.clear()
    personal_data._registered.update(before)
    for table in (Note, Vote):
        await table.alter().drop_table()


@pytest.mark.usefixtures("own_tables")
async def test_tables_of_an_application_are_exported_and_erased() -> None:
    """What it has registered: all columns or some, deleted or only without the person."""
    export = await operations.export_user_data(OWNER)
    assert json.loads(json.dumps(export)) == export
    (note,) = export["application"]["notes"]
    assert (note["author"], note["text"], note["price"]) == (OWNER, f"By {OWNER}", "1.50")
    assert datetime.strptime(note["written_at"], "%Y-%m-%dT%H:%M:%S.%fZ").year > 2000
    assert export["application"]["votes"] == [{"vote": "yes"}]
    deleted = await operations.delete_user_data(OWNER)
    assert {"notes": 1, "votes": 1}.items() <= deleted["application"].items()
    assert deleted["workshops_deleted"] == 1
    assert [row["author"] for row in await Note.select()] == [BOB]
    assert sorted(row["voter"] for row in await Vote.select()) == ["", BOB]


@pytest.mark.usefixtures("own_tables")
async def test_tables_of_one_name_in_two_schemas_are_both_erased() -> None:
    """The second registration leaves the first as it is."""
    await OtherNote.create_table()
    try:
        personal_data.register_personal_data(OtherNote.author)
        await OtherNote(author=OWNER).save()
        export = await operations.export_user_data(OWNER)
        assert [note["author"] for note in export["application"]["notes"]] == [OWNER, OWNER]
        assert (await operations.delete_user_data(OWNER))["application"]["notes"] == 2
        assert await OtherNote.count() == 0
    finally:
        await OtherNote.raw("DROP SCHEMA other CASCADE")


@not_on_a_cluster("foreign keys of your own tables")
@pytest.mark.usefixtures("own_tables")
async def test_an_erasure_that_fails_leaves_the_application_its_rows() -> None:
    """All of it is one transaction: a note of somebody else keeps the workshop."""
    (page,) = (await operations.list_workshops(OWNER)).items
    await Note(workshop=page["id"], author="user_eve", text="", price=0).save()
    with pytest.raises(ForeignKeyViolationError):
        await operations.delete_user_data(OWNER)
    assert len((await operations.export_user_data(OWNER))["application"]["notes"]) == 1
    assert await Workshop.exists().where(Workshop.id == page["id"])


def rows_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every row with an id in an export, at any depth."""
    if isinstance(value, dict):
        if "id" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from rows_in(element)


async def test_no_column_of_a_person_is_left_out(workshop: Workshop) -> None:
    """The export has every column of every table; the erasure leaves the person in none."""
    tables: tuple[Any, ...] = TABLES
    joined = await workshop_of(BOB)
    await operations.add_member(joined.id, OWNER, role="viewer")
    for each in (workshop, joined):
        await operations.record_activity(each.id)
        await operations.generate_build_pack(each.id)
        for table in tables:
            # A table that no operation here has written to: each text in it is the person's.
            mine = getattr(table, "workshop_id", None)
            if mine is not None and not await table.exists().where(mine == each.id):
                texts = [
                    column
                    for column in table._meta.columns
                    if isinstance(column, (Text, Varchar)) and not column._meta.choices
                ]
                values = {c._meta.name: OWNER for c in texts if not c._meta.primary_key}
                await table(**values, workshop_id=each.id).save()
    exported = {row["id"]: row for row in rows_in(await operations.export_user_data(OWNER))}
    for table in tables:
        if table is StepDefinition:
            continue
        name, columns = table._meta.tablename, [c._meta.name for c in table._meta.columns]
        for row in await table.select():
            if OWNER in row.values() or row.get("workshop_id") == workshop.id:
                missing = set(columns) - exported.get(row["id"], {}).keys()
                assert not missing, f"The export leaves {missing} of {name} out."
    await operations.delete_user_data(OWNER)
    for table in tables:
        name = table._meta.tablename
        left = await table.raw(
            f"SELECT id FROM {name} t WHERE to_jsonb(t)::text LIKE {{}}", f"%{OWNER}%"
        )
        assert left == [], f"The erasure leaves the person in {name}."
