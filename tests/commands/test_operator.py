"""``piccolo workshops operator``: the people who may log in to the admin."""

from __future__ import annotations

import pytest
from piccolo.apps.user.tables import BaseUser

from tests.commands.running import run
from workshops.admin.accounts import AdminSession
from workshops.admin.operators import (
    OperatorError,
    create_operator,
    disable_operator,
    has_operators,
    list_operators,
    reset_password,
)
from workshops.commands.maintenance import operator

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with one iteration: a hash takes a third of a second otherwise."""
    monkeypatch.setattr(BaseUser, "_pbkdf2_iteration_count", 1)


async def test_the_command_creates_lists_resets_and_disables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each action says what it did; the password is shown once and works."""
    created = await run("workshops", "operator", "create", "grace", "--email=g@example.org")
    assert created.code == 0, created
    password = created.out.split()[-1]
    assert await BaseUser.login("grace", password)

    await operator("reset-password", "grace")
    assert not await BaseUser.login("grace", password)
    assert await BaseUser.login("grace", capsys.readouterr().out.split()[-1])

    await operator("create", "ada", viewer=True)
    await operator("disable", "grace")
    capsys.readouterr()
    await operator("list")
    assert capsys.readouterr().out.splitlines() == [
        "ada  ada@operators.invalid  may look",
        "grace  g@example.org  disabled",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("promote", ""),
            "Unknown action 'promote': use create, disable, reset-password, "
            "remove-second-factor or list.",
        ),
        (("create", ""), "Which operator? Use: piccolo workshops operator create NAME"),
        (("disable", "nobody"), "There is no operator 'nobody'."),
    ],
)
async def test_a_wrong_call_is_one_sentence(arguments: tuple[str, str], sentence: str) -> None:
    """It exits with 1 and tells what to do."""
    with pytest.raises(SystemExit) as exited:
        await operator(*arguments)
    assert exited.value.code == sentence


async def test_names_and_addresses_are_unique() -> None:
    """The second operator of a name or an address is refused."""
    assert not await has_operators()
    await create_operator("grace", superuser=True, email="g@example.org")
    assert await has_operators()
    with pytest.raises(OperatorError, match="already an operator with this user name"):
        await create_operator("grace", superuser=True)
    with pytest.raises(OperatorError, match="already an operator with this e-mail address"):
        await create_operator("ada", superuser=True, email="g@example.org")


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "a\nb", "a\0"])
async def test_a_name_that_cannot_be_used_is_refused(name: str) -> None:
    """A name is 1 to 100 printable characters."""
    with pytest.raises(OperatorError, match="user name of 1 to 100"):
        await create_operator(name, superuser=True)
    assert await list_operators() == []


@pytest.mark.parametrize("action", [reset_password, disable_operator])
async def test_resetting_and_disabling_log_the_operator_out(action: object) -> None:
    """Every session of the operator ends, and no other."""
    await create_operator("grace", superuser=True)
    await create_operator("ada", superuser=True)
    for user in await BaseUser.select(BaseUser.id):
        await AdminSession.create_session(user["id"])
    await action("grace")  # type: ignore[operator]
    left = await AdminSession.select(AdminSession.user_id)
    ada = await BaseUser.select(BaseUser.id).where(BaseUser.username == "ada").first()
    assert ada is not None
    assert left == [{"user_id": ada["id"]}]
