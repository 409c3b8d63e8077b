"""Parents found, counted and ordered by their children, in one statement each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from piccolo.columns import Or
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from tests.relations.tables import Album, Band, Concert, Folder, Label, Track
from workshops.relations import RelationError

pytestmark = pytest.mark.usefixtures("music")


async def names(*where: Any) -> list[str]:
    """Return the names of the bands for which conditions hold."""
    rows = await Band.select(Band.name).where(*where).order_by(Band.id)
    return [row["name"] for row in rows]


async def test_exists_and_none() -> None:
    """A band is found by whether it has albums, with and without conditions."""
    assert await names(Band.albums.exists()) == ["One", "Two"]
    assert await names(Band.albums.none()) == ["None"]
    assert await names(Band.albums.exists(Album.price == 1)) == ["Two"]
    assert await names(Band.albums.none(Album.price == 1)) == ["None", "One"]
    assert await names(Band.albums.exists(Album.price < 3, Album.title.like("% 1"))) == ["Two"]
    assert await names(Band.albums.exists(Or(Album.price == 1, Album.price == 3))) == ["One", "Two"]
    assert await names(Band.albums.exists(QueryString("{} = {}", Album.price, 3))) == ["One"]


async def test_negation_and_combination() -> None:
    """Conditions on children are turned round, and joined to others, by operators."""
    cheap = Band.albums.exists(Album.price < 3)
    assert await names(~cheap) == ["None", "One"]
    assert await names(~~cheap) == ["Two"]
    assert await names(cheap | (Band.name == "None")) == ["None", "Two"]
    assert await names(~cheap & Band.albums.exists()) == ["One"]
    assert await names((Band.albums.count() == 1) & (Band.popularity == 3)) == ["One"]


async def test_every_kind_of_query(music: PostgresEngine) -> None:
    """They stand in the conditions of objects, count, exists, update and delete."""
    two = Band.albums.count() > 1
    assert [band.name for band in await Band.objects().where(two)] == ["Two"]
    assert await Band.count().where(Band.albums.exists()) == 2
    assert await Band.exists().where(Band.albums.exists(Album.title == "no")) is False
    await Band.update({Band.popularity: 9}).where(Band.albums.none())
    assert await names(Band.popularity == 9) == ["None"]
    await Concert.delete().where(Concert.band.is_in(Band.select(Band.id).where(two)))
    assert await Concert.count() == 1
    await Album.delete().where(Album.tracks.count() == 1)
    assert await Album.count() == 2


async def test_grandchildren_and_joined_columns() -> None:
    """Conditions on children can be about their own children, and their joined rows."""
    assert await names(Band.albums.exists(Album.tracks.count() == 3)) == ["Two"]
    played = Track.plays.exists()
    assert await names(Band.albums.exists(Album.tracks.exists(Track.title == "1.1", played))) == [
        "One"
    ]
    assert await names(Band.albums.exists(Album.band._.label.name == "Große Töne")) == ["One"]
    first = await Label.select(Label.name).where(
        Label.bands.exists(Band.albums.exists(Album.price > 2))
    )
    assert first == [{"name": "Große Töne"}]


async def test_aggregates_as_columns() -> None:
    """Numbers of children stand among columns, under their own name or an alias."""
    query = Band.select(
        Band.name,
        Band.albums.count(),
        Band.albums.count(Album.price < 3).as_alias("cheap"),
        Band.albums.max(Album.price),
        Band.albums.min(Album.title),
        Band.albums.sum(Album.price),
        Band.albums.avg(Album.price),
    )
    rows = await query.order_by(Band.id)
    assert rows[0] == {
        "name": "None",
        "albums_count": 0,
        "cheap": 0,
        **dict.fromkeys(("albums_max", "albums_min", "albums_sum", "albums_avg")),
    }
    assert rows[2] == {
        "name": "Two",
        "albums_count": 2,
        "cheap": 2,
        "albums_max": Decimal(2),
        "albums_min": "Two 1",
        "albums_sum": Decimal(3),
        "albums_avg": Decimal("1.5"),
    }
    beside = await query.columns(Band.concerts(Concert.place)).where(Band.id == 3).first()
    assert beside == {**rows[2], "concerts": [{"place": "Zoo"}]}


async def test_aggregates_in_a_relation() -> None:
    """Children are counted in a relation too, and values keep their types."""
    await Album.update({Album.recorded: datetime(2024, 2, 29, 12)}).where(Album.id == 1)
    row = await Label.select(
        Label.bands(
            Band.name,
            Band.albums.count(),
            Band.albums.max(Album.recorded).as_alias("latest"),
            Band.albums.sum(Album.price).as_alias("total"),
        )
    ).where(Label.id == 2)
    assert row == [
        {
            "bands": [
                {
                    "name": "One",
                    "albums_count": 1,
                    "latest": datetime(2024, 2, 29, 12),
                    "total": Decimal(3),
                }
            ]
        }
    ]


async def test_comparisons() -> None:
    """Aggregates are compared with values, columns and NULL."""
    for condition, expected in (
        (Band.albums.count() > 1, ["Two"]),
        (Band.albums.count() >= 1, ["One", "Two"]),
        (Band.albums.count() < 1, ["None"]),
        (Band.albums.count() <= 1, ["None", "One"]),
        (Band.albums.count() == 1, ["One"]),
        (Band.albums.count() != 1, ["None", "Two"]),
        (Band.albums.max(Album.price) == None, ["None"]),  # noqa: E711 - as in Piccolo
        (Band.albums.max(Album.price) != None, ["One", "Two"]),  # noqa: E711
        (Band.albums.count() == Band.popularity, ["Two"]),
        (Band.albums.sum(Album.price) == Band.popularity, ["One"]),
    ):
        assert await names(condition) == expected


async def test_ordered_by_children() -> None:
    """Rows are ordered by an aggregate, beside relations and without, with an offset too."""
    plain = Band.select(Band.name).order_by(Band.albums.count(), ascending=False)
    assert [row["name"] for row in await plain] == ["Two", "One", "None"]
    query = Band.select(Band.name, Band.concerts()).order_by(Band.albums.max(Album.price), Band.id)
    assert [row["name"] for row in await query] == ["Two", "One", "None"]
    assert [row["name"] for row in await query.limit(1).offset(1)] == ["One"]
    albums = Band.albums(Album.title).order_by(Album.tracks.count(), ascending=False)
    row = await Band.select(albums).where(Band.id == 3).first()
    assert row == {"albums": [{"title": "Two 2"}, {"title": "Two 1"}]}


async def test_a_table_that_refers_to_itself() -> None:
    """Children of the same table are not mistaken for their parent."""
    root = Folder(name="root")
    await root.save()
    await Folder.insert(Folder(name="a", parent=root.id), Folder(name="b", parent=root.id))
    parents = Folder.select(Folder.name, Folder.children.count()).where(Folder.children.exists())
    assert await parents == [{"name": "root", "children_count": 2}]
    leaves = await Folder.select(Folder.name).where(Folder.children.none(Folder.children.none()))
    assert sorted(row["name"] for row in leaves) == ["a", "b"]


async def test_one_statement(music: PostgresEngine) -> None:
    """Conditions, counts and order are one statement together with the relations."""
    query = (
        Band.select(Band.name, Band.albums.count(), Band.albums(Album.title))
        .where(Band.albums.exists(Album.price > 0))
        .order_by(Band.albums.count())
    )
    async with music.transaction() as transaction:
        seen: list[str] = []
        with transaction.connection.query_logger(lambda record: seen.append(record.query)):
            assert len(await query) == 2
            await Band.raw("SELECT 'later'")
    assert len([sql for sql in seen if "later" not in sql]) == 1


def test_refused() -> None:
    """A condition or a column of another table is refused when it is written."""
    with pytest.raises(RelationError, match=r"Band\.albums .*'place'.*Concert"):
        Band.albums.exists(Concert.place == "x")
    with pytest.raises(RelationError, match=r"Band\.albums .*'place'.*Concert"):
        Band.albums.max(Concert.place)
    title: Any = "title"
    with pytest.raises(RelationError, match="needs a column"):
        Band.albums.max(title)
    wrong: Any = False
    with pytest.raises(RelationError, match="not a condition"):
        Band.albums.count(wrong)
