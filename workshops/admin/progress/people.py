"""The page about a person: what is held about them, as a file, and its erasure."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops import operations
from workshops.admin import follow_up
from workshops.admin.audit import ORIGIN, AuditAction
from workshops.admin.progress.actions import Form, form_route
from workshops.admin.progress.log import PARTS
from workshops.admin.progress.rendering import as_json, attachment, page, redirect
from workshops.admin.saved_views import forget_views
from workshops.errors import InvalidInputError, WorkshopsError
from workshops.personal_data import registered
from workshops.projection import catch_up
from workshops.statements import validation
from workshops.statements.execution import Record, fetch
from workshops.tables import TABLES

WORKSHOPS_SHOWN = 200

_TAKES_PART = f"""
SELECT w.id, w.title, w.status, person.role, COALESCE(summary.progress, 0) AS progress,
    step.name AS current_step,
    COALESCE(summary.last_activity_at, w.created_at) AS last_activity_at, w.created_at,
    CASE
        WHEN person.role <> 'owner' AND w.clerk_user_id <> $1 THEN 'stays'
        WHEN EXISTS (
            SELECT FROM workshop_members m
            WHERE m.workshop_id = w.id AND m.role = 'owner' AND m.clerk_user_id <> $1
        ) THEN 'passes'
        ELSE 'goes'
    END AS fate,
    count(*) OVER () AS total,
    count(*) FILTER (WHERE person.role = 'owner' OR w.clerk_user_id = $1) OVER () AS owned
FROM (
    SELECT workshop_id, role FROM workshop_members WHERE clerk_user_id = $1
    UNION ALL
    SELECT o.id, 'owner' FROM workshops o WHERE o.clerk_user_id = $1 AND NOT EXISTS (
        SELECT FROM workshop_members m WHERE m.workshop_id = o.id AND m.clerk_user_id = $1)
) person
JOIN workshops w ON w.id = person.workshop_id
LEFT JOIN workshops_admin.summaries summary ON summary.workshop_id = w.id
LEFT JOIN step_definitions step ON step.id = summary.current_step_id
ORDER BY last_activity_at DESC, w.id LIMIT {WORKSHOPS_SHOWN}
"""


async def fetch_person(clerk_user_id: str) -> Sequence[Record]:
    """Return the workshops of a person, the latest first.

    ``fate`` says what becomes of one when they are erased: it ``goes`` with them, or
    ``passes`` to another owner, or ``stays`` as it is but for their membership. Every
    row knows how many there are in ``total``, and how many of them the person ``owned``.
    """
    await catch_up()
    return await fetch(_TAKES_PART, clerk_user_id)


async def count_registered(person: str) -> Counter[str]:
    """Return how many rows of registered tables hold something about a person, by table."""
    counts: Counter[str] = Counter()
    for data in registered():
        counts[data.table._meta.tablename] += await data.table.count().where(data.user == person)
    return +counts


async def erase_person(person: str) -> None:
    """Delete everything held about a person.

    It leaves nothing of them in the audit log either: a pseudonym that nobody can trace
    takes the place of their id in its entries, and of the rows that go with them the entries
    keep no values. The one entry about it names the operator of the transaction.
    """
    await fetch("SELECT set_config('workshops.audit_values', 'off', true)")
    theirs = await fetch(
        "SELECT id, NULL FROM workshops WHERE clerk_user_id = $1"
        " UNION ALL SELECT workshop_id, id FROM workshop_members WHERE clerk_user_id = $1",
        person,
    )
    parts = await fetch(PARTS, [workshop for workshop, _ in theirs])
    # The log is of our tables only.
    ours = [data for data in registered() if data.table in TABLES and data.erase is None]
    gone = [key for data in ours for key in await data.keys(person)]
    deleted = await operations.delete_user_data(person)
    left = await fetch("SELECT id FROM workshops WHERE id = ANY ($1)", [row[0] for row in theirs])
    stays = {row[0] for row in left}
    gone += [part for workshop, part in parts if workshop not in stays]
    gone += [membership for _, membership in theirs if membership]
    deleted_ids = {workshop for workshop, _ in theirs} - stays
    gone += await follow_up.keys_of_notes(deleted_ids)
    await follow_up.forget(deleted_ids)
    gone += await forget_views(person)
    pseudonym = f"erased_{secrets.token_hex(8)}"
    await follow_up.pseudonymise(person, pseudonym)
    # Entries about files and views hold the address of the board, where ids are spelt so.
    for spelt in {person, quote_plus(person)}:
        await fetch("SELECT workshops_admin.audit_forget($1, $2, $3)", spelt, pseudonym, gone)
    what = (
        f"{deleted['workshops_deleted']:,} workshops deleted, "
        f"{deleted['workshops_handed_over']:,} handed over to another owner, "
        f"{deleted['memberships_deleted']:,} memberships in others' workshops ended"
    )
    for table, count in deleted.get("application", {}).items():
        what += f", {count:,} rows of {table} erased"
    await ORIGIN.get().record(AuditAction.erased, summary=f"{pseudonym}: {what}")


async def show_person(
    request: Request, error: WorkshopsError | None = None, form: Form | None = None
) -> Response:
    """Show what is held about a person, and why nothing was done."""
    person = (form or request.query_params).get("person", "").strip()
    try:
        validation.key("person", person)
    except WorkshopsError as unusable:
        person, error = "", error or unusable
    workshops = await fetch_person(person) if person else []
    others = await count_registered(person) if person else {}
    return page(
        request, "people.html", error=error, person=person, workshops=workshops, others=others
    )


async def export(request: Request, form: Form) -> Response:
    """Send everything held about a person as a JSON file."""
    person = form["person"]
    data: dict[str, Any] = {**await operations.export_user_data(person)}
    theirs = [workshop["id"] for workshop in data["workshops"]]
    data["operators"] = await follow_up.notes_about(person, theirs)
    await ORIGIN.get().record(AuditAction.exported, summary=f"Everything held about {person}")
    return attachment(as_json(data, indent=2), "application/json", f"{person}.json")


async def erase(request: Request, form: Form) -> Response:
    """Delete everything held about a person, if their identifier was typed twice."""
    person = form["person"]
    if not person.strip() or form["typed"].strip() != person.strip():
        raise InvalidInputError("The identifier", "that was typed is not the one of this person")
    await erase_person(person)
    return redirect("/people/?done=erased")


PEOPLE_ROUTES = (
    Route("/people/", show_person),
    form_route("/people/export/", export, show_person),
    form_route("/people/erase/", erase, show_person),
)
