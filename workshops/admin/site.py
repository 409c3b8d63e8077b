"""The operators' site: Piccolo Admin over our tables."""

from __future__ import annotations

import warnings
from pathlib import Path

from piccolo.apps.user.tables import BaseUser
from piccolo_admin.endpoints import AdminRouter, create_admin
from piccolo_api.rate_limiting.middleware import InMemoryLimitProvider
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from workshops.admin.settings import AdminSettings
from workshops.admin.table_configs import table_configs
from workshops.admin.tables import AdminSession

SITE_NAME = "WorkshopPilot"
LOGIN_WINDOW_SECONDS = 300

STATIC = Path(__file__).parent / "static"


def create_site(settings: AdminSettings) -> ASGIApp:
    """Return the admin as an ASGI application, to be mounted at ``/admin``."""
    if not settings.production:
        # Said at every log-in; the settings have been checked already.
        warnings.filterwarnings("ignore", message="If running sessions in production")
    site: AdminRouter = create_admin(
        tables=table_configs(),
        auth_table=BaseUser,
        session_table=AdminSession,
        session_expiry=settings.session_idle,
        max_session_expiry=settings.session_length,
        increase_expiry=settings.session_idle / 2,
        # Without a block duration the library refuses an address until the restart.
        rate_limit_provider=InMemoryLimitProvider(
            timespan=LOGIN_WINDOW_SECONDS,
            limit=settings.login_attempts,
            block_duration=settings.login_block_seconds,
        ),
        production=settings.production,
        allowed_hosts=settings.allowed_hosts,
        site_name=SITE_NAME,
        auto_include_related=False,
        sidebar_links={"Progress board": "/progress/", "Step funnel": "/progress/steps/"},
    )
    _add_static_files(site)
    return site


def _add_static_files(site: AdminRouter) -> None:
    """Add what Piccolo Admin's page lacks: an icon."""
    site.mount("/site", StaticFiles(directory=STATIC))
    site.template = site.template.replace(
        "</head>", '  <link rel="icon" href="./site/favicon.svg">\n</head>'
    ).replace("<title>Piccolo Admin</title>", f"<title>{SITE_NAME}</title>")
