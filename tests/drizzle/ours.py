"""Our side of a shared database, as a program of its own: ``python -m tests.drizzle.ours``.

``write ROUNDS`` calls the operations, eight callers at a time, on every workshop that
there is; ``read`` prints every row as JSON. One line of JSON is the answer.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import orjson

from workshops import operations
from workshops.database.migrations import project_engine
from workshops.errors import InvalidTransitionError
from workshops.tables import TABLES, StepDefinition, Workshop

CALLERS = 8


async def write(rounds: int) -> dict[str, Any]:
    """Work on all workshops; return what was acknowledged, and errors by their text."""
    # The oldest six: the other side makes more for a moment, and deletes them.
    oldest = Workshop.select(Workshop.id).order_by(Workshop.created_at).limit(6)
    ids = await oldest.output(as_list=True)
    steps = await StepDefinition.select(StepDefinition.id).output(as_list=True)
    messages: list[tuple[str, str, str]] = []
    done: Counter[str] = Counter()
    errors: Counter[str] = Counter()

    async def attempt(name: str, work: Awaitable[Any]) -> bool:
        try:
            await work
        except InvalidTransitionError:  # the other application was there before
            return False
        except Exception as error:
            errors[f"{name}: {error!r}"] += 1
            return False
        done[name] += 1
        return True

    async def caller(number: int) -> None:
        for round in range(rounds):
            for place, id in enumerate(ids[number % len(ids) :] + ids[: number % len(ids)]):
                step = steps[(number + round + place) % len(steps)]
                text = f"{number} {round} {place}"
                if await attempt(
                    "append_step_message",
                    operations.append_step_message(id, step, {"text": text}),
                ):
                    messages.append((id, step, text))
                await attempt("complete_step", operations.complete_step(id, step))
                await attempt("record_activity", operations.record_activity(id))
                await attempt(
                    "update_workshop", operations.update_workshop(id, title=f"By us {text}")
                )
                await attempt("get_workshop", operations.get_workshop(id))
            await attempt("list_workshops", operations.list_workshops("user_drizzle"))

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return {"done": done, "messages": messages, "errors": errors}


async def read() -> dict[str, list[dict[str, Any]]]:
    """Return every row of the six tables."""
    return {table._meta.tablename: await table.select().output(load_json=True) for table in TABLES}


async def main() -> None:
    """Run the command that the arguments name."""
    engine = project_engine()
    await engine.start_connection_pool()
    try:
        answer: Any = await (read() if sys.argv[1] == "read" else write(int(sys.argv[2])))
    finally:
        await engine.close_connection_pool()
    sys.stdout.buffer.write(orjson.dumps(answer))


if __name__ == "__main__":
    asyncio.run(main())
