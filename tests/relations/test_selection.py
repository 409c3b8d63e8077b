"""What a relation selects: columns, conditions, order, slices, joins, relations."""

from __future__ import annotations

from typing import Any

import pytest
from piccolo.columns import Or
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.functions import Count, Max, Upper
from piccolo.query.methods.select import SelectRaw
from piccolo.querystring import QueryString

from tests.relations.tables import (
    Album,
    Band,
    City,
    Concert,
    Country,
    Folder,
    Genre,
    GenreOfBand,
    Label,
    Longest,
    Payment,
    Play,
    Track,
)
from workshops.relations import RelationSelect

pytestmark = pytest.mark.usefixtures("music")


async def two(*relations: RelationSelect) -> dict[str, Any]:
    """Return these relations of the band that has two albums."""
    row = await Band.select(*relations).where(Band.name == "Two").first()
    assert row is not None
    return row


async def test_all_columns_by_default() -> None:
    """A relation called without columns has the child rows whole."""
    rows = await Album.select().where(Album.band == 3).order_by(Album.id).output(load_json=True)
    assert await two(Band.albums().order_by(Album.id)) == {"albums": rows}


async def test_no_rows_are_an_empty_list() -> None:
    """A parent without children has an empty list, and is not left out."""
    rows = await Band.select(Band.name, Band.albums()).where(Band.name == "None")
    assert rows == [{"name": "None", "albums": []}]


async def test_chosen_columns() -> None:
    """Columns are given as columns, names, or lists of them, in any mixture."""
    expected = {"albums": [{"id": 2, "title": "Two 1", "band": 3}]}
    for columns in (
        (Album.id, Album.title, Album.band),
        ("id", "title", "band"),
        ([Album.id, Album.title], Album.band),
        ((Album.id, "title", "band"),),
    ):
        assert await two(Band.albums(*columns).order_by("id").limit(1)) == expected
    grown = Band.albums(Album.id).columns(Album.title).columns("band")
    assert await two(grown.order_by("id").limit(1)) == expected


async def test_aliases() -> None:
    """A column and a relation stand under their aliases, whatever text these are."""
    alias = 'quote " brace {} semicolon; -- é ' + "x" * 100
    relation = Band.albums(Album.title.as_alias(alias)).order_by(Album.id).as_alias(alias + "s")
    assert await two(relation) == {alias + "s": [{alias: "Two 1"}, {alias: "Two 2"}]}


async def test_one_relation_twice() -> None:
    """With aliases, a relation can be selected more than once."""
    cheap = Band.albums(Album.title).where(Album.price < 2).as_alias("cheap")
    assert await two(Band.albums(Album.id).order_by(Album.id), cheap) == {
        "albums": [{"id": 2}, {"id": 3}],
        "cheap": [{"title": "Two 2"}],
    }


async def test_conditions() -> None:
    """Several conditions hold together, and an OR in one of them does not reach the others."""
    either = Or(Album.title == "Two 2", Album.title == "One 1")
    raw = QueryString("{} = 'One 1' OR {} = {}", Album.title, Album.price, 1)
    joined = Album.band.name == "Two"
    for conditions in ((either,), (raw,), (either, raw), (either, joined), (joined, raw)):
        relation = Band.albums(Album.title).where(*conditions)
        assert await two(relation) == {"albums": [{"title": "Two 2"}]}
        relation = Band.albums(Album.title)
        for condition in conditions:
            relation = relation.where(condition)
        assert await two(relation) == {"albums": [{"title": "Two 2"}]}


async def test_condition_that_compares_columns() -> None:
    """A column can be compared with one that has to be joined."""
    relation = Band.albums(Album.title).where(Album.price >= Album.band.popularity)
    assert await two(relation) == {"albums": [{"title": "Two 1"}]}


async def test_conditions_with_lists_and_selects() -> None:
    """A column can be looked for in a list and in a select."""
    titles = Album.title.is_in(["Two 1", "One 1"])
    known = Album.id.is_in(Track.select(Track.album).where(Track.title == "2.1"))
    absent = Album.facts.is_null()
    for condition in (titles, known, absent, titles & known & absent):
        assert await two(Band.albums(Album.title).where(condition)) == {
            "albums": [{"title": "Two 1"}]
        }


async def test_order() -> None:
    """Later orders decide among equals of earlier ones, each in its own direction."""
    relation = Label.bands(Band.name)
    await Band.update({Band.label: 1, Band.popularity: 5}).where(Band.name != "One")
    await Band.update({Band.label: 1, Band.popularity: 6}).where(Band.name == "One")
    orders = {
        ("One", "Two", "None"): relation.order_by(Band.popularity, Band.name, ascending=False),
        ("One", "None", "Two"): relation.order_by(Band.popularity, ascending=False).order_by(
            Band.name
        ),
        ("None", "Two", "One"): relation.order_by("popularity").order_by(
            QueryString("length({})", Band.name), ascending=False
        ),
        ("Two", "None", "One"): relation.order_by("popularity").order_by(
            QueryString("length({}) * {}", Band.name, 1)
        ),
    }
    for names, ordered in orders.items():
        row = await Label.select(ordered).where(Label.id == 1).first()
        assert row is not None
        assert tuple(band["name"] for band in row["bands"]) == names


