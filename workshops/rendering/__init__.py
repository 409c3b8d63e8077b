"""Build packs as documents: plain data in, text or bytes out; no database.

`render_markdown` and `render_json` make what a pack stores, `render_pdf` a PDF from its Markdown.
"""

from .document import BuildPackDocument, BuildPackStep
from .json_document import render_json
from .markdown import render_markdown
from .pdf import render_pdf

__all__ = [
    "BuildPackDocument",
    "BuildPackStep",
    "render_json",
    "render_markdown",
    "render_pdf",
]
