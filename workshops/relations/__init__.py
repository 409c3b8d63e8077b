"""One-to-many relations for Piccolo, selected like columns, in one statement.

For any two tables that a foreign key joins; needs only Piccolo, asyncpg and orjson::

    from piccolo.columns import ForeignKey, Varchar
    from piccolo.table import Table
    from workshops.relations import HasRelations, OneToMany

    class Band(HasRelations, Table):
        name = Varchar()
        albums = OneToMany("Album")

    class Album(Table):
        band = ForeignKey(Band)
        title = Varchar()

    await Band.select(
        Band.name,
        Band.albums(Album.title).order_by(Album.title).limit(3),
    ).where(Band.name.like("P%"))
    [{"name": "Pythonistas", "albums": [{"title": "Awesome album 1"}]}]

How: ``expressions`` makes SQL of columns and conditions, ``compiler`` the one statement, in
which each relation is one JSON array, and ``decoding`` reads it by the types of its columns.
Imports go one way: ``decoding``, ``expressions``, ``compiler``, ``selection``, ``conditions``,
``declaration``, ``query``, ``mixin``.

- ``OneToMany`` declares a relation in the parent's class body, ``add_relation`` beside it.
- ``RelationSelect`` is one use of it: columns, where, order, limit, offset, alias.
- ``exists``, ``none``, ``count``, ``max``, ``min``, ``sum`` and ``avg`` of a relation
  stand in conditions, among columns and in ``order_by``.
- ``HasRelations`` is the mix-in that lets the parent's ``select`` and ``objects`` take them,
  and has ``select_as``, whose rows are of a class.
- ``Prepared`` is a select whose SQL is made once, with a ``Parameter`` for each value of a call.
- ``RelationError``, a ``ValueError``, says what is wrong before anything is sent.
"""

from workshops.relations.declaration import OneToMany, add_relation
from workshops.relations.mixin import HasRelations, ParentObjects, RowTypeError, TypedSelect
from workshops.relations.query import Parameter, ParentSelect, Prepared
from workshops.relations.selection import NotLoadedError, RelationError, RelationSelect

__all__ = [
    "HasRelations",
    "NotLoadedError",
    "OneToMany",
    "Parameter",
    "ParentObjects",
    "ParentSelect",
    "Prepared",
    "RelationError",
    "RelationSelect",
    "RowTypeError",
    "TypedSelect",
    "add_relation",
]
