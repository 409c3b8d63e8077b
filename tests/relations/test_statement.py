"""One statement, computed for the rows of the page alone, of one text for each shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from piccolo.columns import Or
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.functions import Count, Upper
from piccolo.querystring import QueryString

from tests.relations.tables import Album, Band, Label, Play, Track
from workshops.relations import ParentSelect


def deep(place: str = "Bar", number: int = 1) -> ParentSelect[Any]:
    """Return a select with everything that has a value in it."""
    five = QueryString("{}::int + {}", number, 2).as_alias("five")
    plays = Track.plays(Play.place, five).where(Play.place == place).offset(number - number)
    tracks = (
        Album.tracks(Track.title, plays, QueryString("{}::text AS raw", place))
        .where(Or(Track.position >= number, Track.title.is_in([place, "x"])))
        .order_by(QueryString("{} * {}", Track.position, number))
        .limit(3)
    )
    albums = (
        Band.albums(tracks, Album.ratings, Upper(Album.title), Album.band._.label.name)
        .where(Album.title != place, Album.band.name != place)
        .order_by(Album.band.name, QueryString("{}::int", number))
    )
    return (
        Band.select(
            albums, Band.name, QueryString("{}::int", number).as_alias("n"), Band.concerts()
        )
        .where(Band.name != place)
        .where(QueryString("{} > {}", Band.popularity, number - 9))
        .order_by(QueryString("{} + {}", Band.popularity, number), Band.id, ascending=False)
        .limit(7)
        .offset(number - number)
    )


async def plan_of(engine: PostgresEngine, query: ParentSelect[Any]) -> list[dict[str, Any]]:
    """Run a select, and return all nodes of its plan."""
    sql, values = query.querystrings[0].compile_string()
    connection = await engine.get_new_connection()
    try:
        text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
    finally:
        await connection.close()

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", ()):
            yield from walk(child)

    return [*walk(json.loads(text)[0]["Plan"])]


async def test_one_statement(music: PostgresEngine) -> None:
    """Whatever is asked for, one statement goes to the database."""
    await deep()  # asyncpg asks once for each connection what an array type is
    async with music.transaction() as transaction:
        await deep()
        statements: list[str] = []
        with transaction.connection.query_logger(lambda record: statements.append(record.query)):
            rows = await deep()
            await Band.raw("SELECT 'later'")  # asyncpg notes a statement a moment after it
        assert len(rows) == 3
        assert rows[0]["albums"]
        assert [sql.split()[1] for sql in statements if "later" not in sql] == [
            "array_to_json(ARRAY(SELECT"
        ]


@pytest.mark.parametrize(
    "order",
    [
        lambda query: query.order_by(Band.popularity),
        lambda query: query.order_by(QueryString("random()")),
        lambda query: query.order_by(Band.label.name, Band.name, ascending=False),
        lambda query: query.distinct(on=[Band.name]).order_by(Band.name),
        lambda query: query.lock_rows(of=(Band,)).order_by(Band.id),
    ],
)
async def test_relations_are_computed_for_the_page_alone(
    engine: PostgresEngine, order: Callable[[ParentSelect[Any]], ParentSelect[Any]]
) -> None:
    """Rows before the OFFSET and after the LIMIT have no relations computed."""
    await Band.raw("INSERT INTO band (name) SELECT 'b' || i FROM generate_series(1, 3000) i")
    await Band.raw("INSERT INTO album (band, title) SELECT id, 'a' FROM band")
    await Band.raw("ANALYZE")
    nodes = await plan_of(
        engine,
        order(Band.select(Band.name, Band.albums(Album.tracks()), Band.concerts()))
        .limit(50)
        .offset(2000),
    )
    loops = {
        node["Relation Name"]: node["Actual Loops"]
        for node in nodes
        if node.get("Relation Name") in ("concert", "track")
    }
    assert loops == {"concert": 50, "track": 50}


async def test_the_order_of_the_page_costs_nothing(engine: PostgresEngine) -> None:
    """What is sorted a second time is the page alone."""
    await Band.raw("INSERT INTO band (name) SELECT 'b' || i FROM generate_series(1, 100) i")
    query = Band.select(Band.name, Band.albums(Album.title)).order_by(Band.name, ascending=False)
    nodes = await plan_of(engine, query.limit(5).offset(1))
    sorts = [node for node in nodes if node["Node Type"] == "Sort"]
    assert [node["Plans"][0]["Actual Rows"] for node in sorts] == [5, 100]


async def test_inner_slices_bound_inner_relations(music: PostgresEngine) -> None:
    """A relation's OFFSET and LIMIT are applied before the relations inside it too."""
    albums = Band.albums(Album.id, Album.tracks()).order_by(Album.id).limit(1).offset(1)
    nodes = await plan_of(music, Band.select(albums))
    assert [node["Actual Loops"] for node in nodes if node.get("Relation Name") == "track"] == [1]


