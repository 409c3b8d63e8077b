"""All progress pages: who may see them, what they are sent with, and strange requests."""

from __future__ import annotations

import re
from html import unescape
from http import HTTPStatus

import httpx
import pytest

from tests.admin.conftest import AuditLog, Browse, make_operator, send
from tests.admin.progress.conftest import make_old, make_workshop, titles
from workshops import operations
from workshops.admin.saved_views import SavedView
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop, WorkshopMember, WorkshopStep

PAGES = [
    "/progress/",
    "/progress/steps/",
    "/progress/new/",
    "/progress/people/",
    "/progress/search/",
]
EVIL = "<script>alert('x')</script>\"'&"


@pytest.mark.parametrize("page", [*PAGES, "/progress/workshops/ws_1/", "/progress/nowhere/"])
async def test_nobody_is_led_to_the_log_in(stranger: httpx.AsyncClient, page: str) -> None:
    """Without a log-in, and with one that is made up, a page leads to the admin's."""
    for cookie in ("", "made-up", '"\\000"', "ü"):
        headers = {b"Cookie": f"id={cookie}".encode("latin-1")}
        response = await stranger.get(page, headers=headers)
        assert response.status_code == 303
        assert response.headers["location"] == f"/admin/?next={page}"


async def test_operator_who_was_disabled_is_shut_out(log_in: Browse) -> None:
    """A log-in of an operator who is no longer active opens nothing."""
    operator = await make_operator("vera", superuser=False)
    client = await log_in("vera")
    assert (await client.get("/progress/")).status_code == 200
    operator.active = False
    await operator.save()
    assert (await client.get("/progress/")).status_code == 303


@pytest.mark.parametrize("page", [*PAGES, "/progress/nowhere/", "/progress/static/progress.css"])
async def test_browsers_are_told_to_trust_only_our_files(
    superuser: httpx.AsyncClient, page: str
) -> None:
    """Every answer has a policy without inline scripts and styles, and is not framed."""
    response = await superuser.get(page)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert " style=" not in response.text
    assert "<script>" not in response.text


@pytest.mark.parametrize("path", ["/progress/static/live.js", "/admin/site/operators.js"])
async def test_browsers_ask_whether_a_script_has_changed(
    stranger: httpx.AsyncClient, path: str
) -> None:
    """After an upgrade they have the new one at once; until then they keep their copy."""
    response = await stranger.get(path)
    assert response.headers["cache-control"] == "no-cache"
    kept = await stranger.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert (kept.status_code, kept.headers["cache-control"]) == (304, "no-cache")


async def test_what_people_wrote_is_escaped(superuser: httpx.AsyncClient, database: str) -> None:
    """Markup in any text of a workshop is shown as text."""
    workshop = await make_workshop(
        title=EVIL, original_idea=EVIL, clerk_user_id=EVIL, org_id=EVIL, template_id=EVIL
    )
    await operations.save_step_output(
        workshop.id,
        "empathize",
        {
            EVIL: EVIL,
            "list": [{EVIL: EVIL, "b": EVIL}] * 2,
            "image": "![x](https://example.org/x)",
            "link": "[x](javascript:alert(1))",
            "messages": [{"role": EVIL, "content": EVIL}],
        },
    )
    await operations.add_member(workshop.id, "user_bob", role=EVIL)
    await operations.generate_build_pack(workshop.id, title=EVIL)
    for page in (
        "/progress/",
        f"/progress/workshops/{workshop.id}/",
        f"/progress/people/?person={EVIL}",
        f"/progress/?q={EVIL}&owner={EVIL}&organisation={EVIL}",
    ):
        text = (await superuser.get(page)).text
        assert "<script>alert" not in text, page
        assert "&lt;script&gt;alert" in text, page
        assert "<img" not in text
        assert 'href="javascript:' not in text


