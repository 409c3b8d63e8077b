"""Relations of a row that a foreign key refers to, and relations added from outside."""

from __future__ import annotations

from typing import Any

import pytest
from piccolo.engine.postgres import PostgresEngine

from tests.relations.tables import (
    Album,
    Band,
    Concert,
    Fan,
    Label,
    Letter,
    Track,
    band_fans,
    fan_letters,
)
from workshops.relations import OneToMany, RelationError, add_relation

pytestmark = pytest.mark.usefixtures("music")


@pytest.fixture
async def fans(music: PostgresEngine) -> None:
    """Two fans, one of whom writes."""
    await Fan.insert(Fan(name="Ada", band=3), Fan(name="Bob", band=1))
    await Letter.insert(Letter(text="Hello", fan=1, about=2), Letter(text="Again", fan=1))


@pytest.mark.usefixtures("fans")
async def test_an_added_relation() -> None:
    """A relation that another application adds is like a declared one."""
    assert untyped(Band).fans is band_fans
    rows = (
        await Band.select(Band.name, band_fans(Fan.name))
        .where(band_fans.exists())
        .order_by(Band.id)
    )
    assert rows == [
        {"name": "None", "fans": [{"name": "Bob"}]},
        {"name": "Two", "fans": [{"name": "Ada"}]},
    ]
    assert [column._meta.name for column in Band._meta.columns] == [
        *("id", "name", "popularity", "profile", "password", "label")
    ]


def untyped(value: Any) -> Any:
    """Return what a type checker does not know."""
    return value


@pytest.mark.usefixtures("fans")
async def test_through_a_foreign_key() -> None:
    """A row has the relations of the row that it refers to, without a join."""
    fan: Any = Fan
    albums = fan.band.albums(Album.title).order_by(Album.title)
    rows = await Fan.select(Fan.name, Fan.band.name, albums).order_by(Fan.name)
    assert rows == [
        {
            "name": "Ada",
            "band.name": "Two",
            "band.albums": [{"title": "Two 1"}, {"title": "Two 2"}],
        },
        {"name": "Bob", "band.name": "None", "band.albums": []},
    ]
    nested = await Fan.select(Fan.band.name, albums).where(Fan.id == 1).output(nested=True).first()
    assert nested == {"band": {"name": "Two", "albums": [{"title": "Two 1"}, {"title": "Two 2"}]}}
    assert "JOIN" not in str(Fan.select(Fan.name, albums))
    same = Band.albums.through(Fan.band)(Album.title).order_by(Album.title)
    assert await Fan.select(same).first() == {"band.albums": rows[0]["band.albums"]}


@pytest.mark.usefixtures("fans")
async def test_conditions_through_a_foreign_key() -> None:
    """Rows are found, changed and counted by the children of what they refer to."""
    fan: Any = Fan
    assert await Fan.select(Fan.name).where(fan.band.albums.exists()) == [{"name": "Ada"}]
    counts = await Fan.select(fan.band.albums.count()).order_by(Fan.name)
    assert counts == [{"band.albums_count": 2}, {"band.albums_count": 0}]
    await Fan.update({Fan.name: "Fan of silence"}).where(fan.band.albums.none())
    assert await Fan.exists().where(Fan.name == "Fan of silence")


@pytest.mark.usefixtures("fans")
async def test_at_a_distance() -> None:
    """``through`` reaches relations at any distance, a CachedForeignKey by itself."""
    letter: Any = Letter
    far = Band.albums.through(letter.fan.band)
    rows = await (
        Letter.select(Letter.text, far(Album.title), letter.about.concerts())
        .where(far.exists())
        .order_by(Letter.id, ascending=False)
    )
    titles = [{"title": "Two 1"}, {"title": "Two 2"}]
    assert [sorted(row.pop("fan.band.albums"), key=lambda a: str(a["title"])) for row in rows] == [
        titles,
        titles,
    ]
    assert rows == [
        {"text": "Again", "about.concerts": []},
        {"text": "Hello", "about.concerts": []},
    ]
    await Letter.delete().where(far.exists(Album.price == 1))
    assert await Letter.count() == 0


@pytest.mark.usefixtures("fans")
async def test_inside_a_relation() -> None:
    """A relation's rows have the relations of what they refer to."""
    letter: Any = Letter
    rows = await Fan.select(fan_letters(Letter.text, letter.about.albums(Album.title))).order_by(
        Fan.id
    )
    assert rows[0]["letters"][0] == {"text": "Hello", "about.albums": [{"title": "One 1"}]}
    assert rows[1] == {"letters": []}


def test_refused() -> None:
    """A name that is taken, a wrong foreign key and a wrong table are refused at once."""
    for name in ("albums", "name", "select", "not a name"):
        with pytest.raises(RelationError, match="the name is taken"):
            add_relation(Band, name, Fan)
    with pytest.raises(RelationError, match=r"Label.plays|no foreign key"):
        add_relation(Label, "fans", Fan)
    assert not hasattr(Label, "fans")
    with pytest.raises(RelationError, match="'band' refers to Band"):
        Label.bands.through(Concert.band)()
    with pytest.raises(RelationError, match="this selects from Track"):
        Track.select(Band.albums.through(Fan.band)())
    with pytest.raises(RelationError, match="use add_relation"):
        OneToMany("Fan")()
