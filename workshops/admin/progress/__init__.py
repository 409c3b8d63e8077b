"""The progress pages: server-rendered, beside the admin and under its log-in.

``create_pages`` returns them as an ASGI application, to be mounted at ``/progress``.
"""

from workshops.admin.progress.pages import create_pages

__all__ = ["create_pages"]
