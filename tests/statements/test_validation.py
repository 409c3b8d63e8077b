"""What goes into ``output`` comes back equal, or is refused before it is stored."""

from __future__ import annotations

import enum
import json
import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.operations.conftest import stored
from workshops import operations
from workshops.errors import InvalidInputError, TooLongError
from workshops.statements.validation import DEPTH, OUTPUT_BYTES
from workshops.tables import Workshop

# Everything that is text to Python and to PostgreSQL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**200), 10**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda children: st.lists(children, max_size=5) | st.dictionaries(texts, children, max_size=5),
    max_leaves=20,
)
outputs = st.dictionaries(texts, values, max_size=5)


def typed(value: Any) -> Any:
    """The value with the types of its parts: 1, 1.0 and True are equal in Python."""
    if isinstance(value, dict):
        return {key: typed(element) for key, element in value.items()}
    if isinstance(value, list):
        return [typed(element) for element in value]
    return type(value).__name__, value


@given(output=outputs)
@example(output={"float": [1e308, 1.7976931348623157e308, 1e23, 1e16, 5e-324, 1.0, 1e-7, -1e22]})
@example(output={"int": [0, 2**53 + 1, 2**63, -(2**64), 10**400], "bool": [True, False]})
@example(output={"1e+23": "1e+23", 'quote"1e+30': ["\\", '\\"1e+16', 1e30]})
@example(output={"": "", "\u2028": "\\u0000", "\U0001f35e": "\x7f\x1b\r\n"})
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_json_object_comes_back_equal(workshop: Workshop, output: Any) -> None:
    """From the operation itself and from every way of reading it, with the same types."""
    saved = await operations.save_step_output(workshop.id, "define", output)
    assert typed(saved.output) == typed(output)
    detail = await operations.get_workshop(workshop.id)
    assert typed(detail["steps"][1]["output"]) == typed(output)
    (context,) = (await operations.step_context(workshop.id, "ideate"))[1:]
    assert context["output"] == output
    await operations.save_step_output(workshop.id, "test", {}, keep_messages=False)
    appended = await operations.append_step_message(workshop.id, "test", output)
    assert appended.output == {"messages": [output]}


def nested(levels: int) -> dict[str, Any]:
    """Objects in one another."""
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"x": value}
    return value


class Number(enum.IntEnum):
    one = 1


circle: dict[str, Any] = {}
circle["self"] = circle

REFUSED: dict[str, Any] = {
    "a list": [],
    "null": None,
    "a text": "{}",
    "a number": 1,
    "NaN": {"x": math.nan},
    "an infinity": {"x": [math.inf]},
    "a minus infinity": {"x": {"y": -math.inf}},
    "NUL in a text": {"x": ["a\0"]},
    "NUL in a key": {"x": {"\0": 1}},
    "a lone surrogate in a text": {"x": "\ud800"},
    "a lone surrogate in a key": {"\udfff": 1},
    "a number as a key": {"x": {1: 2}},
    "None as a key": {None: 1},
    "a tuple as a key": {(1, 2): 1},
    "a tuple": {"x": (1, 2)},
    "a date": {"x": datetime(2026, 1, 1)},
    "bytes": {"x": b""},
    "a set": {"x": {1}},
    "itself": circle,
    "too many levels": nested(DEPTH + 1),
    "far too many levels": nested(20_000),
    "a number of 5,000 digits": {"x": 10**5000},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_json_is_refused_before_anything_is_written(
    workshop: Workshop, name: str
) -> None:
    """By every operation that takes an output; the message names it and stays short."""
    before = await stored()
    calls = [
        operations.save_step_output(workshop.id, "define", REFUSED[name]),
        operations.append_step_message(workshop.id, "define", {"message": REFUSED[name]}),
    ]
    if REFUSED[name] is not None:
        calls.append(operations.complete_step(workshop.id, "define", output=REFUSED[name]))
    for number, call in enumerate(calls):
        if number == 1 and name in ("a list", "null", "a text", "a number"):
            call.close()  # a message may hold them
            continue
        with pytest.raises(InvalidInputError, match=r"^(output|message) ") as raised:
            await call
        assert len(str(raised.value)) < 150
    assert await stored() == before


async def test_the_limits_themselves_are_allowed(workshop: Workshop) -> None:
    """An output of exactly 1 MiB as compact UTF-8, and one of 100 levels."""
    filled = {"x": "ü" * ((OUTPUT_BYTES - len('{"x":""}')) // 2)}
    assert len(json.dumps(filled, ensure_ascii=False, separators=(",", ":")).encode()) == (
        OUTPUT_BYTES
    )
    step = await operations.save_step_output(workshop.id, "define", filled)
    assert step.output == filled
    with pytest.raises(TooLongError, match="output has 1,048,577 bytes; at most 1,048,576"):
        await operations.save_step_output(workshop.id, "define", {"x": filled["x"] + "x"})
    step = await operations.save_step_output(workshop.id, "define", nested(DEPTH))
    assert step.output == nested(DEPTH)


async def test_subclasses_of_json_types_are_stored_as_what_they_are(workshop: Workshop) -> None:
    """An IntEnum is its number."""
    step = await operations.save_step_output(workshop.id, "define", {"x": Number.one})
    assert step.output == {"x": 1}
