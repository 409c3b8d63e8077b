"""Cached columns are Piccolo's, made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from piccolo.columns import Array, ForeignKey, Integer, Varchar
from piccolo.columns.reference import LazyTableReference
from piccolo.query.methods.select import Select
from piccolo.table import Table

from workshops.cached_columns import CachedForeignKey
from workshops.database.migrations import project_engine


def tables(key: type[ForeignKey[Any]], text: type[Varchar]) -> tuple[Any, Any, Any, Any]:
    """Return four tables in a row, each of which refers to the one before it."""
    engine = project_engine()

    class Label(Table, db=engine):
        name = text()
        default = Integer()
        parent = key("self")

    class Band(Table, db=engine):
        name = text()
        label = key(Label)
        years = Array(Integer())

    class Album(Table, db=engine):
        title = text(db_column_name="called")
        band = key(Band)
        also = key(LazyTableReference("Label", module_path=__name__))

    class Track(Table, db=engine):
        title = text()
        album = key(Album)

    globals()["Label"] = Label
    return Label, Band, Album, Track


def picture(column: Any) -> Any:
    """Return everything that a query can tell of a column."""
    return (
        column._meta.get_full_name(),
        column._meta.get_default_alias(),
        column._alias,
        column.table_alias,
        [key._meta.name for key in column._meta.call_chain],
        Select(column._meta.table)._get_joins([column]),
        str(column.get_select_string("postgres")),
        repr(column),
        str(column == "x"),
    )


PATHS: list[Callable[[Any, Any, Any, Any], Any]] = [
    lambda label, band, album, track: band.name,
    lambda label, band, album, track: band.label,
    lambda label, band, album, track: band.label.name,
    lambda label, band, album, track: band.label.id,
    lambda label, band, album, track: band.label._.name,
    lambda label, band, album, track: band.label.default,
    lambda label, band, album, track: band.label.name.as_alias("x"),
    lambda label, band, album, track: band.label.as_alias("x"),
    lambda label, band, album, track: album.band.label,
    lambda label, band, album, track: album.band.label.name,
    lambda label, band, album, track: album.band.years[2],
    lambda label, band, album, track: album.band.years[2].as_alias("third"),
    lambda label, band, album, track: album.also.name,
    lambda label, band, album, track: track.album.also.name,
    lambda label, band, album, track: track.album.title,
    lambda label, band, album, track: track.album.band.label.name,
    lambda label, band, album, track: track.album._.band._.label._.name,
    lambda label, band, album, track: track.album.band.label.parent.parent.name,
    lambda label, band, album, track: track.title.join_on(band.name).label.name,
    lambda label, band, album, track: track.album.title.join_on(band.name).name,
    lambda label, band, album, track: track._meta.get_column_by_name("album.band.label.name"),
    lambda label, band, album, track: track.ref("album.title"),
]


@pytest.mark.parametrize("path", PATHS)
def test_equal_to_piccolo(path: Callable[[Any, Any, Any, Any], Any]) -> None:
    """A joined column is the one that Piccolo makes, the first time and again."""
    expected = picture(path(*tables(ForeignKey, Varchar)))
    cached = tables(CachedForeignKey, Varchar)
    for _ in range(3):
        found = picture(path(*cached))
        assert str(found).replace("Cached", "") == str(expected)


@pytest.mark.parametrize("name", ["all_columns", "all_related"])
def test_lists_of_columns(name: str) -> None:
    """Lists of joined columns are Piccolo's, with and without exclusions."""
    for exclude in ([], ["name"], ["label"]):
        expected, found = (
            [picture(column) for column in getattr(tables(*kinds)[2].band, name)(exclude=exclude)]
            for kinds in ((ForeignKey, Varchar), (CachedForeignKey, Varchar))
        )
        assert str(found).replace("Cached", "") == str(expected)
        assert found or exclude == ["label"]


def test_made_once() -> None:
    """The same name gives the same object."""
    *_, album, track = tables(CachedForeignKey, Varchar)
    assert track.album.band.label.name is track.album.band.label.name
    assert track.album is not track.album.copy()
    assert album.band.name is not track.album.band.name


def test_copies_begin_anew() -> None:
    """A copy has joined columns and aliases of its own, which go through the copy."""
    label, band, *_ = tables(CachedForeignKey, Varchar)
    assert band.label.name is band.label.name
    aliased = band.label.as_alias("other")
    assert [*map(id, aliased.name._meta.call_chain)] == [id(aliased)]
    assert band.name.as_alias("x").as_alias("y")._alias == "y"
    assert band.name._alias is None
    assert label.parent.name._meta.call_chain[0]._alias is None


def test_the_chain_of_joins_is_limited() -> None:
    """A chain of ten joins is refused, as by Piccolo, however often it is tried."""

    def ancestor(column: Any, generations: int) -> Any:
        return ancestor(column.parent, generations - 1) if generations else column

    for kinds in ((ForeignKey, Varchar), (CachedForeignKey, Varchar)):
        label = tables(*kinds)[0]
        assert len(ancestor(label, 10)._meta.call_chain) == 9
        for _ in range(2):
            with pytest.raises(Exception, match="Call chain too long"):
                ancestor(label, 11)


def test_unknown_names() -> None:
    """A name that the referenced table does not have is an AttributeError."""
    _, band, *_ = tables(CachedForeignKey, Varchar)
    for _ in range(2):
        with pytest.raises(AttributeError):
            band.label.nothing  # noqa: B018