async def test_limit_and_offset() -> None:
    """Limit and offset count the child rows of each parent."""
    albums = Band.albums(Album.id).order_by(Album.id)
    assert await two(albums.limit(1)) == {"albums": [{"id": 2}]}
    assert await two(albums.limit(1).offset(1)) == {"albums": [{"id": 3}]}
    assert await two(albums.offset(5)) == {"albums": []}
    assert await two(albums.limit(0)) == {"albums": []}
    first = await Band.select(albums.limit(1)).order_by(Band.id)
    assert [row["albums"] for row in first] == [[], [{"id": 1}], [{"id": 2}]]


async def test_a_relation_is_not_changed_by_its_methods() -> None:
    """Each method returns another object, and leaves the first as it was."""
    albums = Band.albums(Album.title)
    albums.where(Album.id == 0).order_by(Album.id).limit(0).offset(9).as_alias("x").columns("id")
    albums.output(nested=True)
    rows = (await two(albums))["albums"]
    assert sorted(row["title"] for row in rows) == ["Two 1", "Two 2"]


async def test_columns_of_joined_tables() -> None:
    """Columns of the child's foreign keys are joined, at any distance, and may be NULL."""
    columns = (Track.title, Track.album.title, Track.album._.band._.label.name.as_alias("label"))
    row = await Album.select(Album.tracks(*columns)).where(Album.id == 1).first()
    assert row == {"tracks": [{"title": "1.1", "album.title": "One 1", "label": "Große Töne"}]}
    row = await Album.select(Album.tracks(*columns).limit(1)).where(Album.id == 2).first()
    assert row == {"tracks": [{"title": "2.1", "album.title": "Two 1", "label": None}]}


async def test_ordered_by_a_joined_column() -> None:
    """A column that is only ordered by is joined too."""
    relation = Band.albums(Album.title).order_by(Album.band._.label.name, Album.title)
    assert await two(relation) == {"albums": [{"title": "Two 1"}, {"title": "Two 2"}]}


async def test_nested_output() -> None:
    """With nested output, joined columns form a dictionary; the innermost word decides."""
    albums = Band.albums(Album.id, Album.band.name).where(Album.id == 2)
    flat = {"albums": [{"id": 2, "band.name": "Two"}]}
    nested = {"albums": [{"id": 2, "band": {"name": "Two"}}]}
    where = Band.id == 3
    assert await Band.select(albums).where(where).first() == flat
    assert await Band.select(albums.output(nested=True)).where(where).first() == nested
    outer = Band.select(albums, Band.label.name).where(where).output(nested=True)
    assert await outer.first() == {**nested, "label": {"name": None}}
    kept = Band.select(albums.output(nested=False)).where(where).output(nested=True)
    assert await kept.first() == flat


async def test_relations_inside_relations() -> None:
    """Relations nest at any depth, each level with its own columns, order and slice."""
    plays = Track.plays(Play.place).order_by(Play.place)
    tracks = Album.tracks(Track.title, plays).order_by(Track.position, ascending=False).limit(2)
    albums = Band.albums(tracks, Album.title).order_by(Album.id).offset(1)
    row = await Label.select(Label.name, Label.bands(Band.name, albums)).first()
    assert row == {"name": "Small", "bands": [{"name": "None", "albums": []}]}
    await Band.update({Band.label: 1}).where(Band.name == "Two")
    places = {"plays": [{"place": "Bar"}, {"place": "Café"}]}
    row = await Label.select(Label.bands(albums).where(Band.name == "Two")).first()
    last = {"tracks": [{"title": "3.3", **places}, {"title": "3.2", **places}], "title": "Two 2"}
    assert row == {"bands": [{"albums": [last]}]}


async def test_a_relation_to_the_same_table() -> None:
    """A table can be related to itself, in a schema of its own."""
    root = Folder(name="root")
    await root.save()
    await Folder.insert(Folder(name="a", parent=root.id), Folder(name="b", parent=root.id))
    grandchild = await Folder.select(Folder.id).where(Folder.name == "b").first()
    assert grandchild is not None
    await Folder(name="c", parent=grandchild["id"]).save()
    children = Folder.children(
        Folder.name, Folder.parent.name, Folder.children(Folder.name)
    ).order_by(Folder.name)
    row = await Folder.select(Folder.name, children).where(Folder.parent.is_null()).first()
    assert row == {
        "name": "root",
        "children": [
            {"name": "a", "parent.name": "root", "children": []},
            {"name": "b", "parent.name": "root", "children": [{"name": "c"}]},
        ],
    }


