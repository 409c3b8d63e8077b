"""Working in the steps of a workshop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from tests.factories import step_of
from tests.operations.concurrency import outside, transaction, until_waiting
from tests.operations.conftest import complete_all, stored
from workshops import operations
from workshops.errors import (
    InvalidInputError,
    InvalidTransitionError,
    MessagesNotAListError,
    StaleStepError,
    StepNotFoundError,
    StepTransitionError,
    TooLongError,
    WorkshopNotFoundError,
    WorkshopNotOpenError,
)
from workshops.states import STEP
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop, WorkshopStep

pytestmark = pytest.mark.usefixtures("database")

STEP_IDS = [step.id for step in STEP_CATALOG]
CHANGES: dict[str, Any] = {
    "start_step": operations.start_step,
    "save_step_output": lambda workshop, step: operations.save_step_output(
        workshop, step, {"saved": True}
    ),
    "append_step_message": lambda workshop, step: operations.append_step_message(
        workshop, step, "Hello"
    ),
    "merge_step_output": lambda workshop, step: operations.merge_step_output(
        workshop, step, {"merged": True}
    ),
    "complete_step": operations.complete_step,
    "reopen_step": operations.reopen_step,
    "request_regeneration": operations.request_regeneration,
    "reset_step": operations.reset_step,
}
STATUSES = ("not_started", "in_progress", "complete", "needs_regeneration")
# What becomes of a step: the rest is an illegal transition.
BECOMES = {
    ("start_step", "not_started"): "in_progress",
    ("start_step", "needs_regeneration"): "in_progress",
    ("save_step_output", "not_started"): "in_progress",
    ("save_step_output", "in_progress"): "in_progress",
    ("save_step_output", "complete"): "complete",
    ("save_step_output", "needs_regeneration"): "needs_regeneration",
    ("merge_step_output", "not_started"): "in_progress",
    ("merge_step_output", "in_progress"): "in_progress",
    ("merge_step_output", "complete"): "complete",
    ("merge_step_output", "needs_regeneration"): "needs_regeneration",
    ("append_step_message", "not_started"): "in_progress",
    ("append_step_message", "in_progress"): "in_progress",
    ("append_step_message", "complete"): "complete",
    ("append_step_message", "needs_regeneration"): "needs_regeneration",
    ("complete_step", "not_started"): "complete",
    ("complete_step", "in_progress"): "complete",
    ("complete_step", "needs_regeneration"): "complete",
    ("reopen_step", "complete"): "in_progress",
    ("request_regeneration", "complete"): "needs_regeneration",
    ("reset_step", "needs_regeneration"): "not_started",
    ("reset_step", "in_progress"): "not_started",
    ("reset_step", "complete"): "not_started",
}
# The status that a step must have for the operations that do not work in it.
NEEDED = {
    "reopen_step": "complete",
    "request_regeneration": "complete",
    "reset_step": "in_progress",
}


async def bring_to(workshop: Workshop, step_id: str, status: str) -> None:
    """Work in a step that is not started until it has this status."""
    if status != "not_started":
        await operations.save_step_output(workshop.id, step_id, {"before": 1})
    if status in ("complete", "needs_regeneration"):
        await operations.complete_step(workshop.id, step_id)
    if status == "needs_regeneration":
        await operations.request_regeneration(workshop.id, step_id)


async def status_of(workshop: Workshop) -> str:
    """The stored status of a workshop."""
    return (await operations.get_workshop(workshop.id))["status"]


@pytest.mark.parametrize(("operation", "status"), [*product(CHANGES, STATUSES)])
async def test_a_step_moves_only_along_its_transitions(
    active: Workshop, operation: str, status: str
) -> None:
    """Every other move is refused with the status named, and changes nothing."""
    await bring_to(active, "pack", status)
    before = await stored()
    if target := BECOMES.get((operation, status)):
        step = await CHANGES[operation](active.id, "pack")
        assert step.status == target
        assert (step.started_at is None) == (target == "not_started")
        assert (step.completed_at is None) == (target != "complete")
        assert target == status or STEP.allows(operation, status, target)
        return
    with pytest.raises(StepTransitionError) as raised:
        await CHANGES[operation](active.id, "pack")
    assert (raised.value.status, raised.value.operation) == (status, operation)
    assert await stored() == before


@pytest.mark.parametrize(
    ("operation", "status"), [*product(CHANGES, ("draft", "active", "paused", "completed"))]
)
async def test_steps_are_worked_on_only_while_their_workshop_is_open(
    workshop: Workshop, operation: str, status: str
) -> None:
    """Work makes a draft workshop active; a paused or completed one refuses it unchanged."""
    await bring_to(workshop, "define", NEEDED.get(operation, "not_started"))
    await Workshop.update({Workshop.status: status}).where(Workshop.id == workshop.id)
    if status in ("draft", "active"):
        await CHANGES[operation](workshop.id, "define")
        expected = status if operation in NEEDED else "active"
        assert await status_of(workshop) == expected
        return
    before = await stored()
    with pytest.raises(WorkshopNotOpenError, match=f"is {status}") as raised:
        await CHANGES[operation](workshop.id, "define")
    assert raised.value.status == status
    assert isinstance(raised.value, InvalidTransitionError)
    assert await stored() == before


@pytest.mark.parametrize("operation", CHANGES)
async def test_an_unknown_step_is_not_found(workshop: Workshop, operation: str) -> None:
    """The error names workshop and step; nothing changes, the draft stays a draft."""
    before = await stored()
    with pytest.raises(StepNotFoundError) as raised:
        await CHANGES[operation](workshop.id, "nonsense")
    assert (raised.value.workshop_id, raised.value.step_id) == (workshop.id, "nonsense")
    for impossible in ("\0", "\ud800", None):
        with pytest.raises(InvalidInputError, match="step_id"):
            await CHANGES[operation](workshop.id, impossible)
    assert await stored() == before


async def test_start_sets_the_time_and_touches_no_other_step(workshop: Workshop) -> None:
    """The step is in progress since now, the other nine are not started."""
    step = await operations.start_step(workshop.id, "define")
    assert isinstance(step, WorkshopStep)
    assert abs(step.started_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)
    detail = await operations.get_workshop(workshop.id)
    assert [row["step_id"] for row in detail["steps"] if row["status"] != "not_started"] == [
        "define"
    ]


async def test_the_returned_step_can_be_changed_and_saved(workshop: Workshop) -> None:
    """Its output is a dictionary, before and after a save."""
    step = await operations.save_step_output(workshop.id, "define", {"a": [1, None]})
    assert step.output == {"a": [1, None]}
    step.output["a"].append("x")
    await step.save()
    again = await operations.current_step(workshop.id)
    assert again is not None
    assert again.step_id == "empathize"
    read = await operations.save_step_output(
        workshop.id, "define", {}, expected_updated_at=step.updated_at
    )
    assert read == step
    assert read.output == {}


async def test_saving_keeps_the_messages(active: Workshop) -> None:
    """Unless it brings messages of its own, or is told not to."""
    await operations.append_step_message(active.id, "define", "Hello")
    saved = await operations.save_step_output(active.id, "define", {"new": 1})
    assert saved.output == {"new": 1, "messages": ["Hello"]}
    done = await operations.complete_step(active.id, "define", output={"done": 2})
    assert done.output == {"done": 2, "messages": ["Hello"]}
    saved = await operations.save_step_output(active.id, "define", {"messages": ["Other"]})
    assert saved.output == {"messages": ["Other"]}
    saved = await operations.save_step_output(active.id, "define", {"x": 1}, keep_messages=False)
    assert saved.output == {"x": 1}
    await operations.append_step_message(active.id, "ideate", "Hello")
    done = await operations.complete_step(active.id, "ideate", output={}, keep_messages=False)
    assert done.output == {}


async def test_kept_messages_count_towards_the_limit(active: Workshop) -> None:
    """What would be stored is over it, and nothing is."""
    await operations.append_step_message(active.id, "define", "x" * 700_000)
    before = await stored()
    for call in (operations.save_step_output, operations.merge_step_output):
        with pytest.raises(TooLongError, match="at most 1,048,576 are allowed"):
            await call(active.id, "define", {"y": "y" * 700_000})
    with pytest.raises(TooLongError):
        await operations.complete_step(active.id, "define", output={"y": "y" * 700_000})
    assert await stored() == before


async def test_messages_at_the_same_moment_as_a_save_are_kept(active: Workshop) -> None:
    """The save sees what was appended while it waited."""
    async with transaction():
        await operations.append_step_message(active.id, "define", "Hello")
        saving = outside(operations.save_step_output(active.id, "define", {"saved": 1}))
        await until_waiting(1)
    assert (await saving).output == {"saved": 1, "messages": ["Hello"]}


async def test_merge_sets_single_keys(workshop: Workshop) -> None:
    """The others stay, also those that another caller sets at the same moment."""
    first = await operations.merge_step_output(workshop.id, "define", {"a": {"x": 1, "y": 2}})
    assert (first.output, first.status) == ({"a": {"x": 1, "y": 2}}, "in_progress")
    await asyncio.gather(
        *(operations.merge_step_output(workshop.id, "define", {f"k{n}": n}) for n in range(10))
    )
    last = await operations.merge_step_output(workshop.id, "define", {"a": None})
    assert last.output == {"a": None, **{f"k{n}": n for n in range(10)}}


async def test_a_message_with_a_key_is_added_once(active: Workshop) -> None:
    """However often and by however many callers at once; the key is its id."""
    message = {"role": "user", "content": "Hello"}
    steps = await asyncio.gather(
        *(
            operations.append_step_message(active.id, "define", message, idempotency_key="key")
            for _ in range(10)
        )
    )
    assert all(step.output == {"messages": [{**message, "id": "key"}]} for step in steps)
    step = await operations.append_step_message(
        active.id, "define", {"id": "other"}, idempotency_key="other"
    )
    assert [m["id"] for m in step.output["messages"]] == ["key", "other"]
    for unusable in ("text", {"id": "x"}, None):
        with pytest.raises(InvalidInputError, match="message"):
            await operations.append_step_message(
                active.id, "define", unusable, idempotency_key="key"
            )


async def test_a_reopened_step_keeps_its_work(active: Workshop) -> None:
    """Output and start stay, and so do the other steps."""
    await operations.save_step_output(active.id, "define", {"a": 1})
    done = await operations.complete_step(active.id, "define")
    following = await step_of(active, "ideate")
    step = await operations.reopen_step(active.id, "define")
    assert (step.status, step.output) == ("in_progress", {"a": 1})
    assert step.started_at == done.started_at
    assert step.to_dict()["completed_at"] is None
    assert await step_of(active, "ideate") == following
    assert (await operations.list_workshops("user_ada")).items[0]["steps_complete"] == 0


async def test_what_follows_a_reopened_step_may_need_regeneration(active: Workshop) -> None:
    """Every complete one after it, and no other; they are not done any more."""
    for step_id in ("empathize", "define", "test"):
        await operations.complete_step(active.id, step_id, output={"of": step_id})
    await operations.reopen_step(active.id, "empathize", regenerate_following=True)
    steps = {row["step_id"]: row for row in (await operations.get_workshop(active.id))["steps"]}
    assert {id: row["status"] for id, row in steps.items() if row["status"] != "not_started"} == {
        "empathize": "in_progress",
        "define": "needs_regeneration",
        "ideate": "in_progress",
        "test": "needs_regeneration",
        "prioritize": "in_progress",
    }
    assert steps["define"]["output"] == {"of": "define"}
    assert steps["define"]["completed_at"] is None
    await operations.complete_step(active.id, "empathize")
    current = await operations.current_step(active.id)
    assert current is not None
    assert (current.step_id, current.status) == ("define", "needs_regeneration")
    (item,) = (await operations.list_workshops("user_ada")).items
    assert (item["steps_complete"], item["current_step_id"]) == (1, "define")


async def test_save_overwrites_the_output(active: Workshop) -> None:
    """Nothing of the earlier output is left; the start stays."""
    first = await operations.save_step_output(active.id, "define", {"old": 1})
    second = await operations.save_step_output(active.id, "define", {"new": 2})
    assert second.output == {"new": 2}
    assert second.started_at == first.started_at
    assert second.updated_at > first.updated_at


async def test_save_with_the_expected_time_does_not_overwrite_a_newer_version(
    active: Workshop,
) -> None:
    """The second of two editors who read the same version is refused."""
    step = await operations.start_step(active.id, "define")
    saved = await operations.save_step_output(
        active.id, "define", {"by": "first"}, expected_updated_at=step.updated_at
    )
    with pytest.raises(StaleStepError) as raised:
        await operations.save_step_output(
            active.id, "define", {"by": "second"}, expected_updated_at=step.updated_at
        )
    assert raised.value.expected == step.updated_at
    assert raised.value.actual == saved.updated_at
    assert (await step_of(active, "define")).output == '{"by": "first"}'


@pytest.mark.parametrize(
    "operation",
    ["merge_step_output", "complete_step", "reopen_step", "request_regeneration", "reset_step"],
)
async def test_every_change_can_be_bound_to_a_version(active: Workshop, operation: str) -> None:
    """One that is stale changes nothing; the right one does."""
    await bring_to(active, "define", NEEDED.get(operation, "in_progress"))
    old = await step_of(active, "define")
    new = await operations.save_step_output(active.id, "define", {"b": 2})
    arguments: list[Any] = [{"c": 3}] if operation == "merge_step_output" else []
    change = getattr(operations, operation)
    before = await stored()
    with pytest.raises(StaleStepError) as raised:
        await change(active.id, "define", *arguments, expected_updated_at=old.updated_at)
    assert raised.value.actual == new.updated_at
    assert await stored() == before
    await change(active.id, "define", *arguments, expected_updated_at=new.updated_at)


async def test_the_expected_time_may_have_a_time_zone(active: Workshop) -> None:
    """It is compared as the moment that it is."""
    step = await operations.start_step(active.id, "define")
    aware = step.updated_at.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=5)))
    await operations.save_step_output(active.id, "define", {}, expected_updated_at=aware)
    with pytest.raises(InvalidInputError, match="expected_updated_at must be a datetime"):
        await operations.save_step_output(
            active.id,
            "define",
            {},
            expected_updated_at=aware.isoformat(),  # type: ignore[arg-type]
        )


async def test_of_editors_at_the_same_moment_one_wins(active: Workshop) -> None:
    """Of ten saves based on one version exactly one is stored."""
    step = await operations.start_step(active.id, "define")
    results = await asyncio.gather(
        *(
            operations.save_step_output(
                active.id, "define", {"by": n}, expected_updated_at=step.updated_at
            )
            for n in range(10)
        ),
        return_exceptions=True,
    )
    (saved,) = [result for result in results if isinstance(result, WorkshopStep)]
    assert sum(isinstance(result, StaleStepError) for result in results) == 9
    assert (await operations.step_context(active.id, "ideate"))[1]["output"] == saved.output


async def test_messages_are_appended_in_order(active: Workshop) -> None:
    """Whatever a message is, it becomes one element; the rest of the output stays."""
    await operations.save_step_output(active.id, "define", {"summary": "x"})
    messages: list[Any] = [{"role": "user", "content": "ü\n"}, "text", [1, [2]], None, 3.5, {}]
    for message in messages:
        step = await operations.append_step_message(active.id, "define", message)
    assert step.output == {"summary": "x", "messages": messages}


async def test_five_hundred_messages_at_once_are_all_kept_in_each_callers_order(
    active: Workshop,
) -> None:
    """Ten callers with fifty messages each lose none, and each one's stay in order."""

    async def converse(caller: int) -> None:
        for number in range(50):
            await operations.append_step_message(
                active.id, "define", {"caller": caller, "number": number}
            )

    await asyncio.gather(*(converse(caller) for caller in range(10)))
    (context,) = (await operations.step_context(active.id, "ideate"))[1:]
    assert context["output"] is not None
    messages = context["output"]["messages"]
    assert len(messages) == 500
    for caller in range(10):
        numbers = [m["number"] for m in messages if m["caller"] == caller]
        assert numbers == list(range(50))


