"""How the site is run: settings, cookies, headers, the second factor."""

from __future__ import annotations

import asyncio
import base64
import re
from contextlib import aclosing

import httpx
import pyotp
import pytest
from piccolo_api.encryption.providers import FernetProvider

from tests.admin.conftest import PASSWORD, AuditLog, log_in_to, make_operator, whole_site
from workshops.admin.operators import (
    SecondFactor,
    create_operator,
    disable_operator,
    remove_second_factor,
)
from workshops.admin.settings import AdminSettings
from workshops.database import SettingsError, read_settings

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PRODUCTION": "1"}, "ALLOWED_HOSTS is not"),
        ({"PRODUCTION": "1", "ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS is not"),
        ({"PRODUCTION": "maybe"}, "PRODUCTION cannot be used"),
        ({"ALLOWED_HOSTS": "https://a.example"}, "host names without a scheme"),
        ({"SESSION_HOURS": "0"}, "SESSION_HOURS cannot be used"),
        ({"SESSION_HOURS": "long"}, "SESSION_HOURS cannot be used"),
        ({"LOGIN_ATTEMPTS": "0"}, "LOGIN_ATTEMPTS cannot be used"),
        ({"SECOND_FACTOR_KEY": "secret-of-ours"}, "not a Fernet key"),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    """A wrong setting is one sentence that names it, without its secret."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_settings(AdminSettings)
    assert "secret-of-ours" not in str(caught.value)


def test_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts are separated by commas; idle log-ins end no later than all do."""
    monkeypatch.setenv("PRODUCTION", "1")
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example")
    monkeypatch.setenv("SESSION_HOURS", "0.5")
    settings = read_settings(AdminSettings)
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.session_idle == settings.session_length


async def test_production_sends_cookies_over_https_only(database: str) -> None:
    """In production the session cookie is Secure, HttpOnly and ends with the session."""
    app = whole_site(AdminSettings(production=True, allowed_hosts=("admin.test",), session_hours=2))
    await make_operator("grace", superuser=True)
    transport = httpx.ASGITransport(app=app)
    headers = {"Origin": "https://admin.test"}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://admin.test", headers=headers
    ) as client:
        await client.get("/admin/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        credentials = {"username": "grace", "password": PASSWORD}
        answer = await client.post("/admin/public/login/", json=credentials)
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        for part in ("Secure", "HttpOnly", "SameSite=lax", "Max-Age=7200"):
            assert part in cookie
        for origin in ("https://evil.example", "http://[", "null", ""):
            refused = await client.post(
                "/admin/public/login/", json=credentials, headers={"Origin": origin}
            )
            assert refused.status_code == 403, origin


async def test_writes_need_the_csrf_token(superuser: httpx.AsyncClient) -> None:
    """A request that another site could make a browser send is refused."""
    del superuser.headers["X-CSRFToken"]
    response = await superuser.post("/admin/api/tables/workshops/", json={})
    assert response.status_code == 403


async def test_pages_tell_browsers_to_be_careful(superuser: httpx.AsyncClient) -> None:
    """The admin can be put in no frame, and loads nothing from elsewhere."""
    page = await superuser.get("/admin/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    api = await superuser.get("/admin/api/tables/workshops/")
    assert api.headers["Cache-Control"] == "no-store"


async def test_second_factor_is_asked_for(
    database: str, audit_log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    """With the setting, an operator adds an app, and needs its code from then on."""
    app = whole_site(AdminSettings(second_factor_key=KEY, login_attempts=100))  # type: ignore[arg-type]
    await make_operator("grace", superuser=True)
    setup = "/admin/api/mfa-setup/"
    async with aclosing(await log_in_to(app, "grace")) as client:
        assert "Second factor" in (await client.get("/admin/api/links/")).json()
        wrong = {"action": "register", "password": "wrong"}
        assert (await client.post(setup, data=wrong)).status_code == 401
        page = await client.post(setup, data={"action": "register", "password": PASSWORD})
        assert page.status_code == 200
        assert re.search(r"data:image/png;base64", page.text)

        [row] = await SecondFactor.select(SecondFactor.secret)
        secret = FernetProvider(KEY.encode()).decrypt(row["secret"])
        assert secret not in row["secret"]
        credentials = {"username": "grace", "password": PASSWORD}

        async def log_in(**code: str) -> httpx.Response:
            return await client.post("/admin/public/login/", json={**credentials, **code})

        asked = await log_in()
        assert (asked.status_code, asked.json()["detail"]) == (401, "MFA code required")
        for wrong_code in ("000000x", "", "é" * 6, "x" * 200):
            assert (await log_in(mfa_code=wrong_code)).status_code == 401
        code = pyotp.TOTP(secret).now()
        # Not a second time, at the same moment neither.
        both = await asyncio.gather(log_in(mfa_code=code), log_in(mfa_code=code))
        assert sorted(answer.status_code for answer in both) == [200, 401]
        assert (await log_in(mfa_code=code)).status_code == 401

        failed = await audit_log.entries(action="login_failed")
        assert [entry["summary"] for entry in failed] == ["MFA failed"] * 6
        assert secret not in str(await audit_log.entries())
        assert row["secret"] not in str(await audit_log.entries())

        other = FernetProvider(base64.urlsafe_b64encode(b"o" * 32)).encrypt(secret)
        await SecondFactor.update({SecondFactor.secret: other}, force=True)
        assert (await log_in(mfa_code="000000")).status_code == 401
        assert "with another SECOND_FACTOR_KEY" in caplog.text

        await remove_second_factor("grace")
        assert (await log_in()).status_code == 200


async def test_command_line_is_in_the_log(audit_log: AuditLog) -> None:
    """Operators who are managed from the command line are logged as such."""
    await create_operator("ada", superuser=False, email="ada@example.org")
    await disable_operator("ada")
    entries = await audit_log.entries(operator="(command line)", table_name="piccolo_user")
    assert [entry["action"] for entry in entries] == ["added", "changed"]
    assert entries[1]["changes"] == {"active": ["true", "false"]}
    assert "ada@example.org" not in str(entries)
