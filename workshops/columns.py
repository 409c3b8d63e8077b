"""Column types, and mix-ins for rows that have versions and for those that belong to a workshop.

Each column exists because Piccolo's own would create another schema than the one this
database has; the reason stands with the class. A plain ``Text`` would have an
empty text for a DEFAULT (upstream: test_required_text_has_no_default).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from piccolo.columns import OnDelete, OnUpdate, Text, Timestamp, Varchar
from piccolo.columns.base import ReferencedTable
from piccolo.columns.defaults.timestamp import TimestampNow
from piccolo.query.methods.update import Update
from piccolo.querystring import QueryString

from workshops.cached_columns import CachedForeignKey
from workshops.ids import create_prefixed_id

if TYPE_CHECKING:
    from piccolo.columns import Column
    from piccolo.query.methods.delete import Delete
    from piccolo.query.methods.insert import Insert
    from piccolo.table import Table


def utc_now() -> datetime:
    """Return the time in UTC without a time zone, cut to milliseconds as the columns store it."""
    return to_stored(datetime.now(UTC))


def to_stored(moment: datetime) -> datetime:
    """Return ``moment`` as a timestamp column stores it: UTC, no time zone, whole milliseconds.

    A value without a time zone is taken as UTC.
    """
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def next_updated_at() -> QueryString:
    """Return the SQL expression that moves ``updated_at`` strictly forward.

    Two updates in one millisecond, a clock that was set back, or a transaction
    that began before another one committed: the new value is always later than
    the stored one. Concurrent editors are compared by it.
    """
    return QueryString(
        "GREATEST(date_trunc('milliseconds', now() AT TIME ZONE 'utc'), "
        "\"updated_at\" + INTERVAL '1 millisecond')"
    )


class UTCNow(TimestampNow):
    """The current time in UTC, by whichever clock is at hand: the database's or Python's.

    Piccolo's ``TimestampNow`` gives the local time of the machine in Python, and
    the local time of the session in the database (upstream: test_time_is_not_the_local_one).
    """

    @property
    def postgres(self) -> str:
        return "(now() AT TIME ZONE 'utc')"

    def python(self) -> datetime:
        return utc_now()


class PrefixedKey(Text):
    """A text primary key ``<prefix>_<cuid2>``, made in the application.

    Piccolo would call the default once and write its result into the table as
    the SQL DEFAULT: every row inserted without a key would get the same one.
    This column has no DEFAULT in the database (upstream: test_callable_default_is_not_frozen).
    """

    def __init__(self, prefix: str = "", default: None = None, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs["primary_key"] = True
        super().__init__(default=default, **kwargs)
        self._meta.params["prefix"] = prefix  # for migrations

    def get_default_value(self) -> str:
        return create_prefixed_id(self.prefix)

    @property
    def column_type(self) -> str:
        return "TEXT"

    @property
    def ddl(self) -> str:
        return f'"{self._meta.db_column_name}" {self.column_type} PRIMARY KEY NOT NULL'


class SingleLineText(Varchar):
    """Text on one line, of at most ``length`` characters in forms and in the API.

    A ``Text`` column renders as a multi-line box. The column type stays ``text``:
    the limit is checked before the database, and can change without a migration.
    """

    @property
    def column_type(self) -> str:
        return "TEXT"


class UTCTimestamp(Timestamp):
    """``timestamp(3) without time zone``, always UTC.

    Assigning to an attribute converts an aware ``datetime`` to UTC and cuts it to
    milliseconds, so that the value in memory is the one that will be stored.
    """

    def __init__(self, default: Any = UTCNow(), **kwargs: Any) -> None:  # noqa: B008 - immutable
        super().__init__(default=default, **kwargs)

    @property
    def column_type(self) -> str:
        return "TIMESTAMP(3)"

    @property
    def ddl(self) -> str:
        """The column's part of CREATE TABLE.

        PostgreSQL drops a ``DEFAULT null``, but keeps it for a type with a precision.
        """
        return super().ddl.removesuffix(" DEFAULT null")

    def __set__(self, obj: Table, value: datetime | None) -> None:
        super().__set__(obj, to_stored(value) if isinstance(value, datetime) else value)


class CascadeForeignKey(CachedForeignKey[ReferencedTable]):
    """A foreign key to the row that this one belongs to, and goes with when it is deleted.

    NOT NULL, ``ON DELETE CASCADE``, ``ON UPDATE NO ACTION`` and indexed. Piccolo's
    own defaults are nullable, ``ON UPDATE CASCADE`` and no index.
    """

    def __init__(self, references: type[ReferencedTable], **kwargs: Any) -> None:
        kwargs = {
            "default": None,
            "null": False,
            "index": True,
            "on_delete": OnDelete.cascade,
            "on_update": OnUpdate.no_action,
            "required": True,
            **kwargs,
        }
        super().__init__(references, **kwargs)

    def __set__(self, obj: Any, value: Any) -> None:
        """Note it if a row that is stored is given to another one: ``BelongsToWorkshop`` asks."""
        values, name = obj.__dict__, self._meta.name
        if obj._exists_in_db and key_of(values.get(name, value)) != key_of(value):
            values[f"_{name}_changed"] = True
        values[name] = value


def key_of(value: Any) -> Any:
    """Return a foreign key's value, which a prefetch has made an object of, or not."""
    meta = getattr(value, "_meta", None)
    return value if meta is None else getattr(value, meta.primary_key._meta.name)


