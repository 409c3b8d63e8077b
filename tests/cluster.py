"""Tests of what a Citus cluster does otherwise (docs/scaling.md), or alone."""

from __future__ import annotations

import os

import pytest

ON_A_CLUSTER = bool(os.environ.get("TEST_CITUS_URL"))

on_a_cluster = pytest.mark.skipif(not ON_A_CLUSTER, reason="TEST_CITUS_URL names no Citus cluster")


def not_on_a_cluster(row: str) -> pytest.MarkDecorator:
    """Skip a test on a cluster; docs/scaling.md has the row that says what is otherwise there."""
    return pytest.mark.skipif(ON_A_CLUSTER, reason=f"docs/scaling.md, On a Citus cluster: {row}")
