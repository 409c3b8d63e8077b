"""The values of a relation are those that Piccolo gives for the child table itself."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from piccolo.columns import Column
from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from tests.relations.tables import Album, Band, Format, Track

FULL: dict[str, Any] = {
    "title": "Ünï 例 \U0001f600 \\ \" ' {} $1 \t\n",
    "released": date(1, 1, 1),
    "price": Decimal("-12345678.9012"),
    "facts": {"a": [1, 2.5, None, True, {"b": "é\u2028"}], "": {}, "x": 2**62},
    "notes": [1, "two"],
    "tags": ["a,b", '"', "", "NULL", "é"],
    "ratings": [1, -2, 3],
    "takes": [datetime(2024, 2, 29, 23, 59, 59, 999999)],
    "extras": [{"a": 1}, [2], "three", 4.5],
    "grid": [[1, 2], [3, 2**40]],
    "cover": bytes(range(256)),
    "length": timedelta(days=-3, seconds=5, microseconds=7),
    "recorded": datetime(9999, 12, 31, 23, 59, 59, 999999),
    "announced": datetime(2000, 1, 1, 12, tzinfo=UTC),
    "starts": time(23, 59, 59, 1),
    "barcode": uuid.UUID(int=2**127 + 1),
    "live": False,
    "format": Format.tape.value,
    "stars": -(2**15),
    "sold": 2**63 - 1,
    "loudness": 0.5,
    "tempo": 1e-300,
}


def stored(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values as Piccolo takes them: an array of JSON holds texts."""
    return {**values, "extras": [json.dumps(extra) for extra in values["extras"]]}


async def test_every_type(music: PostgresEngine) -> None:
    """A value of every type comes back equal, with the same type, and JSON loaded."""
    await Album(band=1, **stored(FULL)).save()
    row = await Band.select(Band.albums()).where(Band.id == 1).first()
    assert row is not None
    album = row["albums"][0]
    assert {name: album[name] for name in FULL} == FULL
    plain = await Album.select().where(Album.band == 1).first()
    assert plain is not None
    assert album.keys() == plain.keys()
    for name in plain.keys() - {"facts", "notes", "extras"}:
        assert album[name] == plain[name]
        assert type(album[name]) is type(plain[name])


async def test_nulls(music: PostgresEngine) -> None:
    """NULL is None in each nullable column, and in a joined row that is not there."""
    nullable = [column for column in Album._meta.columns if column._meta.null]
    await Album.delete(force=True)
    await Album(title="t", band=None).save()
    await Album.update({Album.band: 3}, force=True)
    relation = Band.albums(*nullable, Album.band._.label.name)
    row = await Band.select(relation).where(Band.id == 3).first()
    assert row is not None
    assert {*row["albums"][0].values()} == {3, None}
    assert [name for name, value in row["albums"][0].items() if value == 3] == ["band"]


async def test_elements_of_arrays(music: PostgresEngine) -> None:
    """One element of an array can be selected."""
    await Album(band=1, **stored(FULL)).save()
    elements = (Album.ratings[1].as_alias("second"), Album.takes[0], Album.tags[9].as_alias("no"))
    row = await Band.select(Band.albums(*elements)).where(Band.id == 1).first()
    assert row == {"albums": [{"second": -2, "takes": FULL["takes"][0], "no": None}]}


async def test_numbers_beyond_a_double(music: PostgresEngine) -> None:
    """A number in JSON that no float can hold is read, not refused."""
    await Album.raw("INSERT INTO album (band, facts) VALUES (1, {}::jsonb)", '{"n": 1e400}')
    row = await Band.select(Band.albums(Album.facts)).where(Band.id == 1).first()
    assert row == {"albums": [{"facts": {"n": 10**400}}]}


async def test_a_json_codec_of_the_connection(music: PostgresEngine) -> None:
    """A connection that loads JSON itself is left to do so."""
    async with music.transaction() as transaction:
        await transaction.connection.set_type_codec(
            "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
        row = await Band.select(Band.albums(Album.facts)).where(Band.id == 3).first()
        await transaction.connection.reset_type_codec("jsonb", schema="pg_catalog")
    assert row is not None
    assert {"facts": {"songs": [1, 2]}} in row["albums"]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(
    -1e15, 1e15
)  # jsonb turns 1e16 into an integer
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=st.dictionaries(TEXT, VALUES), title=TEXT)
async def test_any_json_and_any_text(
    music: PostgresEngine, facts: dict[str, Any], title: str
) -> None:
    """Any JSON object, and any text, is read as it was written."""
    await Album.update({Album.facts: json.dumps(facts), Album.title: title}).where(Album.id == 1)
    row = await Band.select(Band.albums(Album.title, Album.facts)).where(Band.id == 2).first()
    assert row == {"albums": [{"title": title, "facts": facts}]}


@pytest.mark.usefixtures("music")
async def test_equal_to_a_query_per_relation() -> None:
    """Whatever is selected, the result is that of Piccolo's own queries, one per relation."""
    for seed in range(100):
        await _compare(random.Random(seed))