async def test_messages_to_two_steps_of_a_draft_at_once(workshop: Workshop) -> None:
    """Nobody waits in a circle: all arrive, and the workshop is active."""
    await asyncio.gather(
        *(
            operations.append_step_message(workshop.id, id, number)
            for number in range(5)
            for id in STEP_IDS
        )
    )
    detail = await operations.get_workshop(workshop.id)
    assert detail["status"] == "active"
    assert {len((step["output"] or {})["messages"]) for step in detail["steps"]} == {5}


@pytest.mark.parametrize("messages", [{}, "text", 1, None, True])
async def test_a_message_is_not_appended_to_something_else_than_a_list(
    active: Workshop, messages: Any
) -> None:
    """The error says so, and nothing is overwritten."""
    await operations.save_step_output(active.id, "define", {"messages": messages})
    before = await stored()
    with pytest.raises(MessagesNotAListError):
        await operations.append_step_message(active.id, "define", "Hello")
    assert await stored() == before


async def test_messages_never_grow_an_output_over_its_limit(active: Workshop) -> None:
    """The message that would is refused with the size and the limit."""
    await operations.append_step_message(active.id, "define", "x" * 700_000)
    with pytest.raises(TooLongError, match="at most 1,048,576 are allowed") as raised:
        await operations.append_step_message(active.id, "define", "x" * 700_000)
    assert raised.value.field == "output"
    assert raised.value.size > 1_400_000


