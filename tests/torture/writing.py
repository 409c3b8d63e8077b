"""One of the ten tasks: what an application writes, one operation after the other.

Every text follows from the key of the thing that it is written to, so that whoever reads
it later knows what it has to be. What overwrites says which version it is based on: a
statement whose caller has given it up may still be carried out when a frozen server goes
on, after later ones.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.torture.attempts import Attempts, StoppedError
from workshops import WorkshopStep, operations
from workshops.database.migrations import project_engine
from workshops.errors import (
    MemberExistsError,
    MemberNotFoundError,
    SessionClosedError,
    StaleStepError,
    StaleWorkshopError,
    StepTransitionError,
    WorkshopNotFoundError,
    WorkshopsError,
)
from workshops.ids import derive_prefixed_id

MOST_WRITES = 60
"""How many writes a workshop gets before the next one is begun."""

SHARED_STEPS = ("test", "prioritize", "spec")
SHARER = "user_of_all"
PAIR_GUEST = "guest_of_pair"


class DoneBeforeError(WorkshopsError):
    """What is stored is what was to be written."""


def text_of(key: str) -> str:
    """Return the text that belongs to a key."""
    return hashlib.sha256(key.encode()).hexdigest() * 2


def title_of(key: str, number: int) -> str:
    """Return the title of a workshop after so many changes."""
    return f"{key} {number}"


def idea_of(key: str) -> str:
    """Return the idea of a workshop."""
    return f"idea {key}"


def output_of(key: str, number: int) -> dict[str, Any]:
    """Return the output of a step after so many changes."""
    return {"n": number, "text": text_of(f"{key} {number}")}


def message_of(key: str) -> dict[str, Any]:
    """Return a message."""
    return {"key": key, "role": "user", "content": text_of(key)}


@dataclass
class Own:
    """A workshop that only this task writes to."""

    key: str
    id: str
    sure: bool
    writes: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    versions: dict[str, datetime] = field(default_factory=dict)
    complete: bool = False
    session: str | None = None

    def next(self, what: str) -> int:
        self.numbers[what] = self.numbers.get(what, 0) + 1
        return self.numbers[what]


class Writer:
    """A task. ``name`` is unique among all of all drivers."""

    def __init__(self, attempts: Attempts, name: str, dice: random.Random) -> None:
        self._attempts = attempts
        self._name = name
        self._dice = dice
        self._workshops = 0
        self._messages = 0
        self._own: Own | None = None

    async def write_something(self) -> None:
        """Do one thing; after a violation go on with another workshop."""
        try:
            own = self._own
            if own is None or own.writes > MOST_WRITES:
                if own is not None and own.sure and self._dice.random() < 0.3:
                    await self._delete(own)
                self._own = await self._create(f"user_{self._name}")
                return
            own.writes += 1
            chosen: Callable[[Own], Awaitable[None]] = self._dice.choice(
                [
                    *[self._message, self._plain_message, self._save, self._merge] * 3,
                    *[self._title, self._toggle, self._pair, self._member, self._session] * 2,
                    *(self._pack, self._erase, self._read),
                ]
            )
            await chosen(own)
        except StoppedError:
            self._own = None

    async def _create(self, person: str, key: str | None = None) -> Own:
        if key is None:
            self._workshops += 1
            key = f"{self._name}.w{self._workshops}"
        arguments = {
            "clerk_user_id": person,
            "title": title_of(key, 0),
            "original_idea": idea_of(key),
            "idempotency_key": key,
        }
        workshop_id = derive_prefixed_id("ws", person, key)
        _, sure = await self._attempts.write(
            "create_workshop",
            {f"workshop|{key}": workshop_id, f"title|{key}": 0},
            lambda: operations.create_workshop(**arguments),  # type: ignore[arg-type]
            again=arguments,
        )
        return Own(key, workshop_id, sure)

    async def _delete(self, own: Own) -> None:
        await self._attempts.write(
            "delete_workshop",
            {f"workshop|{own.key}": None},
            lambda: operations.delete_workshop(own.id),
            done_says=(WorkshopNotFoundError,),
        )

    async def _erase(self, own: Own) -> None:
        """Delete a person with a workshop, if no statement can be left that makes it anew."""
        person = f"erased_{self._name}.{own.next('erased')}.{own.key}"
        theirs = await self._create(person)
        if theirs.sure:
            await self._attempts.write(
                "delete_user_data",
                {f"workshop|{theirs.key}": None},
                lambda: operations.delete_user_data(person),
            )

    async def _message(self, own: Own) -> None:
        """Write into a conversation of all tasks; the first of them makes its workshop."""
        self._messages += 1
        shared = f"{self._name.split('.')[0]}.shared{self._messages // 40}"
        workshop = await self._create(SHARER, shared)
        step = self._dice.choice(SHARED_STEPS)
        key = f"{self._name}.m{self._messages}"
        arguments = {
            "workshop_id": workshop.id,
            "step_id": step,
            "message": message_of(key),
            "idempotency_key": key,
        }
        await self._attempts.write(
            "append_step_message",
            {f"message|{shared}|{step}|{key}": 1},
            lambda: operations.append_step_message(**arguments),  # type: ignore[arg-type]
            again=arguments,
        )

    async def _plain_message(self, own: Own) -> None:
        """Write a message without a key, which must not be repeated if it may be there."""
        key = f"p{own.next('plain')}"
        await self._attempts.write(
            "append (no key)",
            {f"message|{own.key}|empathize|{key}": 1},
            lambda: operations.append_step_message(own.id, "empathize", message_of(key)),
            repeats=False,
        )

    async def _save(self, own: Own) -> None:
        number = own.next("define")

        async def call(version: datetime) -> WorkshopStep:
            output = output_of(own.key, number)
            return await operations.save_step_output(
                own.id, "define", output, expected_updated_at=version
            )

        await self._change_step(
            *("save_step_output", own, "define", {f"define|{own.key}": number}, call),
            is_done=lambda step: bool(step.output) and step.output["n"] == number,
        )

    async def _merge(self, own: Own) -> None:
        key = f"k{own.next('ideate')}"

        async def call(version: datetime) -> WorkshopStep:
            changes = {key: text_of(f"{own.key} {key}")}
            return await operations.merge_step_output(
                own.id, "ideate", changes, expected_updated_at=version
            )

        await self._change_step(
            *("merge_step_output", own, "ideate", {f"merge|{own.key}|{key}": 1}, call),
            is_done=lambda step: key in (step.output or {}),
        )

    async def _toggle(self, own: Own) -> None:
        change = operations.reopen_step if own.complete else operations.complete_step
        wanted = "in_progress" if own.complete else "complete"

        async def call(version: datetime) -> WorkshopStep:
            return await change(own.id, "story", expected_updated_at=version)

        await self._change_step(
            *(change.__name__, own, "story", {f"status|{own.key}": wanted}, call),
            is_done=lambda step: step.status == wanted,
        )
        own.complete = not own.complete

    async def _pair(self, own: Own) -> None:
        """Change a step and a member in one transaction: both or none."""
        if "architect" not in own.numbers:
            await self._add(own, PAIR_GUEST)
        number = own.next("architect")

        async def call(version: datetime) -> WorkshopStep:
            async with project_engine().transaction():
                output = output_of(own.key, number)
                step = await operations.save_step_output(
                    own.id, "architect", output, expected_updated_at=version
                )
                await operations.set_member_role(own.id, PAIR_GUEST, role=f"r{number}")
            return step

        await self._change_step(
            *("a transaction", own, "architect", {f"pair|{own.key}": number}, call),
            is_done=lambda step: bool(step.output) and step.output["n"] == number,
        )

    async def _change_step(
        self,
        operation: str,
        own: Own,
        step_id: str,
        sets: dict[str, Any],
        change: Callable[[datetime], Awaitable[WorkshopStep]],
        *,
        is_done: Callable[[WorkshopStep], bool],
    ) -> None:
        """Change the version that was seen; look again where it has been changed."""

        async def call() -> None:
            while True:
                if step_id not in own.versions:
                    own.versions[step_id] = (await operations.get_step(own.id, step_id)).updated_at
                try:
                    own.versions[step_id] = (await change(own.versions[step_id])).updated_at
                except (StaleStepError, StepTransitionError):
                    step = await operations.get_step(own.id, step_id)
                    own.versions[step_id] = step.updated_at
                    if is_done(step):
                        raise DoneBeforeError from None
                else:
                    return

        await self._attempts.write(operation, sets, call, done_says=(DoneBeforeError,))

    async def _title(self, own: Own) -> None:
        number = own.next("title")

        async def call() -> None:
            while True:
                seen = await operations.get_workshop(own.id, include=())
                if seen["title"] == title_of(own.key, number):
                    raise DoneBeforeError
                try:
                    await operations.update_workshop(
                        own.id,
                        title=title_of(own.key, number),
                        expected_updated_at=seen["updated_at"],
                    )
                except StaleWorkshopError:
                    continue
                return

        await self._attempts.write(
            "update_workshop", {f"title|{own.key}": number}, call, done_says=(DoneBeforeError,)
        )

    async def _pack(self, own: Own) -> None:
        key = f"b{own.next('pack')}"
        arguments = {"workshop_id": own.id, "title": text_of(key), "idempotency_key": key}
        await self._attempts.write(
            "generate_build_pack",
            {f"pack|{own.key}|{text_of(key)}": derive_prefixed_id("bp", own.id, key)},
            lambda: operations.generate_build_pack(**arguments),  # type: ignore[arg-type]
            again=arguments,
        )

    async def _member(self, own: Own) -> None:
        guest = f"guest_{own.next('guest')}"
        sure = await self._add(own, guest)
        if sure and self._dice.random() < 0.5:
            await self._attempts.write(
                "remove_member",
                {f"member|{own.key}|{guest}": None},
                lambda: operations.remove_member(own.id, guest),
                done_says=(MemberNotFoundError,),
            )

    async def _add(self, own: Own, guest: str) -> bool:
        sets = {} if guest == PAIR_GUEST else {f"member|{own.key}|{guest}": "viewer"}
        _, sure = await self._attempts.write(
            "add_member",
            sets,
            lambda: operations.add_member(own.id, guest, role="viewer"),
            done_says=(MemberExistsError,),
        )
        return sure

    async def _session(self, own: Own) -> None:
        """Open or close a session; one whose opening may still be carried out stays open."""
        if own.session is None:
            session, sure = await self._attempts.write(
                "record_activity",
                {f"sessions|{own.key}": own.next("sessions")},
                lambda: operations.record_activity(own.id),
            )
            assert session is not None
            own.session = session.id if sure else ""
        elif own.session:
            closing, own.session = own.session, None
            await self._attempts.write(
                "close_session",
                {f"closed|{own.key}|{closing}": 1},
                lambda: operations.close_session(closing),
                done_says=(SessionClosedError,),
            )

    async def _read(self, own: Own) -> None:
        """Read what was written, as whoever wrote it does at once."""
        detail = await self._attempts.read(lambda: operations.get_workshop(own.id))
        outputs = {step["step_id"]: step["output"] or {} for step in detail["steps"]}
        numbers = own.numbers
        right = (
            detail["title"] == title_of(own.key, numbers.get("title", 0))
            and outputs["define"].get("n", 0) == numbers.get("define", 0)
            and outputs["architect"].get("n", 0) == numbers.get("architect", 0)
            and len(outputs["ideate"]) == numbers.get("ideate", 0)
        )
        if not right:
            raise self._attempts.violation(f"{own.key} reads otherwise than it was written")
