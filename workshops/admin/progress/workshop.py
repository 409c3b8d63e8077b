"""The page of one workshop: what there is to see, the files, and the actions."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import quote

from piccolo.querystring import QueryString
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workshops import operations
from workshops.admin.follow_up import NOTE_LENGTH, fetch_follow_up, operators
from workshops.admin.outputs import removed_outputs
from workshops.admin.progress.actions import ACTIONS, Form, form_route, once
from workshops.admin.progress.definitions import step_definitions
from workshops.admin.progress.log import fetch_traces
from workshops.admin.progress.rendering import attachment, key_of, page, redirect
from workshops.admin.progress.texts import readable_output
from workshops.columns import utc_now
from workshops.errors import NotFoundError, WorkshopsError
from workshops.ids import create_id
from workshops.projection.summaries import summaries
from workshops.relations import Parameter, ParentSelect, Prepared
from workshops.rendering import FORMATS
from workshops.statements.execution import fetch_row, fetch_rows
from workshops.statements.records import DELETED_AT
from workshops.states import OPEN_FOR_WORK, WORKSHOP, MemberRole, StepStatus, WorkshopStatus
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep

SESSIONS_SHOWN = 100
TRACES_SHOWN = 20

Facts = dict[str, Any]
"""A workshop with what belongs to it, and what follows from that."""


def _select_workshop() -> ParentSelect[Any]:
    step, definition, pack = WorkshopStep, WorkshopStep.step_id, BuildPack
    steps = Workshop.steps(
        step.id,
        step.step_id,
        definition.name.as_alias("name"),
        definition.description.as_alias("description"),
        step.status,
        step.started_at,
        step.completed_at,
        QueryString("{}::text", step.output, alias="output"),
    )
    packs = Workshop.build_packs(
        pack.id,
        pack.title,
        pack.format_type,
        pack.created_at,
        QueryString("octet_length({})", pack.content, alias="size"),
    )
    return Workshop.select(
        *Workshop.all_columns(),
        steps.order_by(definition.order, definition.id),
        Workshop.members().order_by(WorkshopMember.created_at, WorkshopMember.id),
        Workshop.sessions()
        .order_by(Session.started_at, Session.id, ascending=False)
        .limit(SESSIONS_SHOWN),
        Workshop.sessions.count().as_alias("session_count"),
        packs.order_by(pack.created_at, pack.id, ascending=False),
    ).where(Workshop.id == Parameter(1))


_WORKSHOP = Prepared(_select_workshop)

_SUMMARY = f"""
SELECT summary.last_activity_at, summary.steps_complete, summary.steps_total, summary.progress,
    {DELETED_AT.format("w")} AS deleted_at
