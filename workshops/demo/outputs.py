"""What the steps of a workshop produce, as outputs.toml has it, and the build packs from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random
from typing import Any

from workshops.demo.vocabulary import OUTPUTS, WORDS, Idea
from workshops.rendering import BuildPackDocument, BuildPackStep, render_content
from workshops.tables import StepDefinition

_SLOT = re.compile(r"\{([^{}]+)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)(?:/(\d+))?")
# A time of a year long past stands for each real one, until a build pack is filled.
_MARK = re.compile(r"1(?P<number>\d{3})-01-01(?P<clock>T00:00:00\.000| at 00:00)?")
_KEPT = ("place", "company")


def with_article(noun: str) -> str:
    """The noun after "a" or "an"."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def capital(text: str) -> str:
    """The text with a capital letter first, the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital letter first and one full stop at the end."""
    return f"{capital(text).rstrip('.')}."


def bare(feature: str) -> str:
    """The feature without its article, as a heading: "Bed-ready button on the ward tablet"."""
    article, _, rest = feature.partition(" ")
    return capital(rest if article in ("a", "an", "the") else feature)


_CHANGES: dict[str, Callable[[str], str]] = {
    "a": with_article,
    "bare": bare,
    "capital": capital,
    "lower": str.lower,
    "sentence": sentence,
}


