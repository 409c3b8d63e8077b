"""Build packs of demo workshops."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo.generated import TEN_STEPS, Told, told
from workshops.rendering import BuildPackDocument, BuildPackStep, render_json, render_markdown

SEEDS = (1, 7)


def _document(workshop: Told, pack: dict[str, Any]) -> BuildPackDocument:
    return BuildPackDocument(
        workshop_id=workshop.row["id"],
        workshop_title=workshop.row["title"],
        title=pack["title"],
        idea=workshop.row["original_idea"],
        generated_at=pack["created_at"],
        steps=[
            BuildPackStep(
                step_id=step["step_id"],
                name=definition.name,
                description=definition.description,
                order=definition.order,
                status=step["status"],
                output=step["output"],
                completed_at=step["completed_at"],
            )
            for step, definition in zip(workshop.steps, TEN_STEPS, strict=True)
        ],
    )


@pytest.mark.parametrize(
    ("format_type", "render"),
    [("markdown", render_markdown), ("pdf", render_markdown), ("json", render_json)],
)
def test_content_is_what_the_renderer_makes_of_the_rows(format_type: str, render: Any) -> None:
    """A build pack holds to the letter what is rendered from its workshop's own rows."""
    packs = [
        (workshop, pack)
        for seed in SEEDS
        for workshop in told(seed)
        for pack in workshop.build_packs
        if pack["format_type"] == format_type
    ]
    assert packs
    for workshop, pack in packs:
        assert pack["content"] == render(_document(workshop, pack))
