"""The lists of the admin, as its browser part asks for them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.factories import make_workshop, step_of
from workshops import operations
from workshops.admin import catalogue  # noqa: F401 - it registers the tables
from workshops.admin.registry import AdminTable, find, registered
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import TABLES, BuildPack, Session, WorkshopMember, WorkshopStep

TABLE_NAMES = [table._meta.tablename for table in TABLES]

# One filter a table that finds some of the rows below, and a number of rows it finds.
FILTERS: dict[str, tuple[dict[str, str], int]] = {
    "workshops": ({"title": "bakery", "title__match": "contains"}, 1),
    "workshop_members": ({"role": "viewer", "role__match": "exact"}, 1),
    "step_definitions": ({"order": "8", "order__operator": "gt"}, 2),
    "workshop_steps": ({"status": "in_progress", "status__operator": "e"}, 1),
    "sessions": ({"ended_at__operator": "is_null"}, 2),
    "build_packs": ({"format_type": "json", "format_type__operator": "e"}, 1),
}


@pytest.fixture
async def rows(database: str) -> None:
    """Two workshops with a few rows in every table."""
    bakery = await make_workshop(title="A bakery without waste")
    garden = await make_workshop(title="A garden on every roof", clerk_user_id="user_bob")
    await WorkshopMember(workshop_id=garden.id, clerk_user_id="user_eve", role="viewer").save()
    step = await step_of(bakery, "empathize")
    step.status, step.output = "in_progress", {"insights": ["a long list"]}
    await step.save()
    for workshop in (bakery, garden):
        await Session(workshop_id=workshop.id).save()
    await BuildPack(workshop_id=bakery.id, title="Bakery", content="# Bakery").save()
    await BuildPack(workshop_id=garden.id, title="Garden", format_type="json", content="{}").save()


async def fetch(client: httpx.AsyncClient, table: str, **params: str) -> list[dict[str, Any]]:
    """Return the rows that the list shows."""
    response = await client.get(
        f"/admin/api/tables/{table}/", params={"__page_size": "100", **params}
    )
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["rows"]
    return found


async def schema(client: httpx.AsyncClient, table: str) -> dict[str, Any]:
    """Return how the browser part is told to show a table."""
    response = await client.get(f"/admin/api/tables/{table}/schema/")
    extra: dict[str, Any] = response.json()["extra"]
    return extra


async def test_site_is_named_and_groups_its_tables(superuser: httpx.AsyncClient) -> None:
    """The site is called WorkshopPilot and lists every table in a group."""
    meta = (await superuser.get("/admin/public/meta/")).json()
    groups = (await superuser.get("/admin/api/tables/grouped/")).json()
    assert meta["site_name"] == "WorkshopPilot"
    assert groups["ungrouped"] == []
    assert set(TABLE_NAMES) <= {name for names in groups["grouped"].values() for name in names}


@pytest.mark.parametrize("page", ["", "api/docs/", "public/docs/"])
async def test_no_page_runs_scripts_of_another_server(
    superuser: httpx.AsyncClient, page: str
) -> None:
    """The library's pages about its API neither, which would."""
    response = await superuser.get(f"/admin/{page}")
    assert response.status_code == 200
    policy = response.headers["content-security-policy"].split("; ")
    assert "script-src 'self' 'unsafe-eval'" in policy


@pytest.mark.parametrize("table", registered(), ids=lambda table: table.name)
async def test_every_table_follows_the_rules_of_lists(table: AdminTable) -> None:
    """A key is shown only as the link, JSON never; times keep milliseconds."""
    config = table.config()
    visible = config.get_visible_column_names()
    key = config.table_class._meta.primary_key._meta.name
    link = config.get_link_column()._meta.name
    assert link in visible
    assert key not in visible or key == link
    assert config.order_by
    assert not any(
        column._meta.name in (*visible, *config.get_visible_filter_names())
        for column in config.table_class._meta.json_columns
    )
    times = {
        column._meta.name
        for column in config.table_class._meta.columns
        if column.value_type is datetime
    }
    assert set(config.get_time_resolution()) == times
    assert set(config.get_time_resolution().values()) <= {0.001}


@pytest.mark.parametrize("table", TABLE_NAMES)
async def test_filter_finds_the_matching_rows(
    superuser: httpx.AsyncClient, rows: None, table: str
) -> None:
    """A filter returns the matching rows, and counts them alike."""
    params, number = FILTERS[table]
    found = await fetch(superuser, table, __readable="true", **params)
    count = await superuser.get(f"/admin/api/tables/{table}/count/", params=params)
    assert len(found) == number == count.json()["count"]


@pytest.mark.parametrize("table", TABLE_NAMES)
async def test_every_column_of_a_list_sorts_both_ways(
    superuser: httpx.AsyncClient, rows: None, table: str
) -> None:
    """Each visible column sorts upwards and downwards."""
    for column in (await schema(superuser, table))["visible_column_names"]:
        upwards = [row["id"] for row in await fetch(superuser, table, __order=f"{column},id")]
        downwards = [row["id"] for row in await fetch(superuser, table, __order=f"-{column},-id")]
        assert len(upwards) > 1
        assert upwards == downwards[::-1]