async def test_a_foreign_key_to_another_column() -> None:
    """The parent's row is found by the column that the foreign key refers to."""
    await Country.insert(Country(code="DE"), Country(code="FR"))
    await City.insert(City(country="FR", name="Paris"), City(country="FR", name="Lyon"))
    rows = await Country.select(Country.cities(City.name).order_by(City.name)).order_by("code")
    assert rows == [{"cities": []}, {"cities": [{"name": "Lyon"}, {"name": "Paris"}]}]


async def test_two_foreign_keys_to_one_parent() -> None:
    """Each relation follows the foreign key that it names."""
    await Payment(payer=3, payee=1, amount=7).save()
    assert await two(Band.paid(Payment.amount), Band.received(Payment.amount)) == {
        "paid": [{"amount": 7}],
        "received": [],
    }


async def test_functions() -> None:
    """Functions are computed for each child row, and aggregates over the child rows."""
    upper = Band.albums(Upper(Album.title).as_alias("loud")).order_by(Album.id)
    assert await two(upper) == {"albums": [{"loud": "TWO 1"}, {"loud": "TWO 2"}]}
    assert await two(Band.albums(Count(), Max(Album.price))) == {"albums": [{"count": 2, "max": 2}]}
    raw = Band.albums(SelectRaw("price * 2 AS double"), QueryString("{}::int", 5).as_alias("five"))
    assert await two(raw.order_by(Album.id)) == {
        "albums": [{"double": 4, "five": 5}, {"double": 2, "five": 5}]
    }


async def test_the_alias_of_a_function_can_change() -> None:
    """A function that gets another alias, in place as in Piccolo, gets another key."""
    count = Count(alias="a")
    relation = Band.albums(count)
    assert await two(relation) == {"albums": [{"a": 2}]}
    count.as_alias("b")
    assert await two(relation) == {"albums": [{"b": 2}]}


async def test_readables() -> None:
    """A table's readable can be selected, in a relation and beside one."""
    albums = Band.albums(Album.get_readable()).order_by(Album.id)
    row = await Band.select(Band.get_readable(), albums).where(Band.id == 3).first()
    assert row == {
        "readable": "Two: 2",
        "albums": [{"readable": "<Two 1>"}, {"readable": "<Two 2>"}],
    }


async def test_json_operators() -> None:
    """What a JSON operator finds is loaded, as JSON columns are."""
    songs = Album.facts.arrow("songs").as_alias("songs")
    first = Album.facts.from_path(["songs", 0]).as_alias("first")
    assert await two(Band.albums(songs, first).order_by(Album.id)) == {
        "albums": [{"songs": None, "first": None}, {"songs": [1, 2], "first": 1}]
    }


async def test_beside_everything_else() -> None:
    """Relations stand beside columns, joins, functions, JSON operators and many-to-many."""
    await Genre.insert(Genre(name="Noise"), Genre(name="Hum"))
    await GenreOfBand(band=2, genre=1).save()
    query = (
        Band.select(
            Band.concerts(),
            "name",
            *(Band.popularity, Band.label.name),
            Upper(Band.name),
            Band.profile["town"].as_alias("town"),
            Band.genres(Genre.name, as_list=True),
            Band.albums(Album.title),
        )
        .where(Band.label.name == "Große Töne")
        .output(load_json=True, nested=True)
    )
    assert await query.first() == {
        "concerts": [],
        "name": "One",
        "popularity": 3,
        "label": {"name": "Große Töne"},
        "upper": "ONE",
        "town": "Aš",
        "genres": ["Noise"],
        "albums": [{"title": "One 1"}],
    }


async def test_secret_columns() -> None:
    """A select without secrets has none in its relations either."""
    select = Label.select(Label.bands(Band.name, Band.password, Band.albums()))
    row = await select.order_by(Label.id, ascending=False).first()
    assert row is not None
    assert row["bands"][0]["password"] == "hush"
    assert row["bands"][0]["albums"][0]["master_key"] == "key"
    public = Label.select(
        Label.bands(Band.albums(), Band.name, Band.password), exclude_secrets=True
    )
    row = await public.order_by(Label.id, ascending=False).first()
    assert row is not None
    assert row["bands"][0].keys() == {"name", "albums"}
    assert "master_key" not in row["bands"][0]["albums"][0]


async def test_names_longer_than_postgresql_allows() -> None:
    """Joins whose aliases PostgreSQL would cut to the same 63 bytes are told apart."""
    await Longest(name="x", here=1, there=2).save()
    joined = (Longest.here.name, Longest.there.name)
    relation = Label.longest(*joined).where(Longest.there.name == "Große Töne")
    row = await Label.select(relation).where(Label.id == 1).first()
    assert row == {"longest": [{"here.name": "Small", "there.name": "Große Töne"}]}


async def test_values_are_no_sql(music: PostgresEngine) -> None:
    """SQL in a value, an alias or a name changes nothing but the result."""
    bad = "'); DROP TABLE play; --"
    relation = Band.concerts(Concert.place.as_alias(bad)).where(Concert.place == bad).as_alias(bad)
    assert await two(relation) == {bad: []}
    assert await Play.count() == 12