@pytest.mark.usefixtures("music")
async def test_one_text_for_each_shape() -> None:
    """Selects that differ only in values share their SQL, and keep their values apart."""
    for build in (
        lambda n: deep(f"place {n}", n),
        lambda n: Band.select(Band.name, Band.albums()).where(Band.id == n).first(),
        lambda n: Band.select(Band.albums().where(Album.id.is_in([n, 2]))).offset(n),
        lambda n: Label.select(Label.bands(Band.name.as_alias("x"), Count())).where(Label.id > n),
        lambda n: Band.select(Band.get_readable(), Band.albums(Album.get_readable())).offset(n),
        lambda n: (
            Label.select(Label.id, Label.bands())
            .group_by(Label.id)
            .having(QueryString("count(*) > {}", n))
        ),
    ):
        (first, values), (second, others) = (
            build(n).querystrings[0].compile_string() for n in (1, 3)
        )
        assert first == second
        assert values != others
        assert len(values) == len(others)
        assert len({*re.findall(r"\$\d+", first)}) == len(values)


def test_different_shapes_are_told_apart() -> None:
    """Whatever changes the SQL makes it another shape."""
    albums, where = Band.albums(Album.title), Band.name == "x"
    selects = [
        Band.select(albums),
        Band.select(Band.albums(Album.price)),
        Band.select(Band.albums(Album.title, Album.price)),
        Band.select(Band.albums(Album.band.name)),
        Band.select(Band.albums(Album.band._.label.name)),
        Band.select(Band.albums(Album.ratings)),
        Band.select(Band.albums(Album.ratings[0])),
        Band.select(Band.albums(Album.ratings[1])),
        Band.select(Band.albums(Album.band.join_on(Label.id).name)),
        Band.select(Band.albums(Album.id.join_on(Label.id).name)),
        Band.select(Band.albums()),
        Band.select(albums.limit(1)),
        Band.select(albums.limit(2)),
        Band.select(albums.offset(1)),
        Band.select(albums.where(Album.id == 1)),
        Band.select(albums.where(Album.id != 1)),
        Band.select(albums.where(Album.id.is_null())),
        Band.select(albums.where(Album.id.is_in([1]))),
        Band.select(albums.where(Album.id.is_in([1, 2]))),
        Band.select(albums.where(Album.id.not_in([1, 2]))),
        Band.select(albums.order_by(Album.id)),
        Band.select(albums.order_by(Album.id, ascending=False)),
        Band.select(albums.order_by(Album.id, Album.title)),
        Band.select(Band.paid()),
        Band.select(Band.received()),
        Band.select(albums, Band.name),
        Band.select(albums).where(where),
        Band.select(albums).where(where & where),
        Band.select(albums).where(where | where),
        Band.select(albums).limit(1),
        Band.select(albums).offset(1),
        Band.select(albums).order_by(Band.id),
        Band.select(albums).lock_rows(),
        Band.select(albums).lock_rows("SHARE"),
        Band.select(albums).distinct(),
        Band.select(albums).distinct(on=[Band.id]).order_by(Band.id),
    ]
    statements = [select.querystrings[0].compile_string()[0] for select in selects]
    assert len({*statements}) == len(statements)
