"""Who takes part in a workshop, and who owns it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.concurrency import outside, transaction, until_waiting
from tests.operations.conftest import OWNER, stored
from workshops import operations
from workshops.errors import (
    InvalidInputError,
    LastOwnerError,
    MemberExistsError,
    MemberNotFoundError,
    WorkshopNotFoundError,
)
from workshops.tables import Workshop, WorkshopMember

pytestmark = pytest.mark.usefixtures("database")

BOB, EVE = "user_bob", "user_eve"


async def roles(workshop: Workshop) -> dict[str, str]:
    """Every member's role."""
    detail = await operations.get_workshop(workshop.id)
    return {member["clerk_user_id"]: member["role"] for member in detail["members"]}


async def holder(workshop: Workshop) -> str:
    """The owner that the workshop's row names."""
    return (await operations.get_workshop(workshop.id))["clerk_user_id"]


async def test_a_member_is_added_with_any_role(workshop: Workshop) -> None:
    """The known roles and a product's own."""
    member = await operations.add_member(workshop.id, BOB, role="viewer")
    assert isinstance(member, WorkshopMember)
    assert (member.workshop_id, member.clerk_user_id, member.role) == (workshop.id, BOB, "viewer")
    await operations.add_member(workshop.id, EVE, role="facilitator")
    assert await roles(workshop) == {OWNER: "owner", BOB: "viewer", EVE: "facilitator"}


async def test_a_person_is_a_member_once(workshop: Workshop) -> None:
    """Of five who add the same person at once one succeeds, the others are told."""
    results = await asyncio.gather(
        *(operations.add_member(workshop.id, BOB, role="editor") for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, WorkshopMember) for result in results) == 1
    errors = [result for result in results if isinstance(result, MemberExistsError)]
    assert len(errors) == 4
    assert (errors[0].workshop_id, errors[0].clerk_user_id) == (workshop.id, BOB)


@pytest.mark.parametrize("bad", ["", " ", "x" * 256, "\0", "\ud800", None, 1])
async def test_bad_people_and_roles_are_refused(workshop: Workshop, bad: Any) -> None:
    """The error names the field; nothing changes."""
    before = await stored()
    with pytest.raises(InvalidInputError, match=r"^clerk_user_id "):
        await operations.add_member(workshop.id, bad, role="editor")
    with pytest.raises(InvalidInputError, match=r"^role "):
        await operations.add_member(workshop.id, BOB, role=bad)
    with pytest.raises(InvalidInputError, match=r"^role "):
        await operations.set_member_role(workshop.id, OWNER, role=bad)
    assert await stored() == before


async def test_a_role_is_changed(workshop: Workshop) -> None:
    """The returned row is the stored one."""
    await operations.add_member(workshop.id, BOB, role="viewer")
    member = await operations.set_member_role(workshop.id, BOB, role="editor")
    assert member.role == "editor"
    assert (await roles(workshop))[BOB] == "editor"


async def test_a_member_is_removed(workshop: Workshop) -> None:
    """They can be added again."""
    await operations.add_member(workshop.id, BOB, role="viewer")
    await operations.remove_member(workshop.id, BOB)
    assert await roles(workshop) == {OWNER: "owner"}
    await operations.add_member(workshop.id, BOB, role="viewer")


async def test_who_is_not_a_member_is_not_found(workshop: Workshop) -> None:
    """Each operation on a member names workshop and person, and changes nothing."""
    before = await stored()
    for call in (
        operations.set_member_role(workshop.id, BOB, role="editor"),
        operations.remove_member(workshop.id, BOB),
        operations.transfer_ownership(workshop.id, to=BOB),
    ):
        with pytest.raises(MemberNotFoundError, match=f"{BOB} is not a member of") as raised:
            await call
        assert raised.value.clerk_user_id == BOB
    assert await stored() == before


async def test_the_last_owner_is_neither_removed_nor_demoted(workshop: Workshop) -> None:
    """Other members, whatever their role, do not help; staying owner is allowed."""
    await operations.add_member(workshop.id, BOB, role="editor")
    before = await stored()
    with pytest.raises(LastOwnerError):
        await operations.remove_member(workshop.id, OWNER)
    with pytest.raises(LastOwnerError):
        await operations.set_member_role(workshop.id, OWNER, role="editor")
    assert await stored() == before
    assert (await operations.set_member_role(workshop.id, OWNER, role="owner")).role == "owner"


@pytest.mark.parametrize("how", ["removed", "demoted"])
async def test_an_owner_who_leaves_hands_the_workshop_to_the_one_of_longest_standing(
    workshop: Workshop, how: str
) -> None:
    """The workshop's row always names somebody who owns it."""
    await operations.add_member(workshop.id, EVE, role="editor")
    await operations.add_member(workshop.id, BOB, role="owner")
    await operations.set_member_role(workshop.id, EVE, role="owner")
    if how == "removed":
        await operations.remove_member(workshop.id, OWNER)
    else:
        await operations.set_member_role(workshop.id, OWNER, role="viewer")
    assert await holder(workshop) == EVE
    assert (await roles(workshop))[EVE] == "owner"


