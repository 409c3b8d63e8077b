"""The forms of the pages: what each does, and what it says where it cannot."""

from __future__ import annotations

import io
import json
import re

import httpx
import pypdf
import pytest

from tests.admin.conftest import send
from tests.admin.progress.conftest import make_workshop, titles
from tests.factories import step_of
from workshops import operations
from workshops.admin.progress.actions import ACTIONS, WORK
from workshops.admin.progress.rendering import ENVIRONMENT
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import BuildPack, Session, Workshop, WorkshopMember, WorkshopStep


@pytest.fixture
async def workshop(database: str) -> Workshop:
    """A workshop with two steps complete and the third one in progress."""
    return await make_workshop(complete=2)


async def act(
    client: httpx.AsyncClient, workshop: Workshop, action: str, **fields: str
) -> httpx.Response:
    """Send a form of the workshop's page and follow to the page after it."""
    page = f"/progress/workshops/{workshop.id}/"
    response = await send(client, page, f"{page}{action}/", **fields)
    if response.status_code == 303:
        return await client.get(response.headers["location"])
    return response


@pytest.mark.parametrize(
    ("action", "step", "status", "sentence"),
    [
        ("start", "prototype", "in_progress", "The step was started."),
        ("complete", "ideate", "complete", "The step was completed."),
        ("reset", "define", "not_started", "The step was reset"),
    ],
)
async def test_step_action_changes_the_step(
    superuser: httpx.AsyncClient,
    workshop: Workshop,
    action: str,
    step: str,
    status: str,
    sentence: str,
) -> None:
    """A step is started, completed or reset, and the page says so."""
    page = await act(superuser, workshop, action, step=step)
    assert page.status_code == 200
    assert sentence in page.text
    assert (await step_of(workshop, step)).status == status


