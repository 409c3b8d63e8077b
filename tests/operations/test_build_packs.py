"""Build packs from the outputs of a workshop."""

from __future__ import annotations

import asyncio
import json
import re
from io import BytesIO
from typing import Any

import pypdf
import pytest

from tests.cluster import not_on_a_cluster
from tests.operations.concurrency import transaction
from tests.operations.conftest import stored
from workshops import operations
from workshops.errors import (
    BuildPackEmptyError,
    BuildPackNotFoundError,
    DuplicateValueError,
    InvalidInputError,
    UnknownValueError,
)
from workshops.statements.validation import DEPTH
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import BuildPack, Workshop
from workshops.types import FormatTypeName

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def worked(workshop: Workshop) -> Workshop:
    """A workshop with two complete steps."""
    await operations.complete_step(workshop.id, "empathize", output={"people": ["Ada", "Bob"]})
    await operations.complete_step(workshop.id, "define", output={"problem": "Bread is wasted."})
    return workshop


async def test_a_pack_is_stored_with_the_title_of_the_workshop(worked: Workshop) -> None:
    """As Markdown unless another format is asked for."""
    pack = await operations.generate_build_pack(worked.id)
    assert isinstance(pack, BuildPack)
    assert (pack.workshop_id, pack.title, pack.format_type) == (
        worked.id,
        worked.title,
        "markdown",
    )
    assert (await operations.get_workshop(worked.id))["build_packs"] == [pack.to_dict()]
    for text in (worked.title, worked.original_idea, "Ada", "Bread is wasted.", "Ideate"):
        assert text in pack.content


async def test_packs_of_one_moment_stay_in_their_order(worked: Workshop) -> None:
    """In one transaction, whose clock stands still."""
    async with transaction():
        for number in range(10):
            await operations.generate_build_pack(worked.id, title=f"Pack {number}")
    packs = (await operations.get_workshop(worked.id))["build_packs"]
    assert [pack["title"] for pack in packs] == [f"Pack {n}" for n in reversed(range(10))]


async def test_a_key_makes_one_pack(worked: Workshop) -> None:
    """Of five calls at once and one later; a key is one workshop's."""
    made = await asyncio.gather(
        *(operations.generate_build_pack(worked.id, idempotency_key="key") for _ in range(5))
    )
    again = await operations.generate_build_pack(
        worked.id, format_type="json", idempotency_key="key"
    )
    assert all(pack == again for pack in made)
    assert again.format_type == "markdown"
    assert re.fullmatch(r"bp_[a-z][a-z0-9]{23}", again.id)
    assert await BuildPack.count() == 1
    await operations.generate_build_pack(worked.id, idempotency_key="other")
    other = await operations.create_workshop(clerk_user_id="u", title="t", original_idea="")
    await operations.generate_build_pack(other.id, idempotency_key="key")
    assert await BuildPack.count() == 3


@not_on_a_cluster("rows given to another workshop")
async def test_a_key_whose_pack_was_given_away_is_told(worked: Workshop) -> None:
    """Neither is a second pack made under the key, nor is another workshop's returned."""
    other = await operations.create_workshop(clerk_user_id="u", title="t", original_idea="")
    pack = await operations.generate_build_pack(worked.id, idempotency_key="key")
    await BuildPack.update({BuildPack.workshop_id: other.id}).where(BuildPack.id == pack.id)
    with pytest.raises(DuplicateValueError):
        await operations.generate_build_pack(worked.id, idempotency_key="key")
    assert await BuildPack.count() == 1


async def test_a_pack_says_what_the_outputs_are_at_that_moment(worked: Workshop) -> None:
    """A later change is in the next pack and not in the earlier one."""
    before = await operations.generate_build_pack(worked.id)
    await operations.save_step_output(worked.id, "define", {"problem": "Flour is wasted."})
    after = await operations.generate_build_pack(worked.id, title="Second")
    assert "Flour" not in before.content
    assert "Flour is wasted." in after.content
    assert "Bread is wasted." not in after.content
    packs = (await operations.get_workshop(worked.id))["build_packs"]
    assert [pack["title"] for pack in packs] == ["Second", worked.title]
    assert packs[1]["content"] == before.content


