"""Every operation with any argument: an answer, or an error of ours before anything is written.

Operations and their parameters are found by looking; a parameter that is not known here
fails the test, so that no operation can be added without it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from piccolo.table import Table

from tests.operations.conftest import OWNER
from tests.statements.test_validation import outputs, typed, values
from workshops import operations
from workshops.errors import (
    DatabaseUnavailableError,
    TransactionConflictError,
    WorkshopsError,
)
from workshops.states import FormatType, Visibility, WorkshopStatus
from workshops.step_catalog import STEP_CATALOG
from workshops.types import WorkshopPart

# With NUL and halves of surrogate pairs, and longer than any limit.
texts = st.text(max_size=30) | st.text("a\u202e\n\x00\ud800 \u200b'\\%_", max_size=5)
long_texts = st.sampled_from(["x" * 201, "ü" * 256, "🍞" * 20_001])
moments = st.datetimes(timezones=st.none() | st.just(UTC)) | st.sampled_from(
    [datetime.max, datetime.min, datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))]
)
anything = st.one_of(
    texts,
    long_texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.binary(max_size=5),
    moments,
    st.timedeltas(),
    st.sampled_from([Decimal("NaN"), date.max, math.inf, object(), {1, 2}, {"x": {3}}]),
    st.lists(values, max_size=3),
    outputs,
    st.dictionaries(st.integers() | texts, st.floats() | texts, max_size=2),
)

GUEST = "user_guest"
WORKED_ON = "define"

keys = texts | st.sampled_from(["key", "1f0c9e2a-7d55"])
PARAMETERS: dict[str, st.SearchStrategy[Any]] = {
    "after": texts | st.sampled_from(["MTc2NDAgNzUzIHdzXzE", "IA", "LTEgMCB3c18"]),
    "changes": outputs,
    "clerk_user_id": texts | st.sampled_from([OWNER, GUEST]),
    "expected_updated_at": moments | st.none(),
    "format_type": st.sampled_from(FormatType),
    "idempotency_key": keys,
    "idle_for": st.timedeltas(timedelta(0), timedelta(days=36_500)),
    "include": st.lists(st.sampled_from(get_args(WorkshopPart)), max_size=3),
    "include_share_token": st.booleans(),
    "keep_messages": st.booleans(),
    "limit": st.integers(1, 100),
    "message": values,
    "org_id": texts | st.just("org_1"),
    "original_idea": texts,
    "output": outputs,
    "regenerate_following": st.booleans(),
    "role": texts | st.sampled_from(["owner", "viewer"]),
    "status": st.sampled_from(WorkshopStatus),
    "step_id": st.just(WORKED_ON) | st.sampled_from([step.id for step in STEP_CATALOG]),
    "template_id": texts | st.just("template_1"),
    "title": texts | st.just("Rolls"),
    "to": st.sampled_from([OWNER, GUEST]),
    "visibility": st.sampled_from(Visibility),
    "with_total": st.booleans(),
    # Of a workshop that is made for each example.
    **{name: st.just(name) for name in ("build_pack_id", "session_id", "token", "workshop_id")},
}
FIELDS = {name: PARAMETERS[name] for name in ("title", "original_idea", "org_id", "visibility")}

OPERATIONS = [name for name in operations.__all__ if inspect.isfunction(getattr(operations, name))]


@st.composite
def calls(draw: st.DrawFn, operation: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments for an operation, of which up to two may be anything."""
    parameters = inspect.signature(operation).parameters.values()
    names = [parameter.name for parameter in parameters]
    strange = draw(st.sets(st.sampled_from(names), max_size=2))
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            named |= draw(st.fixed_dictionaries({}, optional=FIELDS | {"id": texts}))
            if parameter.name in strange:
                named |= {
                    name: draw(anything) for name in draw(st.sets(st.sampled_from([*FIELDS])))
                }
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional += draw(st.lists(texts | st.just("workshop_id"), max_size=2))
        elif parameter.default is parameter.empty or draw(st.booleans()):
            strategy = PARAMETERS[parameter.name]
            named[parameter.name] = draw(anything if parameter.name in strange else strategy)
    return positional, named


