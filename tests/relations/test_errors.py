"""What cannot work is refused when it is written, with a message that names the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from piccolo.columns import ForeignKey, Varchar
from piccolo.query.functions import Upper
from piccolo.query.methods.select import Select
from piccolo.querystring import QueryString
from piccolo.table import Table

from tests.relations.tables import Album, Band, Concert, Genre, Label, Payment, Track
from workshops.relations import HasRelations, OneToMany, RelationError


def untyped(value: Any) -> Any:
    """Return what a type checker would refuse."""
    return value


class Plain(Table):
    """A table that refers to nothing."""

    name = Varchar()


class Odd(HasRelations, Table):
    """A parent whose relations are all declared wrongly."""

    name = Varchar()
    nobody = OneToMany("Nobody")
    nowhere = OneToMany("no.such.module.Table")
    plain = OneToMany(Plain)
    twins = OneToMany("Twin")
    unnamed = OneToMany("Twin", foreign_key="third")
    wrong = OneToMany("Twin", foreign_key="band")


class Twin(Table):
    """A child with two foreign keys to one parent, and one to another."""

    one = ForeignKey(Odd)
    two = ForeignKey(Odd)
    band = ForeignKey(Band)


class WithoutMixin(Table):
    """Declares a relation, but cannot select it."""

    children = OneToMany("ChildOfPlain")


class ChildOfPlain(Table):
    """Its child."""

    parent = ForeignKey(WithoutMixin)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Band.albums(Concert.place), "Band.albums .*Album .album.*'place'.*Concert"),
        (lambda: Band.albums(Band.name), "Band.albums .*'name' is a column of Band .band."),
        (lambda: Band.albums(Track.album.title), "Album.*Track"),
        (lambda: Band.albums(Upper(Concert.place)), "Album.*Concert"),
        (lambda: Band.albums(Band.get_readable()), "Album.*Band"),
        (lambda: Band.albums(Label.bands()), "Album.*Label.bands is a relation of Label"),
        (lambda: Band.albums("nothing"), "Album .album. has no column 'nothing'"),
        (lambda: Band.albums(untyped(Album.tracks)), "Band.albums.*call it"),
        (lambda: Band.albums(untyped(7)), "cannot select 7"),
        (lambda: Band.albums(Album.title, Album.title), "two columns are named 'title'"),
        (lambda: Band.albums(Album.title, Album.tracks().as_alias("title")), "named 'title'"),
        (lambda: Band.albums(Album.tracks(), Album.tracks()), "named 'tracks'"),
        (lambda: Band.albums(QueryString("1 + 1")), "needs a name"),
        (lambda: Label.bands(Band.genres(Genre.name)), "many-to-many"),
        (lambda: Band.albums().where(Concert.place == "x"), "Album.*'place'.*Concert"),
        (lambda: Band.albums().where((Album.id == 1) & (Band.id == 1)), "Album.*'id'.*Band"),
        (lambda: Band.albums().where(Album.title == Band.name), "Album.*'name'.*Band"),
        (lambda: Band.albums().where(untyped(Album.title is None)), "False is not a condition"),
        (lambda: Band.albums().where(untyped("title = 1")), "not a condition"),
        (lambda: Band.albums().where(untyped(None)), "None is not a condition"),
        (lambda: Band.albums().order_by(Concert.place), "Album.*'place'.*Concert"),
        (lambda: Band.albums().order_by(), "needs a column"),
        (lambda: Band.albums().order_by(untyped(7)), "cannot order by 7"),
        (lambda: Band.albums().order_by("nothing"), "no column 'nothing'"),
        (lambda: Band.albums().limit(-1), "limit cannot be -1"),
        (lambda: Band.albums().offset(-1), "offset cannot be -1"),
        (lambda: Band.albums().limit(2**63), "limit cannot be"),
        (lambda: Band.albums().limit(untyped("3")), "limit is an integer, not '3'"),
        (lambda: Band.albums().offset(True), "offset is an integer, not True"),
        (lambda: Band.albums().as_alias(""), "alias"),
        (lambda: Band.select(Album.tracks()), "Album.tracks belongs to Album .*from Band"),
        (lambda: Band.select(Concert.place, Band.albums()), "'place' belongs to Concert.*Band"),
        (lambda: Band.select(Band.albums(), Band.albums()), "Band .*two columns named 'albums'"),
        (lambda: Band.select(Band.name, Band.albums().as_alias("name")), "two.*named 'name'"),
        (lambda: Band.select(Band.albums()).columns(Band.name.as_alias("albums")), "'albums'"),
        (lambda: Band.select(untyped(Band.albums)), "calling it"),
        (lambda: Band.select(QueryString("1 + 1"), Band.albums()), "needs a name"),
        (lambda: Odd.nobody(), "Odd.nobody.*Nobody"),
        (lambda: Odd.nowhere(), "Odd.nowhere.*no"),
        (lambda: Odd.plain(), "Odd.plain: Plain .plain. has no foreign key to Odd .odd."),
        (lambda: Odd.twins(), "Odd.twins: Twin .*several.*'one', 'two'"),
        (lambda: Odd.unnamed(), "Twin .*no foreign key 'third' to Odd.*'one', 'two'"),
        (lambda: Odd.wrong(), "Twin .*no foreign key 'band' to Odd"),
        (lambda: OneToMany("Album")(), "attribute of a Table"),
    ],
)
def test_refused(build: Callable[[], Any], words: str) -> None:
    """Each mistake is a RelationError whose message says what is wrong, each time."""
    for _ in range(2):
        with pytest.raises(RelationError) as caught:
            build()
        assert re.search(words, str(caught.value))


def test_an_error_is_a_value_error() -> None:
    """A caller that knows nothing of relations can catch a ValueError."""
    assert issubclass(RelationError, ValueError)


@pytest.mark.usefixtures("engine")
async def test_refused_when_run() -> None:
    """What only the whole select shows is refused before anything is sent."""
    with pytest.raises(RelationError, match="group_by needs it to name 'id'"):
        await Band.select(Band.albums()).group_by(Band.name)
    with pytest.raises(RelationError, match=r"WithoutMixin.*must inherit HasRelations"):
        await WithoutMixin.select(WithoutMixin.children())
    with pytest.raises(RelationError, match="only be selected by Band"):
        await Select(Band, [Payment.payer.id, Band.albums()])


def test_a_relation_is_no_column() -> None:
    """Declaring relations changes nothing about a table, its rows and its migrations."""
    names = [column._meta.name for column in Band._meta.columns]
    assert names == ["id", "name", "popularity", "profile", "password", "label"]
    band = Band(name="x")
    assert band.to_dict().keys() == {*names}
    assert "OneToMany" not in Band._table_str()
    with pytest.raises(ValueError, match="Unrecognized"):
        Band(albums=[])
