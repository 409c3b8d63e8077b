"""``piccolo workshops operator``: who may log in to the admin."""

from __future__ import annotations

import sys

from workshops.commands.failures import fails_with_a_sentence

ACTIONS = ("create", "disable", "reset-password", "remove-second-factor", "list")


@fails_with_a_sentence
async def operator(action: str, name: str = "", email: str = "", viewer: bool = False) -> None:
    """Manage the operators: create, disable, reset-password, remove-second-factor, or list.

    :param action:
        create NAME, disable NAME, reset-password NAME, remove-second-factor NAME, or list.
    :param name:
        The operator's user name.
    :param email:
        The operator's e-mail address, for create.
    :param viewer:
        For create: may look at everything and change nothing.

    """
    # A project that registers only `workshops` does not have the admin's tables.
    from workshops.admin.operators import (
        OperatorError,
        create_operator,
        disable_operator,
        list_operators,
        remove_second_factor,
        reset_password,
    )

    if action not in ACTIONS:
        sys.exit(f"Unknown action {action!r}: use {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}.")
    if action != "list" and not name:
        sys.exit(f"Which operator? Use: piccolo workshops operator {action} NAME")
    try:
        match action:
            case "create":
                password = await create_operator(name, superuser=not viewer, email=email)
                print(f"Operator {name} was created. The password is shown only now: {password}")
            case "disable":
                await disable_operator(name)
                print(f"Operator {name} can log in no more.")
            case "reset-password":
                password = await reset_password(name)
                print(f"The new password of {name} is shown only now: {password}")
            case "remove-second-factor":
                await remove_second_factor(name)
                print(f"Operator {name} logs in with the password alone now.")
            case "list":
                for found in await list_operators():
                    may = "may change things" if found.superuser else "may look"
                    print(f"{found.username}  {found.email}  {may if found.active else 'disabled'}")
    except OperatorError as error:
        sys.exit(str(error))
