"""Rows of a class that the caller gives: what is selected follows from it, and is checked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from tests.factories import make_workshop
from tests.relations.tables import Album, Band, Track
from workshops.relations import RelationError, RowTypeError
from workshops.tables import Workshop, WorkshopStep
from workshops.types import WorkshopRow

music = pytest.mark.usefixtures("music")


class TrackRow(TypedDict):
    """A row of a relation in a relation."""

    title: str


class AlbumRow(TypedDict):
    """A row of a relation, with one of its own."""

    title: str
    price: Decimal | None
    tracks: list[TrackRow]


class BandRow(TypedDict):
    """A row with a relation."""

    name: str
    profile: dict[str, Any] | None
    albums: list[AlbumRow]


@dataclass
class BandCard:
    """A row as a dataclass."""

    name: str
    albums_count: int


class BandModel(BaseModel):
    """A row as a pydantic model."""

    name: str
    popularity: int


@music
async def test_what_is_selected_follows_from_the_class() -> None:
    """Fields are columns, and lists of such classes relations, at any depth; JSON is loaded."""
    query = Band.select_as(BandRow).where(Band.name == "One")
    assert await query == [
        {
            "name": "One",
            "profile": {"town": "Aš", "year": 1999},
            "albums": [{"title": "One 1", "price": Decimal(3), "tracks": [{"title": "1.1"}]}],
        }
    ]


@music
async def test_dataclasses_and_models() -> None:
    """Rows are made as dataclasses and as pydantic models too."""
    cards = await Band.select_as(BandCard, Band.albums.count()).order_by(Band.id).limit(2)
    assert cards == [BandCard("None", 0), BandCard("One", 1)]
    last = await Band.select_as(BandModel).order_by(Band.popularity, ascending=False).first()
    assert last == BandModel(name="One", popularity=3)
    assert await Band.select_as(BandModel).where(Band.id == 0).first() is None


@music
async def test_what_is_given_stands_for_its_field() -> None:
    """A relation in some order, or a column under an alias, is given beside the class."""
    tracks = Album.tracks(Track.title).order_by(Track.position, ascending=False).limit(1)
    albums = Band.albums(Album.title, Album.price, tracks).where(Album.price < 2)
    query = Band.select_as(BandRow, albums, Band.label.name.as_alias("name"))
    with pytest.raises(RowTypeError, match=r"BandRow\.name of a row"):
        await query.where(Band.id == 3)
    assert (await query.where(Band.label.name == "Small")) == []
    row = await Band.select_as(BandRow, albums).order_by(Band.id).offset(2).first()
    assert row is not None
    assert row["name"] == "Two"
    assert [album["tracks"] for album in row["albums"]] == [[{"title": "3.3"}]]


@music
async def test_rows_are_checked() -> None:
    """A row that is not what the class says is an error that tells the field, not the value."""

    class Wrong(TypedDict):
        name: int

    with pytest.raises(RowTypeError, match=r"^Wrong\.name of a row: ") as caught:
        await Band.select_as(Wrong).where(Band.name == "Two")
    assert "Two" not in str(caught.value)


@music
async def test_it_is_a_select_as_any_other() -> None:
    """It can be frozen, and read in batches; with relations and without."""

    class Profile(TypedDict):
        name: str
        profile: dict[str, Any] | None

    town = {"town": "Aš", "year": 1999}
    frozen: Any = Band.select_as(Profile).where(Band.name == "One").freeze()
    assert await frozen.run() == [{"name": "One", "profile": town}]
    frozen = Band.select_as(BandRow).where(Band.name == "None").freeze()
    assert await frozen.run() == [{"name": "None", "profile": None, "albums": []}]
    found = []
    query: Any = Band.select_as(BandModel, Band.albums()).order_by(Band.id)
    async with await query.batch(batch_size=2) as batches:
        async for batch in batches:
            found.append([band.name for band in batch])
    assert found == [["None", "One"], ["Two"]]


def test_refused() -> None:
    """A field that is no column and no relation, or no list of rows, is refused at once."""

    class Unknown(TypedDict):
        name: str
        nothing: int

    class NoList(TypedDict):
        albums: int

    with pytest.raises(RelationError, match=r"Band .band. has neither .*'nothing'.*Unknown"):
        Band.select_as(Unknown)
    with pytest.raises(RelationError, match=r"NoList\.albums must be a list of a row type"):
        Band.select_as(NoList)


@pytest.mark.usefixtures("database")
async def test_the_rows_of_this_project() -> None:
    """The project's own row types can be selected as."""
    workshop = await make_workshop(title="Bread")
    rows = await Workshop.select_as(WorkshopRow).where(Workshop.id == workshop.id)
    assert rows == [await Workshop.select().where(Workshop.id == workshop.id).first()]


@pytest.mark.usefixtures("database")
async def test_objects_and_refresh() -> None:
    """Steps that come with their workshop hold a dictionary, and keep it when read anew."""
    made = await make_workshop()
    await WorkshopStep.update({WorkshopStep.output: {"people": 2}}, force=True)
    workshop = await Workshop.objects(Workshop.steps()).get(Workshop.id == made.id)
    assert workshop is not None
    step: Any = workshop.steps[0]
    assert step.output == {"people": 2}
    await step.refresh()
    assert step.output == {"people": 2}
    text: Any = await WorkshopStep.objects().first()
    assert type((await text.refresh()).output) is str
    await text.refresh(load_json=True)
    assert text.output == {"people": 2}
