"""A build pack as Markdown."""

from __future__ import annotations

from datetime import datetime

from .document import BuildPackDocument, BuildPackStep
from .escaping import heading, inline, prose
from .output_markdown import output_blocks


def render_markdown(document: BuildPackDocument) -> str:
    """The pack as CommonMark with GitHub's tables; the same document gives the same text.

    Headings: one `#` with the title; `##` for the idea, each complete step in definition order and
    the open steps; below them what the outputs hold. All text of users is escaped: no heading,
    link, image or HTML of theirs ever becomes one here. Never fails on any JSON object.
    """
    numbers = {step.step_id: number for number, step in enumerate(document.ordered_steps, start=1)}
    complete, open_steps = document.complete_steps, document.open_steps
    blocks = [
        heading(1, inline(document.title)),
        f"*Build pack of the workshop “{inline(document.workshop_title)}”, "
        f"generated {_moment(document.generated_at)}.*",
        f"**{_progress(len(complete), len(document.steps))}**",
    ]
    if document.idea.strip():
        blocks += [heading(2, "Idea"), *prose(document.idea)]
    for step in complete:
        blocks += _step(step, numbers[step.step_id])
    if open_steps:
        blocks += [
            heading(2, "Open steps"),
            "\n".join(
                f"- **{numbers[step.step_id]}. {inline(step.name)}** "
                f"({inline(step.status.replace('_', ' '))})"
                for step in open_steps
            ),
        ]
    return "\n\n".join(blocks) + "\n"


def _step(step: BuildPackStep, number: int) -> list[str]:
    remarks = []
    if step.description.strip():
        remarks.append(f"*{inline(step.description)}*")
    if step.completed_at is not None:
        remarks.append(f"*Completed {step.completed_at:%Y-%m-%d}.*")
    return [
        heading(2, f"{number}. {inline(step.name)}"),
        *([" ".join(remarks)] if remarks else []),
        *output_blocks(step.output),
    ]


def _progress(complete: int, total: int) -> str:
    if total and complete == total:
        return f"All {total} steps are complete."
    return f"{complete} of {total} steps are complete."


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d} at {value:%H:%M} UTC"
