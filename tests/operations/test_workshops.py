"""Creating, changing, completing and deleting a workshop."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from tests.operations.concurrency import outside, transaction, until_waiting
from tests.operations.conftest import OWNER, complete_all, stored
from workshops import operations
from workshops.errors import (
    InvalidInputError,
    NoStepDefinitionsError,
    OpenStepsError,
    StaleWorkshopError,
    TooLongError,
    UnknownValueError,
    WorkshopNotFoundError,
    WorkshopNotOpenError,
    WorkshopTransitionError,
)
from workshops.ids import create_prefixed_id
from workshops.step_catalog import STEP_CATALOG, load_step_definitions
from workshops.tables import StepDefinition, Workshop, WorkshopMember, WorkshopStep
from workshops.types import WorkshopChanges

pytestmark = pytest.mark.usefixtures("database")

NEW: dict[str, Any] = {"clerk_user_id": OWNER, "title": "Bread", "original_idea": ""}


async def test_create_makes_the_workshop_its_owner_and_ten_steps() -> None:
    """A new workshop is a private draft with one owner and a row for each definition."""
    workshop = await operations.create_workshop(**NEW, org_id="org_1", template_id="template_1")
    assert isinstance(workshop, Workshop)
    detail: dict[str, Any] = {
        **await operations.get_workshop(workshop.id, include_share_token=True)
    }
    assert {key: detail[key] for key in workshop.to_dict()} == workshop.to_dict()
    assert (workshop.status, workshop.visibility) == ("draft", "private")
    assert workshop.share_token is None
    assert (workshop.org_id, workshop.template_id) == ("org_1", "template_1")
    assert [step["step_id"] for step in detail["steps"]] == [step.id for step in STEP_CATALOG]
    assert {step["status"] for step in detail["steps"]} == {"not_started"}
    assert [(m["clerk_user_id"], m["role"]) for m in detail["members"]] == [(OWNER, "owner")]
    prefixes = {row["id"].split("_")[0] for row in (*detail["steps"], *detail["members"])}
    assert (workshop.id[:3], prefixes) == ("ws_", {"wst", "wm"})


async def test_the_returned_object_can_be_changed_and_saved() -> None:
    """What an operation returns behaves as a row that Piccolo has read."""
    workshop = await operations.create_workshop(**NEW)
    read = await Workshop.objects().get(Workshop.id == workshop.id)
    assert read == workshop
    assert read is not None
    assert read.to_dict() == workshop.to_dict()
    workshop.title = "Cake"
    await workshop.save()
    assert await Workshop.exists().where((Workshop.id == workshop.id) & (Workshop.title == "Cake"))
    await workshop.remove()
    assert await Workshop.count() == 0


async def test_a_workshop_that_is_created_shared_has_a_token() -> None:
    """It is found by that token at once."""
    workshop = await operations.create_workshop(**NEW, visibility="shared")
    assert workshop.share_token is not None
    found = await operations.get_shared_workshop(workshop.share_token)
    assert found["id"] == workshop.id


@pytest.mark.parametrize("number", [1, 12])
async def test_create_makes_as_many_steps_as_there_are_definitions(number: int) -> None:
    """A database with other definitions than the catalogue's gets a step for each of its own."""
    await StepDefinition.delete(force=True)
    await StepDefinition.insert(
        *(
            StepDefinition(id=f"step_{n}", order=n, name=f"Step {n}", description="A step.")
            for n in range(number)
        )
    )
    for _ in range(2):
        workshop = await operations.create_workshop(**NEW)
        assert await WorkshopStep.count().where(WorkshopStep.workshop_id == workshop.id) == number


async def test_without_definitions_no_workshop_is_made() -> None:
    """It would have no steps; the error says how to load them, and that helps."""
    await StepDefinition.delete(force=True)
    with pytest.raises(NoStepDefinitionsError, match="load_step_definitions"):
        await operations.create_workshop(**NEW)
    assert await Workshop.count() == 0
    assert await load_step_definitions() == len(STEP_CATALOG)
    assert await load_step_definitions() == 0
    workshop = await operations.create_workshop(**NEW)
    current = await operations.current_step(workshop.id)
    assert current is not None
    assert current.step_id == STEP_CATALOG[0].id


async def test_a_key_makes_one_workshop() -> None:
    """Of ten calls at once and one later, with another title; a key is one person's."""
    made = await asyncio.gather(
        *(operations.create_workshop(**NEW, idempotency_key="key") for _ in range(10))
    )
    again = await operations.create_workshop(**{**NEW, "title": "Cake"}, idempotency_key="key")
    assert {workshop.id for workshop in (*made, again)} == {again.id}
    assert again == made[0]
    assert again.title == "Bread"
    assert re.fullmatch(r"ws_[a-z][a-z0-9]{23}", again.id)
    others = [
        await operations.create_workshop(**NEW, idempotency_key="other"),
        await operations.create_workshop(
            **{**NEW, "clerk_user_id": "user_bob"}, idempotency_key="key"
        ),
    ]
    assert len({again.id, *(other.id for other in others)}) == 3
    counts = [await table.count() for table in (Workshop, WorkshopStep, WorkshopMember)]
    assert counts == [3, 3 * len(STEP_CATALOG), 3]


