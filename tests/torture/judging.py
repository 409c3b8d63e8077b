"""Whether the database holds what the record says, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.torture.house import House
from tests.torture.record import Reader, Registers
from tests.torture.writing import PAIR_GUEST, output_of, text_of
from workshops.step_catalog import STEP_CATALOG

# Ours are told from those of the demo by their ideas.
_WORKSHOPS = """
SELECT w.id, substr(w.original_idea, 6) AS key, w.title,
    (SELECT count(*) FROM workshop_steps s WHERE s.workshop_id = w.id) AS steps,
    (SELECT count(*) FROM workshop_members m
        WHERE m.workshop_id = w.id AND m.role = 'owner' AND m.clerk_user_id = w.clerk_user_id
    ) AS owners
FROM workshops w WHERE w.original_idea ~ '^idea e[0-9]+[.]'"""
_SUMMARIES = "SELECT * FROM workshops_admin.summaries ORDER BY workshop_id"


@dataclass
class Verdict:
    """What was found."""

    writes: Counter[str] = field(default_factory=Counter)
    """How many were acknowledged, by operation."""
    repeated: int = 0
    unsure: int = 0
    looked_for: int = 0
    faults: list[str] = field(default_factory=list)
    """What is lost, doubled, wrong or otherwise not as it must be, in sentences."""


async def judge(house: House) -> Verdict:
    """Look for everything; the driver has ended."""
    verdict = Verdict(faults=list(house.ended))
    known = Registers(Reader(house.record).new())
    for line in Reader(house.record).new():
        if line["kind"] == "done":
            verdict.writes[line["operation"]] += 1
        elif line["kind"] == "unsure":
            verdict.unsure += 1
        elif line["kind"] == "error":
            verdict.repeated += 1
        elif line["kind"] == "violation":
            verdict.faults.append(f"{line['problem']}\n{line['trace']}")
    connection = await house.connect()
    try:
        actual = await _actual(connection)
        compare(known, actual, verdict)
        await _judge_view(house, connection, verdict)
    finally:
        await connection.close()
    checked = house.run("check")
    if checked.returncode:
        verdict.faults.append(f"piccolo workshops check:\n{checked.stdout}")
    return verdict


async def _actual(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return what each register holds."""
    actual: dict[str, Any] = {}
    keys: dict[str, str] = {}

    def put(name: str, value: Any) -> None:
        actual[name] = value if name not in actual else f"doubled: {actual[name]} and {value}"

    for row in await connection.fetch(_WORKSHOPS):
        key = keys[row["id"]] = row["key"]
        whole = (row["steps"], row["owners"]) == (len(STEP_CATALOG), 1)
        put(f"workshop|{key}", row["id"] if whole else f"{row['id']} in parts")
        name, _, number = row["title"].rpartition(" ")
        put(f"title|{key}", int(number) if name == key else row["title"])
    ids = list(keys)
    for row in await connection.fetch(
        "SELECT * FROM workshop_members WHERE workshop_id = ANY ($1)", ids
    ):
        if row["clerk_user_id"].startswith("guest_"):
            put(f"member|{keys[row['workshop_id']]}|{row['clerk_user_id']}", row["role"])
    for row in await connection.fetch("SELECT * FROM sessions WHERE workshop_id = ANY ($1)", ids):
        key = keys[row["workshop_id"]]
        actual[f"sessions|{key}"] = actual.get(f"sessions|{key}", 0) + 1
        if row["ended_at"] is not None:
            put(f"closed|{key}|{row['id']}", 1)
    for row in await connection.fetch(
        "SELECT * FROM build_packs WHERE workshop_id = ANY ($1)", ids
    ):
        put(f"pack|{keys[row['workshop_id']]}|{row['title']}", row["id"])
    for row in await connection.fetch(
        "SELECT * FROM workshop_steps WHERE workshop_id = ANY ($1)", ids
    ):
        key = keys[row["workshop_id"]]
        output = json.loads(row["output"] or "{}")
        _put_step(put, key, row["step_id"], row["status"], output)
        if row["step_id"] == "architect":
            role = actual.pop(f"member|{key}|{PAIR_GUEST}", None)
            number = output.get("n")
            both = role == ("viewer" if number is None else f"r{number}")
            put(f"pair|{key}", number if both or role is None is number else f"{number}, {role}")
    return actual


def _put_step(put: Any, key: str, step: str, status: str, output: dict[str, Any]) -> None:
    messages = Counter[str]()
    for message in output.get("messages", ()):
        right = message["content"] == text_of(message["key"])
        messages[message["key"]] += 1 if right else 1000
    for name, count in messages.items():
        put(f"message|{key}|{step}|{name}", count)
    if step in ("define", "architect") and output:
        right = output == output_of(key, output["n"])
        if not right or step == "define":
            put(f"define|{key}", output["n"] if right else f"a wrong output of {step}")
    if step == "ideate":
        for name, text in output.items():
            put(f"merge|{key}|{name}", 1 if text == text_of(f"{key} {name}") else "wrong")
    if step == "story" and status != "not_started":
        put(f"status|{key}", status)


def compare(known: Registers, actual: dict[str, Any], verdict: Verdict) -> None:
    """Add to the verdict what is otherwise than it was written."""
    deleted = {
        name.split("|")[1]
        for name, values in known.possible.items()
        if name.startswith("workshop|") and None in values and name not in actual
    }
    for name, values in known.possible.items():
        key = name.split("|")[1]
        if key in deleted:
            continue
        verdict.looked_for += 1
        value = actual.get(name)
        if value not in values:
            kind = "Lost" if value is None else "Wrong"
            verdict.faults.append(f"{kind}: {name} is {value!r}, written was {values!r}")
    for name, value in actual.items():
        if value is not None and name not in known.possible:
            verdict.faults.append(f"Nobody wrote {name}, which is {value!r}")


async def _judge_view(house: House, connection: asyncpg.Connection, verdict: Verdict) -> None:
    """Compare the operators' view as it was kept with one that is made anew."""
    for arguments in (("refresh",), ("refresh", "--all")):
        done = house.run(*arguments)
        if done.returncode:
            verdict.faults.append(f"piccolo workshops refresh:\n{done.stdout}")
        rows = await connection.fetch(_SUMMARIES)
        if arguments == ("refresh",):
            kept = {row["workshop_id"]: dict(row) for row in rows}
    made = {row["workshop_id"]: dict(row) for row in rows}
    different = [key for key in kept.keys() | made.keys() if kept.get(key) != made.get(key)]
    if different:
        verdict.faults.append(f"The view of {len(different)} workshops is not what a rebuild is.")
