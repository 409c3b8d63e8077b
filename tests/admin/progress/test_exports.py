"""The board and the funnel as files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.admin.conftest import AuditLog, Desk
from tests.admin.progress.conftest import make_old, make_workshop
from tests.operations.concurrency import outside, transaction, until_waiting
from workshops.admin.progress import board, board_pages
from workshops.columns import utc_now
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import Workshop


def rows_of(response: httpx.Response) -> list[dict[str, str]]:
    """Return the rows of a CSV file, which begins with a byte order mark."""
    assert response.status_code == 200
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


async def test_csv_has_the_rows_of_all_pages_in_the_order_of_the_board(
    viewer: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may look may take: filtered and sorted as the page is, beyond its first page."""
    monkeypatch.setattr(board, "ROWS_AT_A_TIME", 2)
    for number in range(5):
        await make_old(await make_workshop(title=f"Garden {number}"), days=10 - number)
    await make_workshop(title="A bakery", clerk_user_id="user_eve")
    response = await viewer.get("/progress/board.csv?owner=user_ada&sort=creation&order=up")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert ".csv" in response.headers["content-disposition"]
    assert [row["title"] for row in rows_of(response)] == [f"Garden {n}" for n in range(5)]


async def test_csv_says_what_the_board_says(viewer: httpx.AsyncClient, database: str) -> None:
    """A column for each fact, and one for each step."""
    workshop = await make_workshop(title="Bäckerei „Süß“", complete=2, org_id="org_bread")
    [row] = rows_of(await viewer.get("/progress/board.csv"))
    assert row["id"] == workshop.id
    assert (row["title"], row["owner"]) == ("Bäckerei „Süß“", "user_ada")
    assert (row["organisation"], row["status"]) == ("org_bread", "active")
    assert (row["steps_complete"], row["steps_total"]) == ("2", str(len(STEP_CATALOG)))
    assert row["progress"] == str(200 // len(STEP_CATALOG))
    assert row["current_step"] == "ideate"
    assert row["created_at (UTC)"] == workshop.created_at.isoformat(sep=" ", timespec="seconds")
    assert [row[step.id] for step in STEP_CATALOG[:4]] == [
        "complete",
        "complete",
        "in_progress",
        "not_started",
    ]


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)"])
async def test_no_text_is_a_formula(viewer: httpx.AsyncClient, database: str, title: str) -> None:
    """A text that a spreadsheet would run begins with a quote in CSV, and not in JSON."""
    await make_workshop(title=title)
    assert rows_of(await viewer.get("/progress/board.csv"))[0]["title"] == f"'{title}"
    assert (await viewer.get("/progress/board.json")).json()[0]["title"] == title


async def test_json_keeps_types(viewer: httpx.AsyncClient, database: str) -> None:
    """Times are in UTC and numbers are numbers; without a workshop the array is empty."""
    assert (await viewer.get("/progress/board.json")).json() == []
    workshop = await make_workshop(complete=1)
    [row] = (await viewer.get("/progress/board.json")).json()
    assert row["created_at"] == workshop.created_at.isoformat(timespec="milliseconds") + "Z"
    assert (row["progress"], row["organisation"]) == (100 // len(STEP_CATALOG), None)
    assert row["steps"]["empathize"] == "complete"


async def test_funnel_is_exported_as_it_is_filtered(
    viewer: httpx.AsyncClient, database: str
) -> None:
    """Steps and weeks as CSV, all of it as JSON."""
    await make_workshop(complete=1)
    await make_old(await make_workshop(), days=60)
    steps = rows_of(await viewer.get("/progress/steps.csv"))
    assert [row["at"] for row in steps[:2]] == ["1", "1"]
    assert rows_of(await viewer.get("/progress/steps.csv?period=30"))[0]["at"] == "0"
    assert len(rows_of(await viewer.get("/progress/weeks.csv?period=30"))) == 1
    funnel = (await viewer.get("/progress/steps.json")).json()
    assert funnel["total"] == 2
    assert funnel["steps"][0]["step"] == "empathize"
    today = utc_now().date()
    assert funnel["weeks"][-1]["monday"] == str(today - timedelta(days=today.weekday()))


async def test_each_file_is_an_entry_in_the_audit_log(
    viewer: httpx.AsyncClient, database: str, audit_log: AuditLog
) -> None:
    """Who took what, with which filters."""
    await viewer.get("/progress/board.csv?status=paused&owner=user_ada")
    [entry] = await audit_log.entries(action="exported")
    assert entry["operator"] == "vera"
    assert entry["summary"] == "The board as CSV ?status=paused&owner=user_ada"
    assert entry["request_line"] == "GET /progress/board.csv"


async def test_strangers_get_nothing(stranger: httpx.AsyncClient) -> None:
    """Without a log-in a file leads to the log-in."""
    response = await stranger.get("/progress/board.csv")
    assert response.status_code == 303


async def test_only_few_are_sent_at_once(
    viewer: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than the limit is told to wait, and those that were sent do not count."""
    for _ in range(board_pages.MOST_AT_ONCE + 1):
        assert (await viewer.get("/progress/board.csv")).status_code == 200
    monkeypatch.setattr(board_pages, "MOST_AT_ONCE", 0)
    response = await viewer.get("/progress/board.csv")
    assert response.status_code == 503
    assert "Try again in a minute" in response.text


async def test_one_that_has_only_begun_counts(
    viewer: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at the same moment would take all connections."""
    monkeypatch.setattr(board_pages, "MOST_AT_ONCE", 1)
    async with transaction():
        await Workshop.raw("LOCK TABLE step_definitions")
        begun = outside(viewer.get("/progress/board.csv"))
        await until_waiting(1)
        assert (await outside(viewer.get("/progress/board.csv"))).status_code == 503
    assert (await begun).status_code == 200


@pytest.mark.browser
async def test_links_on_the_pages_keep_the_filters(desk: Desk, tmp_path: Path) -> None:
    """What is downloaded from a filtered page is filtered."""
    await make_workshop(title="A bakery")
    await make_workshop(title="A garden")
    await desk.page.goto(f"{desk.address}/progress/")
    await desk.page.get_by_label("Search in titles").fill("bakery")
    await desk.page.get_by_role("button", name="Show").click()
    await expect(desk.page.locator(".count")).to_contain_text("One workshop")
    async with desk.page.expect_download() as found:
        await desk.page.get_by_role("link", name="CSV").click()
    download = await found.value
    await download.save_as(tmp_path / "board.csv")
    content = (tmp_path / "board.csv").read_text("utf-8-sig")
    assert "A bakery" in content
    assert "A garden" not in content
    await desk.page.goto(f"{desk.address}/progress/steps/")
    async with desk.page.expect_download() as found:
        await desk.page.get_by_role("link", name="weeks as CSV").click()
    assert (await found.value).suggested_filename.startswith("weeks-")
    assert desk.complaints == []
