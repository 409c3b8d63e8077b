"""One-to-many relations for Piccolo, selected like columns, in one statement.

For any two tables that a foreign key joins; needs only Piccolo and asyncpg::

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

How: each relation is ``ARRAY(SELECT ROW(...))`` in the select list. asyncpg decodes
the records from their binary form, so every value keeps its Python type; that was
as fast as ``json_agg``, which would turn times, decimals and bytes into text. The
SQL of a select is built once for each shape (what is selected, in what order, with
what conditions) and reused with other values.

- ``OneToMany`` declares a relation in the parent's class body.
- ``RelationSelect`` is one use of it: columns, where, order, limit, offset, alias.
- ``HasRelations`` is the mix-in that lets the parent's ``select`` take them.
- ``RelationError``, a ``ValueError``, says what is wrong before anything is sent.
"""

from workshops.relations.declaration import OneToMany
from workshops.relations.errors import RelationError
from workshops.relations.mixin import HasRelations
from workshops.relations.query import ParentSelect
from workshops.relations.selection import RelationSelect

__all__ = ["HasRelations", "OneToMany", "ParentSelect", "RelationError", "RelationSelect"]