PLAIN = {
    "changes": {"people": ["bakers"]},
    "clerk_user_id": GUEST,
    "idle_for": timedelta(minutes=30),
    "message": "Who?",
    "org_id": "org_1",
    "original_idea": "",
    "output": {"people": ["bakers"]},
    "role": "viewer",
    "status": "paused",
    "title": "Rolls",
    "to": GUEST,
}


def plain(operation: Callable[..., Any]) -> dict[str, Any]:
    """Arguments to which the answer is no rejection."""
    named: dict[str, Any] = {}
    for parameter in inspect.signature(operation).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            named["title"] = PLAIN["title"]
        elif parameter.name == "step_id":
            begun = operation.__name__ not in ("start_step", "complete_step")
            named["step_id"] = WORKED_ON if begun else "pack"
        elif (
            parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
        ):
            named[parameter.name] = PLAIN.get(parameter.name, parameter.name)
    if operation.__name__ == "add_member":
        named["clerk_user_id"] = "user_new"
    return named


async def identifiers() -> dict[Any, str]:
    """What stands for the names of identifiers: those of a new workshop, which is worked on."""
    workshop = await operations.create_workshop(
        clerk_user_id=OWNER, title="A bakery without waste", original_idea=""
    )
    await operations.add_member(workshop.id, GUEST, role="editor")
    await operations.complete_step(workshop.id, WORKED_ON)
    return {
        "workshop_id": workshop.id,
        "token": await operations.share_workshop(workshop.id),
        "session_id": (await operations.record_activity(workshop.id)).id,
        "build_pack_id": (await operations.generate_build_pack(workshop.id)).id,
    }


@pytest.mark.parametrize("name", OPERATIONS)
async def test_any_arguments_give_an_answer_or_an_error_of_ours(database: str, name: str) -> None:
    """Never one of the driver or of Python; and what was written is read back equal."""
    operation = getattr(operations, name)
    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(call=calls(operation))
    def attempt(call: tuple[list[Any], dict[str, Any]]) -> None:
        asyncio.run_coroutine_threadsafe(answered(operation, *call), loop).result()

    await asyncio.to_thread(attempt)
    assert await answered(operation, [], plain(operation))


async def answered(
    operation: Callable[..., Any], positional: list[Any], named: dict[str, Any]
) -> bool:
    """Call an operation, and tell whether it gave an answer; a rejection of ours is none."""
    known = await identifiers()

    def real(value: Any) -> Any:
        return known.get(value, value) if isinstance(value, str) else value

    arguments = {name: real(value) for name, value in named.items()}
    try:
        result = operation(*map(real, positional), **arguments)
        if inspect.isasyncgen(result):
            await anext(result)
            await result.aclose()
            return True
        result = await result
    except WorkshopsError as error:
        if isinstance(error, (DatabaseUnavailableError, TransactionConflictError)):
            raise  # the database is there, and nobody else
        if not str(error) or len(str(error)) > 1000:
            raise
        return False
    if isinstance(result, Table):
        if arguments.get("idempotency_key") is None:  # else it may be what was made before
            check(result, arguments)
        key = result._meta.primary_key
        stored = await type(result).select().where(key == getattr(result, key._meta.name)).first()
        if stored and stored.get("output"):
            stored["output"] = json.loads(stored["output"])  # Piccolo makes floats of large numbers
        # A member that was removed is returned as it was.
        assert stored is None or typed(result.to_dict()) == typed(stored)
    return True


def check(row: Table, arguments: dict[str, Any]) -> None:
    """Each argument that is a column is what the row has."""
    for name in arguments.keys() & {column._meta.name for column in row._meta.columns}:
        given, stored = arguments[name], getattr(row, name)
        if name == "output" and given is not None:
            assert typed({key: stored[key] for key in given}) == typed(given)
        elif given is not None or name not in ("output", "title"):
            assert stored == given