async def test_a_json_pack_is_a_document_of_its_steps(worked: Workshop) -> None:
    """Complete steps with their outputs, the others as open."""
    pack = await operations.generate_build_pack(worked.id, format_type="json")
    filename, media_type, content = await operations.render_build_pack(pack.id)
    document = json.loads(content)
    assert content == pack.content.encode()
    assert media_type == "application/json"
    assert filename == "a-bakery-without-waste.json"
    assert [step["output"] for step in document["steps"]] == [
        {"people": ["Ada", "Bob"]},
        {"problem": "Bread is wasted."},
    ]
    assert len(document["open_steps"]) == len(STEP_CATALOG) - 2


async def test_a_markdown_pack_is_rendered_as_its_content(worked: Workshop) -> None:
    """In UTF-8."""
    pack = await operations.generate_build_pack(worked.id, title="Brötchen für alle!")
    filename, media_type, content = await operations.render_build_pack(pack.id)
    assert filename == "brotchen-fur-alle.md"
    assert media_type == "text/markdown; charset=utf-8"
    assert content.decode() == pack.content


async def test_a_pdf_pack_is_a_real_pdf_made_from_its_markdown(worked: Workshop) -> None:
    """Its text can be read, and the same pack gives the same bytes."""
    pack = await operations.generate_build_pack(worked.id, format_type="pdf")
    markdown = await operations.generate_build_pack(worked.id)
    assert pack.content.splitlines()[0] == markdown.content.splitlines()[0]
    rendered = await operations.render_build_pack(pack.id)
    assert rendered.media_type == "application/pdf"
    assert rendered.filename.endswith(".pdf")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(rendered[2])).pages)
    assert "Bread is wasted." in re.sub(r"\s+", " ", text)
    assert await operations.render_build_pack(pack.id) == rendered


@pytest.mark.parametrize("title", ["日本語", "...", "/etc/passwd", 'a"b\\c', "x" * 200])
async def test_a_file_name_is_safe_whatever_the_title(worked: Workshop, title: str) -> None:
    """Short, without a path or what a header could be broken with."""
    pack = await operations.generate_build_pack(worked.id, title=title)
    filename = (await operations.render_build_pack(pack.id)).filename
    assert re.fullmatch(r"\w[\w-]*\.md", filename)
    assert len(filename) < 100


async def test_every_output_that_can_be_saved_can_be_rendered(worked: Workshop) -> None:
    """As deep and as odd as an output may be, in all three formats."""
    deep: Any = "end"
    for level in range(DEPTH - 2):
        deep = [deep] if level % 2 else {"level": deep}
    await operations.save_step_output(
        worked.id, "define", {"deep": deep, "": {}, "10": [[], 1e308, 10**100, None]}
    )
    formats: tuple[FormatTypeName, ...] = ("markdown", "json", "pdf")
    for format_type in formats:
        pack = await operations.generate_build_pack(worked.id, format_type=format_type)
        assert (await operations.render_build_pack(pack.id)).content


async def test_bad_formats_and_titles_are_refused(worked: Workshop) -> None:
    """Nothing is stored."""
    before = await stored()
    with pytest.raises(UnknownValueError, match="format_type must be one of markdown, pdf, json"):
        await operations.generate_build_pack(worked.id, format_type="docx")  # type: ignore[arg-type]
    for title in ("", "x" * 201, "\0"):
        with pytest.raises(InvalidInputError, match=r"^title "):
            await operations.generate_build_pack(worked.id, title=title)
    assert await stored() == before


async def test_an_unknown_or_empty_pack_is_not_found(worked: Workshop) -> None:
    """The error names it."""
    with pytest.raises(BuildPackNotFoundError, match="There is no build pack bp_x"):
        await operations.render_build_pack("bp_x")
    empty = BuildPack(workshop_id=worked.id, title="Begun elsewhere")
    await empty.save()
    with pytest.raises(BuildPackEmptyError, match=empty.id):
        await operations.render_build_pack(empty.id)