async def test_a_chat_turn_does_not_move_the_workshop(active: Workshop) -> None:
    """Its version stays, so that it is no conflict for whoever edits it; other work moves it."""
    await operations.start_step(active.id, "define")
    before = (await operations.get_workshop(active.id))["updated_at"]
    await operations.append_step_message(active.id, "define", "Hello")
    assert (await operations.get_workshop(active.id))["updated_at"] == before
    await operations.save_step_output(active.id, "define", {})
    assert (await operations.get_workshop(active.id))["updated_at"] > before


async def test_complete_starts_the_next_step(workshop: Workshop) -> None:
    """Started or not, the step is complete and the one after it in progress."""
    first = await operations.complete_step(workshop.id, "empathize", output={"done": True})
    assert first.output == {"done": True}
    assert first.started_at == first.completed_at
    steps = (await operations.get_workshop(workshop.id))["steps"]
    assert [step["status"] for step in steps[:3]] == ["complete", "in_progress", "not_started"]
    assert steps[1]["started_at"] == first.completed_at
    second = await operations.complete_step(workshop.id, "define")
    assert second.output is None
    assert second.started_at == steps[1]["started_at"]


async def test_complete_leaves_a_next_step_that_is_started_alone(active: Workshop) -> None:
    """Neither a complete one nor one in progress is touched, nor the one after it."""
    complete = await operations.complete_step(active.id, "define")
    started = await operations.save_step_output(active.id, "test", {"kept": 1})
    await operations.complete_step(active.id, "empathize")
    await operations.complete_step(active.id, "prototype")
    assert (await step_of(active, "define")).updated_at == complete.updated_at
    assert (await step_of(active, "test")).updated_at == started.updated_at
    assert (await step_of(active, "prioritize")).status == "not_started"


