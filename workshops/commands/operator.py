"""``piccolo workshops operator``: who may log in to the admin."""

from __future__ import annotations

import sys

from workshops.commands.failures import fails_with_a_sentence


@fails_with_a_sentence
async def operator(action: str, name: str = "", email: str = "", viewer: bool = False) -> None:
    """Manage the operators: create NAME, disable NAME, reset-password NAME, or list.

    :param action:
        create, disable, reset-password or list.
    :param name:
        The operator's user name.
    :param email:
        The operator's e-mail address, for create.
    :param viewer:
        For create: may look at everything and change nothing.

    """
    # The admin's tables are no part of a project that registers only `workshops`.
    from workshops.admin.operators import (
        OperatorError,
        create_operator,
        disable_operator,
        list_operators,
        reset_password,
    )

    if action not in ("create", "disable", "reset-password", "list"):
        sys.exit(f"Unknown action {action!r}: use create, disable, reset-password or list.")
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
            case "list":
                for found in await list_operators():
                    may = "may change things" if found.superuser else "may look"
                    print(f"{found.username}  {found.email}  {may if found.active else 'disabled'}")
    except OperatorError as error:
        sys.exit(str(error))