class Cast:
    """One variant of an idea: who was asked, and in which order the features ended up.

    All outputs of a workshop are made from the same cast, so that the persona of the first step is
    the one in the user stories of the ninth.
    """

    def __init__(self, idea: Idea, rng: Random) -> None:
        self.idea = idea
        self.rng = rng
        self._left: dict[str, list[Any]] = {}
        features = rng.sample(idea.features, len(idea.features))
        results = rng.choices(WORDS["results"], k=5)
        alone = results.count("done alone")
        points = rng.choices((1, 2, 3, 5, 8), k=4)
        other_roles = rng.choices((idea.role, idea.role, idea.other), k=5)
        self.words: dict[str, Any] = {
            **idea._asdict(),
            "feature": [feature for feature, _ in features],
            "benefit": [benefit for _, benefit in features],
            "pains": rng.sample(idea.pains, 3),
            "audiences": rng.sample(idea.audiences, 3),
            "persona": [self._person(idea.role), self._person(idea.other)],
            "tester": [
                {**self._person(role), "result": result}
                for role, result in zip(other_roles, results, strict=True)
            ],
            "alone": alone,
            "decision": "Go on" if alone >= 2 else "Change the first screen, then go on",
            "votes": sorted(rng.choices(range(1, 12), k=7), reverse=True),
            "wild": rng.sample(WORDS["wild_ideas"], 2),
            "finding": rng.sample(WORDS["findings"], 3),
            "rice": sorted(
                (self._estimate() for _ in features),
                key=lambda estimate: estimate["score"],
                reverse=True,
            ),
            "client": rng.choice(WORDS["clients"]),
            "availability": rng.choice((99, 99.5, 99.9)),
            "works_offline": rng.random() < 0.5,
            "points": points,
            "total_points": sum(points),
        }

    def output(self, step_id: str, name: str) -> dict[str, Any]:
        """The output of a step; of one that the catalogue does not know, what was agreed."""
        self.words["step"] = name
        filled: dict[str, Any] = self._fill(OUTPUTS.get(step_id, OUTPUTS["other"]))
        return filled

    def messages(self, step_id: str) -> list[dict[str, str]]:
        """Two to six turns of a conversation about the step, the guide asking first."""
        idea, questions = self.idea, WORDS["questions"]
        answers = [*idea.quotes, *map(sentence, idea.pains), sentence(idea.because)]
        turns = [questions.get(step_id, questions["other"]), self.rng.choice(answers)]
        count = self.rng.randint(0, 2)
        follow_ups = self.rng.sample(WORDS["follow_ups"], count)
        replies = self.rng.sample(WORDS["replies"], count)
        for follow_up, reply in zip(follow_ups, replies, strict=True):
            turns += [self._fill(follow_up), reply]
        return [
            {"role": ("assistant", "user")[number % 2], "content": text}
            for number, text in enumerate(turns)
        ]

    def _person(self, role: str) -> dict[str, Any]:
        first, last = self._draw("first_names"), self._draw("last_names")
        age = self.rng.randint(23, 67)
        return {"name": f"{first} {last}", "first": first, "age": age, "role": role}

    def _estimate(self) -> dict[str, float]:
        rng = self.rng
        reach, effort = rng.randrange(20, 400, 10), rng.choice((1, 2, 3, 5, 8))
        impact, confidence = rng.choice((0.5, 1, 2, 3)), rng.choice((50, 80, 100))
        score = round(reach * impact * confidence / 100 / effort, 1)
        keys = ("reach", "impact", "confidence", "effort", "score")
        return dict(zip(keys, (reach, impact, confidence, effort, score), strict=True))

    def _draw(self, kind: str) -> Any:
        """A word of the vocabulary; none twice before all have come."""
        if not self._left.get(kind):
            self._left[kind] = self.rng.sample(WORDS[kind], len(WORDS[kind]))
        return self._left[kind].pop()

    def _fill(self, template: Any) -> Any:
        if isinstance(template, dict):
            return {self._fill(key): self._fill(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self._fill(item) for item in template]
        if not isinstance(template, str):
            return template
        if slot := _SLOT.fullmatch(template):
            return self._value(slot[1])
        return _SLOT.sub(lambda match: str(self._value(match[1])), template)

    def _value(self, slot: str) -> Any:
        """What stands for a slot: "capital persona.1.role", "days", "5..12"."""
        *changes, name = slot.split()
        if name in _KEPT:
            return f"{{{name}}}"
        if numbers := _RANGE.fullmatch(name):
            first, last, step = numbers.groups("1")
            return self.rng.randrange(int(first), int(last) + 1, int(step))
        if name in WORDS:
            value = self._draw(name)
        else:
            value = self.words
            for part in name.split("."):
                value = value[int(part) - 1] if isinstance(value, list) else value[part]
        if isinstance(value, str):
            value = self._fill(value)
        for change in reversed(changes):
            value = _CHANGES[change](value)
        return value


class Variant:
    """The outputs of one variant of an idea, in the order of the definitions, as JSON text.

    `outputs` are those of completed steps, `drafts` those of steps in progress.
    """

    def __init__(self, idea: Idea, definitions: Sequence[StepDefinition], rng: Random) -> None:
        self._definitions = definitions
        self._packs: dict[str, str] = {}
        self.outputs: list[str] = []
        self.drafts: list[str] = []
        cast = Cast(idea, rng)
        for definition in definitions:
            output = cast.output(definition.id, definition.name)
            kept = rng.sample(list(output), rng.randint(0, len(output) // 2))
            draft = {key: output[key] for key in kept}
            draft["messages"] = cast.messages(definition.id)
            if rng.random() < 0.35:
                output["messages"] = cast.messages(definition.id)
            self.outputs.append(json.dumps(output, ensure_ascii=False))
            self.drafts.append(json.dumps(draft, ensure_ascii=False))

    def pack(self, format_type: str, slots: dict[str, str], times: Sequence[datetime]) -> str:
        """The content of a build pack; `times` are when the steps were completed, and now.

        Rendering takes milliseconds: it is done once, with marks where workshops differ.
        """
        if format_type not in self._packs:
            self._packs[format_type] = self._render(format_type)

        def date(mark: re.Match[str]) -> str:
            time = times[int(mark["number"]) - 1]
            if mark["clock"] is None:
                return f"{time:%Y-%m-%d}"
            is_text = mark["clock"].startswith(" ")
            return (
                f"{time:%Y-%m-%d at %H:%M}" if is_text else time.isoformat(timespec="milliseconds")
            )

        return _MARK.sub(date, filled(self._packs[format_type], slots))

    def _render(self, format_type: str) -> str:
        steps = [
            BuildPackStep(
                step_id=definition.id,
                name=definition.name,
                description=definition.description,
                order=definition.order,
                status="complete",
                output=json.loads(output),
                completed_at=datetime(1001 + number, 1, 1),
            )
            for number, (definition, output) in enumerate(
                zip(self._definitions, self.outputs, strict=True)
            )
        ]
        document = BuildPackDocument(
            workshop_id="{workshop}",
            workshop_title="{title}",
            title="{title}",
            idea="{idea}",
            generated_at=datetime(1001 + len(steps), 1, 1),
            steps=steps,
        )
        return render_content(document, format_type)


def filled(text: str, slots: dict[str, str]) -> str:
    """The text with what stands for its slots, in Markdown or in JSON: nothing needs escaping."""
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text
