"""Build packs as documents: plain data in, text or bytes out; no database.

`render_content` makes what a pack stores, `render_file` the file that is downloaded. The
formats are described in docs/build-packs.md, and each is one entry of `FORMATS`.
"""

from .formats import (
    FORMATS,
    BuildPackDocument,
    BuildPackStep,
    filename_for,
    render_content,
    render_file,
    render_json,
    render_markdown,
    step_blocks,
)

__all__ = [
    "FORMATS",
    "BuildPackDocument",
    "BuildPackStep",
    "filename_for",
    "render_content",
    "render_file",
    "render_json",
    "render_markdown",
    "step_blocks",
]
