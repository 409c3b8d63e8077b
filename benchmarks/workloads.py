"""The pieces of work that are timed, what they are given, and what makes two answers equal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import asyncpg

from benchmarks.server import Server


@dataclass(frozen=True)
class Workload:
    """A piece of work. ``writes`` says that no input may be used twice."""

    name: str
    title: str
    writes: bool = False


WORKLOADS = (
    Workload("get_workshop", "one workshop with its steps, members, sessions and packs"),
    Workload("list_workshops", "a person's dashboard of 20 workshops with progress and role"),
    Workload("create_workshop", "a workshop, its owner and ten steps", writes=True),
    Workload("complete_step", "a step completed and the next one started", writes=True),
    Workload("page_of_workshops", "50 workshops with all members and steps"),
    Workload("append_step_message", "a turn added to a conversation", writes=True),
    Workload("save_step_output", "an output replaced", writes=True),
)

_ADMIN = "/admin/api/tables/{}/?__page=1&__page_size=15&__readable=true"
ADMIN_PAGES = {
    "the admin's first page of workshops": _ADMIN.format("workshops"),
    "the admin's first page of steps": _ADMIN.format("workshop_steps"),
}
FUNNEL_PAGES = {
    "the funnel": "/progress/steps/",
    "the funnel of a year, idle for 60 days": "/progress/steps/?period=365&idle=60",
}
PAGES = {
    "the board": "/progress/",
    "the board, filtered and sorted": "/progress/?step=ideate&status=active&sort=progress",
    **FUNNEL_PAGES,
    **ADMIN_PAGES,
}
"""What operators are served, and its address."""


async def board_pages(connection: asyncpg.Connection) -> dict[str, str]:
    """Return every sort of the board, and every filter with values that give much and little."""
    most = (
        "SELECT {0} FROM workshops WHERE {0} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    owner = await connection.fetchval(most.format("clerk_user_id"))
    organisation = await connection.fetchval(most.format("org_id"))
    filters = (
        *("", "status=active", "status=draft&status=paused", "step=test", "step=pack&status=draft"),
        *("step=ideate&place=before", "step=ideate&place=past", "idle=14", "idle=400"),
        *(f"owner={owner}", f"organisation={organisation}", "q=pantry+for+schools", "q=zzqx"),
        *("q=1234", "q=77&from=2026-01-01", "q=er+for+com&status=completed&idle=400"),
        *("idle=30&status=active&step=define", f"organisation={organisation}&status=active"),
    )
    views = [
        f"{filter}&sort={sort}&order={order}"
        for filter in filters
        for sort in ("activity", "creation", "progress")
        for order in ("down", "up")
    ]
    return {f"the board: {view}": f"/progress/?{view}" for view in views}


_OUTPUT = {"summary": "Bread finds people. " * 10, "needs": ["time", "a van"], "score": 4.5}
_MESSAGE = {"role": "user", "content": "Who hears of the bread, and when? " * 3}


class Inputs:
    """What the calls are given, the same kind for everybody."""

    def __init__(self, ids: list[str], people: list[str]) -> None:
        self._reads: dict[str, Iterator[list[Any]]] = {
            "get_workshop": cycle([[id] for id in ids]),
            "page_of_workshops": cycle([[id] for id in ids]),
            "list_workshops": cycle([[person] for person in people]),
        }
        self._steps: dict[tuple[str, str], Iterator[list[Any]]] = {}

    def take(self, database: str, work: str, count: int) -> list[list[Any]]:
        """Return so many inputs; what writes gets steps that nobody has had."""
        if work in self._reads:
            return list(islice(self._reads[work], count))
        if work == "create_workshop":
            return [["user_bench", "A bakery without waste", "Sell yesterday's bread."]] * count
        last = _MESSAGE if work == "append_step_message" else _OUTPUT
        kind = "draft" if work == "complete_step" else "busy"
        taken = list(islice(self._steps[database, kind], count))
        assert len(taken) == count, "there are too few steps"
        return [[*step, last] for step in taken]

    async def supply(self, server: Server, database: str, steps: int) -> None:
        """Make drafts whose steps can be completed in order, and steps with a conversation.

        Callers at the same time have steps of different workshops: they do not wait for
        each other's locks, so that it is the work that is timed.
        """
        async with server.connect(database) as connection:
            for kind in ("draft", "busy"):
                rows = await connection.fetch(_SUPPLY[kind], steps // 10 + 1)
                self._steps[database, kind] = iter([list(row) for row in rows])
            await connection.execute("VACUUM ANALYZE")


def _supply(kind: str, status: str, step: str, output: str) -> str:
    return f"""
    WITH workshop AS (
        INSERT INTO workshops (id, clerk_user_id, title, original_idea, status)
        SELECT 'ws_{kind}' || n, 'user_bench', 'A bakery', 'Bread', '{status}'
        FROM generate_series(1, $1::int) AS n RETURNING id
    ), owner AS (
        INSERT INTO workshop_members (id, workshop_id, clerk_user_id, role)
        SELECT 'wm_' || md5(id), id, 'user_bench', 'owner' FROM workshop
    ), steps AS (
        INSERT INTO workshop_steps (id, workshop_id, step_id, status, output)
        SELECT 'wst_' || md5(w.id || d.id), w.id, d.id, '{step}', {output}
        FROM workshop w, step_definitions d
    )
    SELECT w.id, d.id FROM workshop w, step_definitions d ORDER BY d."order", w.id """


_SUPPLY = {
    "draft": _supply("draft", "draft", "not_started", "NULL"),
    "busy": _supply(
        "busy",
        "active",
        "in_progress",
        "(SELECT output FROM workshop_steps WHERE output IS NOT NULL LIMIT 1)",
    ),
}


async def read_inputs(connection: asyncpg.Connection) -> Inputs:
    """Choose workshops and people, the same at every run."""
    ids = await connection.fetch(
        "SELECT id FROM workshops WHERE id < 'ws_f' ORDER BY md5(id || 'seed') LIMIT 500"
    )
    people = await connection.fetch(
        "SELECT clerk_user_id FROM workshop_members GROUP BY 1"
        " HAVING count(*) >= 20 ORDER BY md5(clerk_user_id) LIMIT 200"
    )
    return Inputs([row[0] for row in ids], [row[0] for row in people])


_WORKSHOP = (
    *("id", "clerk_user_id", "title", "original_idea", "status", "org_id", "template_id"),
    # Not the share token: our reads leave the secret out.
    *("visibility", "created_at", "updated_at"),
)
_STEP = (
    *("id", "workshop_id", "step_id", "status", "started_at", "completed_at"),
    *("created_at", "updated_at"),
)
_COLUMNS = {
    "members": ("id", "workshop_id", "clerk_user_id", "role", "created_at"),
    "sessions": ("id", "workshop_id", "started_at", "ended_at", "created_at"),
    "build_packs": ("id", "workshop_id", "title", "format_type", "content", "created_at"),
}


def _pick(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _moment(row[name]) for name in names}


def _moment(value: Any) -> Any:
    """JavaScript writes a Z behind its times."""
    return value.removesuffix("Z") if isinstance(value, str) and value[-5:-4] == "." else value


def _step_with_definition(row: dict[str, Any]) -> dict[str, Any]:
    return _pick(row, (*_STEP, "output")) | _pick(row.get("definition") or row, ("name", "order"))


def comparable(work: str, answer: Any) -> Any:
    """Return what an answer says in the words that all share."""
    if work == "get_workshop":
        found = _pick(answer, _WORKSHOP)
        found["steps"] = [_step_with_definition(step) for step in answer["steps"]]
        return found | {
            name: [_pick(row, names) for row in answer[name]] for name, names in _COLUMNS.items()
        }
    if work == "page_of_workshops":
        return [
            _pick(row, _WORKSHOP)
            | {"steps": [_pick(step, _STEP) for step in row["steps"]]}
            | {"members": [_pick(member, _COLUMNS["members"]) for member in row["members"]]}
            for row in answer
        ]
    if work == "list_workshops":
        progress = ("role", "steps_complete", "steps_total", "current_step_id")
        return [_pick(row.get("workshop", row), _WORKSHOP) | _pick(row, progress) for row in answer]
    if work == "create_workshop":
        return _without_chance(_pick(answer, _WORKSHOP))
    return _without_chance(_pick(answer, (*_STEP, "output")))


def _without_chance(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out identifiers and the moment: only whether there is one."""
    return {
        name: value is not None if name == "id" or name.endswith(("_at", "workshop_id")) else value
        for name, value in row.items()
    }


_STATE = """
    SELECT w.status, w.title, w.updated_at - w.created_at > '50 ms' AS moved,
        (SELECT json_agg(json_build_array(m.clerk_user_id, m.role) ORDER BY m.clerk_user_id)
         FROM workshop_members m WHERE m.workshop_id = w.id) AS members,
        (SELECT json_agg(json_build_array(s.step_id, s.status, s.output, s.started_at IS NULL,
                                          s.completed_at IS NULL,
                                          s.updated_at - s.created_at > '50 ms')
                         ORDER BY s.step_id)
         FROM workshop_steps s WHERE s.workshop_id = w.id) AS steps
    FROM workshops w WHERE w.id = $1"""


async def state(connection: asyncpg.Connection, workshop_id: str) -> dict[str, Any]:
    """Return what is stored of a workshop, without identifiers and moments."""
    row = dict(await connection.fetchrow(_STATE, workshop_id))
    return row | {name: json.loads(row[name]) for name in ("members", "steps")}
