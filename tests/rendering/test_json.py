"""Packs as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given

from workshops.rendering import render_json
from workshops.rendering.labels import DEEPEST_JSON, dump_json

from .packs import PANTRY_OUTPUTS, half_done_pack, pack, pantry_pack, strange_pack
from .strategies import outputs

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "build-pack.schema.json").read_text(encoding="utf-8")
)


def test_pack_has_the_documented_shape() -> None:
    """Realistic packs, finished or not, follow the schema in the docs."""
    validator = jsonschema_rs.validator_for(SCHEMA)
    for document in (pantry_pack(), half_done_pack(), strange_pack(), pack({})):
        validator.validate(json.loads(render_json(document)))


def test_schema_refuses_what_is_no_pack() -> None:
    """A missing part and an unknown one are both errors."""
    validator = jsonschema_rs.validator_for(SCHEMA)
    data = json.loads(render_json(half_done_pack()))
    for name in data:
        assert not validator.is_valid({key: data[key] for key in data if key != name})
    assert not validator.is_valid({**data, "more": 1})
    assert not validator.is_valid({**data, "version": 2})


def test_outputs_are_unchanged_conversations_included() -> None:
    """JSON is for programs: nothing is summarised."""
    data = json.loads(render_json(pantry_pack()))
    assert {step["id"]: step["output"] for step in data["steps"]} == PANTRY_OUTPUTS
    assert list(data["steps"][0]["output"]) == list(PANTRY_OUTPUTS["empathize"])


def test_open_steps_are_named_without_output() -> None:
    """Steps not complete come as a list of their own."""
    data = json.loads(render_json(half_done_pack()))
    assert data["progress"] == {"complete": 4, "total": 10}
    assert data["open_steps"][0] == {
        "id": "test",
        "name": "Test",
        "order": 5,
        "status": "in_progress",
    }


def test_times_are_utc_with_milliseconds() -> None:
    """A naive UTC time is written with its Z."""
    data = json.loads(render_json(pantry_pack()))
    assert data["generated_at"] == "2026-07-24T14:05:09.123Z"
    assert data["steps"][0]["completed_at"] == "2026-07-11T00:00:00.000Z"


def test_the_same_document_gives_the_same_text() -> None:
    """Keys of ours have a fixed order."""
    assert render_json(pantry_pack()) == render_json(pantry_pack())
    assert list(json.loads(render_json(pantry_pack()))) == list(SCHEMA["properties"])


@given(outputs)
def test_any_output_is_read_back_equal(output: dict[str, Any]) -> None:
    """Random JSON round-trips, and the text can be encoded."""
    text = render_json(pack({"empathize": output})).encode().decode()
    assert json.loads(text)["steps"][0]["output"] == output


def test_no_depth_breaks_it() -> None:
    """What no operation would store is cut where the operations draw the line."""
    value: Any = 1
    for _ in range(100_000):
        value = {"k": [value]}
    text = dump_json(value)
    assert text.count("{") == text.count("[") == DEEPEST_JSON / 2
    assert "…" in text
    shallow: Any = 1
    for _ in range(DEEPEST_JSON):
        shallow = [shallow]
    assert json.loads(dump_json(shallow)) == shallow


def test_numbers_that_json_has_not_are_refused() -> None:
    """NaN would make a file that no other program reads."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_json(pack({"empathize": {"n": float("nan")}}))
