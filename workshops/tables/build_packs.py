"""The finished specifications."""

from __future__ import annotations

from piccolo.columns import Text
from piccolo.columns.readable import Readable
from piccolo.constraints import Check
from piccolo.table import Table

from workshops.columns import (
    BelongsToWorkshop,
    CascadeForeignKey,
    PrefixedKey,
    SingleLineText,
    UTCTimestamp,
    VersionedRow,
    next_updated_at,
)
from workshops.relations import HasRelations
from workshops.states import FormatType, one_of
from workshops.tables.workshops import TITLE_LENGTH, Workshop


class BuildPack(HasRelations, BelongsToWorkshop, VersionedRow, Table, tablename="build_packs"):
    """A finished specification, assembled from a workshop's outputs.

    It is of one moment: later changes of the workshop do not change it; a new one is
    generated instead. For ``pdf`` the content is the Markdown that the PDF is made from.
    """

    id = PrefixedKey("bp", help_text="Identifier, `bp_` and a cuid2.")
    workshop_id = CascadeForeignKey(Workshop, help_text="The workshop.")
    title = SingleLineText(
        length=TITLE_LENGTH, default=None, required=True, help_text="The title on its first page."
    )
    format_type = SingleLineText(
        default=FormatType.markdown, choices=FormatType, help_text="The file format."
    )
    content = Text(
        default=None,
        null=True,
        help_text="The text itself: Markdown, or JSON for the format json.",
    )
    created_at = UTCTimestamp(help_text="When it was created (UTC).")
    updated_at = UTCTimestamp(
        auto_update=next_updated_at, help_text="When it last changed (UTC); always moves forward."
    )

    build_packs_format_type_check = Check(one_of("format_type", FormatType))

    @classmethod
    def get_readable(cls) -> Readable:
        return Readable(template="%s (%s)", columns=[cls.title, cls.format_type])