FROM workshops w JOIN ({summaries("= $1")}) summary ON summary.workshop_id = w.id
WHERE w.id = $1
"""


async def fetch_workshop(workshop_id: str) -> Facts | None:
    """Return a workshop, or None if there is none of this identifier."""
    rows = await fetch_rows(_WORKSHOP, workshop_id)
    summary = await fetch_row(_SUMMARY, workshop_id)
    if not rows or summary is None:
        return None
    facts = rows[0] | dict(summary)
    steps = facts["steps"]
    texts = [step["output"] for step in steps]
    outputs = await asyncio.to_thread(lambda: [text and readable_output(text) for text in texts])
    for step, output in zip(steps, outputs, strict=True):
        step["output"] = output
    names = {step["id"]: f"step {n} ({step['name']})" for n, step in enumerate(steps, start=1)}
    names |= {member["id"]: member["clerk_user_id"] for member in facts["members"]}
    names |= {pack["id"]: f"the build pack “{pack['title']}”" for pack in facts["build_packs"]}
    names |= {
        session["id"]: f"the session of {session['started_at']:%Y-%m-%d %H:%M}"
        for session in facts["sessions"]
    }
    open_steps = [step for step in steps if step["status"] != StepStatus.complete]
    return facts | {
        "traces": list(islice(await fetch_traces(workshop_id, names), TRACES_SHOWN)),
        "open_steps": open_steps,
        "open_for_work": facts["status"] in OPEN_FOR_WORK,
        "next_statuses": [
            status.value
            for status in WorkshopStatus
            if WORKSHOP.allows("set_workshop_status", facts["status"], status)
            and (status != WorkshopStatus.completed or not open_steps)
        ],
    }


def timeline(facts: Facts) -> dict[str, datetime]:
    """Return where the timeline begins and ends, from the creation to the last activity."""
    steps, sessions = facts["steps"], facts["sessions"]
    moments = [facts["created_at"], facts["last_activity_at"]]
    moments += [step[name] for step in steps for name in ("started_at", "completed_at")]
    moments += [session[name] for session in sessions for name in ("started_at", "ended_at")]
    known = [moment for moment in moments if moment]
    if facts["open_for_work"] and any(step["status"] == StepStatus.in_progress for step in steps):
        known.append(utc_now())
    begin = min(known)
    return {"begin": begin, "end": max(*known, begin + timedelta(minutes=1))}


async def show_workshop(
    request: Request, error: WorkshopsError | None = None, form: Form | None = None
) -> Response:
    """Show one workshop, and why an action was refused."""
    facts = await fetch_workshop(key_of(request, "workshop_id"))
    if facts is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such workshop.")
    states = {step["step_id"]: step["status"] for step in facts["steps"]}
    definitions = await step_definitions()
    return page(
        request,
        "workshop.html",
        live=facts["id"],
        error=error,
        facts=facts,
        line=timeline(facts),
        removed=await removed_outputs(facts["id"]),
        follow_up=await fetch_follow_up(facts["id"]),
        operators=await operators(),
        key=create_id(),
        note_length=NOTE_LENGTH,
        definitions=definitions,
        states=[states.get(id) for id in definitions],
        current=next(iter(facts["open_steps"]), None),
        roles=list(MemberRole),
        formats=list(FORMATS),
        traces_shown=TRACES_SHOWN,
        unfolded=bool(request.query_params.get("unfolded")),
    )


async def act(request: Request, form: Form) -> Response:
    """Run an action on a workshop, and lead to what came of it."""
    workshop_id, name = key_of(request, "workshop_id"), request.path_params["action"]
    if name not in ACTIONS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    await ACTIONS[name](workshop_id, form)
    place = "/" if name == "delete" else f"/workshops/{quote(workshop_id, safe='')}/"
    return redirect(f"{place}?done={name}")


async def download_build_pack(request: Request) -> Response:
    """Send a build pack as a file."""
    workshop_id, build_pack_id = key_of(request, "workshop_id"), key_of(request, "build_pack_id")
    belongs = await fetch_row(
        "SELECT FROM build_packs WHERE id = $1 AND workshop_id = $2", build_pack_id, workshop_id
    )
    if belongs is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such build pack.")
    try:
        filename, media_type, content = await operations.render_build_pack(build_pack_id)
    except NotFoundError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
    return attachment(content, media_type, filename)


async def download_output(request: Request) -> Response:
    """Send a step's output as a JSON file."""
    workshop_id, step_id = key_of(request, "workshop_id"), key_of(request, "step_id")
    row = await fetch_row(
        "SELECT output::text FROM workshop_steps"
        " WHERE workshop_id = $1 AND step_id = $2 AND output IS NOT NULL",
        workshop_id,
        step_id,
    )
    if row is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This step has no output.")
    return attachment(row[0], "application/json", f"{workshop_id}-{step_id}.json")


async def show_new(
    request: Request, error: WorkshopsError | None = None, form: Form | None = None
) -> Response:
    """Show the form for a new workshop, and why one was refused."""
    key = form["key"] if form else create_id()
    return page(request, "new.html", error=error, form=form or {}, key=key)


async def create(request: Request, form: Form) -> Response:
    """Create a workshop and lead to its page."""
    workshop = await operations.create_workshop(
        clerk_user_id=form["owner"].strip(),
        title=form["title"].strip(),
        original_idea=form["idea"],
        org_id=form["organisation"].strip() or None,
        template_id=form["template"].strip() or None,
        idempotency_key=once(form),
    )
    return redirect(f"/workshops/{workshop.id}/?done=created")


WORKSHOP_ROUTES = (
    Route("/new/", show_new),
    form_route("/new/", create, show_new),
    Route("/workshops/{workshop_id}/", show_workshop),
    Route("/workshops/{workshop_id}/build-packs/{build_pack_id}/", download_build_pack),
    Route("/workshops/{workshop_id}/steps/{step_id}/output.json", download_output),
    form_route("/workshops/{workshop_id}/{action}/", act, show_workshop),
)
