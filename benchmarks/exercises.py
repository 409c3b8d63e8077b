"""A call of every operation, on workshops of a filled database that are chosen at random.

``make bench-scale`` times them at each size, and the tests read the plans of what they
send; an operation without an exercise fails there.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

from workshops import operations


class Exercise(NamedTuple):
    """An operation, a query for what it is given, and the call; ``variant`` tells two apart."""

    operation: str
    source: str
    call: Callable[..., Awaitable[object]]
    variant: str = ""

    @property
    def label(self) -> str:
        """The name under which it is shown."""
        return f"{self.operation} ({self.variant})" if self.variant else self.operation

    async def inputs(self, connection: asyncpg.Connection, count: int) -> list[tuple[Any, ...]]:
        """Return what so many calls are given: each of other workshops, found by the key's index.

        Keys are hexadecimal digits; the choice is the same at every run.
        """
        if not self.source:
            return [()] * count
        async with connection.transaction():
            # For one workshop at a time; of a million, PostgreSQL would read all steps for each.
            await connection.execute(
                "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
            )
            rows = await connection.fetch(
                f"""
                SELECT DISTINCT chosen.* FROM generate_series(1, $1::int) AS n CROSS JOIN LATERAL (
                    {self.source} AND w.id > 'ws_' || md5('{self.label}' || n)
                    ORDER BY w.id LIMIT 1
                ) AS chosen""",
                count,
            )
        return [tuple(row) for row in rows]


_ANY = "SELECT w.id FROM workshops w WHERE true"
_ACTIVE = "SELECT w.id FROM workshops w WHERE w.status = 'active'"
_PERSON = "SELECT w.clerk_user_id FROM workshops w WHERE true"
_NOTHING = ""


def _step(status: str) -> str:
    """Return the query for a step in that status of an active workshop."""
    return (
        "SELECT w.id, s.step_id FROM workshops w JOIN workshop_steps s ON s.workshop_id = w.id"
        f" WHERE w.status = 'active' AND s.status = '{status}'"
    )


def _member(role: str) -> str:
    return (
        "SELECT w.id, m.clerk_user_id FROM workshops w"
        f" JOIN workshop_members m ON m.workshop_id = w.id WHERE m.role = '{role}'"
    )


async def _second_page(person: str) -> None:
    page = await operations.list_workshops(person, limit=5)
    assert page.next_cursor is not None
    await operations.list_workshops(person, limit=5, after=page.next_cursor)
    await operations.list_workshops(person, limit=5, after=page.next_cursor, status="active")


_OUTPUT = {"summary": "Bread finds people.", "needs": ["time", "a van"]}

EXERCISES = (
    Exercise(
        "create_workshop",
        _NOTHING,
        lambda: operations.create_workshop(
            clerk_user_id="user_new", title="A bakery", original_idea="Sell old bread."
        ),
    ),
    Exercise("get_workshop", _ANY, operations.get_workshop),
    Exercise(
        "get_workshop", _ANY, lambda id: operations.get_workshop(id, include=["steps"]), "lean"
    ),
    Exercise("list_workshops", _PERSON, operations.list_workshops),
    Exercise(
        "list_workshops",
        _PERSON,
        lambda person: operations.list_workshops(person, status="active"),
        "of one status",
    ),
    Exercise("list_workshops", _PERSON, _second_page, "three pages"),
    Exercise(
        "list_workshops",
        _PERSON,
        lambda person: operations.list_workshops(person, title="a", with_total=True),
        "searched and counted",
    ),
    Exercise(
        "list_organisation_workshops",
        "SELECT w.org_id FROM workshops w WHERE w.org_id IS NOT NULL",
        lambda org: operations.list_organisation_workshops(org, with_total=True),
    ),
    Exercise(
        "update_workshop", _ANY, lambda id: operations.update_workshop(id, title="Another title")
    ),
    Exercise(
        "set_workshop_status", _ACTIVE, lambda id: operations.set_workshop_status(id, "paused")
    ),
    Exercise(
        "set_workshop_status",
        "SELECT w.id FROM workshops w WHERE w.status = 'active' AND NOT EXISTS (SELECT FROM"
        " workshop_steps s WHERE s.workshop_id = w.id AND s.status <> 'complete')",
        lambda id: operations.set_workshop_status(id, "completed"),
        "completed",
    ),
    Exercise("delete_workshop", _ANY, operations.delete_workshop),
    Exercise("share_workshop", _ANY, operations.share_workshop),
    Exercise("unshare_workshop", _ANY, operations.unshare_workshop),
    Exercise(
        "get_shared_workshop",
        "SELECT w.share_token FROM workshops w WHERE w.share_token IS NOT NULL",
        operations.get_shared_workshop,
    ),
    Exercise("add_member", _ANY, lambda id: operations.add_member(id, "user_late", role="viewer")),
    Exercise(
        "set_member_role",
        _member("viewer"),
        lambda id, person: operations.set_member_role(id, person, role="editor"),
    ),
    Exercise("member_role", _member("viewer"), operations.member_role),
    Exercise("remove_member", _member("viewer"), operations.remove_member),
    Exercise(
        "transfer_ownership",
        _member("editor"),
        lambda id, person: operations.transfer_ownership(id, to=person),
    ),
    Exercise("export_user_data", _PERSON, operations.export_user_data),
    Exercise("delete_user_data", _PERSON, operations.delete_user_data),
    Exercise("start_step", _step("not_started"), operations.start_step),
    Exercise(
        "save_step_output",
        _step("in_progress"),
        lambda id, step: operations.save_step_output(id, step, _OUTPUT),
    ),
    Exercise(
        "merge_step_output",
        _step("complete"),
        lambda id, step: operations.merge_step_output(id, step, {"score": 4.5}),
    ),
    Exercise(
        "append_step_message",
        _step("in_progress"),
        lambda id, step: operations.append_step_message(id, step, {"role": "user"}),
    ),
    Exercise(
        "complete_step",
        _step("in_progress"),
        lambda id, step: operations.complete_step(id, step, output=_OUTPUT),
    ),
    Exercise("reopen_step", _step("complete"), operations.reopen_step),
    Exercise(
        "reopen_step",
        _step("complete"),
        lambda id, step: operations.reopen_step(id, step, regenerate_following=True),
        "with what follows",
    ),
    Exercise("request_regeneration", _step("complete"), operations.request_regeneration),
    Exercise("reset_step", _step("complete"), operations.reset_step),
    Exercise("get_step", _step("complete"), operations.get_step),
    Exercise("current_step", _ANY, operations.current_step),
    Exercise("step_context", _step("in_progress"), operations.step_context),
    Exercise("record_activity", _ANY, operations.record_activity),
    Exercise(
        "close_session",
        "SELECT s.id FROM workshops w JOIN sessions s ON s.workshop_id = w.id"
        " WHERE s.ended_at IS NULL",
        operations.close_session,
    ),
    Exercise(
        "close_idle_sessions",
        _NOTHING,
        lambda: operations.close_idle_sessions(idle_for=timedelta(days=1)),
    ),
    Exercise("generate_build_pack", _ACTIVE, operations.generate_build_pack),
    Exercise(
        "render_build_pack",
        "SELECT b.id FROM workshops w JOIN build_packs b ON b.workshop_id = w.id WHERE true",
        operations.render_build_pack,
    ),
)


def operation_names() -> set[str]:
    """Return the names of all operations."""
    return {
        name
        for name in operations.__all__
        if inspect.iscoroutinefunction(getattr(operations, name))
    }