async def test_a_repeated_key_does_not_undo_what_happened_since() -> None:
    """The workshop comes back as it is now."""
    first = await operations.create_workshop(**NEW, idempotency_key="key")
    await operations.update_workshop(first.id, title="Cake")
    again = await operations.create_workshop(**NEW, idempotency_key="key")
    assert (again.id, again.title) == (first.id, "Cake")
    with pytest.raises(InvalidInputError, match="idempotency_key"):
        await operations.create_workshop(**NEW, idempotency_key="")


async def test_changes_can_be_bound_to_a_version() -> None:
    """A workshop that was changed since is left as it is."""
    old = await operations.create_workshop(**NEW)
    new = await operations.update_workshop(old.id, title="Cake", expected_updated_at=old.updated_at)
    before = await stored()
    for call in (
        operations.update_workshop(old.id, title="Pie", expected_updated_at=old.updated_at),
        operations.set_workshop_status(old.id, "active", expected_updated_at=old.updated_at),
    ):
        with pytest.raises(StaleWorkshopError) as raised:
            await call
        assert (raised.value.expected, raised.value.actual) == (old.updated_at, new.updated_at)
    assert await stored() == before
    with pytest.raises(WorkshopNotFoundError):
        await operations.update_workshop("ws_x", title="Pie", expected_updated_at=old.updated_at)
    active = await operations.set_workshop_status(
        old.id, "active", expected_updated_at=new.updated_at
    )
    await complete_all(active)
    now = (await operations.get_workshop(old.id))["updated_at"]
    with pytest.raises(StaleWorkshopError):
        await operations.set_workshop_status(
            old.id, "completed", expected_updated_at=active.updated_at
        )
    await operations.set_workshop_status(old.id, "completed", expected_updated_at=now)


async def test_workshops_created_at_once_are_all_complete() -> None:
    """Twenty concurrent calls make twenty workshops with all steps and one owner each."""
    await asyncio.gather(*(operations.create_workshop(**NEW) for _ in range(20)))
    counts = [await table.count() for table in (Workshop, WorkshopStep, WorkshopMember)]
    assert counts == [20, 20 * len(STEP_CATALOG), 20]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \n\t "),
        ("title", "x" * 201),
        ("title", "nul \0"),
        ("title", "half \ud800"),
        ("title", "\u200b"),
        ("title", "\u200b \u2060"),
        ("title", "two\nlines"),
        ("title", "two\u2028lines"),
        ("title", "a tab\t"),
        ("title", "txt.\u202efdp"),
        ("title", "\u2066x"),
        ("title", None),
        ("title", 3),
        ("original_idea", "x" * 20_001),
        ("original_idea", "\0"),
        ("original_idea", None),
        ("clerk_user_id", ""),
        ("clerk_user_id", "x" * 256),
        ("clerk_user_id", "user_\udfff"),
        ("clerk_user_id", "user_1\n"),
        ("clerk_user_id", "\u200b"),
        ("org_id", "org\u202e"),
        ("org_id", ""),
        ("org_id", 1),
        ("template_id", "x" * 256),
        ("visibility", "public"),
        ("visibility", None),
    ],
)
async def test_bad_input_is_refused_before_anything_is_written(field: str, value: Any) -> None:
    """The error names the field, does not repeat the value, and nothing is stored."""
    with pytest.raises(InvalidInputError) as raised:
        await operations.create_workshop(**{**NEW, field: value})
    assert raised.value.field == field
    assert str(raised.value).startswith(field)
    assert len(str(raised.value)) < 100
    assert await Workshop.count() == 0


async def test_the_limits_themselves_are_allowed() -> None:
    """A title of 200 characters and an idea of 20,000, whatever they are, are stored."""
    workshop = await operations.create_workshop(
        clerk_user_id="u" * 255, title="\U0001f35e" * 200, original_idea="ü" * 20_000
    )
    stored_row = await Workshop.select().where(Workshop.id == workshop.id).first()
    assert stored_row == workshop.to_dict()


@pytest.mark.parametrize(
    "title",
    [" Bread ", "日本", "خبز\u200f", "👩\u200d🍳", "Bread\u00a0and butter", "é", "\U0001fae8"],
)
async def test_a_title_is_stored_as_it_is_given(title: str) -> None:
    """In any script, with the marks that emoji and right-to-left text need; nothing is trimmed."""
    workshop = await operations.create_workshop(**{**NEW, "title": title})
    assert (await operations.get_workshop(workshop.id))["title"] == title