async def test_the_last_step_completes_no_workshop(active: Workshop) -> None:
    """All steps are complete and the workshop is active until its status is set."""
    await complete_all(active)
    assert await operations.current_step(active.id) is None
    assert await status_of(active) == "active"
    await operations.set_workshop_status(active.id, "completed")


async def test_of_two_who_complete_a_step_at_once_one_wins(active: Workshop) -> None:
    """The other gets InvalidTransitionError, and nothing changes twice."""
    for step_id in STEP_IDS:
        results = await asyncio.gather(
            *(operations.complete_step(active.id, step_id, output={"by": n}) for n in range(5)),
            return_exceptions=True,
        )
        (won,) = [result for result in results if isinstance(result, WorkshopStep)]
        assert sum(isinstance(result, StepTransitionError) for result in results) == 4
        row = await step_of(active, step_id)
        assert (row.updated_at, row.completed_at) == (won.updated_at, won.completed_at)


async def test_the_second_completion_sees_what_the_first_has_done(active: Workshop) -> None:
    """It waits, then is refused, and moves neither the workshop nor the next step."""
    async with transaction():
        await operations.complete_step(active.id, "define")
        second = outside(operations.complete_step(active.id, "define", output={"late": 1}))
        await until_waiting(1)
        before = await stored()
    with pytest.raises(StepTransitionError, match="is complete"):
        await second
    assert await stored() == before


