"""Tables of an application in the admin, and a Piccolo Admin that is not known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from piccolo.columns import Integer, Serial, Text
from piccolo.table import Table
from piccolo_admin import endpoints as admin_endpoints

from tests.admin.conftest import AuditLog, log_in_to, make_operator, whole_site
from workshops.admin import registry
from workshops.admin.registry import AdminTable, register, write
from workshops.admin.settings import AdminSettings
from workshops.admin.site import UnknownAdminError, create_site
from workshops.tables import TABLES, StepDefinition, Workshop

API = "/admin/api/tables"


class Invoice(Table, tablename="invoices"):
    """A table of somebody's own application."""

    id: Serial
    number = Text()
    total = Integer(null=True, default=None)


@pytest.fixture
async def client(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A superuser in a site that shows invoices, whose totals can be changed, and no more."""
    monkeypatch.setattr(registry, "_TABLES", dict(registry._TABLES))
    register(
        AdminTable(
            Invoice,
            columns=(Invoice.number, Invoice.total),
            order_by=(Invoice.number,),
            menu_group="Billing",
            editable=(Invoice.total,),
            change=write,
        )
    )
    await Invoice.create_table()
    await Invoice.raw(
        "CREATE TRIGGER admin_audit AFTER INSERT OR UPDATE OR DELETE ON invoices FOR EACH ROW"
        " WHEN (current_setting('workshops.operator', true) <> '')"
        " EXECUTE FUNCTION workshops_admin.audit_row()"
    )
    await Invoice(number="A1", total=5).save()
    await make_operator("grace", superuser=True)
    async with aclosing(await log_in_to(whole_site(AdminSettings()), "grace")) as client:
        yield client
    await Invoice.alter().drop_table()


async def test_table_of_an_application_is_shown_and_changed(
    client: httpx.AsyncClient, audit_log: AuditLog
) -> None:
    """It is listed in its group; what its record allows is written and logged."""
    groups = (await client.get(f"{API}/grouped/")).json()["grouped"]
    assert groups["Billing"] == ["invoices"]
    [row] = (await client.get(f"{API}/invoices/")).json()["rows"]
    version = (await client.get(f"{API}/invoices/{row['id']}/")).json()["row_version"]
    body = {"number": "A1", "total": 7, "row_version": version}
    assert (await client.patch(f"{API}/invoices/{row['id']}/", json=body)).json()["total"] == 7
    [entry] = await audit_log.entries(table_name="invoices")
    assert (entry["operator"], entry["changes"]) == ("grace", {"total": ["5", "7"]})
    stale = await client.patch(f"{API}/invoices/{row['id']}/", json={**body, "total": 8})
    assert stale.status_code == 409


async def test_what_its_record_does_not_allow_is_refused(client: httpx.AsyncClient) -> None:
    """Without a rule nothing is added or deleted, and only the named columns change."""
    [row] = (await client.get(f"{API}/invoices/")).json()["rows"]
    address = f"{API}/invoices/{row['id']}/"
    assert (await client.post(f"{API}/invoices/", json={"number": "A2"})).status_code == 405
    assert (await client.delete(address)).status_code == 405
    assert (await client.patch(address, json={"number": "A2"})).status_code == 422


@pytest.mark.parametrize("name", ["PiccoloCRUD", "SessionsAuthBackend"])
@pytest.mark.parametrize("change", ["renamed", "not used"])
def test_site_does_not_start_unguarded(
    monkeypatch: pytest.MonkeyPatch, name: str, change: str
) -> None:
    """Where a class of Piccolo Admin has moved, the start fails with a sentence."""
    if change == "renamed":
        monkeypatch.delattr(admin_endpoints, name)
    else:
        original: Any = getattr(admin_endpoints, name)
        create = admin_endpoints.create_admin

        def create_otherwise(*args: Any, **kwargs: Any) -> Any:
            setattr(admin_endpoints, name, original)
            return create(*args, **kwargs)

        monkeypatch.setattr("workshops.admin.site.create_admin", create_otherwise)
    with pytest.raises(UnknownAdminError, match=f"cannot be used: it .* {name}"):
        create_site(AdminSettings())


def test_site_does_not_start_with_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the page of Piccolo Admin has no head to put the script into, the start fails too."""

    class Router(admin_endpoints.AdminRouter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.template = self.template.replace("<head>", "<HEAD>")

    monkeypatch.setattr(admin_endpoints, "AdminRouter", Router)
    with pytest.raises(UnknownAdminError, match="no <head>"):
        create_site(AdminSettings())


async def test_the_newest_rows_of_every_table_are_found_by_an_index(database: str) -> None:
    """A list of the admin begins with them."""
    rows = await Workshop.raw(
        "SELECT indrelid::regclass::text AS table, attname::text AS name FROM pg_index"
        " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] WHERE indpred IS NULL"
    )
    indexed = {(row["table"], row["name"]) for row in rows}
    for table in TABLES:
        if newest_by := registry.find(table).newest_by:
            assert (table._meta.tablename, newest_by._meta.name) in indexed


async def test_every_table_has_its_triggers_and_its_place_in_the_admin(database: str) -> None:
    """What operators change is logged, and what is in a workshop moves its summary."""
    rows = await Workshop.raw(
        "SELECT tgrelid::regclass::text AS table, tgname::text AS name"
        " FROM pg_trigger WHERE NOT tgisinternal"
    )
    for table in TABLES:
        name = table._meta.tablename
        triggers = {row["name"] for row in rows if row["table"] == name}
        needed = {"admin_add", "admin_update", "admin_delete", "admin_truncate"}
        if table is StepDefinition:
            needed = {"admin_audit", "admin_order"}
        assert needed <= triggers, f"{name} lacks {needed - triggers}."
        assert registry.find(table).table is table