class _Save(Update[Any]):
    """The UPDATE of ``row.save()``, which tells the row the ``updated_at`` that was stored."""

    row: Any

    async def response_handler(self, response: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for stored in response:
            self.row.updated_at = stored["updated_at"]
        return response


class VersionedRow:
    """A mix-in before ``Table`` for tables with an ``updated_at``.

    ``next_updated_at`` is computed by the database, so Piccolo's ``save`` would
    leave the SQL expression in the attribute instead of a time (upstream:
    test_saved_row_has_the_stored_time).
    """

    if TYPE_CHECKING:
        _exists_in_db: bool
        updated_at: Any

    def save(self, columns: Sequence[Column | str] | None = None) -> Insert[Any] | Update[Any]:
        """Insert the row, or update all of its columns (or those named).

        When awaited, ``updated_at`` in memory equals the stored one.
        """
        if not self._exists_in_db:
            return super().save(columns)  # type: ignore[misc, no-any-return]
        updated_at = self.updated_at
        update: Update[Any] = super().save(columns)  # type: ignore[misc]
        self.updated_at = updated_at
        save = _Save(table=update.table)
        save.row = self
        save.values_delegate = update.values_delegate
        save.where_delegate = update.where_delegate
        return save.returning(type(self).updated_at)


class BelongsToWorkshop:
    """A mix-in before ``Table`` for the tables whose rows belong to a workshop.

    Piccolo's ``save`` sets every column, and finds the row by its key alone. A distributed
    database has all rows of a workshop in one place: told the workshop, it goes there and
    nowhere else, and it sets no ``workshop_id``, not even to the same. Only a row that was
    given to another workshop is saved as Piccolo does, which one PostgreSQL allows.
    """

    if TYPE_CHECKING:
        _exists_in_db: bool
        workshop_id: Any

    def save(self, columns: Sequence[Column | str] | None = None) -> Insert[Any] | Update[Any]:
        """Insert the row, or update all of its columns (or those named)."""
        stays = self._stays
        query: Any = super().save(columns)  # type: ignore[misc]
        if stays:
            table: Any = type(self)
            values = query.values_delegate._values
            if len(values) > 1:
                values.pop(table.workshop_id, None)
            query = query.where(table.workshop_id == key_of(self.workshop_id))
        return query  # type: ignore[no-any-return]

    def remove(self) -> Delete:
        """Delete the row."""
        stays = self._stays
        query: Any = super().remove()  # type: ignore[misc]
        if stays:
            table: Any = type(self)
            query = query.where(table.workshop_id == key_of(self.workshop_id))
        return query  # type: ignore[no-any-return]

    @property
    def _stays(self) -> bool:
        return self._exists_in_db and "_workshop_id_changed" not in self.__dict__
