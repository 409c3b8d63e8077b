"""Build packs of finished demo workshops, made by the renderers that make the real ones.

Rendering ten outputs takes a millisecond or more. A template is rendered once for each case, with
marks where the workshops differ, and then filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workshops.demo.definitions import Definition
from workshops.rendering import BuildPackDocument, BuildPackStep, render_json, render_markdown
from workshops.rendering.escaping import inline, prose
from workshops.states import StepStatus

# Letters only, so that no renderer has a reason to escape them; and dates of a time long past.
_WORKSHOP, _TITLE, _IDEA = "QQworkshopQQ", "QQtitleQQ", "QQideaQQ"
_PAST = 1000
_GENERATED = datetime(_PAST, 1, 1)
_MARKS = re.compile(
    rf"{_WORKSHOP}|{_TITLE}|{_IDEA}|\{{place\}}|\{{company\}}"
    r"|1\d{3}-01-01(?: at 00:00|T00:00:00\.000Z)?(?!\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFacts:
    """What a pack says about its own workshop; `completed_at` in the order of the steps."""

    workshop_id: str
    title: str
    idea: str
    place: str
    company: str
    generated_at: datetime
    completed_at: Sequence[datetime]


class PackTemplate:
    """The text of a build pack, cut at its marks."""

    def __init__(
        self,
        text: str,
        write_text: Callable[[str], str],
        write_idea: Callable[[str], str],
        write_date: Callable[[datetime], str],
        write_moment: Callable[[datetime], str],
    ) -> None:
        self._write_text = write_text
        self._write_idea = write_idea
        self._write_date = write_date
        self._write_moment = write_moment
        self._literals = _MARKS.split(text)
        self._marks = [match[0] for match in _MARKS.finditer(text)]

    def fill(self, facts: PackFacts) -> str:
        """Return the content of the build pack."""
        values = {
            _WORKSHOP: self._write_text(facts.workshop_id),
            _TITLE: self._write_text(facts.title),
            _IDEA: self._write_idea(facts.idea),
            "{place}": self._write_text(facts.place),
            "{company}": self._write_text(facts.company),
            self._write_moment(_GENERATED): self._write_moment(facts.generated_at),
        }
        for number, completed_at in enumerate(facts.completed_at, start=1):
            values[self._write_date(_mark(number))] = self._write_date(completed_at)
        parts = [self._literals[0]]
        for mark, literal in zip(self._marks, self._literals[1:], strict=True):
            parts.append(values.get(mark, mark))
            parts.append(literal)
        return "".join(parts)


def markdown_template(
    definitions: Sequence[Definition], outputs: Sequence[dict[str, Any]]
) -> PackTemplate:
    """Return the template of a Markdown pack with all steps complete."""
    return PackTemplate(
        render_markdown(_document(definitions, outputs)),
        inline,
        lambda idea: "\n\n".join(prose(idea)),
        lambda moment: moment.isoformat()[:10],
        lambda moment: moment.isoformat()[:16].replace("T", " at "),
    )


def json_template(
    definitions: Sequence[Definition], outputs: Sequence[dict[str, Any]]
) -> PackTemplate:
    """Return the template of a JSON pack with all steps complete."""
    text = render_json(_document(definitions, outputs))
    return PackTemplate(text, _json_text, _json_text, _json_moment, _json_moment)


def _document(
    definitions: Sequence[Definition], outputs: Sequence[dict[str, Any]]
) -> BuildPackDocument:
    return BuildPackDocument(
        workshop_id=_WORKSHOP,
        workshop_title=_TITLE,
        title=_TITLE,
        idea=_IDEA,
        generated_at=_GENERATED,
        steps=[
            BuildPackStep(
                step_id=definition.id,
                name=definition.name,
                description=definition.description,
                order=definition.order,
                status=StepStatus.complete,
                output=output,
                completed_at=_mark(number),
            )
            for number, (definition, output) in enumerate(
                zip(definitions, outputs, strict=True), start=1
            )
        ],
    )


def _mark(number: int) -> datetime:
    return datetime(_PAST + number, 1, 1)


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_moment(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"