async def test_a_too_long_text_says_by_how_much() -> None:
    """The message holds the size and the limit."""
    with pytest.raises(TooLongError, match="title has 201 characters; at most 200 are allowed"):
        await operations.create_workshop(**{**NEW, "title": "x" * 201})


async def test_update_changes_the_given_fields_only(workshop: Workshop) -> None:
    """The other columns stay, updated_at moves."""
    changed = await operations.update_workshop(workshop.id, title="Rolls", org_id="org_2")
    assert (changed.title, changed.org_id) == ("Rolls", "org_2")
    assert changed.original_idea == workshop.original_idea
    assert changed.updated_at > workshop.updated_at
    changed = await operations.update_workshop(workshop.id, org_id=None)
    assert [changed.title, changed.org_id] == ["Rolls", None]


async def test_update_accepts_every_field_of_its_type(workshop: Workshop) -> None:
    """WorkshopChanges and the operation name the same fields."""
    values: dict[str, Any] = dict.fromkeys(WorkshopChanges.__annotations__, "shared")
    changed = await operations.update_workshop(workshop.id, **values)
    assert {name: changed[name] for name in values} == values


async def test_update_of_the_visibility_keeps_the_token_right(workshop: Workshop) -> None:
    """Shared has a token and keeps it, private has none."""
    shared = await operations.update_workshop(workshop.id, visibility="shared", title="New")
    assert shared.share_token
    again = await operations.update_workshop(workshop.id, visibility="shared")
    assert again.share_token == shared.share_token
    private = await operations.update_workshop(workshop.id, visibility="private")
    assert [private.visibility, private.share_token] == ["private", None]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "completed"},
        {"id": "ws_1"},
        {"clerk_user_id": "user_eve"},
        {"share_token": "x"},
        {"updated_at": datetime(2026, 1, 1)},
        {"title": "Good", "nonsense": 1},
        {"title": ""},
        {"title": None},
        {"visibility": "public"},
        {"original_idea": "x" * 20_001},
    ],
)
async def test_update_refuses_other_fields_and_bad_values(
    workshop: Workshop, fields: dict[str, Any]
) -> None:
    """Nothing is written."""
    before = await stored()
    with pytest.raises(InvalidInputError):
        await operations.update_workshop(workshop.id, **fields)
    assert await stored() == before


TRANSITIONS = {
    ("draft", "active"),
    ("active", "paused"),
    ("paused", "active"),
    ("active", "completed"),
    ("completed", "active"),
}
STATUSES = ("draft", "active", "paused", "completed")


@pytest.mark.parametrize(("status", "wanted"), [*product(STATUSES, STATUSES)])
async def test_a_workshop_moves_only_along_its_transitions(
    workshop: Workshop, status: Any, wanted: Any
) -> None:
    """Every other move is refused with both statuses named, and changes nothing."""
    await complete_all(workshop)
    await Workshop.update({Workshop.status: status}).where(Workshop.id == workshop.id)
    before = await stored()
    if (status, wanted) in TRANSITIONS:
        changed = await operations.set_workshop_status(workshop.id, wanted)
        assert changed.status == wanted
        return
    with pytest.raises(WorkshopTransitionError) as raised:
        await operations.set_workshop_status(workshop.id, wanted)
    assert (raised.value.status, raised.value.wanted) == (status, wanted)
    assert await stored() == before


async def test_a_workshop_with_open_steps_cannot_be_completed(active: Workshop) -> None:
    """The error names the open steps in order."""
    for step in ("define", "empathize", "test"):
        await operations.complete_step(active.id, step)
    with pytest.raises(OpenStepsError) as raised:
        await operations.set_workshop_status(active.id, "completed")
    assert raised.value.step_ids == tuple(
        step.id for step in STEP_CATALOG if step.id not in ("define", "empathize", "test")
    )
    assert "ideate, prototype, prioritize" in str(raised.value)
    assert (await operations.get_workshop(active.id))["status"] == "active"


async def test_completing_waits_for_a_reset_that_began_before(active: Workshop) -> None:
    """A workshop is never completed on what it was before a concurrent reset."""
    await complete_all(active)
    async with transaction():
        await operations.reset_step(active.id, "test")
        completing = outside(operations.set_workshop_status(active.id, "completed"))
        await until_waiting(1)
    with pytest.raises(OpenStepsError):
        await completing


async def test_a_reset_waits_for_a_completion_that_began_before(active: Workshop) -> None:
    """The step of a workshop that was completed meanwhile is not reset."""
    await complete_all(active)
    async with transaction():
        await operations.set_workshop_status(active.id, "completed")
        resetting = outside(operations.reset_step(active.id, "test"))
        await until_waiting(1)
    with pytest.raises(WorkshopNotOpenError):
        await resetting
    assert await operations.current_step(active.id) is None