async def test_another_owner_who_leaves_changes_nothing_else(workshop: Workshop) -> None:
    """The workshop's row still names the first one, and has not moved."""
    added = await operations.add_member(workshop.id, BOB, role="owner")
    await operations.remove_member(workshop.id, BOB)
    detail = await operations.get_workshop(workshop.id)
    assert (detail["clerk_user_id"], detail["updated_at"]) == (OWNER, added.created_at)


async def test_of_the_last_two_owners_one_stays(workshop: Workshop) -> None:
    """Removed, demoted or both at the same moment, twenty times over."""
    await operations.add_member(workshop.id, BOB, role="owner")
    for number in range(20):
        calls: list[Any] = [
            operations.remove_member(workshop.id, OWNER),
            operations.set_member_role(workshop.id, BOB, role="editor")
            if number % 2
            else operations.remove_member(workshop.id, BOB),
        ]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, LastOwnerError) for result in results) == 1, results
        left = await roles(workshop)
        (owner,) = [person for person, role in left.items() if role == "owner"]
        assert await holder(workshop) == owner
        for person in (OWNER, BOB):
            if person not in left:
                await operations.add_member(workshop.id, person, role="owner")
            await operations.set_member_role(workshop.id, person, role="owner")


async def test_the_second_of_two_removals_sees_the_first(workshop: Workshop) -> None:
    """It waits for it, and is refused although both were owners when it began."""
    await operations.add_member(workshop.id, BOB, role="owner")
    async with transaction():
        await operations.remove_member(workshop.id, BOB)
        second = outside(operations.remove_member(workshop.id, OWNER))
        await until_waiting(1)
    with pytest.raises(LastOwnerError):
        await second
    assert await roles(workshop) == {OWNER: "owner"}


async def test_ownership_is_transferred_to_a_member(workshop: Workshop) -> None:
    """The new owner owns, the former one edits, other owners stay owners."""
    await operations.add_member(workshop.id, BOB, role="viewer")
    await operations.add_member(workshop.id, EVE, role="owner")
    transferred = await operations.transfer_ownership(workshop.id, to=BOB)
    assert isinstance(transferred, Workshop)
    assert transferred.clerk_user_id == BOB
    assert transferred.updated_at > workshop.updated_at
    assert await roles(workshop) == {OWNER: "editor", BOB: "owner", EVE: "owner"}
    assert await holder(workshop) == BOB


async def test_a_transfer_to_the_present_owner_changes_no_role(workshop: Workshop) -> None:
    """They stay the owner."""
    await operations.transfer_ownership(workshop.id, to=OWNER)
    assert await roles(workshop) == {OWNER: "owner"}


async def test_two_transfers_at_once_leave_one_new_owner(workshop: Workshop) -> None:
    """The one that came second has it from the first."""
    for person in (BOB, EVE):
        await operations.add_member(workshop.id, person, role="viewer")
    await asyncio.gather(
        *(operations.transfer_ownership(workshop.id, to=person) for person in (BOB, EVE))
    )
    left = await roles(workshop)
    owners = [person for person, role in left.items() if role == "owner"]
    assert owners == [await holder(workshop)]
    assert left[OWNER] == "editor"


async def test_members_stay_in_the_order_in_which_they_were_added(workshop: Workshop) -> None:
    """Within one millisecond, fifty times; also beside one of another application."""
    await WorkshopMember(workshop_id=workshop.id, clerk_user_id="user_other", role="viewer").save()
    async with transaction():
        for number in range(50):
            await operations.add_member(workshop.id, f"user_{number}", role="owner")
    members = (await operations.get_workshop(workshop.id))["members"]
    names = [member["clerk_user_id"] for member in members]
    assert names[2:] == [f"user_{number}" for number in range(50)]
    for leaving, next_owner in zip([OWNER, *names[2:]], names[2:], strict=False):
        await operations.remove_member(workshop.id, leaving)
        assert await holder(workshop) == next_owner


async def test_members_added_at_once_have_times_of_their_own(workshop: Workshop) -> None:
    """However many callers there are."""
    added = await asyncio.gather(
        *(operations.add_member(workshop.id, f"user_{n}", role="editor") for n in range(30))
    )
    assert len({member.created_at for member in added}) == 30
    newest = max(member.created_at for member in added)
    assert (await operations.get_workshop(workshop.id))["updated_at"] == newest


async def test_adding_a_member_again_changes_nothing(workshop: Workshop) -> None:
    """Not even the workshop's time."""
    before = await stored()
    with pytest.raises(MemberExistsError):
        await operations.add_member(workshop.id, OWNER, role="viewer")
    assert await stored() == before


async def test_the_role_of_a_person_is_read(workshop: Workshop) -> None:
    """None for a stranger; an adopted workshop's owner needs no membership."""
    await operations.add_member(workshop.id, BOB, role="viewer")
    people = (OWNER, BOB, EVE)
    found = [await operations.member_role(workshop.id, person) for person in people]
    assert found == ["owner", "viewer", None]
    await WorkshopMember.delete().where(WorkshopMember.clerk_user_id == OWNER)
    assert await operations.member_role(workshop.id, OWNER) == "owner"
    with pytest.raises(WorkshopNotFoundError):
        await operations.member_role("ws_x", OWNER)