@pytest.mark.parametrize(
    "path",
    [
        "/progress/?q=%00&idle=9999999999999&step=x&sort=x&after=%ff&before=1.1.%00&page=-1",
        "/progress/?status=" + "x" * 4000,
        "/progress/?after=999.99999999999999.x",
        "/progress/?after=100.0.x&sort=progress",
        "/progress/steps/?period=x&idle=-1&from=9999-12-31&to=0001-01-01",
        "/progress/steps/?from=2999-12-31&to=1970-01-01",
        "/progress/people/?person=%00",
        "/progress/people/?person=" + "x" * 4000,
        "/progress/workshops/%00/",
        "/progress/workshops/ws_%ED%A0%80/",
        "/progress/workshops/" + "x" * 3000 + "/",
        "/progress/workshops/ws_1/build-packs/%00/",
        "/progress/workshops/ws_1/steps/%00/output.json",
        "/progress/static/../pages.py",
        "/progress/static/%2e%2e/pages.py",
        "/progress//",
    ],
)
async def test_strange_request_is_answered(superuser: httpx.AsyncClient, path: str) -> None:
    """A malformed request gets a page or a rejection, never an error of the server."""
    await make_workshop()
    response = await superuser.get(path)
    assert response.status_code in (200, 404, 422), response.text
    assert "def show_board" not in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/progress/workshops/ws_nothing/",
        "/progress/workshops/ws_nothing/build-packs/bp_1/",
        "/progress/workshops/ws_nothing/steps/define/output.json",
        "/progress/nothing/",
    ],
)
async def test_what_does_not_exist_is_not_found(superuser: httpx.AsyncClient, path: str) -> None:
    """An unknown address or row is a page with status 404."""
    response = await superuser.get(path)
    assert response.status_code == 404
    assert "To the progress board" in response.text


async def test_build_pack_of_another_workshop_is_not_found(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """A build pack is found only under its own workshop."""
    one, other = await make_workshop(), await make_workshop()
    pack = await operations.generate_build_pack(one.id)
    assert (
        await superuser.get(f"/progress/workshops/{one.id}/build-packs/{pack.id}/")
    ).status_code == 200
    assert (
        await superuser.get(f"/progress/workshops/{other.id}/build-packs/{pack.id}/")
    ).status_code == 404


async def test_viewer_sees_everything_but_the_secrets_and_the_buttons(
    viewer: httpx.AsyncClient, superuser: httpx.AsyncClient
) -> None:
    """An operator who may only look sees the page without share token and forms."""
    workshop = await make_workshop(complete=2)
    token = await operations.share_workshop(workshop.id)
    page = f"/progress/workshops/{workshop.id}/"
    seen = (await viewer.get(page)).text
    assert "A bakery without waste" in seen
    assert token not in seen
    assert 'method="post"' not in seen[seen.index("<main") :]
    assert token in (await superuser.get(page)).text
    new = (await viewer.get("/progress/new/")).text
    assert 'method="post"' not in new[new.index("<main") :]


@pytest.mark.parametrize(
    "action",
    ["workshops/{id}/delete/", "workshops/{id}/status/", "new/", "people/erase/", "people/export/"],
)
async def test_viewer_changes_nothing(
    viewer: httpx.AsyncClient, action: str, database: str
) -> None:
    """A form sent by an operator who may only look is refused with a sentence."""
    workshop = await make_workshop()
    response = await viewer.post(
        f"/progress/{action.format(id=workshop.id)}",
        data={
            "title": workshop.title,
            "status": "active",
            "person": "user_ada",
            "typed": "user_ada",
            "owner": "user_eve",
        },
    )
    assert response.status_code == 403
    assert "look" in response.text
    assert await Workshop.count() == 1
    await workshop.refresh()
    assert workshop.status == "draft"


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ü", "another operator's"])
async def test_form_without_the_token_of_the_log_in_is_refused(
    superuser: httpx.AsyncClient, log_in: Browse, token: str | None
) -> None:
    """A form that the operator's own page did not show changes nothing."""
    workshop = await make_workshop()
    page = f"/progress/workshops/{workshop.id}/"
    if token == "another operator's":
        await make_operator("hedy", superuser=True)
        other = await (await log_in("hedy")).get(page)
        token = other.text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"status": "active"} | ({} if token is None else {"csrf_token": token})
    response = await superuser.post(f"{page}status/", data=data)
    assert response.status_code == 403
    assert "does not belong to this log-in" in response.text
    await workshop.refresh()
    assert workshop.status == "draft"


