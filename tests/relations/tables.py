"""Tables that are not this project's: music, folders, cities."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from piccolo.columns import (
    JSON,
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    Interval,
    Numeric,
    Real,
    Serial,
    SmallInt,
    Text,
    Time,
    Timestamp,
    Timestamptz,
    Varchar,
)
from piccolo.columns.m2m import M2M
from piccolo.columns.readable import Readable
from piccolo.columns.reference import LazyTableReference
from piccolo.table import Table

from workshops.cached_columns import CachedForeignKey
from workshops.relations import HasRelations, OneToMany, add_relation


class Format(StrEnum):
    """How an album was published."""

    vinyl = "vinyl"
    tape = "tape"


class Label(HasRelations, Table):
    """The root."""

    id: Serial
    name = Varchar()
    bands = OneToMany("Band")
    longest = OneToMany("Longest", foreign_key="here")


class Genre(Table):
    """Many to many with bands."""

    id: Serial
    name = Varchar()


class Band(HasRelations, Table):
    """The parent, with a nullable foreign key of its own."""

    id: Serial
    name = Varchar()
    popularity = Integer(default=0)
    profile = JSONB(null=True, default=None)
    password = Varchar(secret=True, default="hush")
    label = ForeignKey(Label, null=True)
    genres = M2M(LazyTableReference("GenreOfBand", module_path=__name__))

    albums = OneToMany("Album")
    concerts = OneToMany(f"{__name__}.Concert")
    paid = OneToMany(LazyTableReference("Payment", module_path=__name__), foreign_key="payer")
    received = OneToMany("Payment", foreign_key="payee")

    @classmethod
    def get_readable(cls) -> Readable:
        """Show a band by its name and popularity."""
        return Readable("%s: %s", columns=[cls.name, cls.popularity])


class GenreOfBand(Table):
    """Joins bands and genres."""

    id: Serial
    band = ForeignKey(Band)
    genre = ForeignKey(Genre)


class Album(HasRelations, Table):
    """The child, with a value of every type."""

    id: Serial
    band = ForeignKey(Band)
    title = Varchar()
    released = Date(null=True, default=None)
    price = Numeric(digits=(12, 4), null=True, default=None)
    facts = JSONB(null=True, default=None)
    notes = JSON(null=True, default=None)
    tags = Array(Varchar(), default=[])
    ratings = Array(Integer(), default=[])
    takes = Array(Timestamp(), default=[])
    extras = Array(JSONB(), default=[])
    grid = Array(Array(BigInt()), default=[])
    cover = Bytea(null=True, default=None)
    length = Interval(null=True, default=None)
    recorded = Timestamp(null=True, default=None)
    announced = Timestamptz(null=True, default=None)
    starts = Time(null=True, default=None)
    barcode = UUID(null=True, default=None)
    live = Boolean(null=True, default=None)
    format = Varchar(choices=Format, default=Format.vinyl)
    stars = SmallInt(null=True, default=None)
    sold = BigInt(null=True, default=None)
    loudness = Real(null=True, default=None)
    tempo = DoublePrecision(null=True, default=None)
    master_key = Varchar(secret=True, default="key")

    tracks = OneToMany("Track")

    @classmethod
    def get_readable(cls) -> Readable:
        """Show an album by its title."""
        return Readable("<%s>", columns=[cls.title])


class Track(HasRelations, Table):
    """The grandchild."""

    id: Serial
    album = ForeignKey(Album)
    title = Varchar()
    position = Integer()

    plays = OneToMany("Play")


class Play(Table):
    """The great-grandchild."""

    id: Serial
    track = ForeignKey(Track)
    place = Varchar()


class Concert(Table):
    """Another child, which has to do with nothing else."""

    id: Serial
    band = ForeignKey(Band)
    place = Varchar()


class Payment(Table):
    """Two foreign keys to one table."""

    id: Serial
    payer = ForeignKey(Band)
    payee = ForeignKey(Band)
    amount = Integer()


class Folder(HasRelations, Table, schema="archive"):
    """Refers to itself, and stands in a schema."""

    id: Serial
    name = Varchar()
    parent: ForeignKey[Any] = ForeignKey("self", null=True)

    children = OneToMany("Folder")


class Country(HasRelations, Table):
    """Referred to by something other than its primary key."""

    id: Serial
    code = Varchar(length=2, unique=True)
    cities = OneToMany("City")


class City(Table):
    """Its foreign key refers to a country's code."""

    id: Serial
    country = ForeignKey(Country, target_column="code")
    name = Text()


LONG = "a_name_that_is_as_long_as_postgresql_lets_the_name_of_a_table_be"[:63]


class Longest(HasRelations, Table, tablename=LONG):
    """A table whose name leaves no room for anything behind it."""

    id: Serial
    name = Varchar()
    here = ForeignKey(Label)
    there = ForeignKey(Label)


class Fan(HasRelations, Table):
    """A table of another application, with a foreign key to a table with relations."""

    id: Serial
    name = Text()
    band = ForeignKey(Band)


class Letter(HasRelations, Table):
    """Two steps away, by a foreign key that knows relations at any distance."""

    id: Serial
    text = Text()
    fan = CachedForeignKey(Fan)
    about = CachedForeignKey(Band, null=True)


band_fans = add_relation(Band, "fans", Fan)
fan_letters = add_relation(Fan, "letters", Letter)

TABLES: list[type[Table]] = [
    *(Label, Genre, Band, GenreOfBand, Album, Track, Play, Concert, Payment, Folder, Country, City),
    *(Longest, Fan, Letter),
]
