"""The steps that a workshop goes through, and how far each workshop has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from piccolo.columns import JSONB, Column, Integer, Text
from piccolo.columns.readable import Readable
from piccolo.constraints import Check, Unique
from piccolo.query.methods.refresh import Refresh
from piccolo.table import Table

from workshops.columns import (
    BelongsToWorkshop,
    CascadeForeignKey,
    PrefixedKey,
    SingleLineText,
    UTCTimestamp,
    VersionedRow,
    next_updated_at,
)
from workshops.relations import HasRelations, OneToMany
from workshops.states import StepStatus, one_of
from workshops.tables.workshops import Workshop


class StepDefinition(HasRelations, VersionedRow, Table, tablename="step_definitions"):
    """One of the design-thinking steps that every workshop goes through.

    Reference data, loaded by a migration into an empty table. The key is
    semantic (`empathize`), because code and prompts refer to it. A definition
    that is in use is not deleted: that would cascade into every workshop's work.
    """

    id = Text(
        primary_key=True,
        default=None,
        required=True,
        help_text="The step's name in code, such as `empathize`.",
    )
    order = Integer(default=None, required=True, help_text="Its position; the first step is 1.")
    name = SingleLineText(length=100, default=None, required=True, help_text="What people call it.")
    description = Text(default=None, required=True, help_text="What is done in it, in a sentence.")
    prompt_template = Text(
        default=None, null=True, help_text="The prompt that opens the step's conversation, if any."
    )
    created_at = UTCTimestamp(help_text="When it was created (UTC).")
    updated_at = UTCTimestamp(
        auto_update=next_updated_at, help_text="When it last changed (UTC); always moves forward."
    )

    workshop_steps: OneToMany[WorkshopStep] = OneToMany("WorkshopStep")

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s", columns=[cls.name])


class WorkshopStep(
    HasRelations, BelongsToWorkshop, VersionedRow, Table, tablename="workshop_steps"
):
    """How far one workshop has come in one step, and what it produced there.

    ``not_started -> in_progress -> complete``, and from there, if it is to be worked
    on again, ``needs_regeneration -> complete``. A step that is complete has a
    ``completed_at``; one that is not started has neither a ``started_at`` nor an
    output. ``output`` is a JSON object or NULL.
    """

    id = PrefixedKey("wst", help_text="Identifier, `wst_` and a cuid2.")
    workshop_id = CascadeForeignKey(Workshop, help_text="The workshop.")
    step_id = CascadeForeignKey(StepDefinition, help_text="Which of the steps this is.")
    status = SingleLineText(
        default=StepStatus.not_started,
        choices=StepStatus,
        index=True,
        help_text="not_started -> in_progress -> complete (-> needs_regeneration -> complete).",
    )
    # Piccolo types the value as str, which it is when Piccolo's own select has read it;
    # in what the operations return it is a dictionary.
    output: Any = JSONB(
        default=None, null=True, help_text="What the step produced: a JSON object, or nothing yet."
    )
    started_at = UTCTimestamp(default=None, null=True, help_text="When it was started (UTC).")
    completed_at = UTCTimestamp(default=None, null=True, help_text="When it was completed (UTC).")
    created_at = UTCTimestamp(help_text="When it was created (UTC).")
    updated_at = UTCTimestamp(
        auto_update=next_updated_at, help_text="When it last changed (UTC); always moves forward."
    )

    # Not named workshop_steps_status_check: Piccolo compares constraints by name only, and
    # that one allowed three statuses.
    workshop_steps_known_status_check = Check(one_of("status", StepStatus))
    workshop_steps_output_check = Check("jsonb_typeof(output) = 'object'")
    workshop_steps_workshop_step_unique = Unique([workshop_id, step_id])

    def refresh(
        self, columns: Sequence[Column] | None = None, load_json: bool | None = None
    ) -> Refresh:
        """Read the row anew, in place; see Piccolo's ``Table.refresh``.

        Unless ``load_json`` says otherwise, ``output`` stays what it is: a dictionary, or
        the text that Piccolo's own select reads.
        """
        if load_json is None:
            load_json = not isinstance(self.output, str)
        return super().refresh(columns, load_json=load_json)

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(
            template="%s: %s (%s)",
            columns=[cls.workshop_id.title, cls.step_id.name, cls.status],
        )