async def test_form_of_nobody_is_refused(stranger: httpx.AsyncClient) -> None:
    """A form that is sent after the log-in has ended is not carried out."""
    workshop = await make_workshop()
    response = await stranger.post(f"/progress/workshops/{workshop.id}/delete/", data={})
    assert response.status_code in (401, 403)
    assert await Workshop.count() == 1


@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
)
@pytest.mark.parametrize("body", [b"%", b"\xff\x00=&&&=", b"a=1&" * 200, b"x" * 300_000, b""])
async def test_malformed_form_is_refused(
    superuser: httpx.AsyncClient, body: bytes, media_type: str
) -> None:
    """A body that is no form, or too long, is a rejection and not an error of the server."""
    response = await superuser.post(
        "/progress/new/", content=body, headers={"Content-Type": media_type}
    )
    assert response.status_code in (400, 403, 413, 415, 422)


async def test_rows_of_other_applications_are_shown(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """A workshop without steps or owner, and one whose times are odd, have their page."""
    bare = Workshop(clerk_user_id="user_bare", title="Bare", original_idea="")
    await bare.save()
    odd = await make_workshop(title="Odd", complete=1)
    await WorkshopStep.raw(
        "UPDATE workshop_steps SET started_at = '1970-01-01', completed_at = '2999-01-01'"
        " WHERE workshop_id = {}",
        odd.id,
    )
    await WorkshopMember.delete().where(WorkshopMember.workshop_id == odd.id)
    for workshop in (bare, odd):
        page = await superuser.get(f"/progress/workshops/{workshop.id}/")
        assert page.status_code == 200
    for path in ("?q=bare", "people/?person=user_bare"):
        assert "no steps" in (await superuser.get(f"/progress/{path}")).text


async def test_form_keeps_what_was_typed(superuser: httpx.AsyncClient, database: str) -> None:
    """A refused form is shown again with its values and the reason."""
    response = await send(
        superuser,
        "/progress/new/",
        "/progress/new/",
        title=" ",
        owner="user_ada",
        idea="Bread\n<b>",
    )
    assert response.status_code == 422
    assert "must not be empty" in response.text
    assert 'value="user_ada"' in response.text
    assert "Bread\n&lt;b&gt;" in response.text


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("definitions/define/", {"name": "Pin down", "preview": "1"}, 200),
        ("definitions/define/", {"name": "Pin down"}, 409),
        ("people/erase/", {"person": "user_ada", "typed": "user_adda"}, 422),
    ],
)
async def test_form_is_answered_while_changes_wait(
    superuser: httpx.AsyncClient, database: str, action: str, fields: dict[str, str], status: int
) -> None:
    """A form that the page is shown again for needs no summary of the latest change."""
    await make_workshop()
    answer = await send(superuser, "/progress/new/", f"/progress/{action}", **fields)
    assert answer.status_code == status, answer.text