async def _compare(chance: random.Random) -> None:
    columns = [Track.id, Track.title, Track.position, Track.album.title, Track.album._.band.name]
    chosen: list[Column] = chance.sample(columns, chance.randint(1, 5))
    order = chance.sample([Track.position, Track.title, Track.album._.band.name], 2)
    conditions = chance.sample(
        [Track.position > chance.randint(0, 2), Track.title != "3.2", Track.album.price < 3],
        chance.randint(0, 2),
    )
    limit, offset = chance.choice([None, 0, 1, 2]), chance.choice([None, 0, 1])
    ascending, nested = chance.random() < 0.5, chance.random() < 0.3

    relation = Album.tracks(*chosen)
    for column in [*order, Track.id]:
        relation = relation.order_by(column, ascending=ascending)
    for condition in conditions:
        relation = relation.where(condition)
    if limit is not None:
        relation = relation.limit(limit)
    if offset is not None:
        relation = relation.offset(offset)
    albums = Album.select(Album.id, Album.title, relation.output(nested=nested))
    albums = albums.order_by(Album.id).limit(chance.randint(1, 3)).offset(chance.randint(0, 1))
    if chance.random() < 0.3:
        albums = albums.where(Album.title != "Two 1")

    rows = await albums
    for row in rows:
        query = Track.select(*chosen).where(Track.album == row["id"], *conditions)
        for column in [*order, Track.id]:
            query = query.order_by(column, ascending=ascending)
        if limit is not None:
            query = query.limit(limit)
        if offset is not None:
            query = query.offset(offset)
        assert row["tracks"] == await query.output(nested=nested)


async def test_numbers_of_any_length(music: PostgresEngine) -> None:
    """Whole numbers are exact; one of more digits than Python converts stays text."""
    numbers = [2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, 10**4000]
    text = json.dumps({"n": numbers[:-1]})[:-2] + ", " + "1" + "0" * 4000 + ", " + "7" * 5000 + "]}"
    await Album.raw("INSERT INTO album (band, facts) VALUES (1, {}::jsonb)", text)
    row = await Band.select(Band.albums(Album.facts)).where(Band.id == 1).first()
    assert row is not None
    found = row["albums"][0]["facts"]["n"]
    assert found == [*numbers, "7" * 5000]
    outer = (
        await Album.select(Album.facts, Album.tracks())
        .where(Album.band == 1)
        .output(load_json=True)
    )
    assert outer[0]["facts"]["n"] == found


async def test_infinity_and_not_a_number(music: PostgresEngine) -> None:
    """Infinite times and numbers, and NaN, are those that asyncpg gives."""
    await Album(band=1).save()
    await Album.raw(
        "UPDATE album SET recorded = 'infinity', announced = '-infinity', released = 'infinity',"
        " takes = '{{infinity,-infinity,2024-02-29}}', price = 'NaN', tempo = '-infinity',"
        " loudness = 'NaN' WHERE band = 1"
    )
    names = ("recorded", "announced", "released", "takes", "price", "tempo", "loudness")
    row = await Band.select(Band.albums(*names)).where(Band.id == 1).first()
    plain = await Album.select(*names).where(Album.band == 1).first()
    assert row is not None
    assert repr(row["albums"]) == repr([plain])


async def test_arrays_and_floats_of_every_kind(music: PostgresEngine) -> None:
    """Elements of arrays, NULL among them, and small floats are as in a select of their own."""
    await Album(band=1).save()
    await Album.raw(
        "UPDATE album SET tags = '{{a,NULL,\"b,c\"}}', ratings = '{{}}',"
        " grid = '{{{{1,NULL}},{{3,4}}}}',"
        " loudness = 0.1, tempo = 1, length = '1 year 2 months -3 days 04:05:06.7'"
        " WHERE band = 1"
    )
    columns = (Album.tags, Album.ratings, Album.grid, Album.takes, Album.loudness, Album.tempo)
    row = await Band.select(Band.albums(*columns, Album.length)).where(Band.id == 1).first()
    plain = await Album.select(*columns, Album.length).where(Album.band == 1).first()
    assert row is not None
    assert repr(row["albums"]) == repr([plain])


@pytest.mark.parametrize(
    "sql",
    [
        *("1", "1::bigint", "1.50", "'NaN'::numeric", "ARRAY[1.10, NULL]", "0.1::real", "'x'"),
        *("1e300::float8", "true", "NULL::int", "ARRAY['a', NULL]", "ARRAY[ARRAY[1], ARRAY[2]]"),
        *("DATE '2024-02-29'", "TIMESTAMP '2024-02-29 12:00'", "TIME '12:00'", "'-infinity'::date"),
        *("TIMESTAMPTZ '2024-02-29 12:00+02'", "INTERVAL '-1 mon 2 days -03:00:01'"),
        *("'00000000-0000-0000-0000-000000000001'::uuid", "'\\xff00'::bytea"),
        *("ARRAY[DATE '2024-02-29']", "ARRAY['\\xff'::bytea]", "12345678901234567890123.5"),
    ],
)
async def test_expressions_of_any_type(music: PostgresEngine, sql: str) -> None:
    """An expression in a relation has the value and the type that it has in a select."""
    expression = QueryString(sql).as_alias("value")
    row = await Band.select(Band.albums(expression)).where(Band.id == 2).first()
    plain = await Album.select(expression).where(Album.band == 2)
    assert row is not None
    assert repr(row["albums"]) == repr(plain)


async def test_more_columns_than_a_function_has_arguments(music: PostgresEngine) -> None:
    """A relation can have more than a hundred columns, two hundred too."""
    columns = [Album.title.as_alias(f"title {number}") for number in range(250)]
    row = await Band.select(Band.albums(*columns, Album.id)).where(Band.id == 2).first()
    assert row is not None
    assert row["albums"] == [{**{f"title {n}": "One 1" for n in range(250)}, "id": 1}]


async def test_the_settings_of_a_session(music: PostgresEngine) -> None:
    """Neither time zone nor style of dates of the session changes a value."""
    await Album(band=1, **stored(FULL)).save()
    query = Band.select(Band.albums()).where(Band.id == 1)
    expected = await query
    async with music.transaction():
        for setting in ("timezone = 'America/New_York'", "datestyle = 'German'"):
            await Band.raw(f"SET LOCAL {setting}")
        assert await query == expected