async def test_an_unknown_status_is_refused(workshop: Workshop) -> None:
    """The error lists the statuses that there are."""
    with pytest.raises(UnknownValueError, match="status must be one of draft, active, paused"):
        await operations.set_workshop_status(workshop.id, "archived")  # type: ignore[arg-type]


async def test_delete_removes_the_workshop_and_all_that_belongs_to_it(workshop: Workshop) -> None:
    """Only the step definitions are left."""
    await operations.record_activity(workshop.id)
    await operations.generate_build_pack(workshop.id)
    await operations.delete_workshop(workshop.id)
    assert [bool(rows) for rows in await stored()] == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    "call",
    [
        lambda id: operations.get_workshop(id),
        lambda id: operations.update_workshop(id, title="New"),
        lambda id: operations.set_workshop_status(id, "active"),
        lambda id: operations.set_workshop_status(id, "completed"),
        lambda id: operations.delete_workshop(id),
        lambda id: operations.share_workshop(id),
        lambda id: operations.unshare_workshop(id),
        lambda id: operations.record_activity(id),
        lambda id: operations.current_step(id),
        lambda id: operations.step_context(id, "define"),
        lambda id: operations.start_step(id, "define"),
        lambda id: operations.save_step_output(id, "define", {}),
        lambda id: operations.append_step_message(id, "define", "Hello"),
        lambda id: operations.complete_step(id, "define"),
        lambda id: operations.reset_step(id, "define"),
        lambda id: operations.add_member(id, "user_bob", role="editor"),
        lambda id: operations.set_member_role(id, OWNER, role="editor"),
        lambda id: operations.remove_member(id, OWNER),
        lambda id: operations.transfer_ownership(id, to=OWNER),
        lambda id: operations.generate_build_pack(id),
    ],
)
async def test_an_unknown_workshop_is_not_found(workshop: Workshop, call: Any) -> None:
    """Every operation on a workshop says which one does not exist, and writes nothing."""
    before = await stored()
    for unknown in (create_prefixed_id("ws"), "", "x'; --"):
        with pytest.raises(WorkshopNotFoundError) as raised:
            await call(unknown)
        assert raised.value.workshop_id == unknown
    for impossible in ("ws_\0", "ws_\ud800", None, 7, "x" * 256):
        with pytest.raises(InvalidInputError):
            await call(impossible)
    assert await stored() == before


async def test_a_workshop_can_be_read_without_what_is_large(workshop: Workshop) -> None:
    """Only the parts that are asked for are there, and each as in the whole."""
    await operations.complete_step(workshop.id, "define", output={"large": "x" * 1000})
    await operations.generate_build_pack(workshop.id)
    await operations.record_activity(workshop.id)
    whole: dict[str, Any] = {**await operations.get_workshop(workshop.id)}
    alone: dict[str, Any] = {**await operations.get_workshop(workshop.id, include=())}
    assert alone.keys() == whole.keys() - {"steps", "members", "sessions", "build_packs"}
    parts: Any = ("steps", "members", "sessions", "build_packs")
    lean: dict[str, Any] = {**await operations.get_workshop(workshop.id, include=parts)}
    assert lean == {
        **whole,
        "steps": [without(row, "output") for row in whole["steps"]],
        "build_packs": [without(row, "content") for row in whole["build_packs"]],
    }
    for part, name in (("outputs", "steps"), ("contents", "build_packs"), ("members", "members")):
        asked: Any = [part]
        read: dict[str, Any] = {**await operations.get_workshop(workshop.id, include=asked)}
        assert read == {**alone, name: whole[name]}
    for unknown in ("steps", ["nonsense"]):
        bad: Any = unknown
        with pytest.raises(UnknownValueError, match="include"):
            await operations.get_workshop(workshop.id, include=bad)


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    """A row but for one column."""
    return {key: value for key, value in row.items() if key != name}


async def test_the_share_token_is_read_only_by_who_asks_for_it(workshop: Workshop) -> None:
    """No read of a workshop has the secret otherwise, its owner's list neither."""
    token = await operations.share_workshop(workshop.id)
    reads: list[dict[str, Any]] = [
        {**await operations.get_workshop(workshop.id)},
        {**await operations.get_workshop(workshop.id, include=["steps"])},
        {**await operations.get_shared_workshop(token)},
        {**(await operations.list_workshops(OWNER)).items[0]},
    ]
    assert all("share_token" not in read and token not in str(read) for read in reads)
    asked = await operations.get_workshop(workshop.id, include_share_token=True)
    assert asked["share_token"] == token
