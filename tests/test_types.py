"""The twelve typed rows against the six tables."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from piccolo.columns import JSONB, Column
from piccolo.table import Table
from pydantic import TypeAdapter

from workshops import operations, types
from workshops.columns import PrefixedKey
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import TABLES, WorkshopStep

ROWS = [(table, getattr(types, f"{table.__name__}Row")) for table in TABLES]
INSERTS = [(table, getattr(types, f"New{table.__name__}")) for table in TABLES]


def type_of(column: Column) -> Any:
    """The type that a column's value has in a typed row."""
    if choices := column._meta.choices:
        assert not isinstance(choices, (list, dict))
        value: Any = Literal[tuple(member.value for member in choices)]
    elif isinstance(column, JSONB):
        value = types.JSONObject
    else:
        value = column.value_type
    return value | None if column._meta.null else value


def has_default(column: Column) -> bool:
    """Whether an insert may leave the column out."""
    if isinstance(column, PrefixedKey) or column._meta.null:
        return True
    return column.get_default_value() is not None


@pytest.mark.parametrize(("table", "row"), ROWS + INSERTS)
def test_a_type_has_the_columns_of_its_table(table: type[Table], row: Any) -> None:
    """The same names, with the same types, states and nullability."""
    hints = get_type_hints(row)
    assert hints == {column._meta.name: type_of(column) for column in table._meta.columns}


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_select_has_every_column(table: type[Table], row: Any) -> None:
    """No key of a row is optional."""
    assert row.__optional_keys__ == frozenset()


@pytest.mark.parametrize(("table", "row"), INSERTS)
def test_an_insert_needs_what_has_no_default(table: type[Table], row: Any) -> None:
    """Defaulted and nullable columns may be left out, no other."""
    needed = {column._meta.name for column in table._meta.columns if not has_default(column)}
    assert row.__required_keys__ == needed


@pytest.mark.parametrize(("table", "row"), INSERTS)
async def test_an_insert_of_the_required_keys_is_enough(
    database: str, table: type[Table], row: Any
) -> None:
    """The database accepts a row that has nothing else."""
    parent = {"workshop_id": "", "step_id": STEP_CATALOG[0].id}
    if "workshop_id" in row.__required_keys__:
        workshop = await operations.create_workshop(
            clerk_user_id="user_ada", title="Bread", original_idea=""
        )
        parent["workshop_id"] = workshop.id
        await WorkshopStep.delete(force=True)
    values: dict[str, Any] = {
        key: parent.get(key, 1 if value is int else "text")
        for key, value in get_type_hints(row).items()
        if key in row.__required_keys__
    }
    await table(**values).save()


def test_every_value_is_a_plain_type() -> None:
    """What a reader sees in an editor: text, numbers, times, states, objects, None."""
    for _, row in ROWS + INSERTS:
        for hint in get_type_hints(row).values():
            parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
            for part in parts:
                assert part is NoneType or get_origin(part) in (None, Literal, dict)


async def test_pydantic_reads_the_types(database: str) -> None:
    """A web framework can check an answer against them, and describe it."""
    workshop = await operations.create_workshop(
        clerk_user_id="user_ada", title="Bread", original_idea=""
    )
    detail = await operations.get_workshop(workshop.id)
    assert TypeAdapter(types.WorkshopDetail).validate_python(detail) == detail
    written = json.loads(TypeAdapter(types.WorkshopDetail).dump_json(detail))
    assert datetime.fromisoformat(written["created_at"]) == detail["created_at"].replace(tzinfo=UTC)
    assert written["steps"][0]["updated_at"].endswith("Z")
    assert written["steps"][0]["started_at"] is None
    page = await operations.list_workshops("user_ada")
    assert TypeAdapter(types.Page).validate_python(page) == page
    schema = TypeAdapter(types.WorkshopChanges).json_schema()
    assert list(schema["properties"]) == list(get_type_hints(types.WorkshopChanges))


@pytest.mark.parametrize("name", operations.__all__)
def test_the_annotations_of_an_operation_exist_at_run_time(name: str) -> None:
    """So that it can itself be the endpoint of a web framework."""
    assert get_type_hints(getattr(operations, name))


def mypy(path: Path, project_directory: Path) -> list[str]:
    """The errors that mypy strict finds in a file, as ``line: message``."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            "--follow-imports=silent",
            str(path),
        ],
        cwd=project_directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    prefix = f"{path.relative_to(project_directory)}:"
    return [
        line.removeprefix(prefix)
        for line in result.stdout.splitlines()
        if line.startswith(prefix) and ": note: " not in line
    ]


def test_mypy_accepts_the_example_and_knows_its_types(project_directory: Path) -> None:
    """assert_type in the example proves that a nested status is known to be one."""
    assert mypy(project_directory / "tests/typing/accepted.py", project_directory) == []


def test_mypy_rejects_each_mistake(project_directory: Path) -> None:
    """Every marked line, by the code that its mark names, and no other line."""
    path = project_directory / "tests/typing/rejected.py"
    expected = {
        number: line.rsplit("# rejected: ", 1)[1]
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "# rejected: " in line
    }
    found = {}
    for error in mypy(path, project_directory):
        number, message = error.split(":", 1)
        found[int(number)] = message.rsplit("[", 1)[1].rstrip("]")
    assert found == expected
    assert len(expected) >= 8
