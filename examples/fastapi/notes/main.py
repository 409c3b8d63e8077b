"""WorkshopPilot's API in small: workshops, their steps, a chat, notes and build packs.

Run it with ``uvicorn notes.main:app`` in this directory.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from notes.errors import explain
from notes.people import Editor, Member, Person
from notes.tables import Note, workshop_notes
from piccolo_conf import DB
from workshops import Workshop, operations
from workshops.errors import BuildPackNotFoundError, WorkshopNotFoundError, WorkshopsError
from workshops.types import FormatTypeName, Page, UTCDatetime, WorkshopParts


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the connection pool for as long as the application runs."""
    await DB.start_connection_pool()
    yield
    await DB.close_connection_pool()


app = FastAPI(title="WorkshopPilot", lifespan=lifespan)
app.add_exception_handler(WorkshopsError, explain)

Key = Annotated[str | None, Header(alias="Idempotency-Key")]


class Idea(BaseModel):
    """A new workshop."""

    title: str
    original_idea: str = ""


class Created(BaseModel):
    """Where it is."""

    id: str


class NoteText(BaseModel):
    """A new note."""

    text: str


class NoteShown(BaseModel):
    """A note."""

    author: str
    text: str
    created_at: UTCDatetime


class StepShown(BaseModel):
    """How a step stands after a change."""

    step_id: str
    status: str
    updated_at: UTCDatetime


@app.post("/workshops", status_code=201)
async def create(idea: Idea, person: Person, key: Key = None) -> Created:
    """Create a workshop, once for each key."""
    workshop = await operations.create_workshop(
        clerk_user_id=person,
        title=idea.title,
        original_idea=idea.original_idea,
        idempotency_key=key,
    )
    return Created(id=workshop.id)


@app.get("/workshops")
async def dashboard(person: Person, after: str | None = None, limit: int = 20) -> Page:
    """List what the person owns or takes part in, the last changed first."""
    return await operations.list_workshops(person, limit=limit, after=after)


@app.get("/workshops/{workshop_id}", response_model_exclude_unset=True)
async def read(workshop_id: str, person: Member) -> WorkshopParts:
    """Return a workshop without the contents of its build packs."""
    return await operations.get_workshop(
        workshop_id, include=["steps", "outputs", "members", "build_packs"]
    )


@app.post("/workshops/{workshop_id}/steps/{step_id}/complete")
async def complete(
    workshop_id: str, step_id: str, person: Editor, output: dict[str, Any]
) -> StepShown:
    """Complete a step with what came of it, and start the next one."""
    step = await operations.complete_step(workshop_id, step_id, output=output)
    return StepShown.model_validate(step, from_attributes=True)


async def model(messages: list[dict[str, Any]]) -> AsyncIterator[str]:
    """Stand in for a language model."""
    for word in ("You", " said: ", messages[-1]["content"]):
        yield word


@app.post("/workshops/{workshop_id}/steps/{step_id}/chat")
async def chat(
    workshop_id: str, step_id: str, person: Editor, note: NoteText, key: Key = None
) -> StreamingResponse:
    """Store the person's turn, stream the answer, and store it when it is whole."""
    turn = {"role": "user", "content": note.text, "person": person}
    step = await operations.append_step_message(
        workshop_id, step_id, turn, idempotency_key=key and f"{key}-question"
    )
    messages = step.output["messages"] if isinstance(step.output, dict) else []

    async def answer() -> AsyncIterator[str]:
        said = ""
        async for piece in model(messages):
            said += piece
            yield piece
        await operations.append_step_message(
            workshop_id,
            step_id,
            {"role": "assistant", "content": said},
            idempotency_key=key and f"{key}-answer",
        )

    return StreamingResponse(answer(), media_type="text/plain; charset=utf-8")


@app.get("/workshops/{workshop_id}/progress")
async def progress(workshop_id: str, person: Member) -> StreamingResponse:
    """Stream the states of the steps as server-sent events, at once and after each change."""

    async def events() -> AsyncIterator[str]:
        async for _ in operations.watch_workshops(workshop_id):
            try:
                row = await operations.get_workshop(workshop_id, include=["steps"])
            except WorkshopNotFoundError:  # deleted meanwhile
                return
            steps = {step["step_id"]: step["status"] for step in row["steps"]}
            yield f"data: {json.dumps(steps)}\n\n"

    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


@app.post("/workshops/{workshop_id}/build-packs", status_code=201)
async def generate(
    workshop_id: str,
    person: Editor,
    format_type: Annotated[FormatTypeName, Query(alias="format")] = "markdown",
    key: Key = None,
) -> Created:
    """Assemble a build pack from the outputs of this moment."""
    pack = await operations.generate_build_pack(
        workshop_id, format_type=format_type, idempotency_key=key
    )
    return Created(id=pack.id)


@app.get("/workshops/{workshop_id}/build-packs/{build_pack_id}")
async def download(workshop_id: str, build_pack_id: str, person: Member) -> Response:
    """Send a build pack of this workshop as a file."""
    row = await operations.get_workshop(workshop_id, include=["build_packs"])
    if build_pack_id not in [pack["id"] for pack in row["build_packs"]]:
        raise BuildPackNotFoundError(build_pack_id)
    filename, media_type, content = await operations.render_build_pack(build_pack_id)
    disposition = f"attachment; filename*=UTF-8''{quote(filename)}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


@app.post("/workshops/{workshop_id}/notes", status_code=201)
async def pin(workshop_id: str, person: Editor, note: NoteText) -> NoteShown:
    """Pin a note to a workshop."""
    row = Note(workshop_id=workshop_id, author=person, text=note.text)
    await row.save()
    return NoteShown.model_validate(row, from_attributes=True)


@app.get("/workshops/{workshop_id}/notes")
async def notes(workshop_id: str, person: Member) -> list[NoteShown]:
    """Return the notes, oldest first: the relation of this application's own table."""
    (row,) = await Workshop.select(workshop_notes().order_by(Note.created_at, Note.id)).where(
        Workshop.id == workshop_id
    )
    return [NoteShown.model_validate(note) for note in row["notes"]]