@pytest.mark.parametrize("table", TABLE_NAMES)
async def test_csv_export_holds_every_row_with_readable_names(
    superuser: httpx.AsyncClient, rows: None, table: str
) -> None:
    """What the CSV button asks for holds all rows and a name beside each foreign key."""
    extra = await schema(superuser, table)
    columns = extra["visible_column_names"]
    found = await fetch(
        superuser,
        table,
        __page_size="1000",
        __page="1",
        __readable="true",
        __visible_fields=",".join(columns),
        __order=",".join(
            ("" if order["ascending"] else "-") + order["column"] for order in extra["order_by"]
        ),
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, found[0])
    writer.writeheader()
    writer.writerows(found)
    lines = list(csv.DictReader(io.StringIO(text.getvalue())))
    count = (await superuser.get(f"/admin/api/tables/{table}/count/")).json()["count"]
    assert len(lines) == count
    assert set(columns) <= set(lines[0])
    for column in columns:
        if column in ("workshop_id", "step_id"):
            assert all(line[f"{column}_readable"] for line in lines)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
async def test_csv_export_holds_no_formula(superuser: httpx.AsyncClient, sign: str) -> None:
    """What the CSV button asks for begins with a quote where a spreadsheet would calculate."""
    title = f'{sign}HYPERLINK("http://evil.example")'
    workshop = await make_workshop(title=title)
    [row] = await fetch(superuser, "workshops", __page_size="1000")
    assert row["title"] == f"'{title}"
    [row] = await fetch(superuser, "workshops")
    assert row["title"] == title
    single = await superuser.get(f"/admin/api/tables/workshops/{workshop.id}/")
    assert single.json()["title"] == title


async def test_steps_are_listed_with_workshop_step_and_status(
    superuser: httpx.AsyncClient, rows: None
) -> None:
    """A row of workshop_steps shows the workshop's title, the step's name and its status."""
    first = (await fetch(superuser, "workshop_steps", __readable="true", __order="-updated_at"))[0]
    assert first["workshop_id_readable"] == "A bakery without waste"
    assert first["step_id_readable"] == "Empathize"
    assert first["status"] == "in_progress"


async def test_lists_are_newest_first(superuser: httpx.AsyncClient, rows: None) -> None:
    """The default order of the tables with a time is latest first."""
    for table in set(TABLE_NAMES) - {"step_definitions"}:
        first = (await schema(superuser, table))["order_by"][0]
        assert first["column"] in ("updated_at", "created_at", "started_at")
        assert first["ascending"] is False


async def test_times_are_milliseconds_in_utc(superuser: httpx.AsyncClient, rows: None) -> None:
    """A row's time arrives as it is stored."""
    step = await WorkshopStep.objects().order_by(WorkshopStep.updated_at, ascending=False).first()
    assert step is not None
    response = await superuser.get(f"/admin/api/tables/workshop_steps/{step.id}/")
    assert response.json()["updated_at"].startswith(
        step.updated_at.isoformat(timespec="milliseconds")
    )


async def test_secrets_are_never_sent(superuser: httpx.AsyncClient) -> None:
    """Neither share tokens nor passwords nor session tokens leave the server."""
    workshop = await make_workshop(share_token="share-secret", visibility="shared")
    for address in (
        "workshops/",
        f"workshops/{workshop.id}/",
        "piccolo_user/",
        "piccolo_user/1/",
        "admin_sessions/",
        "admin_sessions/1/",
    ):
        text = (await superuser.get(f"/admin/api/tables/{address}")).text
        assert "share-secret" not in text
        assert "pbkdf2" not in text
        assert superuser.cookies["id"] not in text


async def test_nothing_is_shown_without_a_log_in(superuser: httpx.AsyncClient) -> None:
    """Every address of the API answers 401 to a stranger."""
    superuser.cookies.delete("id")
    for address in ("tables/", "tables/workshops/", "user/", "links/"):
        assert (await superuser.get(f"/admin/api/{address}")).status_code == 401


async def test_steps_are_listed_in_their_order(superuser: httpx.AsyncClient) -> None:
    """The steps of a workshop, all made at one moment, come by definition, not by random key."""
    for title in ("One", "Two"):
        await operations.create_workshop(clerk_user_id="user_ada", title=title, original_idea="")
    table = find(WorkshopStep).config()
    order = ",".join(
        f"{'' if by.ascending else '-'}{by.column._meta.name}" for by in table.order_by or ()
    )
    for asked in ({"__order": order}, {}):
        found = await superuser.get(
            "/admin/api/tables/workshop_steps/", params={**asked, "__page_size": "100"}
        )
        steps = [row["step_id"] for row in found.json()["rows"]]
        assert steps == [step.id for step in STEP_CATALOG] * 2
