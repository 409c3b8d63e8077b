"""The outer select: everything that Piccolo's own can do, with relations among its columns."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.functions import Count, Lower
from piccolo.querystring import QueryString

from tests.conftest import Server
from tests.relations.tables import Album, Band, Concert, Label

pytestmark = pytest.mark.usefixtures("music")

TITLES = Band.albums(Album.title).order_by(Album.title)

NONE = {"name": "None", "albums": []}
ONE = {"name": "One", "albums": [{"title": "One 1"}]}
TWO = {"name": "Two", "albums": [{"title": "Two 1"}, {"title": "Two 2"}]}


async def test_first() -> None:
    """``first`` gives the first row with its relations, or None."""
    query = Band.select(Band.name, TITLES).order_by(Band.popularity, ascending=False)
    assert await query.first() == ONE
    assert await query.where(Band.popularity > 9).first() is None


async def test_where_order_limit_offset() -> None:
    """The outer clauses choose and order the parent rows, and only these."""
    query = Band.select(Band.name, TITLES).order_by(Band.popularity)
    assert await query == [NONE, TWO, ONE]
    assert await query.limit(1).offset(1) == [TWO]
    assert await query.where(Band.label.name == "Große Töne").offset(0) == [ONE]
    by_text = Band.select(Band.name, TITLES).order_by(QueryString("length({})", Band.name))
    assert await by_text.order_by("name", ascending=False).limit(1) == [TWO]


async def test_columns_added_later() -> None:
    """``columns`` takes relations as ``select`` does."""
    query = Band.select(Band.name).columns(TITLES).order_by(Band.name).limit(1)
    assert await query == [NONE]
    assert await Band.select().columns(TITLES).where(Band.name == "One") == [
        {"albums": ONE["albums"]}
    ]


async def test_a_column_twice() -> None:
    """A column that is named twice is there once, as in Piccolo."""
    query = Band.select(Band.name, *Band.all_columns(), Band.albums()).order_by(Band.id)
    assert (await query)[0].keys() == {*(await Band.select().first() or {}), "albums"}


async def test_output_as_list() -> None:
    """A select of one relation alone can be a list of its values."""
    query = Band.select(TITLES).order_by(Band.name).output(as_list=True)
    assert await query == [NONE["albums"], ONE["albums"], TWO["albums"]]


async def test_output_as_json() -> None:
    """Every value of a relation can be written as JSON."""
    moment = datetime(2024, 2, 29, 12, 30)
    await Album.update(
        {Album.recorded: moment, Album.cover: b"\0", Album.price: Decimal("1.5")}
    ).where(Album.id == 1)
    text = await Band.select(Band.albums()).where(Band.name == "One").output(as_json=True)
    album = json.loads(text)[0]["albums"][0]
    assert album["recorded"] == moment.isoformat()
    assert Decimal(album["price"]) == Decimal("1.5")


async def test_output_load_json() -> None:
    """JSON of the outer row is text unless it is asked for, as ever."""
    query = Band.select(Band.profile, Band.concerts()).where(Band.name == "One")
    row = await query.first()
    assert row is not None
    assert json.loads(row["profile"]) == {"town": "Aš", "year": 1999}
    loaded = await query.output(load_json=True).first()
    assert loaded == {"profile": {"town": "Aš", "year": 1999}, "concerts": []}


async def test_output_nested() -> None:
    """Joined columns of the outer row form dictionaries beside relations."""
    query = Band.select(Band.name, Band.label.name, TITLES).where(Band.name == "One")
    assert await query.output(nested=True) == [{**ONE, "label": {"name": "Große Töne"}}]


async def test_callbacks() -> None:
    """Callbacks get the decoded rows, once, and can change them."""
    seen: list[object] = []

    async def note(rows: object) -> object:
        seen.append(rows)
        return "changed"

    query: Any = Band.select(Band.name, TITLES).where(Band.name == "Two").callback(note)
    assert await query == "changed"
    assert await query.first() == "changed"
    assert seen == [[TWO], TWO]


async def test_frozen() -> None:
    """A frozen select is decoded, nested and called back as it would be unfrozen."""
    query: Any = (
        Band.select(Band.name, Band.profile, Band.label.name, TITLES)
        .where(Band.name == "One")
        .output(nested=True, load_json=True)
        .callback(lambda rows: rows[0])
    )
    expected = await query
    assert expected["label"] == {"name": "Große Töne"}
    frozen = query.freeze()
    query.columns(Band.concerts()).where(Band.name == "Two")
    for _ in range(2):
        assert await frozen.run() == expected
    first: Any = Band.select(Band.name, TITLES).where(Band.name == "Two").first()
    first = first.freeze()
    assert await first.run() == TWO


async def test_batches() -> None:
    """A batch is decoded like the whole."""
    found = []
    query = Band.select(Band.name, TITLES).order_by(Band.popularity)
    async with await query.batch(batch_size=2) as batches:
        async for batch in batches:
            found.append(batch)
    assert found == [[NONE, TWO], [ONE]]


async def test_lock_rows(music: PostgresEngine) -> None:
    """The rows of the page are locked, and no others."""
    query = Band.select(Band.name, TITLES).order_by(Band.popularity, ascending=False).limit(1)
    async with music.transaction():
        assert await query.lock_rows() == [ONE]
        connection = await music.get_new_connection()
        try:
            free = await connection.fetch("SELECT name FROM band FOR UPDATE SKIP LOCKED")
        finally:
            await connection.close()
    assert sorted(row["name"] for row in free) == ["None", "Two"]


async def test_distinct() -> None:
    """DISTINCT compares whole rows, relations included, before LIMIT counts them."""
    await Band.insert(Band(name="None"), Band(name="Two"))
    query = Band.select(Band.name, TITLES).distinct().order_by(Band.name)
    assert await query.limit(2) == [NONE, ONE]
    rest = await query.limit(5).offset(2)
    assert sorted(rest, key=lambda row: len(row["albums"])) == [{"name": "Two", "albums": []}, TWO]


async def test_distinct_on() -> None:
    """DISTINCT ON keeps the first row of each group, whose relations are computed."""
    await Band.update({Band.label: 2}).where(Band.name == "Two")
    query = Band.select(Band.name, TITLES).distinct(on=[Band.label])
    ordered = query.order_by(Band.label).order_by(Band.name, ascending=False)
    assert await ordered == [NONE, TWO]


async def test_group_by() -> None:
    """A select grouped by the key that relations refer to can have relations."""
    query = (
        Label.select(Label.id, Label.bands(Band.name), Count(alias="n"))
        .group_by(Label.id)
        .having(QueryString("count(*) = {}", 1))
        .order_by(Label.id)
    )
    assert await query == [
        {"id": 1, "bands": [{"name": "None"}], "n": 1},
        {"id": 2, "bands": [{"name": "One"}], "n": 1},
    ]


async def test_in_a_transaction(music: PostgresEngine) -> None:
    """In a transaction, relations see what it wrote, and nobody else does."""
    query = Band.select(Band.concerts(Concert.place)).where(Band.name == "One")
    with suppress(ZeroDivisionError):
        async with music.transaction():
            await Concert(band=2, place="Attic").save()
            assert await query.first() == {"concerts": [{"place": "Attic"}]}
            raise ZeroDivisionError
    assert await query.first() == {"concerts": []}


@pytest.mark.parametrize("settings", [{}, {"statement_cache_size": 0}])
async def test_without_a_pool_or_prepared_statements(
    music: PostgresEngine, server: Server, settings: dict[str, int]
) -> None:
    """Relations need neither a pool nor prepared statements that last."""
    config = {**music.config, **settings}
    plain = PostgresEngine(config=config)
    Band._meta.db = plain
    try:
        query = Band.select(Band.name, Band.albums(Album.title, Album.ratings)).limit(1)
        for _ in range(3):
            row = await query.where(Band.name == "One").first()
            assert row == {"name": "One", "albums": [{"title": "One 1", "ratings": []}]}
        await plain.start_connection_pool(min_size=1, max_size=1)
        assert await query.first() == row
    finally:
        if plain.pool:
            await plain.close_connection_pool()
        Band._meta.db = music


async def test_a_select_without_relations_is_as_ever() -> None:
    """Without relations, the statement is Piccolo's, and so are count and exists."""
    query = Band.select(Band.name, Lower(Band.name)).where(Band.name == "One").order_by(Band.id)
    assert "json" not in str(query)
    assert await query == [{"name": "One", "lower": "one"}]
    assert await Band.count().where(Band.popularity > 1) == 2
    assert await Band.exists().where(Band.name == "Nobody") is False
    assert [band.name for band in await Band.objects().order_by(Band.name)] == [
        "None",
        "One",
        "Two",
    ]


async def test_the_statement_can_be_read(music: PostgresEngine) -> None:
    """``str`` of a select gives SQL with its values in place, which runs."""
    query = Band.select(TITLES).where(Band.name == "One").offset(0)
    connection: asyncpg.Connection = await music.get_new_connection()
    try:
        rows = await connection.fetch(str(query))
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [('[["One 1"]]',)]
