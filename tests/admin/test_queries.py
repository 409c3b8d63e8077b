"""Every query that can be asked of the tables has an answer: rows, or a sentence, never a 500."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.factories import make_workshop
from workshops import operations, projection
from workshops.admin import catalogue  # noqa: F401 - it registers the tables
from workshops.admin.registry import registered
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop

API = "/admin/api/tables"
TABLES = [table.name for table in registered()]


ODD_QUERIES = [
    "__order=nothing",
    "__order=",
    "__order=-",
    "__order=workshop_id.title",
    "__order=id&__order=id",
    "__page=0",
    "__page=-1",
    "__page=99999999999999999999",
    "__page=x",
    "__page_size=0",
    "__page_size=-5",
    "__page_size=1001",
    "__page_size=99999999999999999999",
    "__visible_fields=",
    "__visible_fields=nothing",
    "__visible_fields=id,id",
    "__readable=maybe",
    "__range_header=true&__range_header_name=%0d%0aSet-Cookie:x",
    "id__operator=like",
    "id__match=nearly&id=1",
    "id=%00",
    "id=a%00b",
    "nothing=1",
    "nothing__operator=is_null",
    "__class__=1",
    "id__operator=e&id__operator=ne",
    "id__match=exact&id__match=starts&id=1",
    "__page=1&__page=2",
    "__page_size=1&__page_size=2",
    "__readable=true&__readable=true",
    "__visible_fields=id&__visible_fields=id",
    "__range_header_name=a&__range_header_name=b&__range_header=true",
    "created_at=yesterday",
    "created_at=2026-01-01T00:00:00Z",
    "created_at=0001-01-01T00:00:00&created_at__operator=lt",
    "created_at=9999-12-31T23:59:59-23:59",
    "title=a&title=b",
    "status=null",
    "order=99999999999999999999",
]


@pytest.mark.parametrize("table", TABLES)
async def test_odd_queries_are_answered(superuser: httpx.AsyncClient, table: str) -> None:
    """Lists, counts and single rows answer an odd query with less than 500."""
    for query in ODD_QUERIES:
        for path in ("", "count/", "ids/", "nothing/"):
            response = await superuser.get(f"{API}/{table}/{path}?{query}")
            assert response.status_code < 500, (path, query)


@pytest.mark.parametrize("table", TABLES)
async def test_keys_that_nothing_has_are_not_found(
    superuser: httpx.AsyncClient, table: str
) -> None:
    """A key that cannot exist is answered with 4xx, whatever the method."""
    for row_id in ("0", "-1", "9" * 20, "%00", "a%00b", "%ED%A0%80", "x" * 5000):
        for method in ("GET", "PATCH", "DELETE", "PUT"):
            body = None if method == "GET" else {"title": "x"}
            response = await superuser.request(method, f"{API}/{table}/{row_id}/", json=body)
            assert 400 <= response.status_code < 500, (row_id, method)


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "offset=-1", "offset=1;DROP TABLE"])
async def test_ids_take_only_numbers(superuser: httpx.AsyncClient, query: str) -> None:
    """The search of a foreign key refuses odd limits."""
    response = await superuser.get(f"{API}/workshops/ids/?{query}")
    assert response.status_code in (400, 422)


async def test_ids_are_bounded(superuser: httpx.AsyncClient) -> None:
    """Without a limit, and with a large one, the search sends at most a hundred rows."""
    for _ in range(105):
        await operations.create_workshop(clerk_user_id="u", title="t", original_idea="")
    for query in ("", "?limit=100000"):
        assert len((await superuser.get(f"{API}/workshops/ids/{query}")).json()) == 100


async def test_search_takes_signs_literally(superuser: httpx.AsyncClient) -> None:
    """%, _ and \\ in a search or a filter stand for themselves."""
    for title in ("100% wool", "1000 wool", "a_b", "axb", "back\\slash"):
        await make_workshop(title=title)
    for text, found in (("100%", ["100% wool"]), ("a_b", ["a_b"]), ("\\", ["back\\slash"])):
        ids = await superuser.get(f"{API}/workshops/ids/", params={"search": text})
        assert list(ids.json().values()) == found
        for match in ("contains", "starts", "ends"):
            params = {"title": text, "title__match": match}
            rows = (await superuser.get(f"{API}/workshops/", params=params)).json()["rows"]
            assert {row["title"] for row in rows} <= set(found)
        params = {"title": text, "title__match": "contains"}
        rows = (await superuser.get(f"{API}/workshops/", params=params)).json()["rows"]
        assert [row["title"] for row in rows] == found


async def titles(client: httpx.AsyncClient, **params: Any) -> set[str]:
    """Return the titles that a filter finds."""
    response = await client.get(f"{API}/workshops/", params=params)
    return {row["title"] for row in response.json()["rows"]}


async def test_not_equal_finds_the_others(superuser: httpx.AsyncClient) -> None:
    """The filter "not equal" on text and on choices leaves the equal rows out."""
    await make_workshop(title="draft")
    active = await make_workshop(title="active", org_id="org_1")
    await operations.set_workshop_status(active.id, "active")
    assert await titles(superuser, status="active", status__operator="ne") == {"draft"}
    assert await titles(superuser, status="active", status__operator="e") == {"active"}
    assert await titles(superuser, org_id="org_1", org_id__operator="ne") == {"draft"}
    assert await titles(superuser, title="ACT", title__operator="ne") == {"draft"}


async def test_json_is_filtered_by_null_only(superuser: httpx.AsyncClient) -> None:
    """A filter on output is refused, except for whether there is one."""
    workshop = await make_workshop()
    await operations.complete_step(workshop.id, "empathize", output={"a": 1})
    refused = await superuser.get(f"{API}/workshop_steps/", params={"output": '{"a": 1}'})
    assert refused.status_code == 400
    params = {"output__operator": "not_null"}
    found = (await superuser.get(f"{API}/workshop_steps/", params=params)).json()["rows"]
    assert [row["step_id"] for row in found] == ["empathize"]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("workshops", "share_token"),
        ("piccolo_user", "password"),
        ("admin_sessions", "token"),
    ],
)
async def test_secrets_can_neither_be_asked_for_nor_guessed(
    superuser: httpx.AsyncClient, table: str, column: str
) -> None:
    """A secret column is no field to show, to sort by or to filter by."""
    for query in (
        f"__visible_fields={column}",
        f"__order={column}",
        f"{column}=a",
        f"{column}=a&{column}__match=starts",
        f"{column}=a&{column}__operator=gt",
    ):
        response = await superuser.get(f"{API}/{table}/?{query}")
        assert response.status_code in (400, 422), query


async def test_progress_lists_filters_and_sorts(superuser: httpx.AsyncClient) -> None:
    """workshop_progress shows how far each workshop is, and what comes next."""
    bakery = await make_workshop(title="Bakery")
    await make_workshop(title="Garden")
    await operations.complete_step(bakery.id, "empathize")
    await projection.refresh()
    params = {"progress": "0", "progress__operator": "gt", "__readable": "true"}
    [row] = (await superuser.get(f"{API}/workshop_progress/", params=params)).json()["rows"]
    assert row["title"] == "Bakery"
    assert (row["steps_complete"], row["steps_total"]) == (1, len(STEP_CATALOG))
    assert row["progress"] == 100 // len(STEP_CATALOG)
    assert row["current_step_id_readable"] == "Define"
    single = await superuser.get(f"{API}/workshop_progress/{bakery.id}/?__readable=true")
    assert single.json()["title"] == "Bakery"
    by_progress = await superuser.get(f"{API}/workshop_progress/?__order=-progress")
    assert [row["title"] for row in by_progress.json()["rows"]] == ["Bakery", "Garden"]


@pytest.mark.parametrize("order", ["visibility", "-visibility"])
async def test_pages_of_a_sorted_list_have_each_row_once(
    superuser: httpx.AsyncClient, order: str
) -> None:
    """Also by a column that is the same in all rows."""
    rows = (
        Workshop(clerk_user_id="user_ada", title=str(number), original_idea="")
        for number in range(120)
    )
    await Workshop.insert(*rows)
    seen = []
    for page in range(1, 9):
        query = f"__order={order}&__page_size=15&__page={page}"
        answer = await superuser.get(f"{API}/workshops/?{query}")
        seen += [row["title"] for row in answer.json()["rows"]]
    assert sorted(seen, key=int) == [str(number) for number in range(120)]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_read_only_tables_refuse_writes(superuser: httpx.AsyncClient, method: str) -> None:
    """workshop_progress and the audit log answer writes with 405 and a sentence."""
    workshop = await make_workshop()
    await projection.refresh()
    await superuser.delete(f"{API}/workshops/{workshop.id}/")  # refused, and logged
    entries = (await superuser.get(f"{API}/admin_audit_log/")).json()["rows"]
    for table, row_id, body in (
        ("workshop_progress", workshop.id, {"title": "x"}),
        ("admin_audit_log", entries[0]["id"], {"summary": "x"}),
    ):
        response = await superuser.request(method, f"{API}/{table}/{row_id}/", json=body)
        assert response.status_code == 405
        assert "looked at only" in response.json()["detail"]


MALFORMED: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"1", "application/json"),
    (b"null", "application/json"),
    (b'{"title": NaN}', "application/json"),
    (b'{"title": "a\\u0000"}', "application/json"),
    (b'{"\\ud800": 1}', "application/json"),
    (b'{"order": 1' + b"0" * 5000 + b"}", "application/json"),
    (b"[" * 200_000, "application/json"),
    (b"\xff\xfe{\x00}\x00", "application/json"),
    (b"title=a%00b", "application/x-www-form-urlencoded"),
    (b"title=a", "application/x-www-form-urlencoded"),
    (b"1", "application/x-www-form-urlencoded"),
    (b'["="]', "application/x-www-form-urlencoded"),
    (b"--x", "multipart/form-data; boundary=x"),
    (b"<a/>", "text/xml"),
    (b'{"username": 1, "password": 2}', "application/json"),
    (b'{"username": ["a"], "password": {}}', "application/json"),
    (b'{"current_password": 1, "new_password": 2, "confirm_new_password": 2}', "application/json"),
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "public/login/"),
        ("POST", "api/change-password/"),
        ("POST", "api/forms/nothing/"),
        ("POST", "api/media/"),
        ("POST", "api/media/generate-file-url/"),
        *(("POST", f"api/tables/{table}/") for table in TABLES),
        *(("PATCH", f"api/tables/{table}/define/") for table in TABLES),
        ("PATCH", "api/tables/piccolo_user/1/"),
        ("DELETE", "api/tables/sessions/nothing/"),
    ],
)
async def test_malformed_requests_are_refused(
    superuser: httpx.AsyncClient, method: str, path: str
) -> None:
    """A body that is not what the address expects is answered with 4xx."""
    for body, content_type in MALFORMED:
        response = await superuser.request(
            method, f"/admin/{path}", content=body, headers={"Content-Type": content_type}
        )
        assert 400 <= response.status_code < 500, body[:100]


@pytest.mark.parametrize("table", [*TABLES])
async def test_times_out_of_range_are_refused(superuser: httpx.AsyncClient, table: str) -> None:
    """A new row with a time that has no equal in UTC is a 4xx."""
    workshop = await make_workshop()
    row = {"workshop_id": workshop.id, "step_id": "define", "clerk_user_id": "u", "title": "t"}
    row |= {"original_idea": "", "role": "editor", "username": "u", "password": "a password"}
    schema = (await superuser.get(f"{API}/{table}/schema/")).json()["properties"]
    for name in schema:
        if schema[name].get("format") == "date-time" or name.endswith("_at"):
            body = {key: value for key, value in row.items() if key in schema}
            body[name] = "0001-01-01T00:00:00+14:00"
            response = await superuser.post(f"{API}/{table}/", json=body)
            assert response.status_code < 500, name


async def test_large_requests_are_refused(superuser: httpx.AsyncClient) -> None:
    """More than 16 MiB is a 413; of a stranger, more than 16 KiB."""
    address = f"{API}/workshops/"
    body = b'{"title": "' + b"x" * 17_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    assert (await superuser.post(address, content=body, headers=headers)).status_code == 413
    superuser.cookies.delete("id")
    body = body[:17_000]
    assert (await superuser.post(address, content=body, headers=headers)).status_code == 413


@pytest.mark.parametrize("cookie", ['id="\\000"', 'id="a\\000b"', "id=\u00e4", "id=" + "x" * 9000])
async def test_odd_cookies_are_nobodys(superuser: httpx.AsyncClient, cookie: str) -> None:
    """A session cookie that could not be ours is answered with 401, in whichever header."""
    superuser.cookies.clear()
    for first in ([], [(b"Cookie", b"csrftoken=a")]):
        headers = [*first, (b"Cookie", cookie.encode("latin-1"))]
        response = await superuser.get(f"{API}/workshops/", headers=headers)
        assert response.status_code == 401