async def test_completing_all_steps_at_once_waits_in_no_circle(workshop: Workshop) -> None:
    """Each start of a next step meets the completion of that step, and all ten are complete."""
    await asyncio.gather(*(operations.complete_step(workshop.id, id) for id in STEP_IDS))
    assert await operations.current_step(workshop.id) is None


async def test_reset_forgets_the_work(active: Workshop) -> None:
    """No output, no times, and the step may start again; the other steps stay."""
    await operations.complete_step(active.id, "define", output={"a": 1})
    step = await operations.reset_step(active.id, "define")
    assert [step.output, step.started_at, step.completed_at] == [None, None, None]
    assert (await step_of(active, "ideate")).status == "in_progress"
    assert (await operations.start_step(active.id, "define")).status == "in_progress"


async def test_updated_at_moves_with_every_change_within_one_millisecond(
    active: Workshop,
) -> None:
    """Within one transaction, whose clock stands still, the versions differ."""
    async with transaction():
        times = [
            (await CHANGES[operation](active.id, "define")).updated_at
            for operation in (
                "start_step",
                "save_step_output",
                "append_step_message",
                "complete_step",
                "reset_step",
            )
        ]
    assert times == sorted(set(times))


async def test_current_is_the_first_step_that_is_not_complete(workshop: Workshop) -> None:
    """In the order of the definitions, whatever was started or completed beyond it."""
    current = await operations.current_step(workshop.id)
    assert isinstance(current, WorkshopStep)
    assert current.step_id == "empathize"
    await operations.complete_step(workshop.id, "define")
    await operations.complete_step(workshop.id, "empathize", output={"x": 1})
    current = await operations.current_step(workshop.id)
    assert current is not None
    assert (current.step_id, current.status) == ("ideate", "in_progress")