async def test_form_that_is_filled_in_otherwise_is_another_one(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """Who goes back to the form of a new workshop and changes the title gets another one."""
    page = "/progress/new/"
    places = [
        (await send(superuser, page, page, key="k", owner="user_ada", title=title)).headers[
            "location"
        ]
        for title in ("Bread", "Bread", "Seeds")
    ]
    assert places[0] == places[1] != places[2]
    assert await Workshop.count() == 2


async def test_workshop_tells_what_operators_did(superuser: httpx.AsyncClient) -> None:
    """Changes by operators to the workshop and what belongs to it are listed, others' are not."""
    workshop, other = await make_workshop(complete=1), await make_workshop()
    page = f"/progress/workshops/{workshop.id}/"
    assert "only the application has written" in (await superuser.get(page)).text
    await send(superuser, page, f"{page}reset/", step="empathize")
    await send(superuser, page, f"{page}share/")
    seen = (await superuser.get(page)).text
    traces = seen[seen.index('id="traces"') :]
    assert ">Reset step 1 (Empathize)<" in traces
    assert ">Shared<" in traces
    assert await operations.share_workshop(workshop.id) not in traces
    unseen = await superuser.get(f"/progress/workshops/{other.id}/")
    assert "only the application has written" in unseen.text


async def test_long_outputs_are_unfolded_on_request(superuser: httpx.AsyncClient) -> None:
    """A long output is folded up, and open where the URL says so."""
    workshop = await make_workshop()
    await operations.save_step_output(workshop.id, "empathize", {"text": "word " * 500})
    page = f"/progress/workshops/{workshop.id}/"
    assert "<details><summary>Output" in (await superuser.get(page)).text
    unfolded = (await superuser.get(f"{page}?unfolded=1")).text
    assert "<details open><summary>Output" in unfolded


async def test_person_page_tells_how_far_their_workshops_are(superuser: httpx.AsyncClient) -> None:
    """What a person takes part in is listed with progress, step and what an erasure leaves."""
    await make_workshop(title="Half", complete=5)
    shared = await make_workshop(title="Shared", clerk_user_id="user_bob")
    await operations.add_member(shared.id, "user_ada", role="owner")
    seen = (await superuser.get("/progress/people/?person=user_ada")).text
    assert "2 workshops, 2 of them as owner" in seen
    assert f">{500 // len(STEP_CATALOG)} %</td>" in seen
    assert ">Prioritize</td>" in seen
    assert ">kept by another owner</td>" in seen
    board = (await superuser.get("/progress/?owner=user_ada")).text
    assert 'href="/progress/people/?person=user_ada"' in board


async def test_views_above_the_board_find_what_they_say(superuser: httpx.AsyncClient) -> None:
    """The stuck, the finished and the paused are one click away; the view shown is marked."""
    await make_old(await make_workshop(title="Stuck", complete=1), days=20)
    await make_workshop(title="Moving", complete=1)
    await make_workshop(title="Through", complete=len(STEP_CATALOG))
    board = (await superuser.get("/progress/")).text
    views = board[board.index('class="views"') : board.index('<form class="filters')]
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', views)]
    found = [titles((await superuser.get(link)).text) for link in links]
    assert found[:4] == [["Through", "Moving", "Stuck"], ["Stuck"], ["Through"], []]
    assert 'aria-current="true">Stuck for 14 days' in (await superuser.get(links[1])).text


async def test_refused_action_is_told_with_its_sentence(superuser: httpx.AsyncClient) -> None:
    """Among what operators did is what was refused on the page, as the page said it."""
    workshop = await make_workshop(complete=1)
    page = f"/progress/workshops/{workshop.id}/"
    refused = await send(superuser, page, f"{page}complete/", step="empathize")
    assert refused.status_code == 409
    seen = (await superuser.get(page)).text
    traces = seen[seen.index('id="traces"') :]
    assert ">Refused: Step empathize of workshop" in traces


async def test_log_holds_the_sentence_of_a_refusal(
    superuser: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """Of a page that refuses, an entry has the reason alone, whichever page it is."""
    workshop = await make_workshop()
    page, board = f"/progress/workshops/{workshop.id}/", "/progress/"
    for name in ("One", "Two"):
        await send(superuser, board, f"{board}views/", name=name, view="?")
    view = await SavedView.objects().get(SavedView.name == "Two")
    assert view is not None
    await superuser.post(f"{page}share/", data={"csrf_token": "0"})
    await send(superuser, page, f"{page}status/", status="paused")
    await send(superuser, board, f"{board}views/{view.id}/rename/", name="One", view="?")
    await send(superuser, board, f"{board}chosen/", **{"do": "resume", f"pick-{workshop.id}": ""})
    await superuser.post(f"{board}steps/")
    assert [entry["summary"] for entry in await audit_log.entries(action="refused")] == [
        "The form does not belong to this log-in. Open the page again and repeat it.",
        f"Workshop {workshop.id} is draft and cannot become paused.",
        "There is another view of this name already.",
        "It is not paused.",
        HTTPStatus.METHOD_NOT_ALLOWED.description,
    ]


async def test_person_leads_to_one_page(superuser: httpx.AsyncClient, database: str) -> None:
    """An owner on the board, an owner and a member of a workshop lead to the person's page."""
    workshop = await make_workshop(clerk_user_id="user_ada")
    for page in ("/progress/", f"/progress/workshops/{workshop.id}/"):
        shown = (await superuser.get(f"{page}?status=active&status=draft")).text
        found = set(re.findall(r'<a class="subtle id" href="([^"]+)"[^>]*>user_ada', shown))
        assert found == {"/progress/people/?person=user_ada"}, page
