"""Objects that come with the objects of their relations."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from piccolo.engine.postgres import PostgresEngine

from tests.relations.tables import Album, Band, Fan, Label, Track
from workshops.relations import NotLoadedError, RelationError

pytestmark = pytest.mark.usefixtures("music")


async def test_lists_of_objects() -> None:
    """A relation is a list of saved objects of the child table, with all columns."""
    band = await Band.objects(Band.albums().order_by(Album.id), Band.concerts()).get(Band.id == 3)
    assert band is not None
    assert [(type(album), album.title) for album in band.albums] == [
        (Album, "Two 1"),
        (Album, "Two 2"),
    ]
    assert band.albums[1].facts == {"songs": [1, 2]}
    assert [concert.place for concert in band.concerts] == ["Zoo"]
    band.albums[0].title = "Changed"
    await band.albums[0].save()
    assert await Album.exists().where(Album.title == "Changed")
    assert band.to_dict().keys() == {column._meta.name for column in Band._meta.columns}


async def test_conditions_and_slices() -> None:
    """The objects are found, ordered and sliced as ever, and so are those of the relation."""
    albums = Band.albums().where(Album.price < 3).order_by(Album.id).limit(1)
    bands = await Band.objects(albums).where(Band.albums.exists()).order_by(Band.name).limit(2)
    assert [[album.title for album in band.albums] for band in bands] == [[], ["Two 1"]]
    first = await Band.objects(albums).order_by(Band.id).offset(2).first()
    assert first is not None
    assert [album.title for album in first.albums] == ["Two 1"]


async def test_relations_inside_relations() -> None:
    """A relation takes relations of the child table, which become lists in its objects."""
    tracks = Album.tracks(Track.plays()).order_by(Track.position)
    band = await Band.objects(Band.albums(tracks)).get(Band.id == 2)
    assert band is not None
    assert [track.title for track in band.albums[0].tracks] == ["1.1"]
    assert len(band.albums[0].tracks[0].plays) == 2


async def test_beside_a_foreign_key() -> None:
    """A relation stands beside the object that a foreign key refers to."""
    band = await Band.objects(Band.label, Band.albums()).get(Band.id == 2)
    assert band is not None
    assert isinstance(band.label, Label)
    assert band.label.name == "Große Töne"
    assert [album.title for album in band.albums] == ["One 1"]


async def test_json_of_the_object(music: PostgresEngine) -> None:
    """The object's own JSON is text unless it is asked for, as ever."""
    query: Any = Band.objects(Band.albums())
    text = await query.get(Band.id == 2)
    assert isinstance(text.profile, str)
    loaded = await query.output(load_json=True).first()
    assert loaded.profile == {"town": "Aš", "year": 1999}


async def test_frozen() -> None:
    """A frozen query gives its objects with their relations each time."""
    query: Any = Band.objects(Band.albums(), Band.label).where(Band.id == 2)
    frozen = query.freeze()
    for _ in range(2):
        [band] = await frozen.run()
        assert [album.title for album in band.albums] == ["One 1"]


async def test_not_asked_for() -> None:
    """An object that was read without a relation says how to get it."""
    band = await Band.objects().first()
    assert band is not None
    with pytest.raises(NotLoadedError, match=r"Band\.objects\(Band\.albums\(\)\)"):
        _ = band.albums
    assert not hasattr(band, "concerts")


def test_refused() -> None:
    """What cannot be a list of whole objects is refused when it is written."""
    uncalled: Any = Band.albums
    with pytest.raises(RelationError, match="by calling it"):
        Band.objects(uncalled)
    with pytest.raises(RelationError, match="not a relation of Label"):
        Label.objects(Band.albums())
    with pytest.raises(RelationError, match="objects have all columns"):
        str(Band.objects(Band.albums(Album.title)))
    with pytest.raises(RelationError, match="not a relation of Fan"):
        Fan.objects(Band.albums.through(Fan.band)())


async def test_copies_of_queries() -> None:
    """A query with or without relations can be copied, and the copy run."""
    for query in (Band.select(Band.name), Band.select(Band.albums()), Band.objects(Band.albums())):
        assert len(await copy.copy(query)) == 3
    select = Band.select(Band.name, Band.albums(Album.title))
    assert (await copy.copy(select))[0].keys() == {"name", "albums"}