async def test_one_step_is_read(active: Workshop) -> None:
    """As its table object, with the output as a dictionary."""
    saved = await operations.save_step_output(active.id, "define", {"a": 1})
    step = await operations.get_step(active.id, "define")
    assert isinstance(step, WorkshopStep)
    assert step.to_dict() == saved.to_dict()
    with pytest.raises(StepNotFoundError):
        await operations.get_step(active.id, "nonsense")
    with pytest.raises(WorkshopNotFoundError):
        await operations.get_step("ws_x", "define")


async def test_context_is_all_earlier_steps_with_their_outputs(active: Workshop) -> None:
    """In order, with name and order of the definition; the first step has none."""
    await operations.complete_step(active.id, "define", output={"problem": "waste"})
    context = await operations.step_context(active.id, "prototype")
    assert [(row["order"], row["step_id"], row["name"]) for row in context] == [
        (1, "empathize", "Empathize"),
        (2, "define", "Define"),
        (3, "ideate", "Ideate"),
    ]
    assert [row["output"] for row in context] == [None, {"problem": "waste"}, None]
    assert isinstance(context[1]["completed_at"], datetime)
    assert await operations.step_context(active.id, "empathize") == []
    with pytest.raises(StepNotFoundError):
        await operations.step_context(active.id, "nonsense")
