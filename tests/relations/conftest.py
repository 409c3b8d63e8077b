"""A database of music, made with Piccolo, beside the project's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from piccolo.engine.postgres import PostgresEngine

from tests.relations.tables import TABLES, Album, Band, Concert, Label, Play, Track

if TYPE_CHECKING:
    from tests.conftest import Server


@pytest.fixture(scope="session")
async def _music(server: Server) -> AsyncIterator[PostgresEngine]:
    name = await server.create_database()
    engine = PostgresEngine(config={**server.config, "database": name})
    await engine.start_connection_pool(min_size=1, max_size=2)
    await engine.run_ddl("CREATE SCHEMA archive")
    for table in TABLES:
        table._meta.db = engine
        await table.create_table()
    yield engine
    await engine.close_connection_pool()
    await server.drop_database(name)


@pytest.fixture
async def engine(_music: PostgresEngine) -> PostgresEngine:
    """The engine of the music database, whose tables are empty."""
    names = ", ".join(table._meta.get_formatted_tablename() for table in TABLES)
    await _music.run_ddl(f"TRUNCATE {names} RESTART IDENTITY")
    return _music


@pytest.fixture
async def music(engine: PostgresEngine) -> PostgresEngine:
    """Three bands with no, one and two albums; an album has its number's tracks, played twice."""
    await Label.insert(Label(name="Small"), Label(name="Große Töne"))
    await Band.insert(
        Band(name="None", popularity=1, label=1),
        Band(name="One", popularity=3, label=2, profile={"town": "Aš", "year": 1999}),
        Band(name="Two", popularity=2, label=None),
    )
    await Album.insert(
        Album(band=2, title="One 1", price=3),
        Album(band=3, title="Two 1", price=2),
        Album(band=3, title="Two 2", price=1, facts={"songs": [1, 2]}),
    )
    for album in (1, 2, 3):
        await Track.insert(
            *(Track(album=album, title=f"{album}.{n}", position=n) for n in range(1, album + 1))
        )
    tracks = await Track.select(Track.id).output(as_list=True)
    await Play.insert(*(Play(track=track, place=p) for track in tracks for p in ("Bar", "Café")))
    await Concert.insert(Concert(band=1, place="Hall"), Concert(band=3, place="Zoo"))
    return engine
