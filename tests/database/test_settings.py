"""DATABASE_URL and its neighbours."""

from __future__ import annotations

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands.running import run
from tests.conftest import Server
from workshops.database import SettingsError
from workshops.database.settings import (
    DatabaseSettings,
    parse_database_url,
    read_settings,
)


def test_a_plain_url_names_every_part() -> None:
    """User, password, host, port and database are read."""
    assert parse_database_url("postgresql://ada:secret@db.example.com:6432/product") == {
        "dsn": "postgresql://ada@db.example.com:6432/product",
        "user": "ada",
        "password": "secret",
        "host": "db.example.com",
        "port": 6432,
        "database": "product",
    }


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_usual_scheme_is_understood(scheme: str) -> None:
    """postgres://, postgresql:// and a driver's name behind a plus."""
    assert parse_database_url(f"{scheme}://h/d")["host"] == "h"


@pytest.mark.parametrize(
    "written", ["p@ss:w/o?r#d%", "p%40ss%3Aw%2Fo%3Fr%23d%25", "p@ss:w/o?r%23d%"]
)
def test_a_password_may_hold_any_character(written: str) -> None:
    """Percent-encoded or not, the password arrives as it is."""
    config = parse_database_url(f"postgresql://ada:{written}@localhost:5432/d?sslmode=require")
    assert config["password"] == "p@ss:w/o?r#d%"
    assert (config["host"], config["database"]) == ("localhost", "d")
    assert config["dsn"] == "postgresql://ada@localhost:5432/d?sslmode=require"


@given(password=st.text(st.characters(codec="utf-8", exclude_characters="%"), min_size=1))
def test_any_text_without_a_percent_sign_is_a_password(password: str) -> None:
    """No raw character of a password breaks the URL apart."""
    config = parse_database_url(f"postgresql://u:{password}@h:1/d".strip())
    assert (config["user"], config["password"]) == ("u", password)


def test_parameters_of_other_drivers_are_left_out() -> None:
    """channel_binding and schema would reach the server as unknown settings."""
    config = parse_database_url("postgresql://h/d?sslmode=require&channel_binding=require&schema=x")
    assert config["dsn"] == "postgresql://h/d?sslmode=require"


def test_settings_of_the_server_are_kept_out_of_the_dsn() -> None:
    """psql, which gets the dsn, knows no such parameters."""
    config = parse_database_url("postgresql://h/d?search_path=x&sslmode=require")
    assert config["dsn"] == "postgresql://h/d?sslmode=require"
    assert config["server_settings"] == {"search_path": "x"}


def test_pgbouncer_in_the_url_means_its_transaction_mode() -> None:
    """As other drivers' users write it: nothing is cached, and no settings are sent."""
    for variables in (
        {"database_url": "postgresql://h/d?pgbouncer=true"},
        {"database_url": "postgresql://h/d", "database_pooler": "transaction"},
    ):
        settings = DatabaseSettings(**variables)  # type: ignore[arg-type]
        assert settings.connection_config()["statement_cache_size"] == 0
        assert settings.limits_of_server() == {}
        assert settings.limit_of_client() == 30


def test_a_socket_directory_is_given_as_a_parameter() -> None:
    """?host=/path is a Unix socket."""
    config = parse_database_url("postgresql:///d?host=/var/run/postgresql&port=5433")
    assert (config["host"], config["port"]) == ("/var/run/postgresql", 5433)


def test_several_hosts_are_left_to_the_driver() -> None:
    """A list of hosts stays in the dsn."""
    config = parse_database_url("postgresql://u@a:1,b:2/d?target_session_attrs=primary")
    assert config["dsn"] == "postgresql://u@a:1,b:2/d?target_session_attrs=primary"
    assert "host" not in config


def test_an_ipv6_address_keeps_its_colons() -> None:
    """Brackets separate the address from the port."""
    assert parse_database_url("postgresql://[::1]:5433/d")["host"] == "::1"
    assert parse_database_url("postgresql://[::1]/d")["port"] == 5432


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "h:5432/d", "postgresql://u:hunter2@h:port/d", "hunter2"]
)
def test_what_is_no_postgresql_url_is_refused_without_repeating_it(url: str) -> None:
    """The message shows how a URL looks, never the one that was given."""
    with pytest.raises(SettingsError, match="should look like postgresql://") as caught:
        parse_database_url(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sslmode=banana", "sslmode must be one of disable, allow, prefer, "),
        ("sslmode=verify-full&sslrootcert=/no/such.crt", "sslrootcert names no file: /no/such.crt"),
    ],
)
def test_a_parameter_of_tls_that_cannot_be_used_is_named(query: str, told: str) -> None:
    """A mistyped mode or path is told at once, instead of waiting for the server."""
    with pytest.raises(SettingsError, match=told):
        parse_database_url(f"postgresql://u:hunter2@h/d?{query}")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL= means the embedded database."""
    monkeypatch.setenv("DATABASE_URL", "")
    assert read_settings(DatabaseSettings).database_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE_POOL_SIZE", "0"), ("DATABASE_POOLER", "magic"), ("DATABASE_TIMEOUT", "soon")],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """One sentence says which variable it is."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} cannot be used: ") as caught:
        read_settings(DatabaseSettings)
    assert "\n" not in str(caught.value)


def test_settings_do_not_show_the_password() -> None:
    """Printing the settings hides DATABASE_URL."""
    settings = DatabaseSettings(database_url="postgresql://u:hunter2@h/d")  # type: ignore[arg-type]
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/d", "Cannot connect to 127.0.0.1:1/d: "),
        ("postgresql://u:hunter2@no.such.host.invalid/d", "Cannot connect to no.such.host.invalid"),
        ("mysql://u:hunter2@h/d", "DATABASE_URL is not a PostgreSQL URL"),
    ],
)
async def test_a_database_that_is_not_there_is_one_sentence(url: str, expected: str) -> None:
    """Piccolo's commands and ours say what is wrong, without traceback or password."""
    # The first URL goes to one of Piccolo's own commands.
    piccolo = url.endswith(":1/d")
    command = ("migrations", "forwards", "all") if piccolo else ("workshops", "check")
    result = await run(*command, DATABASE_URL=url)
    text = result.out + result.err
    assert result.code != 0
    assert expected in text
    assert "hunter2" not in text
    assert "Traceback" not in text


async def test_a_wrong_password_is_told_as_such(server: Server, empty_database: str) -> None:
    """The server's rejection is named, and the password is not shown."""
    wrong = Server({**server.config, "password": "hunter2"})
    try:
        connection = await wrong.connect(empty_database)
    except asyncpg.InvalidPasswordError:
        result = await run("workshops", "check", DATABASE_URL=wrong.url(empty_database))
        assert result.code == 1
        assert "the server refuses this user and password" in result.err
        assert "hunter2" not in result.out + result.err
    else:
        await connection.close()
        pytest.skip("TEST_DATABASE_URL names a server that trusts every password")


async def test_a_missing_database_is_told_as_such(server: Server) -> None:
    """The message says that the server has no such database."""
    result = await run("workshops", "check", DATABASE_URL=server.url("no_such_database"))
    assert result.code == 1
    assert "no_such_database: there is no such database on the server" in result.err
