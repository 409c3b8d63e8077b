"""The errors: their tree, their messages, and the constraints that become them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tests.factories import make_workshop, step_of
from workshops import errors
from workshops.constraints import CONSTRAINTS, domain_error
from workshops.tables import TABLES, Session, Workshop, WorkshopMember, WorkshopStep

ALL: dict[str, type[Any]] = {
    name: error
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, errors.WorkshopsError)
}
KINDS = {
    "NotFoundError",
    "ConflictError",
    "InvalidInputError",
    "InvalidTransitionError",
    "DatabaseUnavailableError",
}
CONCRETE = [error for error in ALL.values() if is_dataclass(error)]


def example_of(error: type[Any]) -> errors.WorkshopsError:
    """An error with a recognisable value in each field."""
    values: dict[str, Any] = {
        "str": "<{0}>",
        "int": 12345,
        "bool": True,
        "tuple[str, ...]": ("a", "b"),
    }
    values["datetime"] = datetime(2026, 1, 2, 3, 4, 5, 678000)
    if error is errors.DatabaseUnavailableError:
        values["str"] = "<{0}>."  # a whole sentence
    made = error(**{f.name: values[str(f.type)] for f in fields(error) if f.init})
    assert isinstance(made, errors.WorkshopsError)
    return made


def test_the_docstring_draws_the_tree() -> None:
    """Each error stands once, under the one that it derives from."""
    assert errors.__doc__ is not None
    depth_of = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        for word in line.split():
            if word in ALL:
                depth = (line.index(word) - 4) // 4
                path[depth:] = [word]
                depth_of[word] = depth
                if depth:
                    assert ALL[word].__bases__ == (ALL[path[depth - 1]],), word
                break
    assert depth_of.keys() == ALL.keys()


@pytest.mark.parametrize("error", CONCRETE)
def test_an_error_builds_a_sentence_from_what_it_carries(error: type[Any]) -> None:
    """The message is one sentence, and braces in a value are no template."""
    message = str(example_of(error))
    assert message.endswith(".")
    assert "None" not in message
    if any(f.type == "str" and f.init for f in fields(error)):
        assert "<{0}>" in message


@pytest.mark.parametrize("error", CONCRETE)
def test_an_error_survives_pickle_and_copy(error: type[Any]) -> None:
    """So that another process can raise it again."""
    original = example_of(error)
    for made in (pickle.loads(pickle.dumps(original)), copy.copy(original)):
        assert type(made) is type(original)
        assert str(made) == str(original)
        assert vars(made) == vars(original)


def test_every_concrete_error_is_of_one_kind() -> None:
    """Application code needs to know five."""
    assert ALL.keys() >= KINDS
    for error in CONCRETE:
        kinds = [kind for kind in KINDS if issubclass(error, ALL[kind])]
        assert len(kinds) == 1, error


def test_a_kind_can_be_raised_with_a_message() -> None:
    """As any exception."""
    assert str(errors.NotFoundError("Nothing here")) == "Nothing here"


async def test_every_constraint_of_the_database_has_its_error(database: str) -> None:
    """Foreign keys, uniques and CHECKs of the catalogue, by name; and no other names."""
    names = ", ".join(f"'{table._meta.tablename}'::regclass" for table in TABLES)
    rows = await Workshop.raw(
        "SELECT conname::text AS name FROM pg_constraint"
        f" WHERE conrelid IN ({names}) AND contype IN ('p', 'u', 'f', 'c')"
        " UNION SELECT indexrelid::regclass::text FROM pg_index"
        f" WHERE indrelid IN ({names}) AND indisunique"
    )
    drizzle = {name for name in CONSTRAINTS if name.endswith("_id_fk")}
    named = {row["name"] for row in rows}
    assert named - CONSTRAINTS.keys() == set(), "Constraints without an error."
    assert CONSTRAINTS.keys() - drizzle - named == set(), "Errors without a constraint."


async def violation_of(statement: Any) -> asyncpg.IntegrityConstraintViolationError:
    """The database's own error."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as raised:
        await statement
    return raised.value


async def test_a_violation_becomes_the_error_with_its_identifiers(database: str) -> None:
    """Read from the key that the server reports."""
    workshop = await make_workshop()
    await Session(workshop_id=workshop.id).save()
    person = "user, (odd)=(name)"
    await WorkshopMember(workshop_id=workshop.id, clerk_user_id=person, role="x").save()
    step = await step_of(workshop, "define")
    found = [
        domain_error(await violation_of(statement))
        for statement in (
            WorkshopMember(workshop_id="ws_x", clerk_user_id="u", role="owner").save(),
            WorkshopMember(workshop_id=workshop.id, clerk_user_id="user_ada", role="x").save(),
            WorkshopStep(workshop_id=workshop.id, step_id="nonsense").save(),
            WorkshopStep(workshop_id=workshop.id, step_id="define").save(),
            Session(workshop_id=workshop.id).save(),
            WorkshopStep(id=step.id, workshop_id=workshop.id, step_id="test").save(),
        )
    ]
    assert [repr(error) for error in found] == [
        "WorkshopNotFoundError(workshop_id='ws_x')",
        f"MemberExistsError(workshop_id='{workshop.id}', clerk_user_id='user_ada')",
        "StepDefinitionNotFoundError(step_id='nonsense')",
        f"StepExistsError(workshop_id='{workshop.id}', step_id='define')",
        f"SessionOpenError(workshop_id='{workshop.id}')",
        "DuplicateValueError(table='workshop_steps', field='id')",
    ]
    odd = domain_error(
        await violation_of(
            WorkshopMember(workshop_id=workshop.id, clerk_user_id=person, role="x").save()
        )
    )
    assert isinstance(odd, errors.MemberExistsError)
    assert odd.clerk_user_id == person


async def test_no_message_holds_a_row(database: str) -> None:
    """Of a violated CHECK, whose detail is the whole row, only the column is told."""
    workshop = await make_workshop(title="Secret plan")
    for column, value in ((Workshop.status, "nonsense"), (Workshop.visibility, "public")):
        violation = await violation_of(
            Workshop.update({column: value}).where(Workshop.id == workshop.id)
        )
        assert "Secret plan" in str(violation.detail)
        error = domain_error(violation)
        assert isinstance(error, errors.UnknownValueError)
        assert error.field == column._meta.name
        assert "Secret plan" not in f"{error} {error!r} {vars(error)}"


async def test_a_share_token_is_never_in_a_message(database: str) -> None:
    """Two workshops cannot have the same, and the error does not tell which."""
    await make_workshop(share_token="token_of_ada")
    error = domain_error(
        await violation_of(
            Workshop(
                clerk_user_id="u", title="t", original_idea="", share_token="token_of_ada"
            ).save()
        )
    )
    assert isinstance(error, errors.DuplicateValueError)
    assert "token_of_ada" not in f"{error} {error!r}"


def test_an_unknown_constraint_has_no_error() -> None:
    """It is left to pass through."""
    violation = asyncpg.CheckViolationError("x")
    violation.constraint_name = "somebody_elses"
    assert domain_error(violation) is None
    assert domain_error(asyncpg.NotNullViolationError("x")) is None
