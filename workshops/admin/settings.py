"""How the operators' site is run: read from the environment.

======================  =======================================================
``PRODUCTION``          ``1`` behind HTTPS: cookies are sent over HTTPS only, and
                        ``ALLOWED_HOSTS`` is required.
``ALLOWED_HOSTS``       The host names of the site, separated by commas. Behind
                        HTTPS a change is accepted only from a page on one of
                        them.
``SESSION_HOURS``       The longest time that a log-in lasts (12).
``SESSION_IDLE_HOURS``  A log-in ends after this time without a request (1).
``LOGIN_ATTEMPTS``      Log-ins that one address (of IPv6: one network of 64 bits)
                        may try in a window of time (20).
``LOGIN_WINDOW``        The length of that window in seconds (300).
``TRUSTED_PROXIES``     The addresses or networks of the proxies in front of the
                        site, separated by commas. From these alone
                        X-Forwarded-For says where a request comes from, and
                        X-Forwarded-Proto how.
``SECOND_FACTOR_KEY``   A Fernet key. When it is set, operators can add an
                        authenticator app to their log-in; the key encrypts the
                        apps' secrets. Needs the extra ``second-factor``.
``SHARE_URL``           Where a shared workshop is seen, with ``{token}`` for its
                        token, such as https://app.example.com/share/{token}.
``CLERK_URL``           Where a person is seen in Clerk, with ``{user_id}``.
======================  =======================================================
"""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from workshops.database import SettingsError
from workshops.web.headers import Network


class AdminSettings(BaseSettings):
    """The settings above. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    production: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 12
    session_idle_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 1
    login_attempts: Annotated[int, Field(ge=1, le=10_000)] = 20
    login_window: Annotated[float, Field(gt=0, le=86_400)] = 300
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    second_factor_key: SecretStr | None = None
    share_url: str = ""
    clerk_url: str = ""

    # The one below comes first.
    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_networks(cls, value: Any) -> object:
        try:
            return tuple(map(ip_network, value))
        except ValueError as error:
            raise SettingsError(
                "TRUSTED_PROXIES takes addresses and networks such as 127.0.0.1 or 10.0.0.0/8, "
                f"separated by commas: {error}."
            ) from None

    @field_validator("allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        # A SettingsError passes through pydantic, because it is not a ValueError.
        if self.production and not self.allowed_hosts:
            raise SettingsError(
                "PRODUCTION is set, but ALLOWED_HOSTS is not: every change would be refused. "
                "Set ALLOWED_HOSTS to the host names of the site, such as admin.example.com."
            )
        for host in self.allowed_hosts:
            if "/" in host or ":" in host or "*" in host:
                raise SettingsError(
                    f"ALLOWED_HOSTS cannot hold {host!r}: it takes host names without a scheme, "
                    "a port or a wildcard, such as admin.example.com."
                )
        for name, url, part in (
            ("SHARE_URL", self.share_url, "{token}"),
            ("CLERK_URL", self.clerk_url, "{user_id}"),
        ):
            if url and not (url.startswith(("https://", "http://")) and part in url):
                raise SettingsError(
                    f"{name} takes an address that begins with https:// and holds {part}."
                )
        if self.second_factor_key is not None:
            _check_second_factor(self.second_factor_key.get_secret_value())
        return self

    def share_link(self, token: str) -> str:
        """Return where the holder of a share token sees the workshop."""
        return self.share_url.replace("{token}", quote(token, safe=""))

    def person_link(self, user_id: str) -> str:
        return self.clerk_url.replace("{user_id}", quote(user_id, safe=""))

    @property
    def session_length(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    @property
    def session_idle(self) -> timedelta:
        """The time without a request after which a log-in ends."""
        return min(timedelta(hours=self.session_idle_hours), self.session_length)


def _check_second_factor(key: str) -> None:
    missing = [
        name for name in ("cryptography", "pyotp", "qrcode") if not importlib.util.find_spec(name)
    ]
    if missing:
        raise SettingsError(
            f"SECOND_FACTOR_KEY is set, but {', '.join(missing)} cannot be imported. "
            "Install workshops[second-factor]."
        )
    from cryptography.fernet import Fernet  # of the extra

    try:
        Fernet(key)
    except ValueError:
        raise SettingsError(
            "SECOND_FACTOR_KEY is not a Fernet key (32 bytes in URL-safe base64). Make one with: "
            "python -c 'import base64, os; "
            "print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
        ) from None
