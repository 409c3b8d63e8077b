"""The operators' site: Piccolo Admin over our tables."""

from __future__ import annotations

import warnings
from pathlib import Path

from piccolo_admin.endpoints import AdminRouter, create_admin
from piccolo_api.encryption.providers import FernetProvider
from piccolo_api.mfa.authenticator.provider import AuthenticatorProvider
from piccolo_api.mfa.provider import MFAProvider
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from workshops.admin.accounts import OperatorAccount
from workshops.admin.crud import our_classes
from workshops.admin.login_limit import LoginLimit
from workshops.admin.protection import find_operator
from workshops.admin.read_only import READ_ONLY_TABLES
from workshops.admin.settings import AdminSettings
from workshops.admin.table_configs import table_configs
from workshops.admin.tables import AdminSession, SecondFactor

SITE_NAME = "WorkshopPilot"

STATIC = Path(__file__).parent / "static"


def create_site(settings: AdminSettings) -> ASGIApp:
    """Return the admin as an ASGI application, to be mounted at ``/admin``."""
    if not settings.production:
        # Said at every log-in; the settings have been checked already.
        warnings.filterwarnings("ignore", message="If running sessions in production")
    with our_classes():
        site = _create_admin(settings)
    _add_static_files(site)
    return site


def _create_admin(settings: AdminSettings) -> AdminRouter:
    site: AdminRouter = create_admin(
        tables=table_configs(),
        auth_table=OperatorAccount,
        session_table=AdminSession,
        session_expiry=settings.session_idle,
        max_session_expiry=settings.session_length,
        increase_expiry=settings.session_idle / 2,
        rate_limit_provider=LoginLimit(settings.login_window, settings.login_attempts),
        production=settings.production,
        allowed_hosts=settings.allowed_hosts,
        site_name=SITE_NAME,
        auto_include_related=False,
        sidebar_links=_links(settings),
        mfa_providers=_second_factors(settings),
    )
    return site


def _links(settings: AdminSettings) -> dict[str, str]:
    links = {
        "Progress board": "/progress/",
        "Step funnel": "/progress/steps/",
        "People": "/progress/people/",
        "New workshop": "/progress/new/",
    }
    if settings.second_factor_key is not None:
        links["Second factor"] = "/admin/api/mfa-setup/"
    return links


def _second_factors(settings: AdminSettings) -> list[MFAProvider] | None:
    """Return the authenticator app, which operators add at /admin/api/mfa-setup/."""
    if settings.second_factor_key is None:
        return None
    key = settings.second_factor_key.get_secret_value().encode()
    return [
        AuthenticatorProvider(
            FernetProvider(key), secret_table=SecondFactor, issuer_name=SITE_NAME, valid_window=1
        )
    ]


async def who_am_i(request: Request) -> Response:
    """Tell the page what to offer: the operator's role, and which tables are read only."""
    operator = await find_operator(request.scope)
    if operator is None:
        return JSONResponse("Nobody is logged in.", status_code=401)
    return JSONResponse(
        {"superuser": operator["superuser"], "read_only_tables": sorted(READ_ONLY_TABLES)}
    )


def _add_static_files(site: AdminRouter) -> None:
    """Add what Piccolo Admin's page lacks: see static/operators.js."""
    site.add_route("/site/operator.json", who_am_i, methods=["GET"])
    site.mount("/site", StaticFiles(directory=STATIC))
    # The script comes first and at once: it listens to the requests of the other one.
    site.template = (
        site.template.replace(
            "<head>",
            "<head>\n"
            '  <script src="./site/operators.js"></script>\n'
            '  <link rel="stylesheet" href="./site/operators.css">\n'
            '  <link rel="icon" href="./site/favicon.svg">',
        )
    ).replace("<title>Piccolo Admin</title>", f"<title>{SITE_NAME}</title>")
