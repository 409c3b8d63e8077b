"""Build packs as documents: plain data in, text or bytes out; no database.

`render_content` makes what a pack stores, `render_file` the file that somebody downloads. The
formats are described in docs/build-packs.md.
"""

from .document import BuildPackDocument, BuildPackStep
from .files import MEDIA_TYPES, filename_for, render_content, render_file
from .json_document import render_json
from .markdown import render_markdown

__all__ = [
    "MEDIA_TYPES",
    "BuildPackDocument",
    "BuildPackStep",
    "filename_for",
    "render_content",
    "render_file",
    "render_json",
    "render_markdown",
]