@pytest.mark.parametrize(
    ("action", "fields", "status", "sentence"),
    [
        ("start", {"step": "empathize"}, 409, "is complete and cannot be started"),
        ("complete", {"step": "empathize"}, 409, "is complete and cannot be completed"),
        ("complete", {"step": "nothing"}, 404, "has no step nothing"),
        ("complete", {}, 404, "has no step"),
        ("reset", {"step": "pack"}, 409, "is not started and cannot be reset"),
        ("status", {"status": "completed"}, 409, "cannot be completed while ideate"),
        ("status", {"status": "draft"}, 409, "is active and cannot become draft"),
        ("status", {"status": "lost"}, 422, "must be one of"),
        ("generate", {"format": "docx"}, 422, "must be one of"),
        ("generate", {"format": "json", "title": "x" * 201}, 422, "at most 200"),
        ("transfer", {"to": "user_eve"}, 404, "user_eve is not a member"),
        ("transfer", {}, 404, "is not a member"),
        ("delete", {"title": "Another title"}, 422, "is not the title of this workshop"),
        ("delete", {}, 422, "is not the title of this workshop"),
    ],
)
async def test_refused_action_says_why_and_changes_nothing(
    superuser: httpx.AsyncClient,
    workshop: Workshop,
    action: str,
    fields: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    """What an operation refuses is shown as its sentence on the workshop's page."""
    steps = await WorkshopStep.select().order_by(WorkshopStep.id)
    page = await act(superuser, workshop, action, **fields)
    assert page.status_code == status
    assert "Nothing was changed." in page.text
    assert sentence in page.text
    assert "A bakery without waste" in page.text
    assert await WorkshopStep.select().order_by(WorkshopStep.id) == steps
    [row] = await Workshop.select()
    assert row == {**workshop.to_dict(), "status": "active", "updated_at": row["updated_at"]}


async def test_status_is_changed(superuser: httpx.AsyncClient, workshop: Workshop) -> None:
    """Only the statuses that may follow are offered, and one of them is set."""
    page = await act(superuser, workshop, "status", status="paused")
    assert "The status was changed." in page.text
    assert "Make it active" in page.text
    assert "Complete it" not in page.text
    await workshop.refresh()
    assert workshop.status == "paused"


async def test_workshop_is_shared_and_made_private(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Sharing gives a token, making private takes it away."""
    page = await act(superuser, workshop, "share")
    await workshop.refresh()
    assert workshop.share_token in page.text
    await act(superuser, workshop, "unshare")
    await workshop.refresh()
    assert workshop.visibility == "private"
    assert not workshop.share_token


async def test_ownership_is_transferred_to_a_member(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """A member becomes the owner; the page offers the other one."""
    await operations.add_member(workshop.id, "user_bob", role="viewer")
    page = await act(superuser, workshop, "transfer", to="user_bob")
    assert "The ownership was transferred." in page.text
    assert '<input type="hidden" name="to" value="user_ada">' in page.text
    assert '<input type="hidden" name="to" value="user_bob">' not in page.text
    await workshop.refresh()
    assert workshop.clerk_user_id == "user_bob"


async def test_workshop_is_deleted_when_its_title_is_typed(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """The page says what goes with a workshop; its title deletes it, and the board says so."""
    await operations.record_activity(workshop.id)
    shown = await superuser.get(f"/progress/workshops/{workshop.id}/")
    steps = f"{len(STEP_CATALOG)} steps and their outputs"
    assert f"{steps}, 1 member, 1 session and 0 build packs" in shown.text
    page = await act(superuser, workshop, "delete", title=" A bakery without waste ")
    assert "The workshop was deleted" in page.text
    assert page.url.path == "/progress/"
    assert await Workshop.count() == await WorkshopStep.count() == await Session.count() == 0


@pytest.mark.parametrize("form", ["markdown", "json", "pdf"])
async def test_build_pack_is_generated_and_downloaded(
    superuser: httpx.AsyncClient, workshop: Workshop, form: str
) -> None:
    """A build pack of each format holds the outputs, as a file with a name."""
    page = await act(superuser, workshop, "generate", format=form, title="The pack")
    assert "The build pack was generated." in page.text
    [pack] = await BuildPack.objects()
    assert pack.title == "The pack"
    url = f"/progress/workshops/{workshop.id}/build-packs/{pack.id}/"
    assert f'href="{url}"' in page.text
    file = await superuser.get(url)
    assert file.headers["content-disposition"].startswith("attachment; filename")
    if form == "pdf":
        assert file.headers["content-type"] == "application/pdf"
        text = " ".join(
            page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file.content)).pages
        )
    else:
        text = file.text
    assert "On Empathize" in " ".join(text.split())


async def test_output_is_downloaded_as_json(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """A step's output is a JSON file; a step without one has none."""
    url = f"/progress/workshops/{workshop.id}/steps"
    file = await superuser.get(f"{url}/define/output.json")
    assert file.json() == {"summary": "On Define"}
    assert (await superuser.get(f"{url}/pack/output.json")).status_code == 404


async def test_workshop_is_created(superuser: httpx.AsyncClient, database: str) -> None:
    """The form makes a workshop with its owner and steps, and leads to its page."""
    response = await send(
        superuser,
        "/progress/new/",
        "/progress/new/",
        title=" A <new> idea ",
        owner="user_ada",
        organisation="",
        idea="Bread\r\nand butter",
    )
    page = await superuser.get(response.headers["location"])
    assert "The workshop was created" in page.text
    [workshop] = await Workshop.objects()
    assert workshop.title == "A <new> idea"
    assert not workshop.org_id
    assert workshop.original_idea == "Bread\nand butter"
    assert await WorkshopStep.count() == len(STEP_CATALOG)
    assert await WorkshopMember.count() == 1


async def test_message_in_the_url_is_one_of_ours(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """What a page says after an action cannot be written into a link."""
    page = await superuser.get("/progress/?done=Call+this+number")
    assert "Call this number" not in page.text
    assert 'class="message' not in page.text


async def test_person_is_exported(superuser: httpx.AsyncClient, workshop: Workshop) -> None:
    """The export is a JSON file with all that the person owns."""
    page = "/progress/people/?person=user_ada"
    file = await send(superuser, page, "/progress/people/export/", person="user_ada")
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''user_ada.json"
    data = json.loads(file.content)
    assert data["workshops"][0]["id"] == workshop.id
    assert data["workshops"][0]["steps"][0]["output"] == {"summary": "On Empathize"}


async def test_person_is_erased_when_their_identifier_is_typed(
    superuser: httpx.AsyncClient, workshop: Workshop
) -> None:
    """Erasing deletes what the person owns and says beforehand what goes and what stays."""
    other = await make_workshop(title="Another", clerk_user_id="user_bob")
    await operations.add_member(other.id, "user_ada", role="editor")
    page = "/progress/people/?person=user_ada"
    shown = (await superuser.get(page)).text
    assert "2 workshops, 1 of them as owner" in shown
    assert shown.count(">deleted</td>") == 1
    assert shown.count(">kept without them</td>") == 1
    wrong = await send(
        superuser, page, "/progress/people/erase/", person="user_ada", typed="user_bob"
    )
    assert wrong.status_code == 422
    assert await Workshop.count() == 2
    right = await send(
        superuser, page, "/progress/people/erase/", person="user_ada", typed="user_ada"
    )
    assert right.status_code == 303
    assert titles((await superuser.get("/progress/")).text) == ["Another"]
    assert await WorkshopMember.count() == 1


@pytest.mark.parametrize("person", ["", " ", "\0"])
async def test_nobody_is_not_erased(
    superuser: httpx.AsyncClient, workshop: Workshop, person: str
) -> None:
    """An empty identifier, and one that cannot be stored, is refused."""
    page = "/progress/people/?person=user_ada"
    for action in ("erase", "export"):
        response = await send(
            superuser, page, f"/progress/people/{action}/", person=person, typed=person
        )
        assert response.status_code == 422 or (action, person) in {("export", ""), ("export", " ")}
    assert await Workshop.count() == 1


async def test_every_action_has_a_button(superuser: httpx.AsyncClient, workshop: Workshop) -> None:
    """On the pages of a workshop in which all that can be done at some time is to be done."""
    await operations.add_member(workshop.id, "user_bob", role="viewer")
    await act(superuser, workshop, "note", text="Call them.")
    await act(superuser, workshop, "reset", step="define")
    offered = set()
    for action in ("share", "unshare"):
        page = await act(superuser, workshop, action)
        forms = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
        offered |= {form.split("/")[-2] for form in forms if f"/{workshop.id}/" in form}
    assert not ACTIONS.keys() - offered, "No page has a button for these."


def test_every_action_says_what_it_did() -> None:
    """The page has a sentence for each, to one workshop or to several."""
    messages = ENVIRONMENT.get_template("messages.html").module.messages  # type: ignore[attr-defined]
    assert [name for name in ACTIONS if "done" not in messages(done=name)] == []
    assert [name for name in WORK if "done" not in messages(done=name, count=2)] == []


@pytest.mark.parametrize("action", ["", "nothing", "export", "steps"])
async def test_unknown_action_is_not_found(
    superuser: httpx.AsyncClient, workshop: Workshop, action: str
) -> None:
    """There are no other actions than those of the page."""
    page = f"/progress/workshops/{workshop.id}/"
    response = await send(superuser, page, f"{page}{action}/")
    assert response.status_code in (404, 405)


async def test_complete_step_is_reopened_with_its_output(superuser: httpx.AsyncClient) -> None:
    """Reopen undoes a mistaken completion: the output stays, and what follows may be marked."""
    workshop = await make_workshop(complete=2)
    page = f"/progress/workshops/{workshop.id}/"
    before = await step_of(workshop, "empathize")
    response = await send(superuser, page, f"{page}reopen/", step="empathize", following="1")
    assert response.status_code == 303
    after = await step_of(workshop, "empathize")
    assert (after.status, after.output) == ("in_progress", before.output)
    assert (await step_of(workshop, "define")).status == "needs_regeneration"
    shown = (await superuser.get(page)).text
    assert ">Needs regeneration</span>" in shown
    assert 'title="2. Define: Needs regeneration">↻</span>' in shown
