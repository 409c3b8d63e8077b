"""The operators' site: Piccolo Admin over our tables."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from piccolo_admin import endpoints as admin_endpoints
from piccolo_admin.endpoints import AdminRouter, create_admin
from piccolo_api.encryption.providers import FernetProvider
from piccolo_api.mfa.authenticator.provider import AuthenticatorProvider
from piccolo_api.mfa.provider import MFAProvider
from piccolo_api.rate_limiting.middleware import InMemoryLimitProvider
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from workshops.admin import catalogue  # noqa: F401 - it registers the tables
from workshops.admin.accounts import (
    AdminSession,
    OperatorAccount,
    OperatorsBackend,
    find_operator,
)
from workshops.admin.crud import OperatorsCRUD
from workshops.admin.operators import SecondFactor
from workshops.admin.registry import registered
from workshops.admin.settings import AdminSettings
from workshops.database import SettingsError
from workshops.web.headers import FreshFiles

SITE_NAME = "WorkshopPilot"

STATIC = Path(__file__).parent / "static"

LINKS = {
    "Progress board": "/progress/",
    "Step funnel": "/progress/steps/",
    "People": "/progress/people/",
    "New workshop": "/progress/new/",
}
SECOND_FACTOR = "/admin/api/mfa-setup/"
"""Where the sidebar leads to."""

# The script comes first and at once: it listens to the requests of the other one.
HEAD = """<head>
  <script src="../progress/static/theme.js"></script>
  <script src="./site/operators.js"></script>
  <link rel="stylesheet" href="../progress/static/header.css">
  <link rel="stylesheet" href="./site/operators.css">
  <link rel="icon" href="./site/favicon.svg">"""


class UnknownAdminError(SettingsError):
    """This version of Piccolo Admin is built otherwise, so it would not be guarded."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This version of Piccolo Admin cannot be used: {what}. The site would be unguarded, "
            "so it does not start. Install the version that constraints.txt names."
        )


def create_site(settings: AdminSettings) -> ASGIApp:
    """Return the admin as an ASGI application, to be mounted at ``/admin``.

    It has to be behind ``workshops.admin.protection.protect``.

    Raises:
        UnknownAdminError: Piccolo Admin is not built as we know it.
    """
    if not settings.production:
        # Said at every log-in; the settings have been checked already.
        warnings.filterwarnings("ignore", message="If running sessions in production")
    classes: dict[str, Callable[..., Any]] = {
        "PiccoloCRUD": OperatorsCRUD,
        "SessionsAuthBackend": lambda **_: OperatorsBackend(),  # its options are settled there
        # It never blocks: ``protection.limit_attempts`` has counted already. The library's own
        # limit (piccolo_api 1.11) blocks an address until the restart, or, with a block duration
        # shorter than its window, again at once (upstream: test_limit_ends_by_itself).
        "InMemoryLimitProvider": lambda **_: InMemoryLimitProvider(timespan=1, limit=sys.maxsize),
    }
    second_factors = _second_factors(settings)
    with our_classes(classes):
        site: AdminRouter = create_admin(
            tables=[table.config() for table in registered()],
            auth_table=OperatorAccount,
            session_table=AdminSession,
            session_expiry=settings.session_idle,
            max_session_expiry=settings.session_length,
            production=settings.production,
            allowed_hosts=settings.allowed_hosts,
            site_name=SITE_NAME,
            auto_include_related=False,
            sidebar_links=LINKS | ({"Second factor": SECOND_FACTOR} if second_factors else {}),
            mfa_providers=second_factors,
        )
    _add_static_files(site)
    return site


@contextmanager
def our_classes(ours: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Put classes in the place of those from which Piccolo Admin 1.14 makes its endpoints.

    It has no parameter for them (upstream: test_class_of_the_endpoints_is_a_parameter).
    Each must be used by a site that is built inside the
    block.

    Raises:
        UnknownAdminError: one does not exist under its name, or was not used.
    """
    if missing := [name for name in ours if not hasattr(admin_endpoints, name)]:
        raise UnknownAdminError(f"it has no {missing[0]}")
    originals = {name: getattr(admin_endpoints, name) for name in ours}
    used = set()

    def using(name: str) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            used.add(name)
            return ours[name](*args, **kwargs)

        return make

    try:
        for name in ours:
            setattr(admin_endpoints, name, using(name))
        yield
    finally:
        for name, original in originals.items():
            setattr(admin_endpoints, name, original)
    if unused := [name for name in ours if name not in used]:
        raise UnknownAdminError(f"it makes nothing of its {unused[0]}")


def _second_factors(settings: AdminSettings) -> list[MFAProvider] | None:
    """Return the authenticator app, which operators add at ``SECOND_FACTOR``."""
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
        {
            "superuser": operator.superuser,
            "read_only_tables": sorted(table.name for table in registered() if table.read_only),
        }
    )


def _add_static_files(site: AdminRouter) -> None:
    """Add what Piccolo Admin's page lacks: see static/operators.js."""
    site.add_route("/site/operator.json", who_am_i, methods=["GET"])
    site.mount("/site", FreshFiles(directory=STATIC))
    title = "<title>Piccolo Admin</title>"
    for known in ("<head>", title):
        if site.template.count(known) != 1:
            raise UnknownAdminError(f"its page has no {known}")
    site.template = site.template.replace("<head>", HEAD).replace(
        title, f"<title>{SITE_NAME}</title>"
    )
