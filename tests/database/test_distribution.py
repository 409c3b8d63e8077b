"""Spreading the tables over a Citus cluster. Most of it needs one: ``TEST_CITUS_URL``."""

from __future__ import annotations

import os

import pytest

from workshops import operations
from workshops.database.distribution import DistributionError, distribute, is_distributed
from workshops.database.migrations import project_engine
from workshops.operations import details, step_reads
from workshops.relations import Prepared
from workshops.statements.execution import fetch

on_a_cluster = pytest.mark.skipif(
    not os.environ.get("TEST_CITUS_URL"), reason="TEST_CITUS_URL names no Citus cluster"
)


@pytest.mark.skipif(bool(os.environ.get("TEST_CITUS_URL")), reason="the server has Citus")
async def test_server_without_citus_is_refused(database: str) -> None:
    """It says that the extension is missing, and the tables stay as they are."""
    with pytest.raises(DistributionError, match="no extension citus"):
        await distribute(project_engine())
    assert not await is_distributed()
    assert (await operations.list_workshops("user_nobody")).items == []


@on_a_cluster
async def test_distributing_twice_changes_nothing(database: str) -> None:
    """The second run finds the tables distributed."""
    assert await is_distributed()
    assert await distribute(project_engine()) is False


@on_a_cluster
@pytest.mark.parametrize(
    ("prepared", "arguments"),
    [(details._by_id(frozenset(), False), ("ws_1",)), (step_reads._CONTEXT, ("ws_1", "define"))],
)
async def test_read_of_one_workshop_goes_to_one_node(
    database: str, prepared: Prepared, arguments: tuple[str, ...]
) -> None:
    """The plan is one task."""
    plan = await fetch(f"EXPLAIN {prepared.sql}", *prepared.arguments([*arguments]))
    assert "Task Count: 1" in "\n".join(row[0] for row in plan)
