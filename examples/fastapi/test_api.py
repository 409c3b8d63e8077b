"""The API as its callers see it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from notes import main
from notes.tables import Note
from workshops import operations
from workshops.types import FormatTypeName

BOB = {"Authorization": "Bearer user_bob"}


async def create(client: httpx.AsyncClient) -> str:
    """Create a workshop and return its address."""
    answer = await client.post("/workshops", json={"title": "Bread", "original_idea": "Sell it."})
    assert answer.status_code == 201
    return f"/workshops/{answer.json()['id']}"


async def test_workshop_is_created_once_for_a_key(client: httpx.AsyncClient) -> None:
    """Two requests at once with one key are one workshop."""
    request = {"json": {"title": "Tea"}, "headers": {"Idempotency-Key": "k1"}}
    answers = await asyncio.gather(*[client.post("/workshops", **request) for _ in range(2)])  # type: ignore[arg-type]
    assert len({answer.json()["id"] for answer in answers}) == 1
    (item,) = (await client.get("/workshops")).json()["items"]
    assert (item["role"], item["steps_complete"], item["steps_total"]) == ("owner", 0, 10)


async def test_completed_step_is_read_and_starts_the_next(client: httpx.AsyncClient) -> None:
    """With its output; times say that they are UTC; a second completion is a conflict."""
    url = await create(client)
    answer = await client.post(f"{url}/steps/empathize/complete", json={"people": ["bakers"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "complete")
    assert answer.json()["updated_at"].endswith("Z")
    first, second, *_ = (await client.get(url)).json()["steps"]
    assert (first["output"], second["status"]) == ({"people": ["bakers"]}, "in_progress")
    answer = await client.post(f"{url}/steps/empathize/complete", json={})
    assert answer.status_code == 409


async def test_chat_streams_and_is_kept(client: httpx.AsyncClient) -> None:
    """Both turns are stored, in their order."""
    url = await create(client)
    answer = await client.post(f"{url}/steps/empathize/chat", json={"text": "Hello"})
    assert answer.text == "You said: Hello"
    step = (await client.get(url)).json()["steps"][0]
    assert [turn["role"] for turn in step["output"]["messages"]] == ["user", "assistant"]


async def test_progress_is_told_as_it_happens(client: httpx.AsyncClient) -> None:
    """At once, and after the first step has started."""
    workshop_id = (await create(client)).rpartition("/")[2]
    events = aiter((await main.progress(workshop_id, "user_ada")).body_iterator)
    assert '"empathize": "not_started"' in str(await anext(events))
    async with asyncio.timeout(20):
        await operations.start_step(workshop_id, "empathize")
        async for event in events:
            if '"empathize": "in_progress"' in str(event):
                break
    await events.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("format_type", ["markdown", "pdf", "json"])
async def test_build_pack_is_downloaded(
    client: httpx.AsyncClient, format_type: FormatTypeName
) -> None:
    """As a file with the title's name, from its own workshop only."""
    url, other = await create(client), await create(client)
    answer = await client.post(f"{url}/build-packs", params={"format": format_type})
    pack = answer.json()["id"]
    file = await client.get(f"{url}/build-packs/{pack}")
    assert file.status_code == 200
    assert "filename*=UTF-8''bread." in file.headers["Content-Disposition"]
    assert (await client.get(f"{other}/build-packs/{pack}")).status_code == 404


async def test_notes_belong_to_their_workshop_and_author(client: httpx.AsyncClient) -> None:
    """They are listed, exported, erased with their author, and go with the workshop."""
    url = await create(client)
    workshop_id = url.rpartition("/")[2]
    await operations.add_member(workshop_id, "user_bob", role="editor")
    for person in ({}, BOB):
        answer = await client.post(f"{url}/notes", json={"text": "Ask"}, headers=person)
        assert answer.status_code == 201
    listed = (await client.get(f"{url}/notes")).json()
    assert [note["author"] for note in listed] == ["user_ada", "user_bob"]
    export = await operations.export_user_data("user_bob")
    assert [note["text"] for note in export["application"]["notes"]] == ["Ask"]
    await operations.delete_user_data("user_bob")
    assert [note["author"] for note in (await client.get(f"{url}/notes")).json()] == ["user_ada"]
    await operations.delete_workshop(workshop_id)
    assert await Note.count() == 0


async def test_who_may_not_do_it_is_told(client: httpx.AsyncClient) -> None:
    """401 without a person, 404 to strangers, 403 to viewers, 422 for what cannot be used."""
    url = await create(client)
    assert (await client.get(url, headers={"Authorization": ""})).status_code == 401
    assert (await client.get(url, headers=BOB)).status_code == 404
    await operations.add_member(url.rpartition("/")[2], "user_bob", role="viewer")
    assert (await client.get(url, headers=BOB)).status_code == 200
    answer = await client.post(f"{url}/steps/define/complete", json={}, headers=BOB)
    assert answer.status_code == 403
    answer = await client.post("/workshops", json={"title": " "})
    assert (answer.status_code, "title" in answer.json()["detail"]) == (422, True)
